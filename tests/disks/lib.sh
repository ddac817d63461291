# shellcheck shell=bash
# Sourced by tests/disks/run: small but real systems on disk images, and the checks of a suite.
#
# A system is a folder with busybox as its userland, a kernel whose modules are empty files, and a dracut that packs a
# real (tiny) initramfs out of them. What its dracut does wrong is told by /etc/dracut-does: fail, hang (and so does a
# daemon that it left), nothing, truncated, nodriver; look: it notes in /etc/saw what it sees. Everything else (chroot, depmod, cp, sh) is the real thing.

version=6.1.0-9-amd64
older=6.1.0-8-amd64
passed=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/bootmend-disks.XXXXXX")
mounted=

finish() {
	[ -z "$mounted" ] || umount -R "$mounted" 2>/dev/null || :
	rm -rf "$work"
}
trap finish EXIT

ok() {
	passed=$((passed + 1))
}
bad() {
	failed=$((failed + 1))
	echo "FAIL: $*"
	[ ! -s "$work/out" ] || sed 's/^/    out: /' "$work/out" | tail -n 25
	[ ! -s "$work/err" ] || sed 's/^/    err: /' "$work/err" | tail -n 10
}
# expect STATUS NAME COMMAND...: runs it, output in $work/out and err
expect() {
	local want=$1 name=$2 status=0
	shift 2
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if [ "$status" = "$want" ]; then ok; else bad "$name: exit status $status, not $want"; fi
}
# says NAME PATTERN [FILE]: an extended regular expression in the last output
says() {
	if grep -Eq -- "$2" "${3:-$work/out}"; then ok; else bad "$1: nothing matches $2"; fi
}
# json NAME FILTER WANT: jq's answer on the last output
json() {
	local got
	got=$(jq -r "$2" "$work/out" 2>&1) || :
	if [ "$got" = "$3" ]; then ok; else bad "$1: $2 is '$got', not '$3'"; fi
}
# same NAME A B
same() {
	if [ "$2" = "$3" ]; then ok; else bad "$1: '$2' is not '$3'"; fi
}

# A bzImage header: 0x55aa, HdrS, protocol 2.15, loaded high, and the version text, padded to its own stated size.
make_kernel() {
	local file=$1 text="$2 (test@bootmend) #1 SMP"
	head -c 32768 /dev/zero >"$file"
	printf '\001' | dd of="$file" bs=1 seek=497 conv=notrunc status=none              # setup_sects
	printf '\001\000\000\000' | dd of="$file" bs=1 seek=500 conv=notrunc status=none  # syssize
	printf '\125\252' | dd of="$file" bs=1 seek=510 conv=notrunc status=none
	printf 'HdrS\017\002' | dd of="$file" bs=1 seek=514 conv=notrunc status=none
	printf '\000\002' | dd of="$file" bs=1 seek=526 conv=notrunc status=none # kernel_version: 0x200 + 0x200
	printf '\001' | dd of="$file" bs=1 seek=529 conv=notrunc status=none     # loadflags: high
	printf '%s' "$text" | dd of="$file" bs=1 seek=1024 conv=notrunc status=none
}

# make_root DIR HOST: a system without its fstab and boot loader configuration
make_root() {
	local dir=$1 v
	mkdir -p "$dir"/{bin,sbin,etc,proc,sys,dev,run,tmp,root,boot/grub,usr/bin,usr/sbin,var/lib,var/log,var/tmp}
	cp "$(command -v busybox)" "$dir/bin/busybox"
	for applet in sh ls cat cp mv rm mkdir find cpio gzip sleep dd touch printf true false ln head uname; do
		ln -s busybox "$dir/bin/$applet"
	done
	ln -s ../bin/busybox "$dir/sbin/init"
	ln -s ../bin/busybox "$dir/sbin/depmod"
	printf 'NAME="Test Linux"\nID=test\nVERSION_ID=1\nPRETTY_NAME="Test Linux 1"\n' >"$dir/etc/os-release"
	printf '%s\n' "$2" >"$dir/etc/hostname"
	echo root:x:0:0::/root:/bin/sh >"$dir/etc/passwd"
	for v in $version $older; do
		mkdir -p "$dir/lib/modules/$v/kernel/fs"
		for fs in ext4 xfs btrfs; do
			# an ELF header of a relocatable file, and one empty section header
			{
				printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\1\0\76\0\1\0\0\0'
				printf '%16s\100\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\100\0\1\0\0\0%64s' '' '' |
					tr ' ' '\0'
				printf 'module %s of %s' "$fs" "$v"
			} >"$dir/lib/modules/$v/kernel/fs/$fs.ko"
			printf 'kernel/fs/%s.ko:\n' "$fs" >>"$dir/lib/modules/$v/modules.dep"
			printf 'alias fs-%s %s\n' "$fs" "$fs" >>"$dir/lib/modules/$v/modules.alias"
		done
		: >"$dir/lib/modules/$v/modules.builtin"
		make_kernel "$dir/boot/vmlinuz-$v" "$v"
	done
	cat >"$dir/usr/bin/dracut" <<'DRACUT'
#!/bin/sh
# A small initramfs builder with dracut's command line.
set -eu
does=$(cat /etc/dracut-does 2>/dev/null || echo well)
while [ $# -gt 2 ]; do
	case $1 in
	--tmpdir) tmp=$2; shift ;;
	--add|--add-drivers) shift ;;
	esac
	shift
done
output=$1 version=$2
case $does in
fail) echo "dracut: module not found"; exit 1 ;;
hang)
	echo "dracut: waiting"
	busybox setsid sh -c 'trap "" TERM HUP; sleep 1000; sleep 1000' >/dev/null 2>&1 &
	exec sleep 1000
	;;
look)
	{
		echo "numbers $$ $PPID $(cd /proc && echo [0-9]*)"
		echo "run $(ls /run | grep -v ^bootmend-) $(ls -A /run/bootmend-*)"
		echo "mounted $(busybox awk '$4 == "/" && $5 == "/" { print $5 }' /proc/self/mountinfo)"
		busybox find /dev -type b | busybox sort
		kill -9 -1 1 2>/dev/null || :
	} >/etc/saw 2>&1
	;;
nothing) exit 0 ;;
esac
mkdir -p "$tmp/i/bin" "$tmp/i/lib/modules"
cp /bin/busybox "$tmp/i/bin/busybox"
ln -s bin/busybox "$tmp/i/init"
cp -a "/lib/modules/$version" "$tmp/i/lib/modules/"
[ "$does" != nodriver ] || rm "$tmp/i/lib/modules/$version"/kernel/fs/*
cp /etc/hostname "$tmp/i/stamp"
[ ! -e /etc/image-filler ] || cp /etc/image-filler "$tmp/i/filler"
(cd "$tmp/i" && find . | cpio -o -H newc 2>/dev/null) | gzip -1 >"$output"
if [ "$does" = truncated ]; then
	head -c 100000 "$output" >"$tmp/cut"
	mv "$tmp/cut" "$output"
fi
DRACUT
	chmod 755 "$dir/usr/bin/dracut"
}

# first_image DIR VERSION: the initramfs that the system was installed with, by its own dracut
first_image() {
	mkdir -p "$1/tmp/first"
	chroot "$1" /usr/bin/dracut --tmpdir /tmp/first "/boot/initramfs-$2.img" "$2"
	rm -rf "$1/tmp/first"
}

# grub_cfg PREFIX ROOT: entries for both kernels as grub-mkconfig writes them
grub_cfg() {
	local v
	printf 'set default="0"\nset timeout=5\n'
	for v in $version $older; do
		printf "menuentry 'Test Linux, with Linux %s' --class test {\n\tlinux %s/vmlinuz-%s root=%s ro\n" \
			"$v" "$1" "$v" "$2"
		printf '\tinitrd %s/initramfs-%s.img\n}\n' "$1" "$v"
	done
}

# region IMAGE NUMBER: offset and size in bytes
region() {
	sfdisk -J "$1" | jq -r --argjson n "$2" '.partitiontable as $t | $t.partitions[$n - 1] |
		"\(.start * ($t.sectorsize // 512)) \(.size * ($t.sectorsize // 512))"'
}

# mount_part IMAGE NUMBER OPTIONS DIR: waits while an earlier loop device of the same part is going away
mount_part() {
	local offset size tries
	read -r offset size <<<"$(region "$1" "$2")"
	for ((tries = 0; tries < 50; tries++)); do
		mount -o "loop,$3,offset=$offset,sizelimit=$size" "$1" "$4" 2>"$work/mount" && return
		sleep 0.1
	done
	cat "$work/mount" >&2
	return 1
}
# open_part IMAGE NUMBER: mounts it at $work/m
open_part() {
	mkdir -p "$work/m"
	mount_part "$1" "$2" rw "$work/m" || exit 1
	mounted=$work/m
}
close_part() {
	umount "$work/m"
	mounted=
}

# format IMAGE NUMBER TYPE UUID [OPTION...]
format() {
	local image=$1 number=$2 type=$3 uuid=$4 offset size loop
	shift 4
	read -r offset size <<<"$(region "$image" "$number")"
	loop=$(losetup --show -f -o "$offset" --sizelimit "$size" "$image")
	case $type in
	ext*) "mkfs.$type" -q -F -U "$uuid" "$@" "$loop" ;;
	xfs) mkfs.xfs -q -f -m "uuid=$uuid" "$@" "$loop" ;;
	btrfs) mkfs.btrfs -q -f -U "$uuid" "$@" "$loop" >/dev/null 2>&1 ;;
	esac
	losetup -d "$loop"
}

# listing IMAGE NUMBER: path, mode, size, link and content of everything in a filesystem, without times
listing() {
	mkdir -p "$work/l"
	mount_part "$1" "$2" ro "$work/l" || exit 1
	(cd "$work/l" && find . -printf '%p %m %s %y %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum)
	umount "$work/l"
}

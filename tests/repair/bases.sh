# shellcheck shell=bash disable=SC2034,SC2154 # what run and this file set for each other and for the cases
# Sourced by tests/repair/run: the systems that the cases break. Each is a function base_NAME that fills the folder $1
# and prints the machine it runs on (see hooks.c); those that can lie on a disk image say so in image_NAME.
#
# A system is real where bootmend looks: usr-merged, its init a dynamic ELF program with a loader and a C library, its
# kernels with headers, configurations and indexed modules. Its programs are busybox. Its dracut, mkinitramfs and
# grub-mkconfig write the same bytes for the same system, so that two repairs can be compared.

boot_uuid=b0070000-0000-4000-8000-000000000001
root_uuid=a0070000-0000-4000-8000-000000000002
swap_uuid=5a070000-0000-4000-8000-000000000003
home_uuid=d0070000-0000-4000-8000-000000000004
gone_uuid=deadbeef-0000-4000-8000-00000000dead
machine_id=5f0e6d7c8b9a4a3b9c8d7e6f5a4b3c2d
virtio="driver=virtio:d00000002v00001AF4,virtio_blk"

# The versions of a base's kernels: the default's, and an older one.
versions_of() {
	case $1 in
	debian) echo 6.1.0-9-amd64 6.1.0-8-amd64 ;;
	el6) echo 2.6.32-754.35.1.el6.x86_64 2.6.32-754.el6.x86_64 ;;
	el8*) echo 4.18.0-553.16.1.el8_10.x86_64 4.18.0-553.el8_10.x86_64 ;;
	el9*) echo 5.14.0-427.20.1.el9_4.x86_64 5.14.0-427.el9.x86_64 ;;
	*) echo 6.1.9-200.fc37.x86_64 6.1.8-200.fc37.x86_64 ;;
	esac
}

# program FILE [OPTION...]: a program that does nothing, in C
program() {
	local file=$1
	shift
	mkdir -p "$(dirname "$file")"
	printf 'void _start(void) { for (;;) ; }\n' | gcc -O1 -nostdlib -fno-asynchronous-unwind-tables \
		-Wl,--build-id=none -Wl,-z,noseparate-code -s -o "$file" -x c - -x none "$@"
}

# The programs that all bases share, in $1: compiling them once is enough.
make_programs() {
	local dir=$1 level
	program "$dir/static" -static -fno-pie -no-pie
	for level in '' -Wl,-z,x86-64-v3; do
		# shellcheck disable=SC2086 # no option where there is none
		program "$dir/libc.so.6${level:+.v3}" -shared -fPIC -Wl,-soname,libc.so.6 $level
	done
	cp "$dir/libc.so.6" "$dir/libc.so"
	program "$dir/ld.so" -shared -fPIC -Wl,-soname,ld-linux-x86-64.so.2
	program "$dir/dynamic" -pie -fPIE -Wl,--no-as-needed -Wl,-dynamic-linker,/lib64/ld-linux-x86-64.so.2 "$dir/libc.so"
}

# module FILE ALIAS...: an ELF header of a relocatable file, one empty section header, its .modinfo
module() {
	local file=$1 alias
	shift
	mkdir -p "$(dirname "$file")"
	{
		printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\1\0\76\0\1\0\0\0'
		printf '%16s\100\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\100\0\1\0\0\0%64s' '' '' | tr ' ' '\0'
		for alias in "$@"; do
			printf 'alias=%s\0' "$alias"
		done
		printf 'depends=\0'
	} >"$file"
}

# kernel_of DIR VERSION: image, configuration and modules
kernel_of() {
	local dir=$1 v=$2 at=$1/usr/lib/modules/$2/kernel
	make_kernel "$dir/boot/vmlinuz-$v" "$v"
	printf 'CONFIG_%s\n' BLK_DEV_INITRD=y RD_GZIP=y RD_BZIP2=y RD_LZMA=y RD_XZ=y RD_LZO=y RD_LZ4=y RD_ZSTD=y \
		EXT4_FS=m XFS_FS=m BTRFS_FS=m VIRTIO=m VIRTIO_PCI=m VIRTIO_BLK=m SCSI=m VMWARE_PVSCSI=m BLK_DEV_DM=m \
		BLK_DEV_MD=m MD_RAID1=m DM_CRYPT=m DEVTMPFS=y BINFMT_ELF=y BINFMT_SCRIPT=y >"$dir/boot/config-$v"
	module "$at/fs/ext4.ko" fs-ext4 fs-ext3 fs-ext2
	module "$at/fs/xfs.ko" fs-xfs
	module "$at/fs/btrfs.ko" fs-btrfs
	module "$at/drivers/block/virtio_blk.ko" 'virtio:d00000002v*'
	module "$at/drivers/scsi/vmw_pvscsi.ko" 'pci:v000015ADd000007C0sv*sd*bc*sc*i*'
	module "$at/drivers/md/dm-mod.ko" devname:mapper/control
	module "$at/drivers/md/dm-crypt.ko"
	module "$at/drivers/md/md-mod.ko"
	module "$at/drivers/md/raid1.ko" md-raid1 md-level-1
	: >"$dir/usr/lib/modules/$v/modules.builtin"
	: >"$dir/usr/lib/modules/$v/modules.order"
	busybox depmod -b "$dir" "$v"
	rm -f "$dir/usr/lib/modules/$v/modules.dep.bb"
}

# common DIR NAME: a system without its tools, its fstab and its loader
common() {
	local dir=$1 v applet
	mkdir -p "$dir"/{etc,proc,sys,dev,run,tmp,root,boot,home,srv,mnt,usr/{bin,sbin,lib/systemd,lib64},var/{lib,log,tmp,cache}}
	for applet in bin sbin lib lib64; do
		ln -s "usr/$applet" "$dir/$applet"
	done
	cp "$(command -v busybox)" "$dir/usr/bin/busybox"
	for applet in sh ls cat cp mv rm mkdir find cpio gzip dd touch printf true false ln head tail uname sed grep awk \
		sort cut mountpoint chmod echo basename dirname readlink date mktemp stat sleep tr; do
		ln -s busybox "$dir/usr/bin/$applet"
	done
	ln -s ../bin/busybox "$dir/usr/sbin/depmod"
	cp "$programs/dynamic" "$dir/usr/lib/systemd/systemd"
	ln -s ../lib/systemd/systemd "$dir/usr/sbin/init"
	cp "$programs/ld.so" "$dir/usr/lib64/ld-linux-x86-64.so.2"
	cp "$programs/libc.so.6" "$dir/usr/lib64/libc.so.6"
	cp "$programs/static" "$dir/usr/lib/initramfs-init"
	cp "$BUILD/hooked/pack" "$dir/usr/lib/pack"
	echo root:x:0:0::/root:/bin/sh >"$dir/etc/passwd"
	echo "$machine_id" >"$dir/etc/machine-id"
	echo patient >"$dir/etc/hostname"
	for v in $new $old; do
		kernel_of "$dir" "$v"
	done
	cat >"$dir/usr/lib/pack-image" <<-'PACK'
		#!/bin/sh
		# pack-image OUTPUT VERSION: the initramfs of both tools
		set -eu
		set -- "$1" "$2" "init=/usr/lib/initramfs-init" "lib/modules/$2=/lib/modules/$2"
		for tool in lvm cryptsetup mdadm; do
			[ ! -e "/usr/sbin/$tool" ] || set -- "$@" "usr/sbin/$tool=/usr/sbin/$tool"
		done
		for file in fstab crypttab mdadm.conf mdadm/mdadm.conf lvm/devices/system.devices; do
			[ ! -e "/etc/$file" ] || set -- "$@" "etc/$file=/etc/$file"
		done
		for file in $(find /usr/lib/initramfs-tree -type f 2>/dev/null); do
			set -- "$@" "${file#/usr/lib/initramfs-tree/}=$file"
		done
		output=$1
		shift 2
		/usr/lib/pack "$@" | gzip -1 >"$output"
	PACK
	chmod 755 "$dir/usr/lib/pack-image"
}

# os DIR ID VERSION NAME
os() {
	printf 'NAME="%s"\nID=%s\nVERSION_ID="%s"\nPRETTY_NAME="%s %s"\n' "$4" "$2" "$3" "$4" "$3" >"$1/etc/os-release"
}

# dracut's command line ends with the file and the version.
with_dracut() {
	cat >"$1/usr/bin/dracut" <<-'TOOL'
		#!/bin/sh
		while [ $# -gt 2 ]; do shift; done
		exec /usr/lib/pack-image "$1" "$2"
	TOOL
	chmod 755 "$1/usr/bin/dracut"
}

# mkinitramfs -d CONFDIR -o OUTPUT VERSION
with_mkinitramfs() {
	mkdir -p "$1/etc/initramfs-tools"
	echo MODULES=most >"$1/etc/initramfs-tools/initramfs.conf"
	cat >"$1/usr/sbin/mkinitramfs" <<-'TOOL'
		#!/bin/sh
		while [ $# -gt 1 ]; do
			[ "$1" != -o ] || output=$2
			shift
		done
		exec /usr/lib/pack-image "$output" "$1"
	TOOL
	chmod 755 "$1/usr/sbin/mkinitramfs"
}

# with_mkconfig DIR NAME PREFIX: grub-mkconfig under that name, with /etc/default/grub
with_mkconfig() {
	local image=initramfs-\$version.img
	[ "$2" != grub-mkconfig ] || image=initrd.img-\$version
	mkdir -p "$1/etc/default"
	printf 'GRUB_DEFAULT=0\nGRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="quiet"\n' >"$1/etc/default/grub"
	cat >"$1/usr/sbin/$2" <<-TOOL
		#!/bin/sh
		# $2 -o FILE: a menu of all kernels, newest first
		set -eu
		root=\$(awk '\$2 == "/" && !/^#/ { print \$1 }' /etc/fstab)
		. /etc/default/grub
		{
			printf 'set default="%s"\nset timeout=%s\n' "\$GRUB_DEFAULT" "\$GRUB_TIMEOUT"
			for kernel in \$(ls /boot | grep '^vmlinuz-' | sort -r); do
				version=\${kernel#vmlinuz-}
				[ -e /lib/modules/\$version ] || continue
				printf "menuentry 'Test Linux, with Linux %s' --class test {\n" "\$version"
				printf '\tlinux $3/%s root=%s ro %s\n' "\$kernel" "\$root" "\$GRUB_CMDLINE_LINUX"
				[ ! -e "/boot/$image" ] || printf '\tinitrd $3/%s\n' "$image"
				printf '}\n'
			done
		} >"\$2"
	TOOL
	chmod 755 "$1/usr/sbin/$2"
}

# grubenv FILE NAME=VALUE...: GRUB's environment block, 1024 bytes
grubenv() {
	local file=$1
	shift
	{
		printf '# GRUB Environment Block\n'
		[ $# = 0 ] || printf '%s\n' "$@"
		printf '%1024s' '' | tr ' ' '#'
	} | head -c 1024 >"$file"
}

# image_of_dracut DIR: what is asked of an image, once it is seen to be dracut's
image_of_dracut() {
	mkdir -p "$1/usr/lib/initramfs-tree/usr/sbin"
	cp "$1/usr/lib/initramfs-init" "$1/usr/lib/initramfs-tree/usr/sbin/modprobe"
}
# hook DIR NAME: a hook of dracut for the images that the system's tool makes; what it does comes from stdin
hook() {
	mkdir -p "$1/usr/lib/initramfs-tree/usr/lib/dracut/hooks/$(dirname "$2")"
	cat >"$1/usr/lib/initramfs-tree/usr/lib/dracut/hooks/$2"
	image_of_dracut "$1"
}
# The conditions of dracut's own hooks: which arguments keep a layer from being left alone.
hook_lvm() {
	hook "$1" cmdline/30-parse-lvm.sh <<-'HOOK'
		#!/bin/sh
		VOLUMES="$(getargs rd.lvm.vg) $(getargs rd.lvm.lv)"
		if ! getargbool 1 rd.lvm || { [ -z "$VOLUMES" ] && ! getargbool 0 rd.auto; }; then
			rm -f /etc/udev/rules.d/64-lvm.rules
		fi
	HOOK
}
hook_md() {
	hook "$1" pre-trigger/30-parse-md.sh <<-'HOOK'
		#!/bin/sh
		ARRAYS=$(getargs rd.md.uuid)
		if { [ -z "$ARRAYS" ] && ! getargbool 0 rd.auto; } || ! getargbool 1 rd.md; then
			udevproperty rd_NO_MD=1
		fi
	HOOK
}
hook_crypt() {
	hook "$1" cmdline/30-parse-crypt.sh <<-'HOOK'
		#!/bin/sh
		DISKS=$(getargs rd.luks.uuid)
		if ! getargbool 1 rd.luks; then
			rm -f /etc/udev/rules.d/70-luks.rules
		elif [ -n "$DISKS" ]; then
			ask_for "$DISKS"
		elif getargbool 0 rd.auto; then
			ask_for all
		fi
	HOOK
}

# images DIR NAME-FORMAT: the initramfs of both kernels, by the system's own tool
images() {
	local v file
	for v in $new $old; do
		# shellcheck disable=SC2059 # the format is the base's
		printf -v file "$2" "$v"
		chroot "$1" /usr/lib/pack-image "/boot/$file" "$v"
	done
}

# The entries of a BLS menu: bls DIR PREFIX OPTIONS
bls() {
	local v
	mkdir -p "$1/boot/loader/entries"
	for v in $new $old; do
		cat >"$1/boot/loader/entries/$machine_id-$v.conf" <<-ENTRY
			title Test Linux ($v)
			version $v
			linux $2/vmlinuz-$v
			initrd $2/initramfs-$v.img
			options $3
			id test-$v
			grub_class kernel
		ENTRY
	done
}
bls_grub_cfg() {
	# shellcheck disable=SC2016 # GRUB's own variable
	printf 'set timeout=5\nload_env\nset default="${saved_entry}"\ninsmod blscfg\nblscfg\n'
}

plain_machine() {
	cat <<-MACHINE
		disk vda 8G gpt $virtio
		part vda1 ext4 uuid=$boot_uuid label=boot
		part vda2 ${1:-ext4} uuid=$root_uuid label=root
		part vda3 swap uuid=$swap_uuid
		part vda4 ext4 uuid=$home_uuid label=home
		root vda2
		cpu 4
		memory 2G
	MACHINE
}

# --- the bases ---

# dracut, a grub.cfg that nothing writes anew, /boot a filesystem of its own
base_grub() {
	common "$1"
	os "$1" test 1 "Test Linux"
	with_dracut "$1"
	images "$1" 'initramfs-%s.img'
	printf 'UUID=%s / ext4 defaults 0 1\nUUID=%s /boot ext4 defaults 0 2\n' $root_uuid $boot_uuid >"$1/etc/fstab"
	mkdir "$1/boot/grub"
	{
		printf 'set default="0"\nset timeout=5\n'
		for v in $new $old; do
			printf "menuentry 'Test Linux, with Linux %s' --class test {\n" "$v"
			printf '\tlinux /vmlinuz-%s root=UUID=%s ro quiet\n\tinitrd /initramfs-%s.img\n}\n' "$v" $root_uuid "$v"
		done
	} >"$1/boot/grub/grub.cfg"
}

# initramfs-tools and grub-mkconfig, one filesystem
base_debian() {
	common "$1"
	os "$1" debian 12 "Debian GNU/Linux"
	with_mkinitramfs "$1"
	with_mkconfig "$1" grub-mkconfig /boot
	images "$1" 'initrd.img-%s'
	printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s none swap sw 0 0\n' $root_uuid $swap_uuid >"$1/etc/fstab"
	mkdir "$1/boot/grub"
	grubenv "$1/boot/grub/grubenv"
	chroot "$1" /usr/sbin/grub-mkconfig -o /boot/grub/grub.cfg
}

# BLS entries whose options stand in grubenv, as RHEL 8 has them
base_el8() {
	common "$1"
	os "$1" rhel 8.10 "Red Hat Enterprise Linux"
	with_dracut "$1"
	images "$1" 'initramfs-%s.img'
	printf 'UUID=%s / xfs defaults 0 0\nUUID=%s /boot ext4 defaults 0 0\nUUID=%s none swap defaults 0 0\n' \
		$root_uuid $boot_uuid $swap_uuid >"$1/etc/fstab"
	# shellcheck disable=SC2016 # GRUB's own variable
	bls "$1" "" '$kernelopts $tuned_params'
	mkdir "$1/boot/grub2"
	bls_grub_cfg >"$1/boot/grub2/grub.cfg"
	grubenv "$1/boot/grub2/grubenv" "saved_entry=$machine_id-$new" "kernelopts=root=UUID=$root_uuid ro quiet "
}

# root and swap on logical volumes, BLS entries with their own options, as RHEL 9 has them
base_el9lvm() {
	common "$1"
	os "$1" rhel 9.4 "Red Hat Enterprise Linux"
	with_dracut "$1"
	cp "$programs/static" "$1/usr/sbin/lvm"
	images "$1" 'initramfs-%s.img'
	printf '/dev/mapper/rhel-root / xfs defaults 0 0\nUUID=%s /boot ext4 defaults 0 0\n' $boot_uuid >"$1/etc/fstab"
	printf '/dev/mapper/rhel-swap none swap defaults 0 0\n' >>"$1/etc/fstab"
	bls "$1" "" "root=/dev/mapper/rhel-root ro resume=/dev/mapper/rhel-swap rd.lvm.lv=rhel/root rd.lvm.lv=rhel/swap"
	mkdir -p "$1/boot/grub2" "$1/etc/lvm/devices"
	echo 'devices { use_devicesfile = 1 }' >"$1/etc/lvm/lvm.conf"
	bls_grub_cfg >"$1/boot/grub2/grub.cfg"
	grubenv "$1/boot/grub2/grubenv" "saved_entry=$machine_id-$new"
}

# GRUB legacy, SysV init's place taken by the same program
base_el6() {
	common "$1"
	os "$1" centos 6.10 "CentOS"
	with_dracut "$1"
	images "$1" 'initramfs-%s.img'
	printf 'UUID=%s / ext4 defaults 1 1\nUUID=%s /boot ext4 defaults 1 2\n' $root_uuid $boot_uuid >"$1/etc/fstab"
	mkdir "$1/boot/grub"
	{
		printf 'default=0\ntimeout=5\n'
		for v in $new $old; do
			printf 'title CentOS (%s)\n\troot (hd0,0)\n\tkernel /vmlinuz-%s ro root=UUID=%s quiet\n' "$v" "$v" $root_uuid
			printf '\tinitrd /initramfs-%s.img\n' "$v"
		done
	} >"$1/boot/grub/grub.conf"
}

# systemd-boot, the ESP at /boot
base_sdboot() {
	common "$1"
	os "$1" arch rolling "Arch Linux"
	with_dracut "$1"
	images "$1" 'initramfs-%s.img'
	printf 'UUID=%s / ext4 rw 0 1\nUUID=7B77-95E7 /boot vfat umask=0077 0 2\n' $root_uuid >"$1/etc/fstab"
	bls "$1" "" "root=UUID=$root_uuid rw"
	mkdir -p "$1/boot/EFI/systemd" "$1/boot/EFI/BOOT"
	cp "$programs/static" "$1/boot/EFI/systemd/systemd-bootx64.efi"
	printf 'default %s\ntimeout 4\n' "$machine_id-$new.conf" >"$1/boot/loader/loader.conf"
}

# The same with nothing but one unified image. What it is made of stays beside it, for those that break it.
base_uki() {
	base_sdboot "$1"
	rm -r "$1/boot/loader/entries" "$1/usr/lib/modules/$old" "$1/boot/vmlinuz-$old"
	echo 'timeout 4' >"$1/boot/loader/loader.conf"
	mkdir -p "$1/boot/EFI/Linux" "$1/var/lib/parts"
	mv "$1/boot/vmlinuz-$new" "$1/var/lib/parts/linux"
	mv "$1/boot/initramfs-$new.img" "$1/var/lib/parts/initrd"
	rm -f "$1"/boot/initramfs-* "$1"/boot/config-"$old"
	put_unified "$1" "root=UUID=$root_uuid rw" "$1/var/lib/parts/initrd"
}
# put_unified DIR ARGUMENTS INITRAMFS: that image
put_unified() {
	printf '%s\n' "$2" >"$1/var/lib/parts/cmdline"
	printf '%s' "$new" >"$1/var/lib/parts/uname"
	unified ".osrel=$1/etc/os-release" ".cmdline=$1/var/lib/parts/cmdline" ".uname=$1/var/lib/parts/uname" \
		".linux=$1/var/lib/parts/linux" ".initrd=$3" >"$1/boot/EFI/Linux/arch.efi"
}

# An ESP at /boot/efi, of any base: the distribution's own GRUB in the folder EFI/$1, into which that is built. For break_it()
# and machine() of cases.
with_esp() {
	echo 'UUID=7B77-95E7 /boot/efi vfat umask=0077 0 2' >>"$root/etc/fstab"
	mkdir -p "$boot/efi/EFI/$1"
	{ cat "$root/usr/lib/initramfs-init" && printf '\0/EFI/%s\0' "$1"; } >"$boot/efi/EFI/$1/grubx64.efi"
}
with_esp_part() { sed '/^disk vda/a part vda4 vfat uuid=7B77-95E7' | sed '/^part vda4 ext4/d'; }
# The grub.cfg of such an ESP that leads to /boot's UUID $1
fedora_stub() {
	# shellcheck disable=SC2016 # GRUB's own variables
	printf 'search --no-floppy --root-dev-only --fs-uuid --set=dev %s\nset prefix=($dev)/grub2\nexport $prefix\nconfigfile $prefix/grub.cfg\n' "$1"
}

# Boot entries of a UEFI firmware: firmware_entry NUMBER NAME PATH for the partition whose PARTUUID is $esp_partuuid, with the
# line of machine(); and firmware_order NUMBER...
esp_partuuid=e5000001-0000-0000-0000-000000000000
efivars=$work/efivars
le() {
	local value=$1 n=$2
	while [ "$n" -gt 0 ]; do
		# shellcheck disable=SC2059 # the byte
		printf "\\x$(printf %02x $((value & 255)))"
		value=$((value >> 8)) n=$((n - 1))
	done
}
utf16() {
	printf %s "$1" | sed 's/./&\x00/g'
	le 0 2
}
variable() { cat >"$efivars/$1-8be4df61-93ca-11d2-aa0d-00e098032b8c"; }
firmware_entry() {
	mkdir -p "$efivars"
	{ le 7 4 && le 1 4 && le $((42 + 4 + 2 * (${#3} + 1) + 4)) 2 && utf16 "$2"
		le $((42 << 16 | 0x104)) 4 && le 1 4 && le 2048 8 && le 65536 8 && le $((0xe5000001)) 4 && le 0 12 && le $((0x0202)) 2
		le $(((4 + 2 * (${#3} + 1)) << 16 | 0x404)) 4 && utf16 "$3" && le $((4 << 16 | 0xff7f)) 4
	} | variable "Boot$1"
}
firmware_order() {
	{ le 7 4 && for number in "$@"; do le $((16#$number)) 2; done; } | variable BootOrder
}
with_firmware() {
	sed "s/^part vda1 .*/& partuuid=$esp_partuuid/"
	echo "efivars $efivars"
}
# boot_sector AT BYTES [AT BYTES...]: into the first sector of the disk image, with the mark of one
boot_sector() {
	while [ $# -gt 0 ]; do
		# shellcheck disable=SC2059 # bytes
		printf "$2" | dd of="$disk" bs=1 seek=$(($1)) conv=notrunc status=none
		shift 2
	done
	printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
}

# The machines. What a base does not say is plain_machine's.
machine_el8() { plain_machine xfs; }
machine_uki() { machine_sdboot; }
machine_sdboot() {
	plain_machine | sed 's/^part vda1 .*/part vda1 vfat uuid=7B77-95E7/'
}
machine_el9lvm() {
	cat <<-MACHINE
		disk vda 8G gpt $virtio
		part vda1 ext4 uuid=$boot_uuid label=boot
		part vda2 LVM2_member uuid=Q8x1bL-0Ac2-Lw5G-Zr3k-1uVt-F4ye-9mXoPd
		lv rhel/root xfs on=vda2 uuid=$root_uuid
		lv rhel/swap swap on=vda2 uuid=$swap_uuid
		root rhel-root
		cpu 4
		memory 2G
	MACHINE
}
machine_of() {
	if declare -F "machine_$1" >/dev/null; then "machine_$1"; else plain_machine; fi
}

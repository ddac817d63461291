# shellcheck shell=bash disable=SC2154 # what run sets
# Sourced by tests/disks/run: /usr on a partition of its own that no fstab names, and that systemd mounts by its type.

usr_type=8484680c-9521-48c6-9c11-b0720656f69e
flatcar_type=5dfbf5f4-2848-4bac-aa5e-0d9a20b745a6
merged=$work/merged
cp -a "$tree/." "$merged"
for folder in bin sbin lib; do
	mkdir -p "$merged/usr/$folder"
	cp -a "$merged/$folder/." "$merged/usr/$folder/"
	rm -r "${merged:?}/$folder"
	ln -s "usr/$folder" "$merged/$folder"
done
ln -sf ../usr/lib/os-release "$merged/etc/os-release"
cp "$tree/etc/os-release" "$merged/usr/lib/os-release"

# fill_split IMAGE PARTITION...: the root on the first partition, /usr on each of the others
fill_split() {
	local image=$1 number
	shift
	format "$image" 1 ext4 "$root_uuid"
	open_part "$image" 1
	cp -a "$merged/." "$work/m/"
	rm -r "$work/m/usr"
	mkdir "$work/m/usr"
	echo "UUID=$root_uuid / ext4 defaults 0 1" >"$work/m/etc/fstab"
	grub_cfg /boot "UUID=$root_uuid" >"$work/m/boot/grub/grub.cfg"
	close_part
	for number in "$@"; do
		format "$image" "$number" ext4 "c0070000-0000-4000-8000-00000000000$number"
		open_part "$image" "$number"
		cp -a "$merged/usr/." "$work/m/"
		close_part
	done
}
mounted_usr='[.systems[0].mounts[] | select(.target == "/usr") | "\(.device) \(.known_by)"] | join("; ")'

truncate -s 300M "$work/usr.img"
printf 'label: gpt\nsize=120M\nsize=120M, type=%s\n' $usr_type | sfdisk -q "$work/usr.img"
fill_split "$work/usr.img" 2
expect 0 "/usr by its type: diagnose" "$bootmend" --disk "$work/usr.img" --json diagnose
json "nothing is at fault" '[.findings[] | select(.severity != "note") | .id] | join(" ")' ""
expect 0 "/usr by its type: scan" "$bootmend" --disk "$work/usr.img" --json scan
json "it is mounted" "$mounted_usr" "2 type"
json "its modules are seen" '[.systems[0].kernels[] | select(.modules_dir) | .version] | length' 2

# Sealed as it may be (dm-verity), it must not be mounted for writing: that alone changes its bytes.
usr_sum() {
	local at size
	read -r at size <<<"$(region "$work/usr.img" 2)"
	dd if="$work/usr.img" bs=1M skip=$((at / 1048576)) count=$((size / 1048576)) status=none | sha256sum
}
before=$(usr_sum)
open_part "$work/usr.img" 1
rm "$work/m/boot/initramfs-$version.img"
close_part
expect 1 "/usr by its type: repair" "$bootmend" --disk "$work/usr.img" repair --yes
same "and nothing was written to it" "$(usr_sum)" "$before"
expect 0 "/usr by its type: repaired" "$bootmend" --disk "$work/usr.img" diagnose

# Two of them, of which the loader boots one: neither is taken, and nothing is said to be gone.
truncate -s 420M "$work/ab.img"
printf 'label: gpt\nsize=120M\nsize=120M, type=%s, name=USR-A\nsize=120M, type=%s, name=USR-B\n' \
	$flatcar_type $flatcar_type | sfdisk -q "$work/ab.img"
fill_split "$work/ab.img" 2 3
"$bootmend" --disk "$work/ab.img" --json diagnose >"$work/out" 2>"$work/err"
json "two for /usr: nothing fatal" '[.findings[] | select(.severity == "fatal") | .id] | join(" ")' ""
json "they are named" '[.findings[] | select(.id == "SYSTEM-UNREADABLE") | .evidence | match("ab.img:2 .*ab.img:3 [^,]*").string] |
	join("; ")' "ab.img:2 (USR-A) and ab.img:3 (USR-B)"
rm -rf "$work/usr.img" "$work/ab.img" "$merged"

# shellcheck shell=bash disable=SC2154 # what run sets
# Sourced by tests/disks/run: systems in subvolumes of a btrfs. The one that its own fstab names is the system, a snapshot
# is none; it is judged, mounted and repaired in its subvolume, and nothing else of the filesystem changes.

# btrfs_disk IMAGE: @ and @home as Ubuntu has them, a writable snapshot of @, /var/lib in a subvolume of its own
btrfs_disk() {
	truncate -s 500M "$1"
	printf 'label: gpt\nsize=480M\n' | sfdisk -q "$1"
	format "$1" 1 btrfs "$root_uuid"
	open_part "$1" 1
	for name in @ @home @state snapshots; do btrfs -q subvolume create "$work/m/$name"; done
	cp -a "$tree/." "$work/m/@/"
	rm -rf "$work/m/@/var/lib"
	mkdir "$work/m/@/var/lib" "$work/m/@/home"
	{
		printf 'UUID=%s / btrfs defaults,subvol=@ 0 1\n' "$root_uuid"
		printf 'UUID=%s /home btrfs defaults,subvol=@home 0 2\n' "$root_uuid"
		printf 'UUID=%s /var/lib btrfs defaults,subvol=/@state 0 0\n' "$root_uuid"
	} >"$work/m/@/etc/fstab"
	grub_cfg /@/boot "UUID=$root_uuid rootflags=subvol=@" >"$work/m/@/boot/grub/grub.cfg"
	btrfs -q subvolume snapshot "$work/m/@" "$work/m/snapshots/@before"
	echo old >"$work/m/snapshots/@before/etc/hostname"
	close_part
}
sub=$work/subvolumes.img
btrfs_disk "$sub"
before=$(fsum "$sub")
expect 0 "a root in a subvolume: scan" "$bootmend" --disk "$sub" --json scan
json "one system, the snapshot is none" '[.systems[].hostname] | join(" ")' patient
json "its subvolumes" '[.systems[0].mounts[] | "\(.target) \(.subvolume)"] | join(", ")' "/ /@, /var/lib /@state"
expect 0 "a root in a subvolume: diagnose" "$bootmend" --disk "$sub" --json diagnose
json "nothing is wrong" '[.findings[] | select(.severity == "fatal") | .id] | join(" ")' ""
same "nothing was written" "$(fsum "$sub")" "$before"

# The default entry loses its initrd line: the edit is made in the subvolume.
open_part "$sub" 1
cp "$work/m/@/boot/grub/grub.cfg" "$work/whole.cfg"
sed -i '0,/initrd/{/initrd/d;}' "$work/m/@/boot/grub/grub.cfg"
close_part
expect 4 "an entry without initrd in a subvolume: diagnose" "$bootmend" --disk "$sub" diagnose
says "it is told" ENTRY-NO-INITRD
expect 1 "an entry without initrd in a subvolume: repair" "$bootmend" --disk "$sub" repair --yes
# Two mounts of one filesystem of an image file: on two loop devices they would destroy it.
# shellcheck disable=SC2046 # two numbers
set -- $(region "$sub" 1)
dd if="$sub" of="$work/whole.btrfs" bs=1M iflag=skip_bytes,count_bytes skip="$1" count="$2" conv=sparse status=none
expect 0 "the filesystem is whole after the repair" btrfs check "$work/whole.btrfs"
rm "$work/whole.btrfs"
open_part "$sub" 1
same "the edit is in the subvolume" "$(grep -c initrd "$work/m/@/boot/grub/grub.cfg")" "$(grep -c initrd "$work/whole.cfg")"
same "the snapshot has its own" "$(cmp "$work/m/snapshots/@before/boot/grub/grub.cfg" "$work/whole.cfg" && echo same)" same
same "the journal lies where fstab mounts it" "$(ls "$work/m/@state")" bootmend
same "and not below it" "$(ls -A "$work/m/@/var/lib")" ""
close_part
expect 1 "a root in a subvolume: undo" "$bootmend" --disk "$sub" undo --yes
open_part "$sub" 1
same "undo is exact" "$(grep -c initrd "$work/m/@/boot/grub/grub.cfg")" "$(($(grep -c initrd "$work/whole.cfg") - 1))"
close_part

# rootflags= is lost: another subvolume, the top, would be mounted.
open_part "$sub" 1
sed 's/ rootflags=subvol=@//' "$work/whole.cfg" >"$work/m/@/boot/grub/grub.cfg"
close_part
expect 4 "rootflags lost: diagnose" "$bootmend" --disk "$sub" diagnose
says "it is told" CMDLINE-SUBVOLUME-MISSING
expect 1 "rootflags lost: repair" "$bootmend" --disk "$sub" repair --yes
open_part "$sub" 1
same "they are back" "$(cmp "$work/m/@/boot/grub/grub.cfg" "$work/whole.cfg" && echo same)" same

# A second system on the same filesystem, which its own fstab names: both are told, and one has to be chosen.
btrfs -q subvolume snapshot "$work/m/@" "$work/m/@other"
sed -i 's/subvol=@ /subvol=@other /' "$work/m/@other/etc/fstab"
echo other >"$work/m/@other/etc/hostname"
close_part
expect 0 "two systems in subvolumes: scan" "$bootmend" --disk "$sub" --json scan
json "both" '[.systems[] | "\(.hostname) \(.id)"] | sort | join(", ")' "other $root_uuid@@other, patient $root_uuid@@"
expect 64 "two systems in subvolumes: diagnose wants a name" "$bootmend" --disk "$sub" diagnose
rm -f "$sub"

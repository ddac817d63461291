# shellcheck shell=bash disable=SC2154 # what run sets
# Sourced by tests/disks/run: no system is found, and one lies in what was not opened. bootmend names it, with what to
# do, and says nowhere that nothing is wrong.

# --- a btrfs with systems in two subvolumes, neither of which says by its fstab that it is the root ---
hidden=$work/hidden.img
truncate -s 400M "$hidden"
printf 'label: gpt\nsize=380M\n' | sfdisk -q "$hidden"
format "$hidden" 1 btrfs "$root_uuid"
open_part "$hidden" 1
btrfs -q subvolume create "$work/m/home"
btrfs -q subvolume create "$work/m/systems"
for name in copy root; do
	btrfs -q subvolume create "$work/m/systems/$name"
	cp -a "$tree/." "$work/m/systems/$name/"
done
# the layers of a container are no system
btrfs -q subvolume create "$work/m/layer"
cp -a "$tree/." "$work/m/layer/"
rm -r "$work/m/layer/lib/modules"
close_part
before=$(fsum "$hidden")
expect 8 "a system in a subvolume: diagnose" "$bootmend" --disk "$hidden" --json diagnose
json "it is named" '[.findings[] | "\(.id) \(.evidence | match("in the subvolume[s]? [^,]*, [^,]*").string)"] | join("; ")' \
	"SYSTEM-UNOPENED in the subvolumes systems/copy, systems/root"
json "nothing is called whole" '.boot' not-judged
expect 4 "a system in a subvolume: scan" "$bootmend" --disk "$hidden" --json scan
json "as data" '.unopened[] | "\(.kind) \(.device) \(.names | join(","))"' "subvolume 1 systems/copy,systems/root"
expect 4 "a system in a subvolume: scan, as text" "$bootmend" --disk "$hidden" scan
says "with the way" 'subvol=systems/copy DEVICE /mnt'
expect 8 "a system in a subvolume: repair" "$bootmend" --disk "$hidden" repair --yes
says "why it does not repair" 'systems/root' "$work/err"
same "nothing was written" "$(fsum "$hidden")" "$before"

# --- the members of an array, of metadata 1.2: the superblock lies 4 KiB in ---
# member IMAGE
member() {
	local at
	truncate -s 20M "$1"
	printf 'label: gpt\nsize=10M\n' | sfdisk -q "$1"
	at=$(($(region "$1" 1 | cut -d' ' -f1) + 4096))
	# magic, major version, features, padding, the array's UUID and name; creation, level, layout, size, chunk, disks
	{
		printf '\374\116\053\251\1\0\0\0\0\0\0\0\0\0\0\0'
		printf 'ABCDEFGHIJKLMNOP'
		printf 'web:root%24s' '' | tr ' ' '\0'
		printf '\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\10\0\0\0\0\0\0\0\0\0\0\2\0\0\0'
		printf '%32s' '' | tr ' ' '\0'
		# where the data and the superblock lie, in sectors
		printf '\20\0\0\0\0\0\0\0\0\10\0\0\0\0\0\0\10\0\0\0\0\0\0\0'
	} | dd of="$1" bs=1 seek=$at conv=notrunc status=none
}
member "$work/md1.img"
member "$work/md2.img"
expect 8 "members of an array: diagnose" "$bootmend" --disk "$work/md1.img" --disk "$work/md2.img" --json diagnose
json "one array" '[.findings[] | select(.id == "SYSTEM-UNOPENED") | .evidence | match("RAID array [^:]*:[a-z]*").string] |
	join("; ")' "RAID array web:root"

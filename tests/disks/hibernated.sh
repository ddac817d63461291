# shellcheck shell=bash disable=SC2154 # what run and lib.sh set
# Sourced by tests/disks/run: a machine that was hibernated. Nothing may be written to its disks, until its memory is
# given up.

asleep=$work/asleep.img
truncate -s 420M "$asleep"
printf 'label: gpt\nsize=380M\nsize=8M, type=0657fd6d-a4ab-43c4-84e5-0933c84b4f4f\n' | sfdisk -q "$asleep"
format "$asleep" 1 ext4 "$root_uuid"
fill_disk "$asleep" 1
read -r swap_at swap_size <<<"$(region "$asleep" 2)"
loop=$(losetup --show -f -o "$swap_at" --sizelimit "$swap_size" "$asleep")
mkswap -q "$loop"
losetup -d "$loop"
# sleep_at IMAGE OFFSET SIGNATURE [PAGE]: what the kernel writes when it has saved the memory
sleep_at() {
	printf 'SWAPSPACE2%b' "$3" | dd of="$1" bs=1 seek=$(($2 + ${4:-4096} - 20)) conv=notrunc status=none
}
# signature IMAGE OFFSET
signature() {
	dd if="$1" bs=1 skip=$(($2 + 4086)) count=10 status=none | tr -d '\0'
}
# refuses NAME DISK COMMAND...: with exit status 8, the way out, and not a byte changed
refuses() {
	local name=$1 before
	disk=$2
	shift 2
	before=$(fsum "$disk")
	expect 8 "$name" "$bootmend" --disk "$disk" "$@"
	says "$name: what it is" 'holds the memory of a machine that was hibernated' "$work/err"
	says "$name: the way out" 'noresume' "$work/err"
	same "$name: nothing is written" "$(fsum "$disk")" "$before"
}

expect 0 "swap without an image" "$bootmend" --disk "$asleep" --json diagnose
json "is no finding" '[.findings[].id] | join(" ")' ""
cp --sparse=always "$asleep" "$work/asleep2.img"
sleep_at "$asleep" "$swap_at" 'S1SUSPEND\0'
before=$(fsum "$asleep")
expect 0 "hibernated and healthy: diagnose" "$bootmend" --disk "$asleep" --json diagnose
json "hibernated: the finding" '[.findings[] | "\(.severity) \(.id)"] | join(" ")' 'warning SYSTEM-HIBERNATED'
expect 0 "hibernated: looking goes on" "$bootmend" --disk "$asleep" chroot --ro cat /etc/hostname
expect 0 "hibernated: a plan may be made" "$bootmend" --disk "$asleep" repair --dry-run --kernel "$version"
same "hibernated: looking writes nothing" "$(fsum "$asleep")" "$before"
refuses "hibernated: repair" "$asleep" repair --yes
refuses "hibernated: rebuild" "$asleep" repair --yes --kernel "$version"
refuses "hibernated: fsck" "$asleep" repair --yes --fsck asleep.img:1
refuses "hibernated: mount" "$asleep" mount
refuses "hibernated: chroot" "$asleep" chroot true
same "hibernated: nothing stays mounted" "$(grep -c /mnt/sysimage /proc/mounts)" 0
expect 32 "nobody there to type the device's name" "$bootmend" --disk "$asleep" repair --discard-hibernation
expect 8 "auto" "$bootmend" --disk "$asleep" auto
says "auto: the result" '^bootmend: result=refused exit=8'
same "hibernated: still nothing is written" "$(fsum "$asleep")" "$before"

# its memory given up, then the repair; undo brings back the files and never the image
open_part "$asleep" 1
rm "$work/m$initramfs"
close_part
expect 0 "the plan" "$bootmend" --disk "$asleep" --json plan --discard-hibernation
json "the memory first" '[.plan.steps[].kind] | .[0:2] | join(" ")' 'discard-hibernation mount'
expect 1 "given up and repaired" "$bootmend" --disk "$asleep" repair --discard-hibernation --yes
same "the signature of swap is back" "$(signature "$asleep" "$swap_at")" SWAPSPACE2
expect 0 "healthy afterwards" "$bootmend" --disk "$asleep" --json diagnose
json "and without a finding" '[.findings[].id] | join(" ")' ""
open_part "$asleep" 1
cat "$work"/m/var/lib/bootmend/*/journal >"$work/journal"
says "the journal tells it" 'hibernation%20image%20is%20discarded' "$work/journal"
close_part
expect 1 "undo" "$bootmend" --disk "$asleep" undo --yes
same "undo brings no image back" "$(signature "$asleep" "$swap_at")" SWAPSPACE2

# hibernated between two repairs: neither undo nor resume
expect 1 "a repair" "$bootmend" --disk "$asleep" repair --yes
sleep_at "$asleep" "$swap_at" 'LINHIB0001'
refuses "hibernated: undo" "$asleep" undo --yes

# nothing is wrong but that
expect 1 "given up, and nothing else" "$bootmend" --disk "$asleep" repair --discard-hibernation --yes
same "the signature of swap is back" "$(signature "$asleep" "$swap_at")" SWAPSPACE2
expect 0 "there is none any more" "$bootmend" --disk "$asleep" repair --discard-hibernation --yes
says "which is said" 'no hibernation image'

# an image that does not keep what it replaced
cp --sparse=always "$work/asleep2.img" "$asleep"
printf '\0\0\0\0\0\0\0\0\0\0S2SUSPEND\0' |
	dd of="$asleep" bs=1 seek=$((swap_at + 4076)) conv=notrunc status=none
before=$(fsum "$asleep")
expect 8 "no signature to put back" "$bootmend" --disk "$asleep" repair --discard-hibernation --yes
says "says so" 'does not keep the signature' "$work/err"
same "nothing is written" "$(fsum "$asleep")" "$before"

# a plan that was made before the image has changed
cp --sparse=always "$work/asleep2.img" "$asleep"
sleep_at "$asleep" "$swap_at" 'S1SUSPEND\0'
expect 0 "a plan" "$bootmend" --disk "$asleep" plan --discard-hibernation -o "$work/plan"
printf '\1' | dd of="$asleep" bs=1 seek=$((swap_at + 4064)) conv=notrunc status=none
refuses "a plan for another image" "$asleep" apply "$work/plan" --yes

# a swap file, which fstab names; the file lies where its filesystem says
cp --sparse=always "$work/asleep2.img" "$asleep"
open_part "$asleep" 1
head -c 1M /dev/zero >"$work/m/swapfile"
mkswap -q "$work/m/swapfile" 2>/dev/null
sleep_at "$work/m/swapfile" 0 'ULSUSPEND\0'
echo '/swapfile none swap sw 0 0' >>"$work/m/etc/fstab"
close_part
refuses "hibernated into a file" "$asleep" repair --yes
expect 1 "the file's image given up" "$bootmend" --disk "$asleep" repair --discard-hibernation --yes
open_part "$asleep" 1
same "the signature of swap is back in the file" "$(signature "$work/m/swapfile" 0)" SWAPSPACE2
close_part

# no system is found, and only its filesystem could be repaired
cp --sparse=always "$work/asleep2.img" "$asleep"
sleep_at "$asleep" "$swap_at" 'S1SUSPEND\0'
read -r root_at _ <<<"$(region "$asleep" 1)"
dd if=/dev/urandom of="$asleep" bs=4096 seek=$((root_at / 4096 + 1)) count=2 conv=notrunc status=none
refuses "hibernated: fsck without a system" "$asleep" repair --yes --fsck asleep.img:1
expect 1 "given up, then the fsck" "$bootmend" --disk "$asleep" repair --yes --fsck asleep.img:1 --discard-hibernation
same "the signature of swap is back" "$(signature "$asleep" "$swap_at")" SWAPSPACE2
rm -f "$asleep" "$work/asleep2.img"

# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# The demo: one scenario, live, told step by step on the terminal.

tell() { printf '\n\033[1m=== %s\033[0m\n\n' "$*"; }

# Of the kernel's own lines only those that matter here, and neither GRUB's frame nor systemd's list
demo_hide='^\[ *[0-9.]+\] (?!.*(Linux version|VFS: U|panic|npack|nitramfs:|Run /))|\+-{20}|^\[ +OK +\]|^ +[A-Z][a-z]+ing |^M?\[K|^ +(Press|before|previous) |^ +\| *$'

demo() {
	local name=${1:-01-bios-initramfs-deleted} began=$SECONDS
	[[ -f $iso && -f $iso_dir/vmlinuz ]] || die "no ${iso#"$top"/}: run 'make iso' first"
	exec 3>&1
	echo=(--echo --hide "$demo_hide")
	scenario_read "$name"
	tell "1. A real guest: ${scenario[guest]} (built once, then cached)"
	sed -n 's/^# //p' "$lab/guests/${scenario[guest]}"
	scenario_load "$name"
	grep -ao 'BOOTMEND-GUEST-OK [^[:cntrl:]]*' "${guest[dir]}/healthy.log" | sed 's/^/it boots; its own userspace said: /'
	tell "2. It is broken: ${scenario[break]}"
	sed -n '2,$s/^# //p' "$lab/breakages/${scenario[break]}"
	act_break
	tell "3. It boots no more (serial console, live)"
	act_broken
	tell "4. The rescue ISO, unattended (bootmend.conf on a second small volume, 512 MB of memory)"
	sed 's/^/    /' <(for line in "${confs[@]}"; do expand "$line"; done)
	# The ISO's entry for a serial console, so that its report is seen here.
	scenario[dialogue]=../lib/serial.keys
	act_repair
	tell "5. What changed on the disk"
	act_compare
	cat "$run/changes"
	tell "6. It boots again"
	act_good
	tell "$(grep -ao 'BOOTMEND-GUEST-OK [^[:cntrl:]]*' "$run/3-good.log") ($((SECONDS - began)) s in all)"
	scenario_disks_away
}

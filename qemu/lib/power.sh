# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Power cuts: repairs that are cut short at random instants (qemu/power.py), and what each instant left on the disk.

# The trees that a repair may change; everything else is compared once, at the end of the whole run.
power_trees="boot etc usr/lib/modules"

# power_raw FILE: a cut as a raw image beside it
power_raw() { qemu-img convert -f qcow2 -O raw "$1" "$2"; }

# power_list RAW LISTING: the files of a disk, mounted as a boot mounts it: the journal is replayed
power_list() {
	disk_mount "$1" "${guest[dir]}/volumes" "$work/mnt" rw
	# shellcheck disable=SC2086 # words
	"$lab/tree.py" list "$work/mnt" $power_trees >"$2"
	disk_umount "$work/mnt"
}

# power_fsck RAW: the filesystems are whole after their journals were replayed
power_fsck() {
	local start size fs
	while read -r _ start size fs _; do
		[[ $fs == ext4 ]] || continue
		loop_new "$1" "$start" "$size"
		e2fsck -fn "$ret_loop" >"$work/fsck" 2>&1 || fail "cut $cut: e2fsck: $(grep -vE '^(e2fsck|Pass)' "$work/fsck" | head -n 3)"
		loop_end "$ret_loop"
	done <"${guest[dir]}/volumes"
}

# power_states: what bootmend's history says of the cut's disk, the newest first
power_states() {
	"$build/bootmend" --disk "$1" history --json >"$work/history" 2>"$work/history.err" ||
		fail "cut $cut: history: $(head -n 2 "$work/history.err")"
	sed -n 's/^ *"state": "\(.*\)",\{0,1\}$/\1/p' "$work/history"
}

# power_same LISTING LISTING: whether two listings have the same files
power_same() { [[ -z $("$lab/tree.py" diff "$1" "$2") ]]; }

# power_check: one cut. Each file is the old or the new one, the filesystems are whole, bootmend knows what was cut
# short, and can take it back or complete it.
power_check() {
	local raw=$work/cut.raw replayed=$work/replayed.raw state verb status
	power_raw "$power_dir/cut-$(printf %02d "$cut").qcow2" "$raw"
	cp --sparse=always "$raw" "$replayed"
	power_list "$replayed" "$work/now.tree"
	power_fsck "$replayed"
	rm "$replayed"
	# A line that is neither in the old listing nor in the new one is a file that is neither.
	# What has a name of bootmend's own is beside them.
	cat "$power_dir/old.tree" "$power_dir/new.tree" | sort | comm -13 - <(sort "$work/now.tree") |
		grep -vE '\.bootmend-[^/]*$' >"$work/odd" || true
	[[ ! -s $work/odd ]] || fail "cut $cut: neither old nor new: $(head -n 3 "$work/odd" | tr '\n' ' ')"
	"$lab/tree.py" names "$work/now.tree" "$power_dir/old.tree" "$power_dir/new.tree" >"$work/odd"
	[[ ! -s $work/odd ]] || fail "cut $cut: gone: $(head -n 3 "$work/odd" | tr '\n' ' ')"

	state=$(power_states "$raw" | head -n 1)
	power_saw[${state:-none}]=$((${power_saw[${state:-none}]:-0} + 1))
	if [[ $state == interrupted ]]; then
		# A new repair is refused, and says what to do.
		status=0
		"$build/bootmend" --disk "$raw" repair --yes --kernel "$kernel" >"$work/refused" 2>&1 || status=$?
		{ [[ $status == 8 ]] && grep -q 'undo' "$work/refused" && grep -q 'resume' "$work/refused"; } ||
			fail "cut $cut: a repair over an interrupted one: exit $status: $(tail -n 2 "$work/refused")"
		verb="undo --yes"
		[[ $((cut % 2)) == 0 ]] || verb="apply --resume --yes"
		status=0
		# shellcheck disable=SC2086 # words
		"$build/bootmend" --disk "$raw" $verb >"$work/done" 2>&1 || status=$?
		[[ $status == 0 || $status == 1 ]] || fail "cut $cut: $verb: exit $status: $(tail -n 3 "$work/done")"
		power_saw[${verb%% *}]=$((${power_saw[${verb%% *}]:-0} + 1))
		! power_states "$raw" | grep -qx interrupted || fail "cut $cut: still interrupted after $verb"
	fi
	# Everything back: the disk is as it was before the first of the repairs.
	while power_states "$raw" | grep -qxE '(partly )?repaired|interrupted|being undone'; do
		"$build/bootmend" --disk "$raw" undo --yes >"$work/done" 2>&1 && status=0 || status=$?
		[[ $status == 0 || $status == 1 ]] || fail "cut $cut: undo: exit $status: $(tail -n 3 "$work/done")"
	done
	# A file of its own: a loop device that ends a moment later would lend itself, read-only.
	cp --sparse=always "$raw" "$replayed"
	power_list "$replayed" "$work/back.tree"
	power_same "$work/back.tree" "$power_dir/old.tree" ||
		fail "cut $cut: not as it was after undo: $("$lab/tree.py" diff "$power_dir/old.tree" "$work/back.tree" | head -n 5 | tr '\n' ' ')"
	rm -f "$raw" "$replayed"
}

# power_boot DISK FORMAT: the machine as the cut left it must boot
power_boot() {
	local log=$run/boot-$cut.log
	qemu-img create -q -f qcow2 -F "$2" -b "$1" "$work/boot.qcow2"
	boot_watch "$log" "${scenario[good-limit]}" "$work/boot.qcow2" qcow2 -- \
		--stop "BOOTMEND-GUEST-OK [^ ]+ [^ ]+" --stop "Kernel panic" --stop "emergency mode" || true
	grep -aq "BOOTMEND-GUEST-OK [^ ]* $token" "$log" || fail "cut $cut: the machine does not boot ($said)"
	rm -f "$work/boot.qcow2"
}

act_cut() {
	local command
	seed=${LAB_SEED:-$((16#$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')))}
	note "${scenario[name]}: seed $seed (LAB_SEED=$seed repeats it)"
	qemu-img create -q -f qcow2 -F raw -b "$run/broken.raw" "$run/work.qcow2"
	power_dir=$run
	command="bootmend repair --yes; bootmend repair --yes --kernel $kernel; echo ALL-\$?-DONE"
	scenario[via]=kernel
	iso_args
	guest[memory]=512
	watcher=power.py
	boot_watch "$run/2-repair.log" "${scenario[repair-limit]}" "$run/work.qcow2" qcow2 "${rescue_args[@]}" -- \
		--disk "$run/work.qcow2" --dir "$run" --command "$command" --cuts "${scenario[cuts]}" --seed "$seed" ||
		fail "the cuts: $said"
	watcher=console.py
	grep -aq 'ALL-[01]-DONE' "$run/done.log" || fail "the whole run does not end well: $(tail -n 3 "$run/done.log")"
	note "${scenario[name]}: the steps of the whole run: ${said#steps } s"
}

act_check_cuts() {
	local raw=$work/cut.raw
	declare -gA power_saw=()
	cut=none
	cp --sparse=always "$run/broken.raw" "$raw"
	power_list "$raw" "$run/old.tree"
	power_raw "$run/done.qcow2" "$raw"
	power_list "$raw" "$run/new.tree"
	rm "$raw"
	"$lab/tree.py" diff "$run/old.tree" "$run/new.tree" >"$run/changes"
	grep -qF "* /boot/$(image_of "$kernel")" "$run/changes" || fail "the whole run swaps no image"
	for ((cut = 1; cut <= scenario[cuts]; cut++)); do
		power_check
	done
	for cut in "${!power_saw[@]}"; do
		printf '%s %s\n' "$cut" "${power_saw[$cut]}"
	done | sort >"$run/saw"
	note "${scenario[name]}: newest repair after the cut, and what was done then: $(tr '\n' ',' <"$run/saw")"
	[[ ${power_saw[interrupted]:-0} -gt 0 ]] || fail "no cut has interrupted anything"
}

# Some of the cuts are booted as they are: the first, one in the middle, the last (of few cuts that one alone); and the
# machine before any of them, for a machine that did not boot would prove nothing.
act_boot_cuts() {
	local some=(1 $((scenario[cuts] / 2)) "${scenario[cuts]}")
	[[ ${scenario[cuts]} -ge 20 ]] || some=("${scenario[cuts]}")
	cut=0
	power_boot "$run/broken.raw" raw
	for cut in "${some[@]}"; do
		power_boot "$power_dir/cut-$(printf %02d "$cut").qcow2" qcow2
	done
}

power_run() {
	local began=$SECONDS
	scenario_load "$1"
	act_break
	step "cuts" act_cut
	step "checks" act_check_cuts
	step "boots" act_boot_cuts
	scenario_disks_away
	note "$1: ${scenario[title]}: all as it should be ($((SECONDS - began)) s)"
}

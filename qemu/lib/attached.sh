# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Disks that a machine holds: bootmend is called here, on the image of a virtual machine that has it open, and must leave
# it alone; and again when the machine is gone.

# attached_machine DISK: a QEMU that has the disk open for writing, as each that runs a guest; sets attached_pid
attached_machine() {
	local inode
	inode=$(stat -c %i "$1")
	# shellcheck disable=SC2086 # LAB_QEMU_PREFIX is a list of words
	${LAB_QEMU_PREFIX:-} qemu-system-x86_64 -name lab -nodefaults -no-user-config -display none -machine "${guest[machine]}" \
		-accel "$accel" -cpu "$cpu" -m "${guest[memory]}" -S \
		-blockdev "driver=raw,node-name=d0,file.driver=file,file.filename=$1" -device "virtio-blk-pci,drive=d0" \
		>"$run/machine.log" 2>&1 &
	attached_pid=$!
	children+=("$attached_pid")
	until grep -q "OFDLCK .*:$inode " /proc/locks; do
		kill -0 "$attached_pid" 2>/dev/null || fail "no machine holds the disk"
		sleep 0.2
	done
}

attached_end() {
	kill "$attached_pid"
	wait "$attached_pid" 2>/dev/null || true
	children=("${children[@]::${#children[@]}-1}")
}

# attached_bootmend WORD...: bootmend on the run's disk; sets status, keeps what it said
attached_bootmend() {
	status=0
	"$build/bootmend" --disk "$run/broken.raw" "$@" >"$run/said" 2>&1 </dev/null || status=$?
}

act_attached() {
	local status want
	cp --sparse=always --reflink=auto "$run/broken.raw" "$work/before.raw"
	attached_machine "$run/broken.raw"
	# To look is allowed.
	attached_bootmend diagnose
	[[ $status == 4 ]] || fail "diagnose beside a machine that holds the disk: exit $status: $(tail -n 2 "$run/said")"
	# shellcheck disable=SC2086 # words
	attached_bootmend ${scenario[attached]}
	attached_end
	cmp -s "$run/broken.raw" "$work/before.raw" || fail "'${scenario[attached]}' has written to a disk that a machine holds"
	[[ $status == "${scenario[exit]}" ]] || fail "'${scenario[attached]}' beside the machine: exit $status: $(tail -n 2 "$run/said")"
	for want in "${must_say[@]}"; do
		grep -Eq "$(expand_re "$want")" "$run/said" || fail "it does not say '$(expand "$want")': $(tail -n 2 "$run/said")"
	done
}

# The same command on the disk that nobody holds any more: what was refused is the holder's doing, not the fault's.
act_detached() {
	local status
	# shellcheck disable=SC2086 # words
	attached_bootmend ${scenario[attached]}
	[[ $status == 1 ]] || fail "'${scenario[attached]}' without the machine: exit $status: $(tail -n 2 "$run/said")"
	qemu-img create -q -f qcow2 -F raw -b "$run/broken.raw" "$run/work.qcow2"
}

attached_run() {
	local began=$SECONDS
	scenario_load "$1"
	act_break
	step "broken" act_broken
	step "attached" act_attached
	step "detached" act_detached
	step "good boot" act_good
	scenario_disks_away
	note "$1: ${scenario[title]}: all as it should be ($((SECONDS - began)) s)"
}

# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Many scenarios, some at a time: each begins as soon as its guest is built and a place is free.

# reap: wait for one child of the list and drop it; its status is reap's
reap() {
	local pid status=0 left=() one
	wait -n -p pid "${children[@]}" || status=$?
	for one in "${children[@]}"; do
		[[ $one == "$pid" ]] || left+=("$one")
	done
	children=("${left[@]}")
	ret_pid=$pid
	return "$status"
}

# scenarios_longest_first: one a line, those of every day (with LAB_DAILY) or all of them. The last ones are short, so that
# no processor is idle at the end.
scenarios_longest_first() {
	local name file
	for name in $(names scenarios); do
		file=$lab/scenarios/$name
		[[ $name != *.keys ]] || continue
		[[ -z ${LAB_DAILY:-} ]] || grep -q '^daily[[:space:]]' "$file" || continue
		# A power cut's play, then what goes through firmware and GRUB, then what makes an image.
		if grep -q '^cuts' "$file"; then
			echo "0 $name"
		elif grep -q '^via[[:space:]]*iso' "$file"; then
			echo "1 $name"
		elif grep -q '^changes[[:space:]].*IMAGE@' "$file"; then
			echo "2 $name"
		else
			echo "3 $name"
		fi
	done | sort -s -n -k1,1 | cut -d' ' -f2
}

# test_next: begin the next thing that can begin; 1 when nothing can
test_next() {
	local name i
	if [[ ${#to_build[@]} -gt 0 ]]; then
		name=${to_build[0]}
		to_build=("${to_build[@]:1}")
		"$lab/lab" guest "$name" >"$out/guests/$name.out" 2>&1 &
		which[$!]="guest $name"
	else
		for i in "${!to_run[@]}"; do
			[[ -n ${built[${guest_of[${to_run[$i]}]}]:-} ]] && break
			i=
		done
		[[ -n ${i:-} ]] || return 1
		name=${to_run[$i]}
		unset "to_run[$i]"
		"$lab/lab" run "$name" >"$out/runs/$name.out" 2>&1 &
		which[$!]="scenario $name"
	fi
	began[$!]=$SECONDS
	children+=($!)
}

# test_failed NAME SECONDS LOG
test_failed() {
	failed=$((failed + 1))
	echo "FAIL $1 ($2 s)"
	sed 's/^/     /' "$3" | tail -n 12
}

# test_tally: wait for the next thing to end, and count it. The scenarios of a guest that cannot be built have failed.
test_tally() {
	local status=0 kind name seconds i
	reap || status=$?
	read -r kind name <<<"${which[$ret_pid]}"
	seconds=$((SECONDS - began[$ret_pid]))
	if [[ $kind == guest && $status == 0 ]]; then
		built[$name]=yes
		cat "$out/guests/$name.out"
	elif [[ $kind == guest ]]; then
		for i in "${!to_run[@]}"; do
			[[ ${guest_of[${to_run[$i]}]} == "$name" ]] || continue
			test_failed "${to_run[$i]}" "$seconds" "$out/guests/$name.out"
			unset "to_run[$i]"
		done
	elif [[ $status == 0 ]]; then
		passed=$((passed + 1))
		echo "PASS $name ($seconds s)"
	else
		test_failed "$name" "$seconds" "$out/runs/$name.out"
	fi
}

do_test() {
	local to_run=("$@") to_build=() name passed=0 failed=0
	declare -A which=() began=() built=() guest_of=()
	[[ ${#to_run[@]} -gt 0 ]] || mapfile -t to_run < <(scenarios_longest_first)
	[[ ${#to_run[@]} -gt 0 ]] || die "no scenario is of every day"
	[[ -f $iso && -f $iso_dir/vmlinuz ]] || die "no ${iso#"$top"/}: run 'make iso' first"
	for name in "${to_run[@]}"; do
		scenario_read "$name"
		guest_of[$name]=${scenario[guest]}
	done
	# The one with the most on its disk is the last by name, and comes first.
	mapfile -t to_build < <(printf '%s\n' "${guest_of[@]}" | sort -ru)
	lab_speed
	while :; do
		while [[ ${#children[@]} -lt $jobs ]] && test_next; do :; done
		[[ ${#children[@]} -gt 0 ]] || break
		test_tally
	done
	echo "$passed passed, $failed failed, 0 skipped"
	[[ $failed == 0 ]]
}

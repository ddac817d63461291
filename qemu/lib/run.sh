# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Running: QEMU, and the scenarios' three acts (broken boot, repair, good boot).

watcher=console.py
may_reset=

# lab_speed: measure once how slow this machine is, for every watch of this run (clock.py). Patience is slowness, too.
lab_speed() {
	local slow work
	[[ -z ${LAB_SPEED:-} ]] || return 0
	# shellcheck disable=SC2086 # LAB_QEMU_PREFIX is a list of words
	read -r slow work < <("$lab/clock.py" -- ${LAB_QEMU_PREFIX:-} qemu-system-x86_64 -nodefaults -no-user-config \
		-display none -machine pc -accel "$accel" -cpu "$cpu" -m 16) || die "no speed could be measured"
	LAB_SPEED="$(awk -v s="$slow" -v p="$patience" 'BEGIN { print s * p }') $work"
	export LAB_SPEED
	note "this machine is $slow times as slow as the one that the limits were made for"
}

# boot_watch LOG LIMIT DISK FORMAT [QEMU ARGUMENT...] -- [CONSOLE ARGUMENT...]
# boots the current guest from a disk. The status is console.py's (or that of another $watcher), and its verdict is in $said;
# what it shows (--echo) goes to descriptor 3. A machine that was starved before it had done anything is started anew.
boot_watch() {
	local log=$1 limit=$2 disk=$3 format=$4 qemu watch=() status try
	shift 4
	lab_speed
	# No network, no reboot loops (but where $may_reset says so), nothing that the guest's file does not name.
	qemu=(qemu-system-x86_64 -name "lab" -nodefaults -no-user-config -vga std -display none
		-machine "${guest[machine]}" -accel "$accel" -cpu "$cpu" -smp "${scenario[processors]:-1}" -m "${guest[memory]}"
		-serial stdio
		-blockdev "driver=$format,node-name=d0,discard=unmap,cache.no-flush=on,file.driver=file,file.filename=$disk,file.cache.no-flush=on")
	[[ -n $may_reset ]] || qemu+=(-no-reboot)
	# SeaBIOS shows its text screen on the serial line as well: GRUB's prompt, before any configuration names that line.
	if [[ ${scenario[screen]:-} == serial && ${guest[firmware]} == bios ]]; then
		printf '\370\003' >"$work/sercon"
		qemu+=(-fw_cfg "name=etc/sercon-port,file=$work/sercon")
	fi
	case ${guest[disk]} in
	virtio-blk) qemu+=(-device "virtio-blk-pci,drive=d0,bootindex=2") ;;
	pvscsi) qemu+=(-device "pvscsi,id=s0" -device "scsi-hd,bus=s0.0,drive=d0,share-rw=on") ;;
	ahci) qemu+=(-device "ich9-ahci,id=s0" -device "ide-hd,bus=s0.0,drive=d0,bootindex=2") ;;
	*) die "${guest[name]}: no such disk: ${guest[disk]}" ;;
	esac
	if [[ ${guest[firmware]} == uefi ]]; then
		cp --sparse=always "$ovmf/OVMF_VARS_4M.fd" "$work/vars.fd"
		qemu+=(-drive "if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.fd"
			-drive "if=pflash,format=raw,file=$work/vars.fd")
		# Debian's OVMF has no driver for pvscsi. When it is to boot the guest, the
		# firmware reads the same disk as an NVMe one, for which the guest's kernel
		# has no driver ("without" in the guest's file): it sees pvscsi alone.
		if [[ ${guest[disk]} == pvscsi && " $* " != *" if=none,id=c0,"* && " $* " != *" -kernel "* ]]; then
			qemu+=(-device "nvme,drive=d0,serial=firmware,share-rw=on,bootindex=2")
		fi
	fi
	while [[ $# -gt 0 ]]; do
		if [[ $1 == -- ]]; then
			shift
			watch=("$@")
			break
		fi
		qemu+=("$1")
		shift
	done
	for try in 1 2 3 4 5; do
		status=0
		# shellcheck disable=SC2086 # LAB_QEMU_PREFIX is a list of words
		"$lab/$watcher" --log "$log" --limit "$limit" --verdict "$work/verdict" "${echo[@]}" "${watch[@]}" \
			-- ${LAB_QEMU_PREFIX:-} "${qemu[@]}" >&3 &
		# In the background, so that a signal ends it at once by way of the exit trap.
		children+=($!)
		wait $! || status=$?
		children=("${children[@]::${#children[@]}-1}")
		[[ $status == 6 ]] || break
		note "${guest[name]}: the kernel was kept waiting and took its timer for dead (boot $try of 5)"
	done
	said=$(cat "$work/verdict" 2>/dev/null) || said=nothing
	return "$status"
}

scenario_read() {
	local file=$lab/scenarios/$1 key value
	[[ -f $file ]] || die "no such scenario: $1 (have: $(names scenarios))"
	unset scenario confs
	declare -gA scenario=([name]=$1 [via]=kernel [conf-on]=disk [broken]='Kernel panic' [broken-limit]=300
		[repair-limit]=900 [good-limit]=420 [result]=repaired [exit]=1 [boots]=@DEFAULT@)
	declare -ga confs=() must_say=() must_change=() must_keep=() must_find=()
	while read -r key value; do
		case $key in
		'' | '#'*) ;;
		conf) confs+=("$value") ;;
		says) must_say+=("$value") ;;
		changes) must_change+=("$value") ;;
		keeps) must_keep+=("$value") ;;
		finds) must_find+=("$value") ;;
		title | guest | break | via | conf-on | broken | broken-limit | repair-limit | good-limit | \
			result | exit | boots | may-change | dialogue | untouched | cuts | running | attached | reboots | ends | \
			processors | screen | daily) scenario[$key]=$value ;;
		*) die "qemu/scenarios/$1: no such key: $key" ;;
		esac
	done <"$file"
	scenario[via]=${LAB_VIA:-${scenario[via]}}
	# Of every day's power cuts there are fewer.
	[[ -z ${LAB_DAILY:-} || ${scenario[daily]:-} != cuts\ * ]] || scenario[cuts]=${scenario[daily]#cuts }
	[[ -z ${scenario[reboots]:-} || -n ${scenario[ends]:-} ]] || die "qemu/scenarios/$1: reboots without ends"
	# A machine that runs is broken by itself, the others by a breakage.
	for key in title guest "$([[ -n ${scenario[running]:-} ]] && echo running || echo break)"; do
		[[ -n ${scenario[$key]:-} ]] || die "qemu/scenarios/$1: $key is missing"
	done
}

# expand TEXT: the words of a scenario that stand for what only the built guest knows
expand() {
	local text=$1
	text=${text//@DEFAULT@/"$kernel"}
	text=${text//@OTHER@/"$other"}
	text=${text//@IMAGE@/"/boot/$(image_of "$kernel")"}
	text=${text//@OTHERIMAGE@/"/boot/$(image_of "$other")"}
	text=${text//@TOKEN@/"$token"}
	text=${text//@SYSTEM@/"$system"}
	echo "$text"
}

# expand_re REGEX: the same in a regular expression, where versions have dots and signs
expand_re() {
	local kernel other
	kernel=$(quote_re "${guest[kernel]}")
	other=$(quote_re "${guest[other]}")
	expand "$1"
}

quote_re() { printf '%s\n' "$1" | sed 's/[][\.*^$+?(){}|]/\\&/g'; }

# conf_volume: bootmend.conf of the scenario, on a volume labelled BOOTMENDCFG; sets conf_args
conf_volume() {
	local line
	for line in "${confs[@]}"; do
		expand "$line"
	done >"$work/bootmend.conf"
	cp "$work/bootmend.conf" "$run/"
	case ${scenario[conf-on]} in
	cd)
		xorriso -as mkisofs -quiet -V BOOTMENDCFG -R -J -o "$work/conf.img" "$work/bootmend.conf" 2>"$work/xorriso.log"
		conf_args=(-drive "if=none,id=c1,media=cdrom,format=raw,readonly=on,file=$work/conf.img") ;;
	disk)
		truncate -s 2M "$work/conf.img"
		mkfs.vfat -n BOOTMENDCFG "$work/conf.img" >/dev/null
		mcopy -i "$work/conf.img" "$work/bootmend.conf" ::/
		conf_args=(-drive "if=none,id=c1,format=raw,readonly=on,file=$work/conf.img") ;;
	*) die "${scenario[name]}: conf-on is cd or disk" ;;
	esac
	case ${scenario[conf-on]}:${guest[machine]} in
	cd:q35) conf_args+=(-device "ide-cd,bus=ide.2,drive=c1") ;;
	cd:*) conf_args+=(-device "ide-cd,bus=ide.1,unit=0,drive=c1") ;;
	disk:*) conf_args+=(-device "virtio-blk-pci,drive=c1") ;;
	esac
}

# The kernel command line of the ISO's first menu entry, with the serial console last
iso_cmdline() {
	local common
	common=$(sed -n 's/^set common="\(.*\)"$/\1/p' "$top/iso/grub.cfg")
	[[ $common == *bootmend.rescue* ]] || die "iso/grub.cfg has no 'set common' any more"
	echo "$common console=tty0 console=ttyS0,115200"
}

# iso_args: how the rescue system is started; sets rescue_args
iso_args() {
	case ${scenario[via]} in
	iso)
		rescue_args=(-drive "if=none,id=c0,media=cdrom,format=raw,readonly=on,file=$iso")
		if [[ ${guest[machine]} == q35 ]]; then
			rescue_args+=(-device "ide-cd,bus=ide.0,drive=c0,bootindex=1")
		else
			rescue_args+=(-device "ide-cd,bus=ide.0,unit=0,drive=c0,bootindex=1")
		fi ;;
	kernel)
		# The ISO's own kernel and initramfs, without the way through firmware and GRUB.
		rescue_args=(-kernel "$iso_dir/vmlinuz" -initrd "$iso_dir/initrd"
			-append "$(iso_cmdline)") ;;
	*) die "${scenario[name]}: via is iso or kernel" ;;
	esac
}

# The three acts. Each says what it saw, or fails.

# tree_mount FILE rw|ro: the guest's tree under $work/mnt, that is $root, and its ESP as $esp for mtools
tree_mount() {
	disk_mount "$1" "${guest[dir]}/volumes" "$work/mnt" "$2"
	root=$work/mnt
	esp=$(disk_vfat "$1" "${guest[dir]}/volumes") || esp=
}

# tree_list: every file of the mounted tree; the ESP's are copied to where the guest has them
tree_list() {
	if [[ -n $esp ]]; then
		mount -t tmpfs tmpfs "$root/boot/efi"
		mcopy -s -n -i "$esp" ::/ "$root/boot/efi/"
	fi
	"$lab/tree.py" list "$root"
}

tree_umount() { disk_umount "$work/mnt"; }

# guest_image_as TREE VERSION [DRACUT ARGUMENT...]: the kernel's image as it would be made elsewhere
guest_image_as() {
	local tree=$1 ver=$2
	shift 2
	mount -t proc proc "$tree/proc"
	mount -t sysfs -o ro sysfs "$tree/sys"
	mount --rbind /dev "$tree/dev"
	mount -t tmpfs tmpfs "$tree/run"
	chroot "$tree" dracut --quiet --force --no-hostonly --no-hostonly-cmdline --tmpdir /run "$@" \
		"/boot/$(image_of "$ver")" "$ver" >"$work/images.log" 2>&1 || { cat "$work/images.log" >&2; return 1; }
	umount "$tree/run" "$tree/sys" "$tree/proc"
	umount --recursive "$tree/dev"
}

# kernelopts_add WORD...: to the kernelopts of the mounted guest's GRUB environment on the ESP
kernelopts_add() {
	local now
	mcopy -n -o -i "$esp" ::/EFI/redhat/grubenv "$work/grubenv"
	now=$(grub-editenv "$work/grubenv" list | sed -n 's/^kernelopts=//p')
	grub-editenv "$work/grubenv" set "kernelopts=$now $*"
	mcopy -o -i "$esp" "$work/grubenv" ::/EFI/redhat/
}

act_break() {
	token=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
	cp --sparse=always --reflink=auto "${guest[dir]}/disk.raw" "$run/broken.raw"
	tree_mount "$run/broken.raw" rw
	echo "$token" >"$root/etc/bootmend-lab/token"
	image=$root/boot/$(image_of "$kernel")
	unset -f show_it
	power_cut=""
	# shellcheck source=/dev/null
	source "$lab/breakages/${scenario[break]}"
	break_it
	tree_list >"$run/before.tree"
	# The power goes while all is mounted: what the journal holds is not in its place.
	[[ -z $power_cut ]] || cp --sparse=always "$run/broken.raw" "$run/cut.raw"
	tree_umount
	[[ -z $power_cut ]] || mv "$run/cut.raw" "$run/broken.raw"
}

act_broken() {
	local disk=$run/broken.raw
	if declare -F show_it >/dev/null; then
		disk=$run/shown.raw
		cp --sparse=always --reflink=auto "$run/broken.raw" "$disk"
		tree_mount "$disk" rw
		show_it
		tree_umount
	fi
	qemu-img create -q -f qcow2 -F raw -b "$disk" "$run/shown.qcow2"
	boot_watch "$run/1-broken.log" "${scenario[broken-limit]}" "$run/shown.qcow2" qcow2 -- \
		--stop "${scenario[broken]}" --stop "BOOTMEND-GUEST-OK [^ ]+ [^ ]+" || true
	rm -f "$run/shown.qcow2" "$run/shown.raw"
	! grep -aq "BOOTMEND-GUEST-OK" "$run/1-broken.log" || fail "the broken guest boots"
	grep -aEq "${scenario[broken]}" "$run/1-broken.log" || fail "no sign of '${scenario[broken]}' ($said)"
}

# What bootmend says here about the broken disk and what its console showed. A volume group can only be looked at
# where the kernel has device-mapper; elsewhere it is a folder, in which the hardware is not known.
act_diagnose() {
	local want which=(--disk "$run/broken.raw")
	[[ ${#must_find[@]} -gt 0 ]] || return 0
	if [[ ${#lvs[@]} -gt 0 && ! -e /sys/class/misc/device-mapper ]]; then
		tree_mount "$run/broken.raw" ro
		tree_list >/dev/null
		which=(--root "$root")
	fi
	"$build/bootmend" "${which[@]}" diagnose --console "$run/1-broken.log" >"$run/diagnosis" 2>&1 || true
	[[ ${which[0]} == --disk ]] || tree_umount
	for want in "${must_find[@]}"; do
		grep -qw -e "$want" "$run/diagnosis" || fail "the diagnosis does not name $want: $(head -n 3 "$run/diagnosis" | tr '\n' ' ')"
	done
}

act_repair() {
	local line lines want watch=()
	qemu-img create -q -f qcow2 -F raw -b "$run/broken.raw" "$run/work.qcow2"
	conf_args=()
	[[ ${#confs[@]} == 0 ]] || conf_volume
	iso_args
	if [[ -n ${scenario[dialogue]:-} ]]; then
		watch=(--dialogue "$lab/scenarios/${scenario[dialogue]}" --set "KERNEL=$kernel" --set "TOKEN=$token")
	fi
	# The machine resets so often, always into the rescue system, and then stays, saying what \`ends\` is like. One result line
	# more would be a loop.
	if [[ -n ${scenario[reboots]:-} ]]; then
		may_reset=yes
		watch+=(--stop "${scenario[ends]}" --linger 20 --stop "(?s)(bootmend: result=.*?){$((scenario[reboots] + 2))}")
	fi
	guest[memory]=512
	boot_watch "$run/2-repair.log" "${scenario[repair-limit]}" "$run/work.qcow2" qcow2 \
		"${rescue_args[@]}" "${conf_args[@]}" -- "${watch[@]}" || true
	may_reset=
	if [[ -n ${scenario[dialogue]:-} ]]; then
		[[ $said == "done" ]] || fail "the dialogue: $said"
		[[ ${#confs[@]} -gt 0 ]] || return 0
	fi
	if [[ -n ${scenario[reboots]:-} ]]; then
		[[ $said == "matched ${scenario[ends]}" ]] || fail "the rescue system does not come to rest ($said)"
		lines=$(grep -ac 'bootmend: result=' "$run/2-repair.log") || true
		[[ $lines == $((scenario[reboots] + 1)) ]] || fail "$lines results, not one before each of ${scenario[reboots]} reboots and one more"
	else
		# The command's own end is what a power-off looks like.
		[[ $said == ended || $said == "done" ]] || fail "the rescue system does not power off ($said)"
	fi
	line=$(grep -ao 'bootmend: result=[^[:cntrl:]]*' "$run/2-repair.log" | tail -n 1)
	[[ -n $line ]] || fail "no result line on the serial console"
	echo "$line" >"$run/result"
	for want in "result=${scenario[result]}" "exit=${scenario[exit]}" "token=$token"; do
		[[ " $line " == *" $want "* ]] || fail "'$line' lacks $want"
	done
	for want in "${must_say[@]}"; do
		grep -aEq "$(expand_re "$want")" "$run/2-repair.log" || fail "the report does not say '$(expand "$want")'"
	done
}

# What the repair did to the disk, file by file
act_compare() {
	local path want
	if [[ -n ${scenario[untouched]:-} ]]; then
		qemu-img compare -q -f raw -F qcow2 "$run/broken.raw" "$run/work.qcow2" || fail "the disk is not what it was"
	fi
	qemu-img convert -f qcow2 -O raw "$run/work.qcow2" "$run/after.raw"
	tree_mount "$run/after.raw" ro
	tree_list >"$run/after.tree"
	tree_umount
	rm -f "$run/after.raw"
	"$lab/tree.py" diff "$run/before.tree" "$run/after.tree" >"$run/changes"
	grep -vE "^. ($(expand_re "${scenario[may-change]:-^$}"))$" "$run/changes" >"$run/unexpected" || true
	[[ ! -s $run/unexpected ]] || fail "changed on the disk: $(head -n 5 "$run/unexpected" | tr '\n' ' ')"
	for want in "${must_change[@]}"; do
		grep -qE "^[+*] $(expand_re "$want")$" "$run/changes" || fail "$(expand "$want") has not changed"
	done
	# keeps FILE: its old content is still somewhere on the disk, byte by byte
	for want in "${must_keep[@]}"; do
		path=$(expand "$want")
		path=$(awk -v p="$path" '$5 == p { print $4 }' "$run/before.tree")
		[[ -n $path ]] || fail "no $(expand "$want") before the repair"
		grep -q " $path " "$run/after.tree" || fail "the old $(expand "$want") is nowhere on the disk any more"
	done
}

act_good() {
	[[ ${scenario[boots]} != no ]] || return 0
	boot_watch "$run/3-good.log" "${scenario[good-limit]}" "$run/work.qcow2" qcow2 -- \
		--stop "BOOTMEND-GUEST-OK [^ ]+ [^ ]+" --stop "Kernel panic" --stop "emergency mode" || true
	grep -aq "BOOTMEND-GUEST-OK $(expand "${scenario[boots]}") $token" "$run/3-good.log" ||
		fail "the repaired guest does not boot $(expand "${scenario[boots]}") ($said)"
}

# scenario_load NAME: guest built, names known, a fresh folder for the run
scenario_load() {
	scenario_read "$1"
	guest_build "${scenario[guest]}"
	kernel=$(<"${guest[dir]}/kernel")
	other=$(grep -vxF "$kernel" "${guest[dir]}/kernels" | head -n 1) || other=none
	guest[kernel]=$kernel guest[other]=$other
	system=$(uuid_of "$(vol_field "${guest[dir]}/volumes" / 1)")
	run=$out/runs/$1
	# Its folder belongs to one run at a time.
	exec {lockfd}>"$run.lock"
	flock "$lockfd"
	rm -rf "$run"
	mkdir -p "$run" "$work/mnt"
}

# scenario_disks_away: the disks go when all is well, the logs stay
scenario_disks_away() {
	[[ -n ${LAB_KEEP:-} ]] || rm -f "$run"/*.raw "$run"/*.qcow2
}

scenario_run() {
	scenario_read "$1"
	if [[ -n ${scenario[cuts]:-} ]]; then
		power_run "$1"
		return
	fi
	if [[ -n ${scenario[running]:-} ]]; then
		running_run "$1"
		return
	fi
	if [[ -n ${scenario[attached]:-} ]]; then
		attached_run "$1"
		return
	fi
	[[ -z ${LAB_ONLY_BROKEN:-} ]] || { scenario_load "$1"; act_break; step broken act_broken; scenario_disks_away; return; }
	local began=$SECONDS
	scenario_load "$1"
	act_break
	step "broken" act_broken
	act_diagnose
	step "repair" act_repair
	step "compare" act_compare
	step "good boot" act_good
	scenario_disks_away
	note "$1: ${scenario[title]}: all as it should be ($((SECONDS - began)) s)"
}

step() {
	local began=$SECONDS name=$1
	shift
	"$@"
	note "${scenario[name]}: $name: $((SECONDS - began)) s"
}

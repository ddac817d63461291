# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Machines that run: bootmend is installed in a guest as `make install` does it, and judges the machine it runs on.

# running_install: bootmend, its hooks, and a service that lets it speak on the serial line before the marker does.
# $1 is what the guest does to itself between its two checks.
running_install() {
	# Of the binary that there is: nothing is built (--old-file), and the jobs of a make around the lab are not this one's.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --silent --no-print-directory -C "$top" "--old-file=$build/bootmend" \
		"O=$build" "DESTDIR=$root" install >"$work/install.log" 2>&1 ||
		fail "make install: $(tail -n 3 "$work/install.log" | tr '\n' ' ')"
	printf '%s\n' "$1" >"$root/etc/bootmend-lab/breaks"
	cat >"$root/usr/local/sbin/bootmend-lab-check" <<-'SH'
		#!/bin/sh
		# What bootmend says of this machine while it runs, and that it left the machine as it was.
		exec >/dev/ttyS0 2>&1
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

		# Every mount, and every file of the filesystems with what tells a change of it.
		state() {
			cat /proc/self/mountinfo
			for place in / /boot /boot/efi; do
				[ ! -d $place ] || find $place -xdev \( -path /var/log -o -path /var/lib/systemd -o -path /tmp \) -prune \
					-o ! -type d -printf '%p %i %s %T@ %C@ %m\n'
			done
		}
		check() {
			bootmend check
			echo "BOOTMEND-CHECK $1 exit=$?"
		}
		# The hook of a kernel that boots says nothing; that of one that will not warns, and fails neither.
		hook() {
			/etc/kernel/postinst.d/zzz-bootmend "$(uname -r)" >/run/bootmend-lab-hook 2>&1
			status=$?
			cat /run/bootmend-lab-hook
			echo "BOOTMEND-HOOK $1 exit=$status says=$([ ! -s /run/bootmend-lab-hook ] && echo nothing || echo WARNING)"
		}
		state >/run/bootmend-lab-before
		check healthy
		bootmend check --json >/run/bootmend-lab-json || echo "BOOTMEND-CHECK json exit=$?"
		state >/run/bootmend-lab-after
		if cmp /run/bootmend-lab-before /run/bootmend-lab-after; then
			echo "BOOTMEND-CHECK untouched"
		else
			diff /run/bootmend-lab-before /run/bootmend-lab-after | head -n 10
		fi
		hook healthy
		sh -eux /etc/bootmend-lab/breaks
		check broken
		hook broken
	SH
	chmod 755 "$root/usr/local/sbin/bootmend-lab-check"
	cat >"$root/etc/systemd/system/bootmend-lab-check.service" <<-'UNIT'
		[Unit]
		Description=bootmend judges the machine it runs on
		After=basic.target local-fs.target
		Before=bootmend-lab-marker.service

		[Service]
		Type=oneshot
		ExecStart=/usr/local/sbin/bootmend-lab-check

		[Install]
		WantedBy=multi-user.target
	UNIT
	ln -s ../bootmend-lab-check.service "$root/etc/systemd/system/multi-user.target.wants/"
}

running_run() {
	local began=$SECONDS want log
	scenario_load "$1"
	token=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
	log=$run/running.log
	cp --sparse=always --reflink=auto "${guest[dir]}/disk.raw" "$run/running.raw"
	tree_mount "$run/running.raw" rw
	echo "$token" >"$root/etc/bootmend-lab/token"
	running_install "$(expand "${scenario[running]}")"
	tree_umount
	boot_watch "$log" "${scenario[good-limit]}" "$run/running.raw" raw -- \
		--stop "BOOTMEND-GUEST-OK [^ ]+ [^ ]+" --stop "Kernel panic" --stop "emergency mode" || true
	grep -aq "BOOTMEND-GUEST-OK $kernel $token" "$log" || fail "the guest does not come up ($said)"
	for want in "BOOTMEND-CHECK healthy exit=0" "BOOTMEND-CHECK untouched" "BOOTMEND-HOOK healthy exit=0 says=nothing" \
		"BOOTMEND-CHECK broken exit=4" "BOOTMEND-HOOK broken exit=0 says=WARNING"; do
		grep -aqF "$want" "$log" || fail "the line does not say '$want'"
	done
	for want in "${must_say[@]}"; do
		grep -aEq "$(expand_re "$want")" "$log" || fail "bootmend does not say '$(expand "$want")'"
	done
	scenario_disks_away
	note "$1: ${scenario[title]}: all as it should be ($((SECONDS - began)) s)"
}

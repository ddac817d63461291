#!/bin/sh
# The rescue system: what runs in place of a boot when the kernel command line says bootmend.rescue.
#
#   1. has udev load the drivers, and waits until the disks are there
#   2. bootmend auto --if-asked, once, on the system console; it returns 3 at once where neither the kernel
#      command line nor a BOOTMENDCFG volume asks for it, and reboots or powers off by itself where told to
#   3. on every console: the menu, after it a shell, after that the menu again, for ever
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8

# Cold plug, as every boot does it, without the hundreds of devices that need no driver and have no part in disks
# and keyboards: on a slow machine they cost several seconds.
load_drivers() {
	set --
	for subsystem in tty vc vtconsole misc mem bdi memory node cpu workqueue clockevents clocksource container \
		graphics input sound thermal net wakeup rtc leds powercap event_source; do
		set -- "$@" "--subsystem-nomatch=$subsystem"
	done
	udevadm trigger --type=devices --action=add "$@"
}

# Disks appear one after another, and udev is idle in between: wait until two looks a quarter of a second apart agree.
# A machine without any disk gets ten seconds.
wait_for_disks() {
	last=none same=0 round=0
	while [ "$round" -lt 80 ]; do
		udevadm settle --timeout=20
		now='' disks=0
		for device in /sys/class/block/*; do
			now="$now ${device##*/}"
			case ${device##*/} in
				loop* | ram* | fd* | sr* | '*') ;;
				*) disks=1 ;;
			esac
		done
		if [ "$now" = "$last" ]; then
			same=$((same + 1))
			[ "$disks" = 1 ] && [ "$same" -ge 1 ] && return
			[ "$same" -ge 40 ] && return
		else
			same=0
		fi
		last=$now
		round=$((round + 1))
		sleep 0.25
	done
}

terminal_type() {
	case $1 in
		tty[0-9]*) echo linux ;;
		*) echo vt220 ;;
	esac
}

# The menu on one console, again and again. A device that can't be opened (a serial port that the kernel was
# told of and the machine lacks) is given up after some tries.
serve() {
	failures=0
	while [ "$failures" -lt 5 ]; do
		if (: <> "/dev/$1") 2> /dev/null; then
			TERM=$(terminal_type "$1") setsid -c /usr/lib/bootmend/console <> "/dev/$1" >&0 2>&1
		else
			failures=$((failures + 1))
		fi
		sleep 1
	done
}

command -v plymouth > /dev/null 2>&1 && plymouth quit
# Ctrl-Alt-Del would reset the machine at once, in the middle of a repair too.
echo 0 > /proc/sys/kernel/ctrl-alt-del
echo bootmend > /proc/sys/kernel/hostname
mkdir -p /root

load_drivers
wait_for_disks

read -r consoles < /sys/class/tty/console/active || consoles=''
if [ -x /usr/bin/bootmend ]; then
	TERM=$(terminal_type "${consoles##* }") \
		setsid -c /usr/bin/bootmend auto --if-asked <> /dev/console >&0 2>&1
fi

# The last one is /dev/console: it looks at the disks first, the others when it has.
order=''
for console in $consoles; do
	order="$console $order"
done
for console in $order; do
	# tty0 is whichever screen is in front, and can't be anybody's own terminal
	[ "$console" = tty0 ] && console=tty1
	serve "$console" &
	sleep 0.5
done
wait
# No console at all: nothing can be offered to anybody.
sleep 60

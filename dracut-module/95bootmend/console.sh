#!/bin/sh
# One console of the rescue system, run as the leader of a session whose terminal it is: the menu, then a shell.
umask 022
cd /root || cd /
# for the shells, also the menu's own
export ENV=/usr/lib/bootmend/shellrc

# A serial line does not know its size; the menu and the editors want one.
case $(stty size 2> /dev/null) in
	'' | '0 0') stty rows 24 cols 80 2> /dev/null ;;
esac

seconds() {
	read -r uptime _ < /proc/uptime
	echo "${uptime%%.*}"
}

while :; do
	started=$(seconds)
	stty sane 2> /dev/null
	/usr/bin/bootmend
	stty sane 2> /dev/null

	echo
	echo 'A shell of the rescue system. "bootmend help" lists the commands; "exit" returns to the menu;'
	echo '"reboot" and "poweroff" first unmount what bootmend has mounted.'
	if [ -x /usr/bin/busybox ]; then
		/usr/bin/busybox sh -i
	else
		sh -i
	fi

	# Nobody there (a line that hangs up at once): do not spin.
	[ $(($(seconds) - started)) -ge 2 ] || sleep 5
done

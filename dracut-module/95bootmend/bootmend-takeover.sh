#!/bin/sh
# pre-trigger hook: udev runs, no driver is loaded and nothing is mounted yet. With bootmend.rescue this is where the
# boot ends and bootmend begins; there is no way back to dracut, which would wait for disks that an image made for
# one machine knows by name, and then mount a root and switch to it.
if getargbool 0 bootmend.rescue; then
	# systemd goes on waiting for a root= that may never come, and its emergency mode would end this service.
	[ -z "${DRACUT_SYSTEMD-}" ] || systemctl --quiet --runtime mask emergency.target emergency.service
	while :; do
		/usr/lib/bootmend/rescue
		sleep 1
	done
fi

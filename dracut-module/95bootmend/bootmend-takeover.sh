#!/bin/sh
# pre-mount hook: the drivers are loaded, nothing is mounted. With bootmend.rescue this is where the boot ends
# and bootmend begins; there is no way back to dracut, so that no root is ever mounted and switched to.
if getargbool 0 bootmend.rescue; then
	while :; do
		/usr/lib/bootmend/rescue
		sleep 1
	done
fi

#!/bin/sh
# pre-udev hook: an initramfs that was made for one machine waits for that machine's disks; the rescue system
# takes whatever is there. Runs after all cmdline hooks, which add these.
if getargbool 0 bootmend.rescue; then
	# shellcheck disable=SC2154 # dracut sets hookdir
	rm -f -- "$hookdir"/initqueue/finished/*.sh
fi

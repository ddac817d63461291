#!/bin/sh
# emergency hook: says on the console of a failed boot that bootmend is at hand.
if [ -x /usr/bin/bootmend ]; then
	echo
	echo 'This initramfs has bootmend: type "bootmend" in the shell below to see why this machine does not boot,'
	echo 'and to have its initramfs repaired. Without a shell: boot with bootmend.rescue on the kernel command line.'
	echo
fi

#!/bin/sh
# cmdline hook, after those of dracut that read root=: with bootmend.rescue there is no root to look for, and dracut
# must not stop for the lack of one.
if getargbool 0 bootmend.rescue; then
	# shellcheck disable=SC2034 # dracut reads these
	root=bootmend rootok=1
fi

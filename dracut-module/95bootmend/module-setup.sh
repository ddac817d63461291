#!/bin/bash
# shellcheck disable=SC2154 # dracut sets initdir and moddir
# The dracut module of bootmend: puts the binary, the few tools that it calls and a hint for dracut's emergency
# shell into an initramfs. With bootmend.rescue on the kernel command line such an initramfs is a rescue system
# of its own (the ISO is one): see rescue.sh. Nothing here knows how to repair anything.
#
# dracut.conf needs no line for it: the module is taken whenever the binary is found.
#   BOOTMEND_BINARY=FILE   the binary to install; else bootmend in /usr/sbin, /usr/bin or the same under /usr/local
#   BOOTMEND_BINARY=none   install everything but the binary, which comes in a cpio segment of its own
#
# Written for dracut 049 to 112: inst, inst_multiple, inst_simple, inst_script, inst_hook, instmods and
# find_binary are all that is used.

# Prints the binary's path; false where there is none.
bootmend_binary() {
	local file
	for file in "${BOOTMEND_BINARY-}" "${dracutsysrootdir-}"/usr{,/local}/{sbin,bin}/bootmend; do
		if [[ -n $file && -f $file && -x $file ]]; then
			printf '%s\n' "$file"
			return 0
		fi
	done
	return 1
}

# called by dracut
check() {
	[[ ${BOOTMEND_BINARY-} == none ]] || bootmend_binary > /dev/null || return 1
	return 0
}

# called by dracut
depends() {
	echo base
	return 0
}

# called by dracut
installkernel() {
	# What lies beside the root: /boot, the ESP, and a BOOTMENDCFG volume. Host-only images would leave these out.
	hostonly='' instmods ext4 xfs vfat isofs loop nls_cp437 nls_iso8859-1 nls_ascii nls_utf8
	return 0
}

# The interactive shell's tools: busybox under a folder that comes last in the search path, so that dracut's
# own tools are never replaced.
bootmend_install_busybox() {
	local busybox applet
	busybox=$(find_binary busybox) || return 0
	[[ -n $busybox ]] || return 0

	inst "$busybox" /usr/bin/busybox
	for applet in $("${dracutsysrootdir-}$busybox" --list 2> /dev/null); do
		case $applet in
			# kmod, util-linux and e2fsprogs mean something else by these names
			busybox | depmod | modprobe | modinfo | insmod | rmmod | lsmod | blkid | mount | umount | losetup | mke2fs | mkdosfs | init | linuxrc | dpkg | dpkg-deb | rpm) ;;
			*) ln -sfn ../../../bin/busybox "$initdir/usr/lib/bootmend/bin/$applet" ;;
		esac
	done
}

# called by dracut
install() {
	local binary home

	mkdir -p "$initdir/usr/bin" "$initdir/usr/lib/bootmend/bin"
	if [[ ${BOOTMEND_BINARY-} != none ]]; then
		binary=$(bootmend_binary) || return 1
		inst "$binary" /usr/bin/bootmend
	fi

	inst_multiple -o lvm dmsetup mdadm cryptsetup kmod modprobe insmod rmmod lsmod modinfo depmod udevadm setsid sync stty
	bootmend_install_busybox

	inst_script "$moddir/init.sh" /usr/lib/bootmend/init
	inst_script "$moddir/rescue.sh" /usr/lib/bootmend/rescue
	inst_script "$moddir/console.sh" /usr/lib/bootmend/console
	inst_simple "$moddir/shellrc" /usr/lib/bootmend/shellrc

	inst_hook cmdline 99 "$moddir/bootmend-root.sh"
	inst_hook pre-trigger 99 "$moddir/bootmend-takeover.sh"
	inst_hook emergency 60 "$moddir/bootmend-hint.sh"

	# The emergency shell is a login shell, with / (dracut's own init) or /root (systemd's sulogin) as its home.
	for home in "" /root; do
		[[ -e $initdir$home/.profile ]] || inst_simple "$moddir/profile" "$home/.profile"
	done
	return 0
}

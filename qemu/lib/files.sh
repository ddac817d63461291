# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# The files that make a tree a guest: fstab, the marker, the initramfs tool's
# configuration, the boot loader's files in Debian's shape or an Enterprise Linux's.

# What would only cost time in a guest that lives for ten seconds
guest_masks="apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
	fstrim.timer systemd-timesyncd.service systemd-logind.service getty.target systemd-update-utmp.service
	systemd-update-utmp-runlevel.service systemd-journal-flush.service systemd-machine-id-commit.service
	systemd-random-seed.service systemd-rfkill.service systemd-rfkill.socket systemd-pstore.service
	systemd-binfmt.service systemd-networkd.service sys-kernel-debug.mount sys-kernel-tracing.mount
	dev-hugepages.mount dev-mqueue.mount systemd-hwdb-update.service ldconfig.service lvm2-monitor.service
	systemd-ask-password-wall.path systemd-ask-password-console.path man-db.timer
	systemd-tpm2-setup.service systemd-tpm2-setup-early.service systemd-network-generator.service"

# How long a guest waits for a device or a job of a boot that is meant to succeed: longer than whoever watches it. A
# breakage whose boot is to fail by such a wait shortens it for that boot (show_it).
guest_patience=1800

# vol_field VOLUMES MOUNT COLUMN
vol_field() { awk -v m="$2" -v c="$3" '$5 == m { print $c }' "$1"; }

root_arg() {
	if [[ ${#lvs[@]} -gt 0 ]]; then
		echo "/dev/mapper/$(guest_vg)-$(vol_field "$1" / 1)"
	else
		echo "UUID=$(uuid_of "$(vol_field "$1" / 1)")"
	fi
}

guest_vg() {
	local line name fs vg
	for line in "${parts[@]}"; do
		read -r name _ fs vg <<<"$line"
		[[ $fs == lvm ]] && echo "$vg"
	done
}

# files_system TREE VOLUMES: everything outside /boot
files_system() {
	local tree=$1 volumes=$2 name fs mount source pass options unit
	echo "${guest[name]}" >"$tree/etc/hostname"
	uuid_of machine | tr -d - >"$tree/etc/machine-id"
	{
		echo "# <file system> <mount point> <type> <options> <dump> <pass>"
		while read -r name _ _ fs mount; do
			source=UUID=$(uuid_of "$name") options=defaults pass=0
			case $fs:$mount in
			vfat:*) source=UUID=$(serial_of "$name") options=umask=0077 pass=2 ;;
			ext4:/) options=errors=remount-ro pass=1 ;;
			ext4:*) pass=2 ;;
			esac
			if printf '%s\n' "${lvs[@]}" | grep -q "^$name "; then
				source=/dev/mapper/$(guest_vg)-$name
			fi
			printf '%-45s %-10s %-5s %s 0 %s\n' "$source" "$mount" "$fs" "$options" "$pass"
		done < <(sort -k5,5 "$volumes")
	} >"$tree/etc/fstab"

	# The marker: said by the guest's own userspace when its filesystems are mounted.
	mkdir -p "$tree/etc/bootmend-lab" "$tree/usr/local/sbin"
	echo base >"$tree/etc/bootmend-lab/token"
	cat >"$tree/usr/local/sbin/bootmend-lab-marker" <<-'SH'
		#!/bin/sh
		# Say that this system runs, and be gone.
		read -r token </etc/bootmend-lab/token
		printf '\r\nBOOTMEND-GUEST-OK %s %s\r\n' "$(uname -r)" "$token" >/dev/ttyS0
		exec systemctl --no-block --force poweroff
	SH
	chmod 755 "$tree/usr/local/sbin/bootmend-lab-marker"
	cat >"$tree/etc/systemd/system/bootmend-lab-marker.service" <<-'UNIT'
		[Unit]
		Description=The lab's success marker
		After=basic.target local-fs.target swap.target
		Requires=local-fs.target

		[Service]
		Type=oneshot
		ExecStart=/usr/local/sbin/bootmend-lab-marker

		[Install]
		WantedBy=multi-user.target
	UNIT
	mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"
	ln -sf ../bootmend-lab-marker.service "$tree/etc/systemd/system/multi-user.target.wants/"
	ln -sf /lib/systemd/system/multi-user.target "$tree/etc/systemd/system/default.target"
	for unit in $guest_masks; do
		ln -sf /dev/null "$tree/etc/systemd/system/$unit"
	done
	# A virtual processor may be kept waiting on a busy day, and the guest's clock goes on meanwhile: 90 seconds for
	# /boot's device have run out so. Not on the kernel's command line, which bootmend is to judge.
	mkdir -p "$tree/etc/systemd/system.conf.d"
	cat >"$tree/etc/systemd/system.conf.d/lab.conf" <<-CONF
		[Manager]
		DefaultDeviceTimeoutSec=${guest_patience}s
		DefaultTimeoutStartSec=${guest_patience}s
		DefaultTimeoutStopSec=${guest_patience}s
	CONF

	case ${guest[initramfs]} in
	dracut)
		# Fast under emulation: small, and nothing that no guest here needs.
		cat >"$tree/etc/dracut.conf.d/10-lab.conf" <<-'CONF'
			hostonly="yes"
			hostonly_cmdline="no"
			compress="zstd -1 -q -T1"
			early_microcode="no"
			do_strip="no"
			i18n_install_all="no"
			install_items+=" /etc/systemd/system.conf.d/lab.conf "
			omit_dracutmodules+=" plymouth i18n network network-manager network-legacy systemd-networkd ifcfg nfs nbd iscsi fcoe cifs lunmask multipath biosdevname memstrack pcsc tpm2-tss bluetooth dbus dbus-daemon dbus-broker nvdimm fido2 pkcs11 systemd-pcrphase systemd-pcrextend systemd-resolved systemd-timedated systemd-hostnamed systemd-rfkill systemd-portabled systemd-coredump btrfs dmraid mdraid crypt qemu qemu-net squash stratis warpclock virtiofs hwdb kernel-network-modules "
		CONF
		# An image that holds another one, compressed, as kdump's and some distributions' are.
		if [[ -x $tree/usr/bin/mksquashfs ]]; then
			sed -i 's/ squash / /' "$tree/etc/dracut.conf.d/10-lab.conf"
			echo 'add_dracutmodules+=" squash "' >>"$tree/etc/dracut.conf.d/10-lab.conf"
		fi
		;;
	initramfs-tools)
		sed -i 's/^MODULES=.*/MODULES=most/; s/^COMPRESS=.*/COMPRESS=zstd/' \
			"$tree/etc/initramfs-tools/initramfs.conf"
		echo 'COMPRESSLEVEL=1' >"$tree/etc/initramfs-tools/conf.d/lab"
		# Its 30 seconds for the root begin when udev has done what there was to do, however long that took; rootdelay=
		# would make it sleep.
		cat >"$tree/etc/initramfs-tools/scripts/local-top/lab" <<-SH
			#!/bin/sh
			[ "\$1" = prereqs ] || udevadm settle --timeout=$guest_patience
		SH
		chmod 755 "$tree/etc/initramfs-tools/scripts/local-top/lab"
		;;
	esac
	# Not the first boot, and not an update either: nothing to be made up for.
	: >"$tree/etc/.updated"
	: >"$tree/var/.updated"
}

# files_loader TREE VOLUMES DISK: configuration in the tree, the loader itself on the disk
files_loader() {
	case ${guest[style]} in
	debian) loader_debian "$@" ;;
	el) loader_el "$@" ;;
	*) die "${guest[name]}: no such style: ${guest[style]}" ;;
	esac
}

# files_mkconfig TREE ARGUMENTS: what GRUB's own tool writes a configuration from, where the guest has it. The kernel's
# postinst that calls it is not Debian's grub-pc, which is not installed, so that nothing else does.
files_mkconfig() {
	local tree=$1
	[[ -x $tree/usr/sbin/grub-mkconfig ]] || return 0
	cat >"$tree/etc/default/grub" <<-CFG
		GRUB_DEFAULT=0
		GRUB_TIMEOUT=1
		GRUB_DISTRIBUTOR=Debian
		GRUB_CMDLINE_LINUX="$2"
		GRUB_TERMINAL="serial console"
		GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
	CFG
	# The theme fails where the packages of the picture are not installed.
	rm -f "$tree/etc/grub.d/05_debian_theme"
}

# mitigations=off: nothing here is worth guarding, and emulation pays dearly for it
kernel_args() { echo "root=$(root_arg "$1") ro $(plain_args)"; }
plain_args() { echo "console=tty0 console=ttyS0,115200 panic=60 mitigations=off${guest[args]:+ ${guest[args]}}"; }

# Debian: grub.cfg as update-grub writes it, one plain entry and a submenu
loader_debian() {
	local tree=$1 volumes=$2 disk=$3 bootvol prefix uuid root_uuid ver args
	bootvol=$(vol_field "$volumes" /boot 1)
	prefix=""
	if [[ -z $bootvol ]]; then
		bootvol=$(vol_field "$volumes" / 1)
		prefix=/boot
	fi
	uuid=$(uuid_of "$bootvol")
	root_uuid=$(uuid_of "$(vol_field "$volumes" / 1)")
	args=$(kernel_args "$volumes")
	mkdir -p "$tree/boot/grub"
	files_mkconfig "$tree" "$(plain_args)"
	{
		cat <<-CFG
			#
			# DO NOT EDIT THIS FILE
			#
			# It is automatically generated by grub-mkconfig using templates
			# from /etc/grub.d and settings from /etc/default/grub
			#
			### BEGIN /etc/grub.d/00_header ###
			if [ -s \$prefix/grubenv ]; then
			  set have_grubenv=true
			  load_env
			fi
			if [ "\${next_entry}" ] ; then
			   set default="\${next_entry}"
			   set next_entry=
			   save_env next_entry
			   set boot_once=true
			else
			   set default="\${saved_entry}"
			fi
			if [ x"\${feature_menuentry_id}" = xy ]; then
			  menuentry_id_option="--id"
			else
			  menuentry_id_option=""
			fi
			export menuentry_id_option
			serial --unit=0 --speed=115200
			terminal_input serial console
			terminal_output serial console
			if [ "\${recordfail}" = 1 ] ; then
			  set timeout=30
			else
			  set timeout_style=menu
			  set timeout=1
			fi
			### END /etc/grub.d/00_header ###

			### BEGIN /etc/grub.d/10_linux ###
		CFG
		loader_debian_entry "" "Debian GNU/Linux" "gnulinux-simple-$root_uuid" "${guest[kernel]}"
		echo "submenu 'Advanced options for Debian GNU/Linux' \$menuentry_id_option 'gnulinux-advanced-$root_uuid' {"
		for ver in "${kernels[@]}"; do
			loader_debian_entry "$(printf '\t')" "Debian GNU/Linux, with Linux $ver" \
				"gnulinux-$ver-advanced-$root_uuid" "$ver"
		done
		echo "}"
		echo "### END /etc/grub.d/10_linux ###"
	} >"$tree/boot/grub/grub.cfg"
	grub-editenv "$tree/boot/grub/grubenv" create
	grub-editenv "$tree/boot/grub/grubenv" set "saved_entry=gnulinux-simple-$root_uuid"
	grub-script-check "$tree/boot/grub/grub.cfg"

	# boot.img finds core.img right behind it, and core.img finds itself: as built.
	local modules=/usr/lib/grub/i386-pc
	echo "search.fs_uuid $uuid root" >"$work/early.cfg"
	echo "set prefix=(\$root)$prefix/grub" >>"$work/early.cfg"
	grub-mkimage -O i386-pc -c "$work/early.cfg" -p "$prefix/grub" -o "$work/core.img" \
		biosdisk part_msdos ext2 search search_fs_uuid normal configfile loadenv test echo linux \
		gzio serial terminal boot minicmd sleep reboot halt
	dd if="$modules/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
	dd if="$work/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
	# What grub-mkconfig writes asks for more of them than this core has.
	[[ ! -x $tree/usr/sbin/grub-mkconfig ]] || install -D -m 644 -t "$tree/boot/grub/i386-pc" "$modules"/*.mod "$modules"/*.lst
}

loader_debian_entry() {
	local pad=$1 title=$2 id=$3 ver=$4
	sed "s/^/$pad/" <<-CFG
		menuentry '$title' --class debian --class gnu-linux --class gnu --class os \$menuentry_id_option '$id' {
			insmod gzio
			insmod part_msdos
			insmod ext2
			search --no-floppy --fs-uuid --set=root $uuid
			echo	'Loading Linux $ver ...'
			linux	$prefix/vmlinuz-$ver $args
			echo	'Loading initial ramdisk ...'
			initrd	$prefix/$(image_of "$ver")
		}
	CFG
}

# Enterprise Linux 8 on UEFI: BLS entries, and grub.cfg and grubenv on the ESP
loader_el() {
	local tree=$1 volumes=$2 disk=$3 vg mid ver uuid esp kernelopts line name
	vg=$(guest_vg)
	mid=$(<"$tree/etc/machine-id")
	uuid=$(uuid_of "$(vol_field "$volumes" /boot 1)")
	kernelopts="$(kernel_args "$volumes") crashkernel=auto resume=/dev/mapper/$vg-swap"
	for line in "${lvs[@]}"; do
		read -r name _ <<<"$line"
		kernelopts+=" rd.lvm.lv=$vg/$name"
	done
	mkdir -p "$tree/boot/loader/entries" "$tree/boot/grub2" "$tree/boot/efi" "$work/esp"
	for ver in "${kernels[@]}"; do
		cat >"$tree/boot/loader/entries/$mid-$ver.conf" <<-BLS
			title Debian GNU/Linux ($ver) (lab)
			version $ver
			linux /vmlinuz-$ver
			initrd /$(image_of "$ver") \$tuned_initrd
			options \$kernelopts \$tuned_params
			id lab-20261121000000-$ver
			grub_users \$grub_users
			grub_arg --unrestricted
			grub_class kernel
		BLS
	done
	ln -sf ../efi/EFI/redhat/grubenv "$tree/boot/grub2/grubenv"
	files_mkconfig "$tree" "${kernelopts#root=* ro }"
	ln -sf ../boot/efi/EFI/redhat/grub.cfg "$tree/etc/grub2-efi.cfg"
	[[ ! -x $tree/usr/sbin/grub-mkconfig ]] || ln -s grub-mkconfig "$tree/usr/sbin/grub2-mkconfig"
	cat >"$work/esp/grub.cfg" <<-CFG
		#
		# DO NOT EDIT THIS FILE
		#
		### BEGIN /etc/grub.d/00_header ###
		if [ -f \${config_directory}/grubenv ]; then
		  load_env -f \${config_directory}/grubenv
		elif [ -s \$prefix/grubenv ]; then
		  load_env
		fi
		if [ "\${next_entry}" ] ; then
		   set default="\${next_entry}"
		   set next_entry=
		   save_env next_entry
		   set boot_once=true
		else
		   set default="\${saved_entry}"
		fi
		serial --unit=0 --speed=115200
		terminal_input serial console
		terminal_output serial console
		set timeout_style=menu
		set timeout=1
		### END /etc/grub.d/00_header ###

		### BEGIN /etc/grub.d/10_linux ###
		insmod part_gpt
		insmod ext2
		search --no-floppy --fs-uuid --set=root $uuid
		insmod part_gpt
		insmod fat
		search --no-floppy --fs-uuid --set=boot $uuid
		if [ -z "\${kernelopts}" ]; then
		  set kernelopts="$kernelopts"
		fi
		insmod blsuki
		blscfg
		### END /etc/grub.d/10_linux ###
	CFG
	grub-editenv "$work/esp/grubenv" create
	grub-editenv "$work/esp/grubenv" set "saved_entry=$mid-${guest[kernel]}" "kernelopts=$kernelopts" boot_success=0
	grub_el
	esp=$(disk_vfat "$disk" "$volumes")
	mmd -i "$esp" ::/EFI ::/EFI/BOOT ::/EFI/redhat
	mcopy -i "$esp" "$out/grub-el/core.efi" ::/EFI/BOOT/BOOTX64.EFI
	mcopy -i "$esp" "$out/grub-el/core.efi" ::/EFI/redhat/grubx64.efi
	mcopy -i "$esp" "$work/esp/grub.cfg" "$work/esp/grubenv" ::/EFI/redhat/
}

# grub_el: a GRUB that knows blscfg. Upstream has it since 2.14 (module blsuki);
# Debian's testing has that, no released suite does yet.
grub_el() {
	[[ -f $out/grub-el/core.efi ]] && return
	local tree=$work/grub
	note "a GRUB 2.14 with blscfg, from Debian testing"
	# A lab machine's clock may be off, so a signature that is good but old will do.
	mmdebstrap --quiet --mode=root --variant=extract --format=directory \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--include=base-files,grub-efi-amd64-bin,grub-common testing "$tree"
	[[ -f $tree/usr/lib/grub/x86_64-efi/blsuki.mod ]] || die "this GRUB has no blsuki module"
	chroot "$tree" /usr/bin/grub-mkimage -O x86_64-efi -p /EFI/redhat -o /core.efi \
		part_gpt part_msdos fat ext2 xfs normal configfile search search_fs_uuid search_fs_file \
		loadenv test echo linux blsuki gzio xzio lzopio serial terminal boot minicmd sleep reboot halt regexp \
		all_video efifwsetup true lvm
	mkdir -p "$out/grub-el"
	mv "$tree/core.efi" "$out/grub-el/core.efi"
	rm -rf "$tree"
}

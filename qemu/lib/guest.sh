# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Guests: from a file of qemu/guests to a disk that boots to the marker.
#
# The tree is made by mmdebstrap and put on the disk without booting anything;
# then the guest is booted once. A base that has not said its marker is no base.

# What a guest's kernel may need here: controllers, filesystems, LVM, consoles.
# Everything else of the module tree goes, with what depends on nothing of this.
guest_modules="virtio_blk virtio_pci virtio_scsi virtio_net virtio_rng vmw_pvscsi vmw_vsock_vmci_transport
	mptspi mptsas mpt3sas ahci ata_piix ata_generic nvme sd_mod sr_mod sg cdrom
	ext4 xfs vfat nls_cp437 nls_ascii nls_utf8 nls_iso8859_1 isofs squashfs overlay loop fuse autofs4 efivarfs
	dm_mod dm_snapshot dm_mirror dm_thin_pool dm_crypt dm_multipath raid1 btrfs
	crc32c_generic crc32c_intel crc32_pclmul xxhash_generic libcrc32c
	xhci_pci ehci_pci uhci_hcd usb_storage uas usbhid hid_generic psmouse evdev
	e1000 e1000e vmxnet3 ipv6 af_packet configfs dmi_sysfs qemu_fw_cfg button serio_raw"

guest_read() {
	local file=$lab/guests/$1 key value
	[[ -f $file ]] || die "no such guest: $1 (have: $(names guests))"
	unset guest parts lvs
	declare -gA guest=([name]=$1)
	declare -ga parts=() lvs=()
	while read -r key value; do
		case $key in
		'' | '#'*) ;;
		part) parts+=("$value") ;;
		lv) lvs+=("$value") ;;
		suite | packages | initramfs | style | default | firmware | machine | disk | table | memory | without | args)
			guest[$key]=${value%%[[:space:]]#*} ;;
		*) die "qemu/guests/$1: no such key: $key" ;;
		esac
	done <"$file"
	for key in suite packages initramfs style default firmware machine disk table; do
		[[ -n ${guest[$key]:-} ]] || die "qemu/guests/$1: $key is missing"
	done
	guest[memory]=${guest[memory]:-512}
	guest[without]=${guest[without]:-}
	guest[args]=${guest[args]:-}
	local sum
	sum=$(cat "$file" "$lab/lib/guest.sh" "$lab/lib/disk.sh" "$lab/lib/files.sh" | sha256sum)
	guest[dir]=$out/guests/$1-${sum:0:12}
}

# uuid_of NAME: the same for the same guest and volume, so that a base is reproducible
uuid_of() {
	local sum
	sum=$(printf '%s/%s' "${guest[name]}" "$1" | sha256sum)
	echo "${sum:0:8}-${sum:8:4}-4${sum:13:3}-8${sum:17:3}-${sum:20:12}"
}

# vfat's serial number, as fstab writes it
serial_of() {
	local sum
	sum=$(printf '%s/%s' "${guest[name]}" "$1" | sha256sum | tr a-f A-F)
	echo "${sum:0:4}-${sum:4:4}"
}

# guest_tree DIR: the packages, without documents and without most of the modules
guest_tree() {
	local tree=$1
	local exclude=() path
	for path in /usr/share/{doc,man,locale,info,lintian,bug,zoneinfo,bash-completion}/'*' \
		/{usr/,}lib/modules/'*'/kernel/{sound,drivers/{gpu,media,infiniband,iio,isdn,staging,thunderbolt},net/{mac80211,bluetooth,wireless}}/'*' \
		/{usr/,}lib/modules/'*'/kernel/drivers/net/{wireless,ethernet/mellanox}/'*'; do
		exclude+=("--dpkgopt=path-exclude=$path")
	done
	# INITRD=No: the kernels' hooks build no image now; ours comes when the tree is ready.
	local list="systemd-sysv,udev,kmod,e2fsprogs,util-linux,mount,${guest[packages]// /,}"
	INITRD=No mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
		"--include=$list" "${exclude[@]}" "${guest[suite]}" "$tree"
	rm -rf "$tree"/var/cache/{apt,debconf,ldconfig}/* "$tree"/var/log/* \
		"$tree"/usr/lib/x86_64-linux-gnu/{gconv,perl} "$tree"/usr/lib/udev/hwdb.{bin,d/*}
	local moddir ver name wanted=()
	for name in $guest_modules; do
		[[ " ${guest[without]} " == *" $name "* ]] || wanted+=("$name")
	done
	for moddir in "$tree"/usr/lib/modules/*; do
		ver=${moddir##*/}
		depmod -b "$tree" "$ver"
		modules_prune "$moddir" "${wanted[@]}"
		depmod -b "$tree" "$ver"
	done
}

# modules_prune DIR NAME...: keep the named modules and all that they depend on
modules_prune() {
	local dir=$1
	shift
	awk -v wanted="$*" '
	function base(path) {
		sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path)
		return path
	}
	BEGIN { n = split(wanted, word); for (i = 1; i <= n; i++) want[word[i]] = 1 }
	{ file = $1; sub(/:$/, "", file)
	  if (base(file) in want) { print file; for (i = 2; i <= NF; i++) print $i } }
	' "$dir/modules.dep" | sort -u >"$work/keep"
	(cd "$dir" && find kernel -name '*.ko*' | sort) >"$work/all"
	comm -13 "$work/keep" "$work/all" | (cd "$dir" && xargs -r rm -f)
	find "$dir/kernel" -type d -empty -delete
}

# guest_kernels TREE: sets kernels and guest[kernel], the one that boots by default
guest_kernels() {
	local ver
	kernels=()
	for ver in "$1"/usr/lib/modules/*; do
		ver=${ver##*/}
		kernels+=("$ver")
		# shellcheck disable=SC2053 # a pattern of the guest's file
		[[ $ver == ${guest[default]} ]] && guest[kernel]=$ver
	done
	[[ -n ${guest[kernel]:-} ]] || die "${guest[name]}: no kernel is like ${guest[default]} (${kernels[*]})"
}

image_of() {
	case ${guest[style]} in
	el) echo "initramfs-$1.img" ;;
	*) echo "initrd.img-$1" ;;
	esac
}

# guest_images TREE: an image for each kernel, built here and now, not for this machine only
guest_images() {
	local tree=$1 ver
	mount --bind "$tree" "$tree"
	mount -t proc proc "$tree/proc"
	mount -t sysfs -o ro sysfs "$tree/sys"
	mount --rbind /dev "$tree/dev"
	mount -t tmpfs tmpfs "$tree/run"
	for ver in "${kernels[@]}"; do
		case ${guest[initramfs]} in
		dracut)
			chroot "$tree" dracut --quiet --force --no-hostonly --no-hostonly-cmdline \
				--tmpdir /run "/boot/$(image_of "$ver")" "$ver" ;;
		initramfs-tools)
			chroot "$tree" mkinitramfs -o "/boot/$(image_of "$ver")" "$ver" ;;
		esac >"$work/images.log" 2>&1 || { cat "$work/images.log" >&2; return 1; }
	done
	umount --recursive "$tree"
}

# guest_build NAME: the base disk, if it is not there yet; sets guest, parts, lvs
guest_build() {
	guest_read "$1"
	local dir=${guest[dir]}
	[[ -f $dir/proved ]] && return
	# Two runs may want one base: the second waits for the first.
	exec {lockfd}>"$out/guests/$1.lock"
	flock "$lockfd"
	if [[ ! -f $dir/disk.raw ]]; then
		note "guest $1: building (${guest[suite]}, ${guest[packages]})"
		rm -rf "$out/guests/$1"-????????????
		mkdir -p "$dir"
		guest_make "$dir"
	fi
	if [[ ! -f $dir/proved ]]; then
		guest_prove "$dir"
	fi
	exec {lockfd}>&-
}

guest_make() {
	local dir=$1 tree=$work/tree start=1048576 line name mib fs mount uuid vg
	local volumes=$work/volumes
	guest_tree "$tree"
	guest_kernels "$tree"

	local total=2
	for line in "${parts[@]}"; do
		read -r _ mib fs _ <<<"$line"
		total=$((total + mib))
		echo "$mib $fs"
	done >"$work/partitions"
	local disk=$work/disk.raw
	truncate -s "${total}M" "$disk"
	disk_partition "$disk" "${guest[table]}" <"$work/partitions"
	for line in "${parts[@]}"; do
		read -r name mib fs mount <<<"$line"
		if [[ $fs == lvm ]]; then
			vg=$mount
			disk_lvm "$disk" "$start" "$(bytes_of "$mib")" "$vg" < <(printf '%s\n' "${lvs[@]}")
		else
			echo "$name $start $(bytes_of "$mib") $fs $mount"
		fi
		start=$((start + $(bytes_of "$mib")))
	done >"$volumes"
	while read -r name start mib fs mount; do
		uuid=$(uuid_of "$name")
		[[ $fs == vfat ]] && uuid=$(serial_of "$name")
		disk_format "$disk" "$start" "$mib" "$fs" "$uuid"
	done <"$volumes"

	files_system "$tree" "$volumes"
	guest_images "$tree"
	files_loader "$tree" "$volumes" "$disk"

	mkdir "$work/mnt"
	disk_mount "$disk" "$volumes" "$work/mnt" rw
	cp -a "$tree/." "$work/mnt/"
	disk_umount "$work/mnt"
	rm -rf "$tree"
	cp "$volumes" "$dir/volumes"
	printf '%s\n' "${guest[kernel]}" >"$dir/kernel"
	printf '%s\n' "${kernels[@]}" >"$dir/kernels"
	mv "$disk" "$dir/disk.raw"
}

# guest_prove DIR: boot the base once (on an overlay); only its userspace knows the marker
guest_prove() {
	local dir=$1 kernel said
	kernel=$(<"$dir/kernel")
	qemu-img create -q -f qcow2 -F raw -b "$dir/disk.raw" "$work/prove.qcow2"
	if ! boot_watch "$dir/healthy.log" 300 "$work/prove.qcow2" qcow2 -- \
		--stop "BOOTMEND-GUEST-OK [^ ]+ [^ ]+" --stop "Kernel panic" --stop "emergency mode" --stop "Shell> " --stop "grub> " ||
		! grep -aq "BOOTMEND-GUEST-OK $kernel base" "$dir/healthy.log"; then
		tail -n 20 "$dir/healthy.log" >&2
		die "guest ${guest[name]}: the healthy guest does not boot; see $dir/healthy.log"
	fi
	rm -f "$work/prove.qcow2"
	date >"$dir/proved"
	note "guest ${guest[name]}: boots $kernel ($(du -m "$dir/disk.raw" | cut -f1) MB)"
}

# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# Disks: partitions, filesystems and LVM on a raw image, without device-mapper,
# udev or a kernel that knows the partition table: everything goes by offset.
#
# A disk's volumes stand in a file of lines
#     NAME  START  SIZE  FS  MOUNTPOINT        (bytes, from the disk's start)
# An LV is linear and alone in its place, so it is a volume like any other.

# bytes_of MEGABYTES
bytes_of() { echo $(($1 * 1048576)); }

# loop_new FILE START SIZE: a loop device, on the list that the exit trap clears
loop_new() {
	local dev
	dev=$(losetup --find --show --offset "$2" --sizelimit "$3" "$1")
	loops+=("$dev")
	ret_loop=$dev
}

loop_end() {
	losetup --detach "$1"
	local left=() dev
	for dev in "${loops[@]}"; do
		[[ $dev == "$1" ]] || left+=("$dev")
	done
	loops=("${left[@]}")
}

# disk_partition FILE TABLE: reads lines "SIZE_MIB FS" and makes the partitions;
# the first starts at 1 MiB, each next one behind the last.
disk_partition() {
	local file=$1 table=$2 size fs type first=1
	{
		if [[ $table == gpt ]]; then echo "label: gpt"; else echo "label: dos"; fi
		while read -r size fs; do
			case $table:$fs in
			gpt:vfat) type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B ;;
			gpt:lvm) type=E6D6D379-F507-44C2-A23C-238F2A3DF928 ;;
			gpt:*) type=0FC63DAF-8483-4772-8E79-3D69D8477DE4 ;;
			dos:lvm | mbr:lvm) type=8e ;;
			*) type=83 ;;
			esac
			printf 'size=%sMiB, type=%s%s\n' "$size" "$type" \
				"$([[ $table == mbr && $first == 1 ]] && echo ", bootable")"
			first=0
		done
	} | sfdisk --quiet --no-reread --no-tell-kernel "$file"
}

# disk_lvm FILE START SIZE VG: reads lines "NAME SIZE_MIB FS MOUNT", makes the VG
# and its LVs with an lvm that never talks to device-mapper, and prints volumes.
disk_lvm() {
	local file=$1 start=$2 size=$3 vg=$4 conf name mib fs mount
	loop_new "$file" "$start" "$size"
	conf=$work/lvm
	mkdir -p "$conf"
	cat >"$conf/lvm.conf" <<-CONF
		devices { filter=["a|^$ret_loop\$|", "r|.*|"] use_devicesfile=0 }
		activation { udev_sync=0 udev_rules=0 monitoring=0 }
		backup { backup=0 archive=0 }
	CONF
	(
		export LVM_SYSTEM_DIR=$conf LVM_SUPPRESS_FD_WARNINGS=1
		pvcreate -q --driverloaded n "$ret_loop"
		vgcreate -q --driverloaded n "$vg" "$ret_loop"
		while read -r name mib fs mount; do
			lvcreate -q --driverloaded n -an -Zn -Wn -n "$name" -L "${mib}M" "$vg"
			echo "$name $fs $mount" >>"$conf/wanted"
		done
		lvs --driverloaded n --noheadings --nosuffix --units b --segments \
			-o lv_name,seg_pe_ranges,seg_size,vg_extent_size "$vg" >"$conf/segments"
		pvs --driverloaded n --noheadings --nosuffix --units b \
			-o pe_start "$ret_loop" >"$conf/start"
	) >"$conf/log" 2>&1 || { cat "$conf/log" >&2; return 1; }
	loop_end "$ret_loop"

	local pe_start range bytes extent
	read -r pe_start <"$conf/start"
	while read -r name fs mount; do
		read -r range bytes extent < <(awk -v n="$name" '$1 == n { print $2, $3, $4 }' "$conf/segments")
		range=${range##*:}
		echo "$name $((start + pe_start + ${range%-*} * extent)) $bytes $fs $mount"
	done <"$conf/wanted"
}

# disk_format FILE START SIZE FS UUID
disk_format() {
	local file=$1 start=$2 size=$3 fs=$4 uuid=$5
	if [[ $fs == vfat ]]; then
		# No loop device, so that no kernel has to know vfat.
		truncate -s "$size" "$work/vfat"
		mkfs.vfat -i "${uuid//-/}" "$work/vfat" >/dev/null
		dd if="$work/vfat" of="$file" bs=1M seek=$((start / 1048576)) conv=notrunc,sparse status=none
		rm "$work/vfat"
		return
	fi
	loop_new "$file" "$start" "$size"
	case $fs in
	ext4) mkfs.ext4 -q -F -U "$uuid" "$ret_loop" ;;
	xfs) mkfs.xfs -q -f -m uuid="$uuid" "$ret_loop" ;;
	swap) mkswap -q -U "$uuid" "$ret_loop" ;;
	*) die "no such filesystem in the lab: $fs" ;;
	esac
	loop_end "$ret_loop"
}

# disk_mount FILE VOLUMES DIR rw|ro: the guest's tree under DIR. vfat is left
# out: not every kernel has it, and mtools reaches it anywhere.
disk_mount() {
	local file=$1 volumes=$2 dir=$3 mode=$4 start size fs mount options
	while read -r _ start size fs mount; do
		[[ $fs == vfat || $fs == swap ]] && continue
		options=loop,offset=$start,sizelimit=$size,$mode
		case $fs:$mode in
		ext4:ro) options+=,noload ;;
		xfs:ro) options+=,nouuid,norecovery ;;
		xfs:rw) options+=,nouuid ;;
		esac
		mkdir -p "$dir$mount"
		mount -t "$fs" -o "$options" "$file" "$dir$mount"
	done < <(sort -k5,5 "$volumes")
}

disk_umount() { umount --recursive "$1"; }

# disk_vfat FILE VOLUMES: the ESP's name for mtools (mtools wants it as drive x:)
disk_vfat() {
	local start
	start=$(awk '$4 == "vfat" { print $2 }' "$2")
	[[ -n $start ]] && echo "$1@@$start"
}

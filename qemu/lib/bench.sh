# shellcheck shell=bash disable=SC2154,SC2034 # the names of qemu/lab and of its other parts are shared
# The speed of the rescue system on the guest with two disks: LVM behind pvscsi, and a disk of data beside it.

# bench_disk: what is measured is bootmend: in dracut's place stands something that brings the image of before and says
# how long that took. The present image is cut, as in scenario 02.
bench_disk() {
	local ready=$root/usr/lib/bootmend-lab size
	size=$(bytes_of 254)
	mkdir -p "$ready" "$root/srv/data"
	cp "$image" "$ready/image"
	truncate -s $(($(stat -c %s "$image") * 2 / 5)) "$image"
	cat >"$root/usr/bin/dracut" <<-'SH'
		#!/bin/sh
		# dracut [OPTION...] IMAGE VERSION: the image made before
		read -r began _ </proc/uptime
		while [ $# -gt 2 ]; do
			shift
		done
		cp /usr/lib/bootmend-lab/image "$1"
		read -r ended _ </proc/uptime
		echo "$began $ended" >/run/bootmend-lab-tool
	SH
	echo "UUID=$(uuid_of data) /srv/data ext4 defaults,nofail 0 2" >>"$root/etc/fstab"
	truncate -s 256M "$run/data.raw"
	echo "254 ext4" | disk_partition "$run/data.raw" gpt
	disk_format "$run/data.raw" 1048576 "$size" ext4 "$(uuid_of data)"
}

# bench_row WHAT FIGURE UNIT BAR
bench_row() {
	printf '%-58s %7s %-4s at most %s %s%s\n' "$1" "$2" "$3" "$4" "$3" \
		"$(awk -v n="$2" -v bar="$4" 'BEGIN { if (n + 0 > bar + 0) print "   MISSED" }')"
}

bench() {
	local log marks=$work/marks up host seconds kib
	[[ -f $iso_dir/vmlinuz && -f $iso_dir/initrd ]] || die "no ${iso_dir#"$top"/}/initrd: run 'make iso' first"
	declare -gA scenario=([name]=bench [guest]=vsphere-el [via]=kernel [processors]=2)
	declare -ga confs=()
	guest_build vsphere-el
	kernel=$(<"${guest[dir]}/kernel")
	guest[other]=none
	run=$out/runs/bench
	log=$run/log
	rm -rf "$run"
	mkdir -p "$run" "$work/mnt"
	cp --sparse=always --reflink=auto "${guest[dir]}/disk.raw" "$run/broken.raw"
	tree_mount "$run/broken.raw" rw
	image=$root/boot/$(image_of "$kernel")
	bench_disk
	tree_umount
	qemu-img create -q -f qcow2 -F raw -b "$run/broken.raw" "$run/work.qcow2"
	qemu-img create -q -f qcow2 -F raw -b "$run/data.raw" "$run/data.qcow2"
	# Straight into the kernel: a firmware's time is not ours.
	guest[memory]=512 guest[firmware]=bios
	iso_args
	boot_watch "$log" 600 "$run/work.qcow2" qcow2 "${rescue_args[@]}" \
		-blockdev "driver=qcow2,node-name=d1,cache.no-flush=on,file.driver=file,file.filename=$run/data.qcow2,file.cache.no-flush=on" \
		-device "scsi-hd,bus=s0.0,drive=d1" \
		-- --dialogue "$lab/lib/bench.keys" --marks "$marks" || die "bench: $said; see ${log#"$top"/}"
	mark() { awk -v name="$1" '$1 == name { print $2 }' "$marks"; }
	# The kernel's own clock began some time after QEMU did.
	up=$(grep -aoE '^[0-9]+\.[0-9]+ [0-9]+\.[0-9]+' "$log" | head -n 1 | cut -d' ' -f1)
	host=$(mark uptime)
	seconds=$(awk -v v="$(mark verdict)" -v h="$host" -v u="$up" 'BEGIN { printf "%.1f", v - h + u }')
	bench_row "kernel start to verdict, two disks, no KVM" "$seconds" s 15
	seconds=$(grep -aoE 'Elapsed.*: 0m [0-9.]+s' "$log" | head -n 1 | sed 's/.*0m //; s/s$//')
	bench_row "diagnose there" "$seconds" s 3
	kib=$(grep -aoE 'Maximum resident set size \(kbytes\): [0-9]+' "$log" | head -n 1 | grep -oE '[0-9]+$')
	bench_row "memory of diagnose" "$(awk -v k="$kib" 'BEGIN { printf "%.1f", k / 1024 }')" MiB 64
	up=$(grep -aoE 'TOOL [0-9.]+ [0-9.]+' "$log" | tail -n 1 | awk '{ print $3 - $2 }')
	seconds=$(awk -v b="$(mark begin)" -v e="$(mark result)" -v t="$up" 'BEGIN { printf "%.1f", e - b - t }')
	bench_row "repair with an image, all steps but the system's tool" "$seconds" s 5
	rm -f "$run"/*.raw "$run"/*.qcow2
}

#!/bin/sh
# rdinit= of the rescue ISO: the first process, in place of dracut's, whose hooks, settings and waits for a root cost
# a slow machine three seconds. It mounts what a rescue system needs, starts udev, and goes on as rescue.sh for ever.
# An installed system's initramfs with bootmend.rescue on its command line comes to rescue.sh through dracut's own init.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount -t proc -o nosuid,noexec,nodev proc /proc
mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
# What bootmend needs when the disks are there, on the processor that has nothing to do yet.
modprobe -a -q xfs ext4 dm-mod vfat 2> /dev/null &
# The kernel mounts no devtmpfs over an initramfs.
mount -t devtmpfs -o mode=0755,noexec,nosuid devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,noexec,nosuid devpts /dev/pts
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmpfs /dev/shm
mount -t tmpfs -o mode=0755,noexec,nosuid,nodev tmpfs /run
mkdir -p /run/udev/rules.d /run/lock/lvm /run/initramfs
exec < /dev/console > /dev/console 2>&1

# It also makes /dev/fd and its like.
/usr/lib/systemd/systemd-udevd --daemon --resolve-names=never

while :; do
	/usr/lib/bootmend/rescue
	sleep 1
done

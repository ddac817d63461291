#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes an initramfs apart and puts it together again with one thing changed.

    mutate.py list                  the names of the changes
    mutate.py arguments NAME        what a change adds to the kernel's command line (mostly nothing)
    mutate.py make NAME IN OUT      fails with 3 where IN has nothing that NAME changes; OUT is not compressed

The changes are the rows of CHANGES: what a boot makes of those that were booted is in table.tsv, see truth.
"""
import bz2
import lzma
import re
import subprocess
import sys
import zlib

HEADER = 110
REGULAR, LINK, DIRECTORY = 0o100000, 0o120000, 0o040000


class Nothing(Exception):
    """The image has nothing that the change could change."""


class Entry:
    """A file of the archive: its header's thirteen numbers, its name, its bytes."""

    def __init__(self, numbers, name, data):
        self.numbers, self.name, self.data = numbers, name, data

    @property
    def mode(self):
        return self.numbers[1]


def entry(name, data=b"", mode=REGULAR | 0o644):
    return Entry([0, mode, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], name, data)


def unpack(data):
    for magic, way in ((b"\x1f\x8b", lambda b: zlib.decompressobj(31).decompress(b)),
                       (b"\x28\xb5\x2f\xfd", lambda b: run(["zstd", "-dqc"], b)),
                       (b"\xfd7zXZ", lzma.decompress)):
        if data.startswith(magic):
            return way(data)
    raise ValueError("neither an archive nor a compression that is known")


def parse(image):
    """The archives of an image, each a list of entries."""
    archives, files, at = [], [], 0
    while at + HEADER <= len(image):
        if image[at:at + 4] == b"\0\0\0\0":
            at += 4
            continue
        if image[at:at + 6] not in (b"070701", b"070702"):
            image = image[:at] + unpack(image[at:])
        numbers = [int(image[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = image[at + HEADER:at + HEADER + numbers[11] - 1].decode("latin-1")
        begin = (at + HEADER + numbers[11] + 3) // 4 * 4
        at = (begin + numbers[6] + 3) // 4 * 4
        if name == "TRAILER!!!":
            archives.append(files)
            files = []
        else:
            files.append(Entry(numbers, name, image[begin:begin + numbers[6]]))
    return archives


def pack(files):
    out = bytearray()
    for file in files + [entry("TRAILER!!!", mode=0)]:
        name = file.name.encode("latin-1")
        numbers = file.numbers[:6] + [len(file.data)] + file.numbers[7:11] + [len(name) + 1, 0]
        out += b"070701" + b"".join(b"%08X" % n for n in numbers) + name + b"\0"
        out += b"\0" * (-len(out) % 4)
        out += file.data
        out += b"\0" * (-len(out) % 4)
    out += b"\0" * (-len(out) % 512)
    return bytes(out)


def drop(*patterns):
    """Without the files whose path matches any of the patterns."""

    def change(files):
        kept = [f for f in files if not any(re.search(p, f.name) for p in patterns)]
        if len(kept) == len(files):
            raise Nothing()
        return kept

    return change


def alter(pattern, how, mode=None):
    """Other bytes (how(bytes)), another mode, in the files that match; links are left."""

    def change(files):
        hits = 0
        for file in files:
            if re.search(pattern, file.name) and file.mode & 0o170000 == REGULAR:
                hits += 1
                file.data = how(file.data)
                file.numbers[1] = mode or file.mode
        if hits == 0:
            raise Nothing()
        return files

    return change


def point(pattern, target):
    """The links that match lead elsewhere."""

    def change(files):
        hits = [f for f in files if re.search(pattern, f.name) and f.mode & 0o170000 == LINK]
        if not hits:
            raise Nothing()
        for file in hits:
            file.data = target.encode()
        return files

    return change


def add(name, data, mode=REGULAR | 0o644):
    """One file more, and its directories; a file of that name goes."""

    def change(files):
        path, made = name.split("/"), []
        for i in range(1, len(path)):
            folder = "/".join(path[:i])
            if not any(f.name in (folder, "./" + folder) for f in files):
                made.append(entry(folder, mode=DIRECTORY | 0o755))
        files = [f for f in files if f.name not in (name, "./" + name)]
        return files + made + [entry(name, data, mode)]

    return change


def mask(unit):
    return add("etc/systemd/system/" + unit, b"/dev/null", LINK | 0o777)


def alter_module(name, how):
    """The module's own bytes, within the compression that it has."""
    ways = {
        ".ko": (lambda b: b, lambda b: b),
        ".ko.xz": (lzma.decompress, lambda b: lzma.compress(b, check=lzma.CHECK_CRC32)),
        ".ko.zst": (lambda b: run(["zstd", "-dqc"], b), lambda b: run(["zstd", "-qc"], b)),
        ".ko.gz": (lambda b: zlib.decompress(b, 31), lambda b: run(["gzip", "-c"], b)),
    }

    def change(files):
        for file in files:
            for suffix, (unpack, repack) in ways.items():
                if file.name.endswith("/" + name + suffix):
                    file.data = repack(how(unpack(file.data)))
                    return files
        raise Nothing()

    return change


def run(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def half(data):
    return data[:len(data) // 2]


def other_version(files):
    for file in files:
        file.name = re.sub(r"(lib/modules/)[^/]+", r"\g<1>5.0.0-1-other", file.name)
    return files


def other_magic(data):
    return re.sub(rb"vermagic=\d+\.\d+", lambda m: b"vermagic=" + b"5.0".ljust(len(m.group(0)) - 9, b"0"), data)


def unsigned(data):
    mark = b"~Module signature appended~\n"
    if not data.endswith(mark):
        raise Nothing()
    size = int.from_bytes(data[-len(mark) - 4:-len(mark)], "big")
    return data[:-len(mark) - 12 - size]


MODULES = r"lib/modules/[^/]+/"
LIBRARY = r"(^|/)lib(32|64|x32)?/([^/]+-linux-gnu/)?(systemd/)?"

# Of the files: name, change of the last archive's entries.
CHANGES = {
    "none": lambda files: files,
    # modules and their indexes
    "no-ext4": drop(r"/ext4\.ko"),
    "no-jbd2": drop(r"/jbd2\.ko"),
    "no-mbcache": drop(r"/mbcache\.ko"),
    "no-crc16": drop(r"/crc16\.ko"),
    "no-crc32c": drop(r"/crc32c_(generic|intel)\.ko|/crc32c-intel\.ko"),
    "no-virtio-blk": drop(r"/virtio_blk\.ko"),
    "no-virtio-pci": drop(r"/virtio_pci\.ko"),
    "no-modules": drop(r"/kernel/.*\.ko"),
    "no-dep": drop(MODULES + r"modules\.dep"),
    "no-dep-bin": drop(MODULES + r"modules\.dep\.bin"),
    "no-dep-text": drop(MODULES + r"modules\.dep$"),
    "no-alias": drop(MODULES + r"modules\.alias"),
    "no-alias-bin": drop(MODULES + r"modules\.alias\.bin"),
    "no-alias-text": drop(MODULES + r"modules\.alias$"),
    "no-symbols": drop(MODULES + r"modules\.symbols"),
    "no-builtin": drop(MODULES + r"modules\.builtin"),
    "no-softdep": drop(MODULES + r"modules\.softdep"),
    "no-devname": drop(MODULES + r"modules\.devname"),
    "no-index": drop(MODULES + r"modules\.[a-z]"),
    "empty-dep": alter(MODULES + r"modules\.dep", lambda b: b""),
    "empty-dep-bin": alter(MODULES + r"modules\.dep\.bin", lambda b: b""),
    "empty-alias-bin": alter(MODULES + r"modules\.alias\.bin", lambda b: b""),
    "half-dep-bin": alter(MODULES + r"modules\.dep\.bin", half),
    "other-version": other_version,
    "ext4-half": alter(r"/ext4\.ko", half),
    "ext4-empty": alter(r"/ext4\.ko", lambda b: b""),
    "ext4-text": alter(r"/ext4\.ko", lambda b: b"no module\n" * 100),
    "ext4-inner-half": alter_module("ext4", half),
    "ext4-inner-text": alter_module("ext4", lambda b: b"no module\n" * 100),
    "ext4-vermagic": alter_module("ext4", other_magic),
    "ext4-unsigned": alter_module("ext4", unsigned),
    "jbd2-half": alter(r"/jbd2\.ko", half),
    "ext4-xz-crc64": alter(r"/ext4\.ko\.xz", lambda b: lzma.compress(lzma.decompress(b), check=lzma.CHECK_CRC64)),
    # what loads them
    "no-kmod": drop(r"bin/(kmod|modprobe|insmod|lsmod|depmod|modinfo|rmmod)$"),
    "no-kmod-program": drop(r"bin/kmod$"),
    "no-modprobe": drop(r"bin/modprobe$"),
    "no-libkmod": drop(r"libkmod\.so"),
    "no-udevd": drop(r"systemd-udevd$"),
    "no-udevadm": drop(r"bin/udevadm$"),
    "install-ext4-false": add("etc/modprobe.d/z.conf", b"install ext4 /bin/false\n"),
    "install-virtio-blk-true": add("etc/modprobe.d/z.conf", b"install virtio_blk /bin/true\n"),
    "install-jbd2-false": add("etc/modprobe.d/z.conf", b"install jbd2 /bin/false\n"),
    "install-commented": add("etc/modprobe.d/z.conf", b"# install ext4 /bin/false\n"),
    "install-not-conf": add("etc/modprobe.d/z.txt", b"install ext4 /bin/false\n"),
    "blacklist-ext4": add("etc/modprobe.d/z.conf", b"blacklist ext4\n"),
    "blacklist-jbd2": add("etc/modprobe.d/z.conf", b"blacklist jbd2\n"),
    "blacklist-virtio-blk": add("etc/modprobe.d/z.conf", b"blacklist virtio_blk\n"),
    "blacklist-virtio-pci": add("etc/modprobe.d/z.conf", b"blacklist virtio_pci\n"),
    "softdep-only": add("etc/modprobe.d/z.conf", b"softdep ext4 pre: gone\n"),
    # programs and libraries
    "no-init": drop(r"^init$"),
    "init-nowhere": point(r"^init$", "usr/lib/systemd/nowhere"),
    "no-systemd": drop(r"^usr/lib/systemd/systemd$"),
    "systemd-0644": alter(r"^usr/lib/systemd/systemd$", lambda b: b, REGULAR | 0o644),
    "systemd-zeros": alter(r"^usr/lib/systemd/systemd$", lambda b: bytes(len(b))),
    "no-executor": drop(r"systemd/systemd-executor$"),
    "no-loader": drop(r"ld-linux"),
    "loader-i386": alter(r"ld-linux", lambda b: b[:18] + b"\x03\0" + b[20:]),
    "no-libc": drop(r"/libc\.so\.6"),
    "libc-half": alter(r"/libc\.so\.6", half),
    "libc-99": alter(r"/libc\.so\.6", lambda b: b[:len(b) * 99 // 100]),
    "libc-empty": alter(r"/libc\.so\.6", lambda b: b""),
    "no-libmount": drop(r"/libmount\.so"),
    "no-libsystemd-shared": drop(r"libsystemd-shared"),
    "no-libsystemd-core": drop(r"libsystemd-core"),
    "no-libseccomp": drop(r"/libseccomp\.so"),
    "libsystemd-shared-half": alter(r"/libsystemd-shared", half),
    "no-lib64-link": drop(r"^lib64$"),
    "no-libraries": drop(r"^usr/lib/x86_64-linux-gnu/"),
    "no-sh": drop(r"bin/(sh|bash|dash)$"),
    "no-busybox": drop(r"bin/busybox$"),
    "no-mount": drop(r"bin/mount$"),
    "no-switch-root": drop(r"bin/switch_root$"),
    "no-run-init": drop(r"bin/run-init$"),
    "no-systemctl": drop(r"bin/systemctl$"),
    "no-journald": drop(r"systemd-journald$"),
    "no-fstab-generator": drop(r"systemd-fstab-generator$"),
    "no-dracut-programs": drop(r"bin/dracut-"),
    "no-blkid": drop(r"bin/blkid$"),
    "no-scripts": drop(r"^scripts/functions$"),
    "no-scripts-local": drop(r"^scripts/local$"),
    # units
    "no-units": drop(r"systemd/system/"),
    "no-initrd-target": drop(r"/initrd\.target$"),
    "no-default-target": drop(r"/default\.target$"),
    "no-sysinit-target": drop(r"/sysinit\.target$"),
    "no-basic-target": drop(r"/basic\.target$"),
    "no-initrd-fs-target": drop(r"/initrd-fs\.target$"),
    "no-initrd-root-fs-target": drop(r"/initrd-root-fs\.target$"),
    "no-initrd-root-device-target": drop(r"/initrd-root-device\.target$"),
    "no-initrd-switch-root-service": drop(r"/initrd-switch-root\.service$"),
    "no-initrd-switch-root-target": drop(r"/initrd-switch-root\.target$"),
    "no-initrd-switch-root": drop(r"/initrd-switch-root\."),
    "no-initrd-cleanup": drop(r"/initrd-cleanup\.service$"),
    "no-initrd-parse-etc": drop(r"/initrd-parse-etc\.service$"),
    "no-initrd-udevadm": drop(r"/initrd-udevadm-cleanup-db\.service$"),
    "no-udevd-unit": drop(r"system/systemd-udevd\.service$"),
    "no-udevd-sockets": drop(r"system/systemd-udevd-(control|kernel)\.socket$"),
    "no-udev-trigger": drop(r"system/systemd-udev-trigger\.service$"),
    "no-udev-trigger-wants": drop(r"wants/systemd-udev-trigger\.service$"),
    "no-journald-units": drop(r"system/systemd-journald"),
    "no-dracut-units": drop(r"/dracut-.*\.service$"),
    "no-dracut-cmdline-unit": drop(r"/dracut-cmdline\.service$"),
    "no-emergency-units": drop(r"/emergency\.(service|target)$"),
    "no-shutdown-units": drop(r"/(poweroff|reboot|halt|shutdown|kexec)\.target$"),
    "no-tmpfiles-units": drop(r"/systemd-tmpfiles"),
    "no-modules-load-unit": drop(r"/systemd-modules-load\.service$"),
    "mask-initrd-switch-root": mask("initrd-switch-root.service"),
    "mask-udevd": mask("systemd-udevd.service"),
    "mask-initrd-target": mask("initrd.target"),
    "mask-sysinit": mask("sysinit.target"),
    "mask-initrd-parse-etc": mask("initrd-parse-etc.service"),
    "mask-initrd-cleanup": mask("initrd-cleanup.service"),
    "mask-udev-trigger": mask("systemd-udev-trigger.service"),
    "mask-rescue": mask("rescue.service"),
    "default-to-rescue": add("etc/systemd/system/default.target", b"/usr/lib/systemd/system/rescue.target", LINK | 0o777),
    # rules and releases
    "no-60-persistent-storage": drop(r"60-persistent-storage\.rules$"),
    "no-99-systemd": drop(r"99-systemd\.rules$"),
    "no-80-drivers": drop(r"80-drivers\.rules$"),
    "no-50-udev-default": drop(r"50-udev-default\.rules$"),
    "no-rules": drop(r"rules\.d/"),
    "empty-60-persistent-storage": alter(r"60-persistent-storage\.rules$", lambda b: b""),
    "no-initrd-release": drop(r"initrd-release$"),
    "no-releases": drop(r"(initrd|os)-release$"),
    # the command line
    "argument-module-blacklist": lambda files: files,
    "argument-modprobe-blacklist": lambda files: files,
    "argument-modprobe-blacklist-virtio": lambda files: files,
    "argument-dracut-blacklist": lambda files: files,
    "argument-sig-enforce-unsigned": alter_module("ext4", unsigned),
    "root-by-name-no-rules": drop(r"60-persistent-storage\.rules$"),
}

ARGUMENTS = {
    "argument-module-blacklist": "module_blacklist=ext4",
    "argument-modprobe-blacklist": "modprobe.blacklist=ext4",
    "argument-modprobe-blacklist-virtio": "modprobe.blacklist=virtio_blk",
    "argument-dracut-blacklist": "rd.driver.blacklist=virtio_blk",
    "argument-sig-enforce-unsigned": "module.sig_enforce=1",
    "root-by-name-no-rules": "root=/dev/vda",
}

# Of the image as a whole: name, change of its bytes.
WHOLE = {
    "cut-50": half,
    "cut-99": lambda b: b[:len(b) * 99 // 100],
    "no-trailer": lambda b: b[:b.rfind(b"070701")],
    "garbage": lambda b: b + bytes(range(1, 256)) * 16,
    "garbage-3": lambda b: b + b"abc",
    "zeros": lambda b: b + bytes(4096),
    "xz-crc32": lambda b: lzma.compress(b, check=lzma.CHECK_CRC32, preset=0),
    "xz-none": lambda b: lzma.compress(b, check=lzma.CHECK_NONE, preset=0),
    "xz-crc64": lambda b: lzma.compress(b, check=lzma.CHECK_CRC64, preset=0),
    "xz-sha256": lambda b: lzma.compress(b, check=lzma.CHECK_SHA256, preset=0),
    "zstd-long-27": lambda b: run(["zstd", "-qc1", "--long=27"], b),
    "zstd-long-28": lambda b: run(["zstd", "-qc1", "--long=28"], b),
    "zstd-ultra": lambda b: run(["zstd", "-qc3", "--zstd=wlog=25"], b),
    "bzip2": lambda b: bz2.compress(b, 1),
}


def make(name, image):
    if name in WHOLE:
        return WHOLE[name](image)
    archives = parse(image)
    for file in archives[-1]:
        file.name = re.sub(r"^\./", "", file.name)
    archives[-1] = CHANGES[name](archives[-1])
    return b"".join(pack(files) for files in archives)


def main(words):
    if words == ["list"]:
        print("\n".join(list(CHANGES) + list(WHOLE)))
    elif len(words) == 2 and words[0] == "arguments":
        print(ARGUMENTS.get(words[1], ""))
    elif len(words) == 4 and words[0] == "make":
        with open(words[2], "rb") as file:
            image = file.read()
        try:
            image = make(words[1], image)
        except Nothing:
            return 3
        with open(words[3], "wb") as file:
            file.write(image)
    else:
        print(__doc__, file=sys.stderr)
        return 16
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

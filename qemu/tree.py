#!/usr/bin/python3
"""List a tree so that two states of a disk can be compared.

usage: tree.py list DIR [SUB...]   one line a file: mode owner size sha256 path; of these folders in it alone
       tree.py diff BEFORE AFTER   the paths that differ: "+" new, "-" gone, "*" changed
       tree.py names NOW A B       the paths that A and B both have, and NOW has not

A listing holds what a repair could harm: type and permissions, owner, content
and link targets. Times are left out, they change by looking.
"""

import hashlib
import os
import stat
import sys


def digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def describe(path):
    info = os.lstat(path)
    if stat.S_ISREG(info.st_mode):
        size, content = info.st_size, digest(path)
    elif stat.S_ISLNK(info.st_mode):
        size, content = 0, "->" + os.readlink(path).replace(" ", "\\040")
    elif stat.S_ISBLK(info.st_mode) or stat.S_ISCHR(info.st_mode):
        size, content = 0, "dev:%x" % info.st_rdev
    else:
        size, content = 0, "-"
    return "%o %d:%d %d %s" % (info.st_mode, info.st_uid, info.st_gid, size, content)


def listing(top, below):
    for folder, folders, files in os.walk(os.path.join(top, below)):
        for name in folders + files:
            path = os.path.join(folder, name)
            yield "/" + os.path.relpath(path, top), describe(path)


def load(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        lines = (line.rstrip("\n").split(" ", 4) for line in file)
        return {words[4]: words[:4] for words in lines}


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == "list":
        files = [file for below in sys.argv[3:] or [""] for file in listing(sys.argv[2], below)]
        for path, words in sorted(files):
            line = words + " " + path.replace("\n", "\\012") + "\n"
            sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape"))
        return 0
    if len(sys.argv) == 4 and sys.argv[1] == "diff":
        before, after = load(sys.argv[2]), load(sys.argv[3])
        for path in sorted(before.keys() | after.keys()):
            if path not in after:
                print("-", path)
            elif path not in before:
                print("+", path)
            elif before[path] != after[path]:
                print("*", path)
        return 0
    if len(sys.argv) == 5 and sys.argv[1] == "names":
        now, one, other = (load(path).keys() for path in sys.argv[2:])
        for path in sorted((one & other) - now):
            print(path)
        return 0
    sys.stderr.write(__doc__)
    return 16


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""The time that a machine under emulation has had: what every limit of the lab counts.

usage: clock.py -- QEMU [ARGUMENT...]
       prints "SLOW WORK": how many times as slow as the machine that the limits were made for this one is (never below
       1), and how many seconds a piece of work takes here. Who has them in LAB_SPEED has a clock that goes by them.

A second of the wall is a second only for what runs, or sleeps of its own accord. Three things make a day slow, and
each is taken out of the count:

  a thread of QEMU could run and did not, because others did: /proc/PID/task/TID/schedstat knows for how long
  the processor is slow from the beginning: SLOW, by a loop that QEMU ran before everything else
  the processor becomes slow (this machine is itself a guest): the piece of work, done again now and then

So a guest that waits for a timer of its own is given up as early as ever, and one that is starved is waited for.
"""

import os
import subprocess
import sys
import tempfile
import time

# What the loop takes where the limits were made.
REFERENCE = 1.7
# However starved a machine is, of twenty seconds one counts: every watch ends.
LEAST = 0.05
# How often it is looked at, in seconds of the wall.
LOOK, WORK = 0.1, 20.0

# A boot sector: "A" on the serial line, 150 million times the five instructions, "B".
SECTOR = bytes.fromhex(
    "fa 31c0 8ed8 bb0006"       # cli; ds = 0; bx = 0x600
    "baf803 b041 ee"            # out 0x3f8, "A"
    "66b980d1f008"              # ecx = 150000000
    "0107 d1c0 3307 6649 75f6"  # add [bx], ax; rol ax, 1; xor ax, [bx]; dec ecx; jnz
    "baf803 b042 ee"            # out 0x3f8, "B"
    "f4 ebfd")                  # hlt, for ever


def waits(pid):
    """How long each thread of a process, and of its children, has waited for a processor: seconds by thread."""
    found, left = {}, [pid]
    while left:
        folder = "/proc/%d/task" % left.pop()
        try:
            threads = os.listdir(folder)
        except OSError:
            continue
        for thread in threads:
            try:
                with open("%s/%s/schedstat" % (folder, thread), encoding="ascii") as file:
                    found[thread] = int(file.read().split()[1]) / 1e9
                with open("%s/%s/children" % (folder, thread), encoding="ascii") as file:
                    left += [int(word) for word in file.read().split()]
            except (OSError, IndexError, ValueError):
                continue
    return found


def work():
    """How long a piece of work takes a thread that is let run."""
    mine = str(os.getpid())
    began, waited = time.monotonic(), waits(os.getpid()).get(mine, 0)
    number = 1
    for _ in range(1000000):
        number = number * 5 & 0xffff
    waited = waits(os.getpid()).get(mine, 0) - waited
    return max(time.monotonic() - began - waited, 1e-3)


class Clock:
    """Seconds that a process has had since the clock was made."""

    def __init__(self, pid, speed=None):
        words = (speed if speed is not None else os.environ.get("LAB_SPEED", "")).split()
        self.pid = pid
        self.slow, self.usual = (float(words[0]), float(words[1])) if len(words) == 2 else (1.0, 0.0)
        self.later = 1.0        # how much slower it has become since
        self.had = 0.0
        self.owed = 0.0         # waits that are known and not yet taken out
        self.threads = {}
        self.last = self.worked = time.monotonic()

    def now(self):
        wall = time.monotonic()
        passed = wall - self.last
        if passed < LOOK:
            return self.had
        self.last = wall
        threads = waits(self.pid)
        self.owed += max([0.0] + [long - self.threads.get(name, 0.0) for name, long in threads.items()])
        self.threads = threads
        lost = min(self.owed, passed * (1 - LEAST))
        self.owed -= lost
        if self.usual and wall - self.worked > WORK:
            self.later = max(1.0, work() / self.usual)
            self.worked = wall
        self.had += max((passed - lost) / (self.slow * self.later), passed * LEAST)
        return self.had


def measure(command):
    """Seconds from "A" to "B"."""
    with tempfile.NamedTemporaryFile() as disk:
        disk.write(SECTOR + bytes(510 - len(SECTOR)) + b"\x55\xaa")
        disk.flush()
        command = command + ["-drive", "if=ide,format=raw,file=" + disk.name, "-serial", "stdio"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as process:
            clock = Clock(process.pid, "")
            try:
                seen = [(process.stdout.read(1), clock.now()) for _ in range(2)]
            finally:
                process.kill()
    if [letter for letter, _ in seen] != [b"A", b"B"]:
        sys.exit("clock.py: QEMU does not run a boot sector")
    return seen[1][1] - seen[0][1]


def main():
    if sys.argv[1:2] != ["--"] or len(sys.argv) < 3:
        sys.exit(__doc__)
    print("%.2f %.4f" % (max(1.0, measure(sys.argv[2:]) / REFERENCE), min(work() for _ in range(5))))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Cut the power of a machine at random instants of what it does.

usage: power.py --log FILE --limit SECONDS --verdict FILE --disk FILE --dir DIR --command TEXT
                --cuts N [--per N] [--seed N] -- QEMU...

QEMU's command line boots the rescue system with the disk FILE (a qcow2 overlay). At its shell TEXT is typed, not yet
entered, and the machine's memory is saved to DIR. From there every run starts anew, with an overlay of its own: first
one that runs to its end (DIR/done.qcow2), then as many as it takes for N cuts, --per of them in each run. A cut is a
copy of the disk's file, made while QEMU is stopped by SIGSTOP; at a run's last one QEMU is killed. Both leave the
same: what the machine had flushed, and of the rest what QEMU had happened to write.

The instants are drawn, by the seed, out of the times between a line of the console that ends a step's announcement
("... /run ...") and the next "Result:". DIR/cuts gets a line a cut: number, part, seconds after the part's beginning,
stopped or killed.
"""

import argparse
import atexit
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from console import Console, Starved, expect, send, settle

BEGIN = re.compile(rb"mount the system under [^\r\n]* \.\.\.")
END = re.compile(rb"Result: ")
DONE = re.compile(rb"ALL-[0-9]+-DONE")


class Machine:
    """QEMU with its serial line and its monitor."""

    def __init__(self, options, disk, log, incoming):
        self.socket_path = os.path.join(options.dir, "qmp")
        command = [word.replace(options.disk, disk) for word in options.qemu]
        command += ["-qmp", "unix:%s,server=on,wait=off" % self.socket_path]
        if incoming:
            command += ["-incoming", "exec:cat %s" % incoming]
        self.console = Console(command, log, options.limit, False, None)
        self.monitor = None
        atexit.register(self.clean)
        self.connect()

    def clean(self):
        """Nothing outlives us, whatever ends us."""
        if self.console.process.poll() is None:
            self.console.process.kill()
            self.console.process.wait()

    def connect(self):
        stop = self.console.after(60)
        while True:
            try:
                link = socket.socket(socket.AF_UNIX)
                link.connect(self.socket_path)
                break
            except OSError:
                if self.console.late(stop) or self.console.process.poll() is not None:
                    raise
                time.sleep(0.1)
        self.monitor = link.makefile("rw")
        self.monitor.readline()
        self.ask("qmp_capabilities")

    def ask(self, verb, **arguments):
        self.monitor.write(json.dumps({"execute": verb, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            answer = json.loads(self.monitor.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                sys.exit("power.py: %s: %s" % (verb, answer["error"]["desc"]))

    def wait(self, verb, word):
        stop = self.console.after(120)
        while self.ask(verb).get("status") != word:
            if self.console.late(stop):
                sys.exit("power.py: no %s after %s" % (word, verb))
            time.sleep(0.05)

    def signal(self, number):
        os.kill(self.console.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.console.process.wait()
        self.console.end()


def need(status, what):
    if status:
        sys.exit("power.py: %s did not come" % what)


def save(options, memory):
    """Boot to the shell, type the command, put the machine's memory into a file."""
    machine = Machine(options, options.disk, options.log, None)
    console = machine.console
    need(expect(console, 300, re.compile(rb"Choice: ")), "the menu")
    send(console, "s")
    need(expect(console, 60, re.compile(rb"bootmend:[^\r\n]*# ")), "the shell")
    send(console, "stty cols 200\r")
    need(expect(console, 60, re.compile(rb"bootmend:[^\r\n]*# ")), "the shell")
    send(console, options.command)
    settle(console, 1)
    machine.ask("stop")
    machine.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 34})
    machine.ask("migrate", uri="exec:cat > %s" % memory)
    machine.wait("query-migrate", "completed")
    machine.ask("quit")
    console.process.wait(60)
    console.end()


def resume(options, memory, name):
    disk = os.path.join(options.dir, name + ".qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", options.disk, disk], check=True)
    machine = Machine(options, disk, os.path.join(options.dir, name + ".log"), memory)
    # It was stopped when it was saved, and is so when it is back.
    machine.wait("query-status", "paused")
    machine.ask("cont")
    machine.console.process.stdin.write(b"\r")
    return machine, disk


def count(pattern, console):
    return len(pattern.findall(console.text))


def whole_run(options, memory):
    """One run to the end; how long each of its parts took."""
    machine, _ = resume(options, memory, "done")
    console = machine.console
    began, parts = [], []
    while not DONE.search(console.text):
        if console.late() or not console.pump(0.05):
            sys.exit("power.py: the whole run came to no end")
        now = time.monotonic()
        if count(BEGIN, console) > len(began):
            began.append(now)
        if count(END, console) > len(parts):
            parts.append(now - began[-1])
    machine.kill()
    return parts


def cut_run(options, memory, number, instants, found):
    """One run with some cuts; found gets (number, part, seconds, how) of each."""
    machine, disk = resume(options, memory, "run-%d" % number)
    console = machine.console
    began = []
    for index, (part, offset) in enumerate(instants):
        while len(began) <= part or time.monotonic() < began[part] + offset:
            if console.late() or not console.pump(0.01):
                sys.exit("power.py: run %d came to no cut %d" % (number, index))
            if count(BEGIN, console) > len(began):
                began.append(time.monotonic())
        last = index + 1 == len(instants)
        machine.signal(signal.SIGKILL if last else signal.SIGSTOP)
        if last:
            console.process.wait()
        shutil.copyfile(disk, os.path.join(options.dir, "cut-%02d.qcow2" % (len(found) + 1)))
        if not last:
            machine.signal(signal.SIGCONT)
        found.append((len(found) + 1, part + 1, offset, "killed" if last else "stopped"))
    console.end()
    os.remove(disk)


def main():
    parser = argparse.ArgumentParser(add_help=False)
    for name in ("--log", "--verdict", "--disk", "--dir", "--command"):
        parser.add_argument(name, required=True)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--cuts", type=int, required=True)
    parser.add_argument("--per", type=int, default=5)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("qemu", nargs="+")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(32))
    draw = random.Random(options.seed)
    memory = os.path.join(options.dir, "memory")
    try:
        save(options, memory)
    except Starved:
        return 6
    parts = whole_run(options, memory)
    found, number = [], 0
    while len(found) < options.cuts:
        number += 1
        instants = []
        for _ in range(min(options.per, options.cuts - len(found))):
            at = draw.uniform(0, sum(parts))
            part = 0
            while part + 1 < len(parts) and at >= parts[part]:
                at -= parts[part]
                part += 1
            instants.append((part, at))
        cut_run(options, memory, number, sorted(instants), found)
    with open(os.path.join(options.dir, "cuts"), "w", encoding="utf-8") as file:
        for line in found:
            file.write("%d %d %.2f %s\n" % line)
    os.remove(memory)
    with open(options.verdict, "w", encoding="utf-8") as file:
        file.write("parts %s\n" % " ".join("%.1f" % part for part in parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())

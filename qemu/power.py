#!/usr/bin/python3
"""Cut the power of a machine at random instants of what it does.

usage: power.py --log FILE --limit SECONDS --verdict FILE --disk FILE --dir DIR --command TEXT
                --cuts N [--per N] [--seed N] -- QEMU...

QEMU's command line boots the rescue system with the disk FILE (a qcow2 overlay). At its shell TEXT is typed, not yet
entered, and the machine's memory is saved to DIR. From there every run starts anew, with an overlay of its own: first
one that runs to its end (DIR/done.qcow2), then as many as it takes for N cuts, --per of them in each run. A cut is a
copy of the disk's file, made while QEMU is stopped by SIGSTOP; at a run's last one QEMU is killed. Both leave the
same: what the machine had flushed, and of the rest what QEMU had happened to write.

The console tells each step of a repair when it begins ("edit /etc/fstab ..."), and "Result:" at the end. The time of all
steps in the first run is divided by the number of cuts, and in each piece one instant is drawn, by the seed: it is so long
after the beginning of its step, or as soon as the next one begins, for one run may be slower than another. DIR/cuts gets
a line a cut: number, step, seconds after its beginning, stopped or killed.
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

STEP = re.compile(rb"[\r\n](?:[a-z][^\r\n]* \.\.\.(?=[\r\n])|(Result: ))")
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


def steps_of(console):
    """Of each step that has begun so far, and each result: whether something goes on after it."""
    return [not match.group(1) for match in STEP.finditer(console.text)]


def whole_run(options, memory):
    """One run to the end; how long each of its steps took, those after a result nothing."""
    machine, _ = resume(options, memory, "done")
    console = machine.console
    began = []
    while not DONE.search(console.text):
        if console.late() or not console.pump(0.02):
            sys.exit("power.py: the whole run came to no end")
        began += [time.monotonic()] * (len(steps_of(console)) - len(began))
    machine.kill()
    goes_on = steps_of(console)
    return [after - before if more else 0.0 for before, after, more in zip(began, began[1:], goes_on)]


def instants(options, steps):
    """One (step, seconds after its beginning) of each piece of the time, in the order of time."""
    draw = random.Random(options.seed)
    for piece in range(options.cuts):
        at = (piece + draw.random()) / options.cuts * sum(steps)
        step = 0
        while step + 1 < len(steps) and at >= steps[step]:
            at -= steps[step]
            step += 1
        yield step, at


def cut_run(options, memory, number, cuts, found):
    """One run with some cuts; found gets (number, step, seconds, how) of each."""
    machine, disk = resume(options, memory, "run-%d" % number)
    console = machine.console
    began = []
    for index, (step, offset) in enumerate(cuts):
        while len(began) <= step or (len(began) == step + 1 and time.monotonic() < began[step] + offset):
            if console.late() or not console.pump(0.01):
                sys.exit("power.py: run %d came to no cut %d" % (number, index))
            began += [time.monotonic()] * (len(steps_of(console)) - len(began))
        last = index + 1 == len(cuts)
        machine.signal(signal.SIGKILL if last else signal.SIGSTOP)
        if last:
            console.process.wait()
        shutil.copyfile(disk, os.path.join(options.dir, "cut-%02d.qcow2" % (len(found) + 1)))
        if not last:
            machine.signal(signal.SIGCONT)
        found.append((len(found) + 1, step + 1, offset, "killed" if last else "stopped"))
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
    memory = os.path.join(options.dir, "memory")
    try:
        save(options, memory)
    except Starved:
        return 6
    steps = whole_run(options, memory)
    drawn, found = list(instants(options, steps)), []
    # The cuts of one run are far from each other.
    runs = -(-options.cuts // options.per)
    for number in range(runs):
        cut_run(options, memory, number + 1, drawn[number::runs], found)
    with open(os.path.join(options.dir, "cuts"), "w", encoding="utf-8") as file:
        for line in found:
            file.write("%d %d %.2f %s\n" % line)
    os.remove(memory)
    with open(options.verdict, "w", encoding="utf-8") as file:
        file.write("steps %s\n" % " ".join("%.1f" % step for step in steps))
    return 0


if __name__ == "__main__":
    sys.exit(main())

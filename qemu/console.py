#!/usr/bin/python3
"""Run a QEMU (or anything that talks on stdin and stdout) and watch its serial line.

usage: console.py --log FILE --limit SECONDS [--stop REGEX]... [--linger SECONDS]
                  [--dialogue FILE] [--set NAME=VALUE]... [--echo [--hide REGEX]]
                  [--verdict FILE] [--marks FILE] -- COMMAND...

Everything that comes is written to FILE. The run ends when a --stop pattern is
seen on the line (what has come within --linger seconds after it is still kept),
when the last step of the dialogue is done, when the command ends, or when the
time limit is over; the command is then ended by its own process id. What it was is
written to the --verdict file:

  matched REGEX      status 0
  done               status 0    the dialogue came to its end
  ended              status 3    the command ended before
  stuck STEP         status 4    a step of the dialogue waited in vain
  limit              status 5    the time limit
  starved            status 6    the kernel found its timer dead, for it was kept waiting: this boot says nothing

All times but those of marks are the machine's own: see clock.py.

With --echo the serial line is shown on stdout as it comes, a line at a time,
without its escape sequences and without the lines that --hide matches.

A dialogue is a text file of steps, one a line:

  expect SECONDS REGEX    wait for REGEX in what came since the last match
  send TEXT               write TEXT (\\r, \\n, \\e, \\xHH are understood)
  ended SECONDS           wait for the command's own end (a reboot, a power-off)
  pause SECONDS           let the other side settle
  say TEXT                a line for whoever reads along
  mark NAME               a line "NAME SECONDS" in the --marks file: the time since the start

Empty lines and lines that begin with # are skipped; @NAME@ is replaced by the
value given with --set.
"""

import argparse
import os
import re
import selectors
import signal
import subprocess
import sys
import time

from clock import Clock

# A processor that is kept waiting for the 40 ms in which an early kernel counts ticks. Nothing has been mounted yet.
STARVED = re.compile(rb"IO-APIC \+ timer doesn't work")
ANSI = re.compile(rb"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[=>78cM])|\x00")


class Starved(Exception):
    """The emulated machine was kept waiting where its kernel cannot bear it."""


class Console:
    """The command, its serial line and the log of it."""

    def __init__(self, command, log, limit, echo, hide):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0)
        self.log = open(log, "wb", buffering=0)
        self.clock = Clock(self.process.pid)
        self.deadline = limit
        self.echo = echo
        self.hide = re.compile(hide) if hide else None
        self.line = ""          # what --echo has not shown yet
        self.shown = ""         # the last line that it showed, without its numbers
        self.text = b""         # what came, without escape sequences
        self.seen = 0           # up to here a dialogue step has used it up
        self.rest = b""         # an escape sequence that is not complete yet
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.open = True

    def pump(self, seconds):
        """Take what comes within the given time; False when nothing can come any more."""
        if not self.open:
            return False
        if not self.selector.select(max(0.0, seconds)):
            return True
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            self.open = False
            return False
        self.log.write(data)
        data = self.rest + data
        cut = data.rfind(b"\x1b", -16)
        self.rest = b""
        if cut >= 0 and not ANSI.match(data, cut):
            data, self.rest = data[:cut], data[cut:]
        clean = ANSI.sub(b"", data)
        self.text += clean
        if STARVED.search(self.text, max(0, len(self.text) - len(clean) - 80)):
            raise Starved
        if self.echo:
            self.show(clean.decode("utf-8", "replace"))
        return True

    def show(self, text):
        """Whole lines only: the last one waits for its end. A clock that ticks in place is shown once."""
        lines = (self.line + text).replace("\r", "\n").split("\n")
        self.line = lines.pop()
        for line in lines:
            plain = re.sub("[0-9]+", "", line).strip()
            if plain and plain != self.shown and not (self.hide and self.hide.search(line)):
                self.shown = plain
                print("  | " + line.rstrip()[:140], flush=True)

    def late(self, seconds=None):
        """Whether the machine has had so many seconds, or all that it may have."""
        now = self.clock.now()
        return now >= self.deadline or seconds is not None and now >= seconds

    def after(self, seconds):
        """When so many more seconds will have been had."""
        return self.clock.now() + seconds

    def end(self):
        """End the command by its process id, gently first."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.echo:
            self.show("\n")
        self.log.close()


def settle(console, seconds):
    """Take what comes within some seconds."""
    stop = console.after(seconds)
    while not console.late(stop) and console.pump(0.1):
        pass


def watch(console, patterns, linger):
    while True:
        for pattern in patterns:
            if pattern.search(console.text):
                settle(console, linger)
                return 0, "matched " + pattern.pattern.decode()
        if console.late():
            return 5, "limit"
        if not console.pump(1.0):
            return 3, "ended"


def unescape(text):
    def one(match):
        word = match.group(1)
        plain = {"r": "\r", "n": "\n", "e": "\x1b", "t": "\t", "\\": "\\"}
        return plain[word] if word in plain else chr(int(word[1:], 16))
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[rnet\\])", one, text)


def expect(console, seconds, pattern):
    """0 when the pattern came, else the status to end with."""
    stop = console.after(seconds)
    while True:
        match = pattern.search(console.text, console.seen)
        if match:
            console.seen = match.end()
            return 0
        if console.late(stop):
            return 4
        if not console.pump(1.0):
            return 3


def send(console, text):
    """Write slowly: the guest's UART has a FIFO of 16 bytes."""
    for start in range(0, len(text), 8):
        console.process.stdin.write(text[start:start + 8].encode())
        console.pump(0.05)


def talk(console, steps, values, marks):
    began = time.monotonic()
    for number, line in steps:
        verb, _, rest = line.partition(" ")
        for name, value in values.items():
            value = re.escape(value) if verb == "expect" else value
            rest = rest.replace("@" + name + "@", value)
        status = 0
        if verb == "expect":
            seconds, _, pattern = rest.partition(" ")
            status = expect(console, float(seconds), re.compile(pattern.encode()))
        elif verb == "ended":
            stop = console.after(float(rest))
            while console.pump(1.0):
                if console.late(stop):
                    return 4, "stuck step %d: %s" % (number, line)
        elif verb == "send":
            send(console, unescape(rest))
        elif verb == "pause":
            settle(console, float(rest))
        elif verb == "mark":
            marks.append("%s %.2f\n" % (rest, time.monotonic() - began))
        elif verb == "say":
            print(">>> " + rest, flush=True)
        if console.late():
            return 5, "limit (step %d: %s)" % (number, line)
        if status == 3:
            return 3, "ended (step %d: %s)" % (number, line)
        if status:
            return 4, "stuck step %d: %s" % (number, line)
    return 0, "done"


def read_steps(path):
    steps = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            if line.partition(" ")[0] not in ("expect", "send", "ended", "pause", "say", "mark"):
                sys.exit("%s:%d: no such step: %s" % (path, number, line))
            steps.append((number, line))
    return steps


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--log", required=True)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--stop", action="append", default=[])
    parser.add_argument("--linger", type=float, default=0.5)
    parser.add_argument("--dialogue")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--hide")
    parser.add_argument("--verdict")
    parser.add_argument("--marks")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(32))
    steps = read_steps(options.dialogue) if options.dialogue else None
    values = dict(item.split("=", 1) for item in options.set)
    marks = []
    patterns = [re.compile(item.encode()) for item in options.stop]
    console = Console(options.command, options.log, options.limit, options.echo, options.hide)
    try:
        if steps is not None:
            status, word = talk(console, steps, values, marks)
        else:
            status, word = watch(console, patterns, options.linger)
    except Starved:
        status, word = 6, "starved"
    finally:
        console.end()
    if options.marks:
        with open(options.marks, "w", encoding="utf-8") as file:
            file.writelines(marks)
    if options.verdict:
        with open(options.verdict, "w", encoding="utf-8") as file:
            file.write(word + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())

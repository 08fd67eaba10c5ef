# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copied machine with memctld on it: what it does, what it costs, and what its files say."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time

VM = "proc/sys/vm"
THP = "sys/kernel/mm/transparent_hugepage"
PRESSURE = "proc/pressure"
BOOT_ID = "proc/sys/kernel/random/boot_id"
STATE = "var/lib/memctl"


class Broken(Exception):
    """A promise was not kept."""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def replace(path, text):
    """At once: the daemon may read it just now."""
    write(path + ".soak", text)
    os.rename(path + ".soak", path)


class Place:
    def __init__(self, build, machine, base):
        self.memctl = os.path.join(build, "cli", "memctl")
        self.memctld = os.path.join(build, "tests", "support", "memctld-tree")
        self.base = base
        self.daemon = None
        self.log = None
        self.boots = 0
        self.held = False  # as the last status said
        self.stalls = {"memory": 0, "io": 0, "cpu": 0}
        shutil.copytree(machine, base)

    def path(self, name):
        return os.path.join(self.base, name)

    # The daemon

    def start(self):
        self.log = open(self.path("memctld.log"), "wb")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            name = f"\0memctl-soak-{os.getpid()}-{time.monotonic_ns()}"
            ready.bind(name)
            ready.settimeout(0.05)
            self.daemon = subprocess.Popen(
                [self.memctld, "--root", self.base],
                env=dict(os.environ, NOTIFY_SOCKET="@" + name[1:]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.log,
            )
            end = time.monotonic() + 20
            while time.monotonic() < end:
                try:
                    if b"READY=1" in ready.recv(4096):
                        return
                except TimeoutError:
                    if self.daemon.poll() is not None:
                        break
        raise Broken(f"memctld does not start: {self.last_words()}")

    def last_words(self):
        with open(self.path("memctld.log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-1000:]

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()
        self.daemon = None
        self.log.close()

    def end(self, number):
        self.daemon.send_signal(number)
        try:
            status = self.daemon.wait(timeout=20)
        except subprocess.TimeoutExpired:
            raise Broken(f"memctld does not end on signal {number}") from None
        self.daemon = None
        self.log.close()
        if status != 0:
            raise Broken(f"memctld ended with {status}: {self.last_words()}")

    def check_alive(self):
        if self.daemon.poll() is not None:
            raise Broken(f"memctld died with {self.daemon.returncode}: {self.last_words()}")

    def is_alive(self):
        return self.daemon is not None and self.daemon.poll() is None

    def cost(self):
        """Memory of its own in kB, no pages of files, and open descriptors."""
        with open(f"/proc/{self.daemon.pid}/smaps_rollup", encoding="ascii") as rollup:
            memory = sum(int(line.split()[1]) for line in rollup if line.startswith("Anonymous:"))
        return memory, len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    # The command

    def begin(self, *arguments):
        return subprocess.Popen(
            [self.memctl, "--root", self.base, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments):
        command = self.begin(*arguments)
        try:
            out, err = command.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            command.kill()
            raise Broken(f"memctl {' '.join(arguments)}: no end in 30 s") from None
        return command.returncode, out, err

    def status(self):
        code, out, err = self.run("status", "--json=short")
        if code != 0:
            raise Broken(f"memctl status: exit code {code}: {err.strip()}")
        status = json.loads(out)
        self.held = bool(status["hold"])
        return status["state"], status["profile"] or "", frozenset(status["quarantined"])

    # The machine

    def knobs(self):
        found = {}
        for folder in (VM, THP):
            for path, _, names in os.walk(self.path(folder)):
                for name in names:
                    file = os.path.join(path, name)
                    if os.stat(file).st_mode & 0o600 != 0o600:
                        continue
                    with open(file, "rb") as knob:
                        # A kill may leave blank lines (tests/support/fake-kernel.c).
                        value = knob.read().rstrip(b"\n") + b"\n"
                    found[os.path.relpath(file, self.base)] = value
        return found

    def put_back(self, knobs):
        for name, value in knobs.items():
            with open(self.path(name), "wb") as file:
                file.write(value)

    def new_boot(self):
        self.boots += 1
        write(self.path(BOOT_ID), f"00000000-0000-4000-8000-{self.boots:012}\n")

    def stall(self, dice: random.Random, usec):
        """So much more time was lost since the last call, at most."""
        for name in self.stalls:
            self.stalls[name] += dice.randrange(usec + 1)
            total = self.stalls[name]
            replace(
                self.path(os.path.join(PRESSURE, name)),
                f"some avg10=0.00 avg60=0.00 avg300=0.00 total={total}\n"
                f"full avg10=0.00 avg60=0.00 avg300=0.00 total={total // 2}\n",
            )

    def oom_kill(self):
        """As /proc/vmstat counts it."""
        with open(self.path("proc/vmstat"), encoding="ascii") as file:
            lines = [line.split() for line in file]
        counts = {name: int(count) for name, count in lines}
        counts["oom_kill"] += 1
        replace(
            self.path("proc/vmstat"),
            "".join(f"{name} {count}\n" for name, count in counts.items()),
        )

    # The state folder

    def state_files(self):
        """With sizes; the daemon may be at work."""
        folder = self.path(STATE)
        sizes = {}
        for name in os.listdir(folder):
            try:
                sizes[name] = os.path.getsize(os.path.join(folder, name))
            except FileNotFoundError:
                continue
        return sizes

    def event_numbers(self):
        """Of both files of events, oldest first."""
        numbers = []
        for name in ("events.1", "events"):
            path = self.path(os.path.join(STATE, name))
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as events:
                for line in events:
                    try:
                        numbers.append(json.loads(line)["seq"])
                    except ValueError:
                        continue  # a kill tore it
        return numbers

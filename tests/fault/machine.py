# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copied machine tree, the memctld that runs on it, and what both look like at an instant."""

import fcntl
import json
import os
import select
import shutil
import socket
import subprocess
import termios
import time
import zlib

from client import Client
from control import Control

VM = "proc/sys/vm"
THP = "sys/kernel/mm/transparent_hugepage"
STATE = "var/lib/memctl"
RUNTIME = "run/memctl"
BOOT_ID = "proc/sys/kernel/random/boot_id"
PRESSURE = "proc/pressure"
# What a walk puts into a tree, and what the kernel that tests stand in for remembers.
KERNEL = ("fake-kernel.user-min-free", "fake-kernel.refuse", BOOT_ID)
START_SECONDS = 10


class Broken(Exception):
    """The promise was not kept."""


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def records(data):
    """The whole records of a state file (daemon/state.c); a torn line is none."""
    found = []
    for line in (data or b"").split(b"\n"):
        if not line.startswith(b"memctl1 "):
            continue
        crc, _, text = line[8:].partition(b" ")
        if crc == b"%08x" % zlib.crc32(text):
            try:
                found.append(json.loads(text))
            except ValueError:
                raise Broken(f"a state file holds {text}") from None
    return found


class Machine:
    def __init__(self, build, base, source, profiles):
        self.base = base
        self.source = source
        self.program = os.path.join(build, "tests", "support", "memctld-tree")
        self.memctl = os.path.join(build, "cli", "memctl")
        self.preload = os.path.join(build, "tests", "fault", "memctl-fault-preload.so")
        self.daemon = None
        self.trigger = None  # keeps what fires a limit open
        shutil.copytree(source, os.path.join(base, "m"))
        self.root = os.path.join(base, "m")
        self.socket = os.path.join(self.root, RUNTIME, "private")
        self.control = Control(os.path.join(base, "control"))
        self.log = os.path.join(base, "log")
        self.stderr = os.path.join(base, "stderr")
        for name, text in profiles.items():
            write(self.path(f"etc/memctl/profiles/{name}.yaml"), text)
        self.names = self.writable()
        self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ready.bind(f"\0memctl-walk-{os.getpid()}-{id(self)}")
        self.ready.setblocking(False)

    def done(self):
        self.kill()
        self.ready.close()
        shutil.rmtree(self.base)

    def path(self, name):
        return os.path.join(self.root, name)

    def writable(self):
        found = []
        for folder in (VM, THP):
            for path, _, names in os.walk(self.path(folder)):
                for name in sorted(names):
                    file = os.path.join(path, name)
                    if os.stat(file).st_mode & 0o600 == 0o600:
                        found.append(os.path.relpath(file, self.root))
        return found

    def configure(self, text):
        write(self.path("etc/memctl/memctld.conf"), text)

    # What is so

    def knobs(self):
        """Every file that a person may write, to the byte."""
        return {name: read(self.path(name)) for name in self.names}

    def state(self):
        folder = self.path(STATE)
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return {name: read(os.path.join(folder, name)) for name in names}

    def snapshot(self):
        kernel = {name: read(self.path(name)) for name in KERNEL}
        return self.knobs(), self.state(), kernel

    def restore(self, snapshot):
        knobs, state, kernel = snapshot
        for name, data in {**knobs, **kernel}.items():
            if data is None:
                if os.path.exists(self.path(name)):
                    os.unlink(self.path(name))
            elif read(self.path(name)) != data:
                write(self.path(name), data)
        shutil.rmtree(self.path(STATE), ignore_errors=True)
        shutil.rmtree(self.path(RUNTIME), ignore_errors=True)
        for name, data in state.items():
            write(self.path(f"{STATE}/{name}"), data)
        for name in os.listdir(os.path.join(self.source, PRESSURE)):
            shutil.copyfile(
                os.path.join(self.source, PRESSURE, name), self.path(f"{PRESSURE}/{name}")
            )

    # The daemon

    def start(self):
        """True when it became ready, False when it ended before. The control page applies."""
        env = dict(
            os.environ,
            LD_PRELOAD=self.preload,
            MEMCTL_FAULT_CONTROL=self.control.path,
            MEMCTL_FAULT_LOG=self.log,
            NOTIFY_SOCKET="@" + self.ready.getsockname()[1:].decode(),
        )
        with open(self.stderr, "wb") as stderr:
            self.daemon = subprocess.Popen(
                [self.program, "--root", self.root],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        pid_fd = os.pidfd_open(self.daemon.pid)
        end = time.monotonic() + START_SECONDS
        try:
            while time.monotonic() < end:
                some, _, _ = select.select([self.ready, pid_fd], [], [], START_SECONDS)
                if self.ready in some and b"READY=1" in self.ready.recv(4096):
                    return True
                if pid_fd in some:
                    self.daemon.wait()
                    self.daemon = None
                    self.drain()
                    return False
        finally:
            os.close(pid_fd)
        raise Broken("memctld does not become ready")

    def drain(self):
        try:
            while self.ready.recv(4096):
                pass
        except BlockingIOError:
            pass

    def kill(self):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon = None
        if self.trigger is not None:
            os.close(self.trigger)
            self.trigger = None
        self.drain()

    def ended(self, seconds=10):
        try:
            self.daemon.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Broken("memctld does not end") from None
        self.kill()

    def signal(self, number):
        self.daemon.send_signal(number)
        self.ended()

    def client(self):
        if self.control.get("sticky_kinds"):
            return Client(self.socket, on_silence=self.pass_over)
        return Client(self.socket)

    def pass_over(self):
        """What went on failing does no longer."""
        self.control.set(armed=0, is_sticky=0, number=0, sticky_kinds=0)

    def fire(self):
        """A limit is exceeded: a second of stalls, and the trigger says so."""
        stalled = self.path(f"{PRESSURE}/memory")
        with open(stalled, encoding="ascii") as file:
            text = file.read()
        total = int(text.split("total=")[1].split()[0]) + 1000000
        write(
            stalled,
            "".join(
                f"{word} avg10=0.00 avg60=0.00 avg300=0.00 total={total}\n"
                for word in ("some", "full")
            ),
        )
        tty = self.control.tty()
        if not tty:
            return
        if self.trigger is None:
            try:
                self.trigger = os.open(tty, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            except OSError:
                return  # the daemon is gone, and the terminal with it
        fcntl.ioctl(self.trigger, termios.TCFLSH, termios.TCIOFLUSH)

    def run(self, *arguments):
        return subprocess.run(
            [self.memctl, "--root", self.root, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def complaints(self):
        return (read(self.stderr) or b"").decode("utf-8", "replace").strip()

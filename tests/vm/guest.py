# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine whose power can be cut: Debian's kernel in QEMU, memctld and little else in memory, and
/var on a disk that outlives it."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time

from disk import Disk

HERE = os.path.dirname(os.path.realpath(__file__))
BOOT_SECONDS = 240
BOOT_ATTEMPTS = 3
COMMANDS = "sh mount mkdir ls insmod stty poweroff cat sleep usleep sync kill pidof dmesg tail".split()
DISK_BYTES = 48 << 20


class Down(Exception):
    """The power was cut, or the guest does not answer."""


def put(root, path, data, mode=0o644):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(data)
    os.chmod(path, mode)


def make_initramfs(work, kernel, programs, files):
    """Busybox, the programs with their libraries, the kernel's modules."""
    root = os.path.join(work, "root")
    for folder in ("bin", "usr/bin", "proc", "sys", "dev", "run", "var", "etc", "modules"):
        os.makedirs(os.path.join(root, folder))
    shutil.copy(shutil.which("busybox"), os.path.join(root, "bin/busybox"))
    for name in COMMANDS:
        os.symlink("busybox", os.path.join(root, "bin", name))
    shutil.copy(os.path.join(HERE, "power-init"), os.path.join(root, "init"))
    shutil.copytree(os.path.join(kernel, "modules"), os.path.join(root, "modules"), dirs_exist_ok=True)
    for program in programs:
        shutil.copy(program, os.path.join(root, "bin"))
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for word in listed.split():
            if word.startswith("/") and not os.path.exists(root + word):
                os.makedirs(os.path.dirname(root + word), exist_ok=True)
                shutil.copy(word, root + word)
    for path, data in files.items():
        put(root, path, data)
    with open(os.path.join(work, "initramfs"), "wb") as file:
        names = subprocess.run(["find", "."], cwd=root, capture_output=True, check=True).stdout
        subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, input=names, stdout=file, check=True
        )


def make_disk(work):
    image = os.path.join(work, "image")
    with open(image, "wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", image], check=True)


class Guest:
    def __init__(self, work, kernel):
        self.work = work
        self.kernel = kernel
        self.qemu = self.disk = self.line = None
        self.heard = b""
        self.lost = self.survived = 0

    def boot(self):
        """A slow host may be too slow for the kernel: that is no matter of ours."""
        for _ in range(BOOT_ATTEMPTS - 1):
            try:
                self.try_to_boot()
                return
            except Down:
                self.cut()
        self.try_to_boot()

    def try_to_boot(self):
        work = self.work
        for name in ("disk", "line"):
            if os.path.exists(os.path.join(work, name)):
                os.unlink(os.path.join(work, name))
        self.disk = Disk(os.path.join(work, "image"), os.path.join(work, "disk"))
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.line.bind(os.path.join(work, "line"))
        self.line.listen(1)
        self.line.settimeout(30)
        command = f"""qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 384M -nodefaults -no-reboot
            -display none -serial file:{work}/console
            -chardev socket,id=line,path={work}/line -serial chardev:line
            -drive file=nbd+unix:///?socket={work}/disk,format=raw,if=virtio,cache=writeback
            -kernel {self.kernel}/vmlinuz -initrd {work}/initramfs""".split()
        command += ["-append", "console=ttyS0 panic=-1 mitigations=off psi=1 no_timer_check"]
        with open(os.path.join(work, "qemu"), "wb") as log:
            self.qemu = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        listener = self.line
        self.line, _ = listener.accept()
        listener.close()
        self.heard = b""
        if self.hear(BOOT_SECONDS) != "booted":
            raise Down("it does not boot")

    def hear(self, seconds):
        """The next line."""
        end = time.monotonic() + seconds
        while b"\n" not in self.heard:
            self.line.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.line.recv(4096)
            except OSError:
                raise Down("no answer") from None
            if not data:
                raise Down("the power is off")
            self.heard += data
        text, self.heard = self.heard.split(b"\n", 1)
        return text.decode("utf-8", "replace").strip("\r")

    def tell(self, command):
        try:
            self.line.sendall(command.encode() + b"\n")
        except OSError:
            raise Down("the power is off") from None

    def answer(self, seconds=60):
        """(exit code, text) of what it was told."""
        text = []
        while True:
            line = self.hear(seconds)
            if line.startswith("= "):
                return int(line[2:]), "\n".join(text)
            text.append(line)

    def run(self, command):
        self.tell(command)
        return self.answer()

    def cut(self):
        """The power. Returns once all is lost that is lost."""
        if not self.qemu:
            return
        self.qemu.send_signal(signal.SIGKILL)
        self.qemu.wait()
        self.qemu = None
        self.line.close()
        self.disk.die(random)
        self.lost += self.disk.lost
        self.survived += self.disk.survived

    def cut_at_request(self, n):
        self.disk.arm(n, lambda: self.qemu.send_signal(signal.SIGKILL))

    def console(self):
        with open(os.path.join(self.work, "console"), encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()[-15:]

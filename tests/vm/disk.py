# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk with a volatile cache, served to QEMU over NBD: what is written is in the image only after a
flush. When the power is cut, of each 4096 bytes that were written since, chance says whether they are
there: so writes are lost, reordered and cut short, as a disk's own cache does it."""

import os
import random
import socket
import struct
import threading

SECTOR = 512
PHYSICAL = 8  # sectors: a superblock that is torn is ext4's end, whoever wrote what
MAGIC = 0x49484156454F5054
REPLY = 0x3E889045565A9
FLAGS = 1 | 4 | 8  # flush, and writes that go through
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
THROUGH = 1
OPTION_NAME, OPTION_ABORT, OPTION_INFO, OPTION_GO = 1, 2, 6, 7
ACKNOWLEDGED, INFO, UNSUPPORTED = 1, 3, 0x80000001


class Disk:
    def __init__(self, image, path):
        self.file = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.file).st_size
        self.cache = {}  # sector: data
        self.n_requests = 0  # writes and flushes
        self.cut_at = 0
        self.on_cut = None
        self.dead = False
        self.lost = self.survived = 0
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(1)
        threading.Thread(target=self.serve, daemon=True).start()

    # The power

    def arm(self, n, on_cut):
        """The power is cut at the n-th request from now on."""
        with self.lock:
            self.cut_at = self.n_requests + n
            self.on_cut = on_cut

    def die(self, chance=random):
        """What was not flushed is there or not."""
        with self.lock:
            self.dead = True
            share = chance.choice([0, 0.1, 0.5, 0.9])
            whole = {}  # what a disk writes in one go
            for sector, data in self.cache.items():
                if whole.setdefault(sector // PHYSICAL, chance.random() < share):
                    os.pwrite(self.file, data, sector * SECTOR)
                    self.survived += 1
                else:
                    self.lost += 1
            self.cache = {}
        self.listener.close()
        os.close(self.file)

    def power_fails(self):
        self.n_requests += 1
        if self.cut_at and self.n_requests >= self.cut_at and not self.dead:
            self.dead = True
            self.on_cut()
        return self.dead

    # The protocol

    def serve(self):
        try:
            connection, _ = self.listener.accept()
            with connection:
                self.shake_hands(connection)
                while self.request(connection):
                    pass
        except (OSError, EOFError):
            pass

    @staticmethod
    def take(connection, n):
        data = b""
        while len(data) < n:
            part = connection.recv(n - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def shake_hands(self, connection):
        connection.sendall(b"NBDMAGIC" + struct.pack(">QH", MAGIC, 1 | 2))
        self.take(connection, 4)
        while True:
            _, option, size = struct.unpack(">QII", self.take(connection, 16))
            self.take(connection, size)

            def answer(kind, data=b""):
                connection.sendall(struct.pack(">QIII", REPLY, option, kind, len(data)) + data)

            if option == OPTION_NAME:
                connection.sendall(struct.pack(">QH", self.size, FLAGS))
                return
            if option in (OPTION_INFO, OPTION_GO):
                answer(INFO, struct.pack(">HQH", 0, self.size, FLAGS))
                answer(ACKNOWLEDGED)
                if option == OPTION_GO:
                    return
            elif option == OPTION_ABORT:
                answer(ACKNOWLEDGED)
                raise EOFError
            else:
                answer(UNSUPPORTED)

    def request(self, connection):
        _, flags, kind, handle, offset, size = struct.unpack(
            ">IHHQQI", self.take(connection, 28)
        )
        data = self.take(connection, size) if kind == WRITE else b""
        if kind == DISCONNECT:
            return False
        with self.lock:
            if self.dead or (kind != READ and self.power_fails()):
                return False
            if kind == READ:
                data = self.read(offset, size)
            elif kind == WRITE:
                self.write(offset, data)
            if kind == FLUSH or flags & THROUGH:
                self.flush()
        connection.sendall(
            struct.pack(">IIQ", 0x67446698, 0, handle) + (data if kind == READ else b"")
        )
        return True

    def read(self, offset, size):
        data = bytearray(os.pread(self.file, size, offset))
        for at in range(0, size, SECTOR):
            sector = self.cache.get((offset + at) // SECTOR)
            if sector:
                data[at : at + SECTOR] = sector
        return bytes(data)

    def write(self, offset, data):
        for at in range(0, len(data), SECTOR):
            self.cache[(offset + at) // SECTOR] = data[at : at + SECTOR]

    def flush(self):
        for sector, data in self.cache.items():
            os.pwrite(self.file, data, sector * SECTOR)
        self.cache = {}

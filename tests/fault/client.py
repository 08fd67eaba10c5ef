# SPDX-License-Identifier: LGPL-2.1-or-later
"""As much of D-Bus as it takes to talk to memctld's private socket: no program to start for each of
some hundred thousand calls, and a connection that ends is told from one that is silent."""

import os
import socket
import struct

INTERFACE = "org.memctl.Manager1"
PATH = "/org/memctl"


class Gone(Exception):
    """The connection was closed, or never made."""


class Silent(Exception):
    """Neither an answer nor an end."""


class Refused(Exception):
    """An error of D-Bus."""


class Writer:
    def __init__(self):
        self.data = bytearray()

    def align(self, n):
        self.data += bytes(-len(self.data) % n)

    def put(self, kind, value):
        if kind in "ut":
            self.align(4 if kind == "u" else 8)
            self.data += struct.pack("<" + {"u": "I", "t": "Q"}[kind], value)
        elif kind in "so":
            self.put("u", len(value))
            self.data += value.encode() + b"\0"
        elif kind == "g":
            self.data += bytes([len(value)]) + value.encode() + b"\0"
        elif kind == "v":
            self.put("g", value[0])
            self.put(*value)
        else:
            raise ValueError(kind)

    def array(self, alignment, fill):
        self.put("u", 0)
        at = len(self.data)
        self.align(alignment)
        start = len(self.data)
        fill()
        struct.pack_into("<I", self.data, at - 4, len(self.data) - start)

    def options(self, options):
        """a{sv}, of numbers."""

        def fill():
            for name, value in options.items():
                self.align(8)
                self.put("s", name)
                self.put("v", ("t", value))

        self.array(8, fill)


class Reader:
    def __init__(self, data, at=0):
        self.data = data
        self.at = at

    def align(self, n):
        self.at += -self.at % n

    def take(self, kind):
        if kind in "utb":
            size = 8 if kind == "t" else 4
            self.align(size)
            value = struct.unpack_from("<" + {4: "I", 8: "Q"}[size], self.data, self.at)[0]
            self.at += size
            return value
        if kind in "so":
            n = self.take("u")
            self.at += n + 1
            return self.data[self.at - n - 1 : self.at - 1].decode()
        if kind == "g":
            n = self.data[self.at]
            self.at += n + 2
            return self.data[self.at - n - 1 : self.at - 1].decode()
        if kind == "v":
            return self.take(self.take("g"))
        if kind == "as":
            end = self.take("u")
            end += self.at
            found = []
            while self.at < end:
                found.append(self.take("s"))
            return found
        raise ValueError(kind)


def marshal_call(serial, interface, member, signature, arguments):
    body = Writer()
    for kind, value in zip(signature.replace("a{sv}", "a"), arguments):
        if kind == "a":
            body.options(value)
        else:
            body.put(kind, value)
    head = Writer()
    head.data += b"l\1\0\1"
    head.put("u", len(body.data))
    head.put("u", serial)

    def fill():
        fields = [(1, "o", PATH), (2, "s", interface), (3, "s", member)]
        if signature:
            fields.append((8, "g", signature))
        for code, kind, value in fields:
            head.align(8)
            head.data.append(code)
            head.put("v", (kind, value))

    head.array(8, fill)
    head.align(8)
    return bytes(head.data + body.data)


class Client:
    def __init__(self, path, seconds=5, on_silence=None):
        """on_silence is called once, soon, and then the answer may still come."""
        self.buffer = b""
        self.seconds = seconds
        self.on_silence = on_silence
        self.serial = 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(0.3 if on_silence else seconds)
        try:
            self.socket.connect(path)
            uid = str(os.getuid()).encode().hex().encode()
            self.socket.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\nBEGIN\r\n")
            while b"\r\n" not in self.buffer:
                self.receive()
        except OSError as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise Silent from None
            raise Gone from None
        except Gone:
            self.close()
            raise
        answer, self.buffer = self.buffer.split(b"\r\n", 1)
        if not answer.startswith(b"OK "):  # it could not find out who we are
            self.close()
            raise Gone

    def close(self):
        self.socket.close()

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            if not self.on_silence:
                raise Silent from None
            self.on_silence()
            self.on_silence = None
            self.socket.settimeout(self.seconds)
            return
        except OSError:
            raise Gone from None
        if not data:
            raise Gone
        self.buffer += data

    def message(self):
        """(type, {header code: value}, body reader, ) of the next one."""
        while len(self.buffer) < 16:
            self.receive()
        n_body, _, n_fields = struct.unpack_from("<III", self.buffer, 4)
        start = 16 + n_fields + -n_fields % 8
        while len(self.buffer) < start + n_body:
            self.receive()
        data, self.buffer = self.buffer[: start + n_body], self.buffer[start + n_body :]
        fields, reader = {}, Reader(data, 16)
        while reader.at < 16 + n_fields:
            reader.align(8)
            code = data[reader.at]
            reader.at += 1
            fields[code] = reader.take("v")
        return data[1], fields, Reader(data[start:])

    def call(self, member, signature="", *arguments, interface=INTERFACE):
        """The first value of the answer, or None."""
        self.serial += 1
        try:
            self.socket.sendall(
                marshal_call(self.serial, interface, member, signature, arguments)
            )
        except TimeoutError:
            raise Silent from None
        except OSError:
            raise Gone from None
        while True:
            kind, fields, body = self.message()
            if kind not in (2, 3) or fields.get(5) != self.serial:
                continue
            if kind == 3:
                raise Refused(fields.get(4), body.take("s") if fields.get(8) else "")
            return body.take("as" if fields[8] == "as" else fields[8][0]) if fields.get(8) else None

    def get(self, name):
        return self.call(
            "Get", "ss", INTERFACE, name, interface="org.freedesktop.DBus.Properties"
        )

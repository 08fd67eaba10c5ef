# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page that a walk shares with the process it hurts; its layout is that of fault-control.h."""

import mmap
import os
import re
import struct

HERE = os.path.dirname(os.path.realpath(__file__))
SIZE = 4096

FIELDS = {
    name: ("I", 4 * i)
    for i, name in enumerate(
        "armed kind number action error sticky_kinds sticky_places sticky_path n_hits log".split()
    )
}
FIELDS.update(
    warp_usec=("q", 40), pressure=("I", 48), is_sticky=("I", 52), sticky_hash=("I", 56), awake=("I", 60)
)
COUNTS = 64
HIT = 192
TTY = HIT + 512


def names_of(enum):
    """"FAULT_OPEN" and so on, numbered as in the header."""
    with open(os.path.join(HERE, "fault-control.h"), encoding="ascii") as header:
        body = re.search(rf"typedef enum {enum} {{(.*?)}}", header.read(), re.DOTALL).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    return [name.removeprefix("FAULT_").lower() for name in re.findall(r"\bFAULT_\w+", body)]


KINDS = [name for name in names_of("FaultKind") if not name.startswith("_")]
PLACES = [name for name in names_of("FaultPlace") if not name.startswith("_")]
ACTIONS = names_of("FaultAction")


class Control:
    def __init__(self, path):
        self.path = path
        with open(path, "w+b") as file:
            file.truncate(SIZE)
            self.page = mmap.mmap(file.fileno(), SIZE)

    def clear(self):
        self.page[:] = bytes(SIZE)

    def set(self, **values):
        for name, value in values.items():
            kind, at = FIELDS[name]
            struct.pack_into("<" + kind, self.page, at, value)

    def get(self, name):
        kind, at = FIELDS[name]
        return struct.unpack_from("<" + kind, self.page, at)[0]

    def text(self, at, size):
        return self.page[at : at + size].split(b"\0")[0].decode("ascii", "replace")

    def hit(self):
        return self.text(HIT, 512)

    def tty(self):
        return self.text(TTY, 64)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which faults fit which call."""

import errno
import os
import signal
from dataclasses import dataclass

from control import ACTIONS, KINDS, PLACES

FILES = ("state", "runtime", "knobs", "machine", "config")
OWN = ("state", "runtime")

# kind: what it can fail with; a word is an action. Where it matters: (place, what).
ERRORS = {
    "open": ["EIO", "EMFILE", "ENOMEM"],
    "create": ["EIO", "EMFILE", "ENOSPC", "EROFS"],
    "read": ["EIO", "EINTR", "short"],
    "write": ["ENOSPC", "EIO", "EINTR", "short"],
    "fsync": ["EIO", "ENOSPC"],
    "rename": ["ENOSPC", "EIO", "EROFS"],
    "unlink": ["EIO", "EROFS"],
    "mkdir": ["ENOSPC", "EROFS"],
    "resize": ["ENOSPC", "EIO"],
    "mmap": ["ENOMEM"],
    "close": ["EIO"],
    "stat": ["EIO", "ENOMEM"],
    "readdir": ["EIO"],
    "poll": ["ENOMEM", "ENOSPC"],
    "wait": ["EINTR"],
    "timer": ["EMFILE"],
    "socket": ["EMFILE", "ENOBUFS"],
    "send": ["EPIPE", "EAGAIN", "EINTR", "ENOBUFS", "short"],
    "receive": ["ECONNRESET", "EAGAIN", "EINTR", "ENOMEM", "short"],
    "random": ["EINTR", "short"],
    "signal": ["EMFILE"],
    "knob": ["EINVAL", "EPERM", "EIO", "EINTR", "EBUSY", "short", "ignored"],
    "malloc": ["ENOMEM"],
}

# What goes on failing: the errors, and which calls have it then.
LASTING = {
    "ENOSPC": (("create", "write", "fsync", "rename", "mkdir", "resize"), OWN),
    "EROFS": (("create", "fsync", "rename", "unlink", "mkdir"), OWN),
    "EIO": (
        ("open", "create", "read", "write", "fsync", "rename", "unlink", "stat", "readdir"),
        None,
    ),
    "EMFILE": (("open", "create", "socket", "timer", "signal"), PLACES),
    "ENOMEM": (("malloc", "mmap"), PLACES),
}
KNOB_LASTING = ("EINVAL", "EPERM", "ignored")
# After these the next process finds something else than before.
CHANGES = ("create", "write", "fsync", "rename", "unlink", "mkdir", "resize", "knob", "send")


def bits(words, names):
    return sum(1 << names.index(word) for word in words)


@dataclass(frozen=True)
class Call:
    kind: str
    place: str
    number: int
    what: str
    stack: str


@dataclass(frozen=True)
class Fault:
    call: Call
    name: str  # "ENOSPC", "short", "kill-before"
    lasting: bool = False

    def __str__(self):
        call = self.call
        lasting = ", and from then on" if self.lasting else ""
        return f"{call.kind} {call.number} ({call.what}, {call.place}): {self.name}{lasting}"

    @property
    def kills(self):
        return self.name.startswith("kill")

    def arm(self, control):
        word = self.name.replace("-", "_")
        action = word if word in ACTIONS else "error"
        control.set(
            kind=KINDS.index(self.call.kind),
            number=self.call.number,
            action=ACTIONS.index(action),
            error=getattr(errno, self.name) if action == "error" else 0,
            sticky_kinds=0,
        )
        if not self.lasting:
            return
        if self.call.kind == "knob":
            control.set(
                sticky_kinds=bits(["knob"], KINDS), sticky_places=0xFFFF, sticky_path=1
            )
            return
        kinds, places = LASTING[self.name]
        control.set(
            sticky_kinds=bits(kinds, KINDS),
            sticky_places=bits(places or [self.call.place], PLACES),
        )


def fitting(call):
    """All faults of a call."""
    for name in ERRORS[call.kind]:
        if name == "EAGAIN" and call.place != "elsewhere":
            continue
        yield Fault(call, name)
        if call.kind == "knob":
            if name in KNOB_LASTING:
                yield Fault(call, name, lasting=True)
        elif name in LASTING and call.kind in LASTING[name][0] and call.kind not in ("send",):
            if call.place in (LASTING[name][1] or FILES):
                yield Fault(call, name, lasting=True)
    if call.kind in CHANGES:
        yield Fault(call, "kill-before")
        yield Fault(call, "kill-after")


def calls_of(log):
    """What a counting run has logged."""
    if not os.path.exists(log):
        return []
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.split(" ") for line in file.read().splitlines()]
    return [
        Call(kind, PLACES[int(place)], int(number), " ".join(what), stack)
        for kind, place, number, *what, stack in lines
    ]


def spread(calls):
    """All calls, but of the thousands of allocations the first and the last of each kind: those
    that the same functions have asked for."""
    first, last = {}, {}
    for call in calls:
        if call.kind == "malloc":
            first.setdefault(call.stack, call)
            last[call.stack] = call
    chosen = {call.number for call in [*first.values(), *last.values()]}
    return [call for call in calls if call.kind != "malloc" or call.number in chosen]


STOP = signal.SIGTERM
LEAVE = signal.SIGUSR1

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is walked: from where, by which act, and what may be so afterwards."""

import signal
from dataclasses import dataclass, field

from acts import (
    DONE,
    KEEP,
    MINUTE,
    REFUSED,
    RELOAD,
    REVERT,
    STOP_TRIAL,
    TRIAL,
    apply,
    fire,
    release,
    send,
    warp,
)

REST = ("idle", "reverted")

PROFILES = {
    # Every kind of step: a THP knob with its guard, two pairs, plain ones.
    "a": """\
profile: a
summary: The first
sysctl:
  vm.swappiness: 10
  vm.page-cluster: 0
  vm.dirty_bytes: 64MiB
  vm.dirty_background_bytes: 16MiB
transparent_hugepage:
  enabled: never
""",
    # Shares a knob and a pair with it, and leaves the others.
    "b": """\
profile: b
summary: The second
sysctl:
  vm.swappiness: 20
  vm.stat_interval: 5
  vm.dirty_ratio: 30
""",
    # What a trial may switch.
    "u": """\
profile: u
summary: The one below a trial
sysctl:
  vm.page-cluster: 1
""",
    "t": """\
profile: t
summary: The one on trial
sysctl:
  vm.dirty_expire_centisecs: 5s
  vm.vfs_cache_pressure: 50
""",
    "l": """\
profile: l
summary: The one with a limit
sysctl:
  vm.swappiness: 30
  vm.dirty_bytes: 32MiB
watch:
  limits:
    memory.full: 10% over 2s
""",
}

# Of the daemon: what was kept is under no suspicion. Scenarios about that are in policies.py.
UNGUARDED = "[Daemon]\nBootGuard=0\n"


@dataclass(frozen=True)
class Whole:
    """A state in which nothing is half."""

    states: tuple
    profile: str
    knobs: str  # whose values
    quarantined: tuple = ()

    def says(self, found):
        return found[0] in self.states and found[1:] == (self.profile, self.quarantined)

    def __str__(self):
        return " ".join(["/".join(self.states), self.profile, *self.quarantined]).strip()


NOTHING = Whole(REST, "", "original")
A_TRIED = Whole(("probation",), "a", "a")
A_KEPT = Whole(("kept",), "a", "a")
B_TRIED = Whole(("probation",), "b", "b")
B_KEPT = Whole(("kept",), "b", "b")
U_KEPT = Whole(("kept",), "u", "u")
L_TRIED = Whole(("probation",), "l", "l")
L_QUARANTINED = Whole(REST, "", "original", ("l",))
A_QUARANTINED = Whole(REST, "", "original", ("a",))
T_QUARANTINED = Whole(REST, "", "original", ("t",))
A_WITH_B_QUARANTINED = Whole(("kept",), "a", "a", ("b",))
A_KEPT_BY_NAME = Whole(("kept",), "a", "original")
A_TRIED_WITH_B_QUARANTINED = Whole(("probation",), "a", "a", ("b",))
B_QUARANTINED = Whole(REST, "", "original", ("b",))
U_WITH_T_QUARANTINED = Whole(("kept",), "u", "u", ("t",))
ON_TRIAL = Whole(("trial",), "t", "")  # either setting
A_AND_B_QUARANTINED = Whole(REST, "", "original", ("a", "b"))


@dataclass
class Scenario:
    name: str
    before: list  # acts and words that lead to where it begins, and are not hurt
    act: object  # None: the start of the daemon
    untouched: list  # it did not happen
    happened: list
    boot_untouched: list  # the same after a reboot
    boot_happened: list
    live: list = field(default_factory=list)  # acts of the hurt process before
    on_the_way: list = field(default_factory=list)  # what is so in the live process alone
    answer: str = DONE
    ends: bool = False  # the process
    minutes: float = 0
    # It is done, and a disk that goes on failing cannot be made to say so, which the client hears.
    unrecorded: list = field(default_factory=list)
    # After a reboot: what an error, not a kill, may have cost.
    boot_unguarded: list = field(default_factory=list)
    config: str = UNGUARDED
    foreign: tuple = ()  # knobs that somebody else has set, of which no journal knows
    settling: list = field(default_factory=list)  # acts until what a fault left to do is done
    later: list = field(default_factory=list)  # and what comes before everything is taken back
    reverted: str = "original"  # whose values the knobs have then
    boot_reverted: str = "original"
    check: object = None  # of the machine, what was found, the fault

    def ends_in_rest(self):
        """It takes something back, which may be done though it cannot be recorded."""
        return self.act is None or any(
            word in self.name for word in ("reverting", "stopping", "trial", "restart")
        )


SCENARIOS = [
    Scenario(
        "applying",
        [],
        apply("a"),
        [NOTHING],
        [A_TRIED],
        [NOTHING],
        [A_QUARANTINED],
    ),
    Scenario(
        "applying over a kept profile",
        [apply("a"), KEEP],
        apply("b"),
        [A_KEPT],
        [B_TRIED],
        [A_KEPT],
        [A_WITH_B_QUARANTINED],
    ),
    Scenario(
        "applying what the kernel refuses",
        ["refuse vm.page-cluster EPERM"],
        apply("a"),
        [NOTHING],
        [],
        [NOTHING],
        [A_QUARANTINED],
        answer=REFUSED,
    ),
    Scenario(
        "extending the time to confirm",
        [apply("a", confirm_within=10 * MINUTE)],
        apply("a", confirm_within=20 * MINUTE),
        [A_TRIED],
        [A_TRIED],
        [A_QUARANTINED],
        [A_QUARANTINED],
    ),
    Scenario(
        "keeping",
        [apply("a")],
        KEEP,
        [A_TRIED],
        [A_KEPT],
        [A_QUARANTINED],
        [A_KEPT],
    ),
    Scenario(
        "keeping over another kept profile",
        [apply("a"), KEEP, apply("b")],
        KEEP,
        [B_TRIED],
        [B_KEPT],
        [A_WITH_B_QUARANTINED],
        [B_KEPT],
    ),
    Scenario(
        "keeping at the end of the probation",
        [apply("a", probation=10 * MINUTE)],
        warp(11),
        [A_TRIED],
        [A_KEPT],
        [A_QUARANTINED],
        [A_KEPT],
        minutes=11,
    ),
    Scenario(
        "reverting from probation",
        [apply("a")],
        REVERT,
        [A_TRIED],
        [NOTHING],
        [A_QUARANTINED],
        [NOTHING],
    ),
    Scenario(
        "reverting to the kept profile below",
        [apply("a"), KEEP, apply("b")],
        REVERT,
        [B_TRIED],
        [A_KEPT],
        [A_WITH_B_QUARANTINED],
        [A_KEPT],
    ),
    Scenario(
        "reverting a kept profile",
        [apply("a"), KEEP],
        REVERT,
        [A_KEPT],
        [NOTHING],
        [A_KEPT],
        [NOTHING],
        unrecorded=[A_KEPT_BY_NAME],
    ),
    Scenario(
        "reverting by a limit",
        [apply("l")],
        fire,
        [L_TRIED],
        [NOTHING],
        [L_QUARANTINED],
        [NOTHING],
    ),
    Scenario(
        "reverting what nobody confirmed",
        [apply("a", confirm_within=10 * MINUTE)],
        warp(11),
        [A_TRIED],
        [NOTHING],
        [A_QUARANTINED],
        [NOTHING],
        minutes=11,
    ),
    Scenario(
        "starting a trial",
        [],
        TRIAL,
        [NOTHING],
        [NOTHING],
        [NOTHING],
        [T_QUARANTINED, NOTHING],
        on_the_way=[ON_TRIAL],
    ),
    Scenario(
        "switching in a trial above a kept profile",
        [apply("u"), KEEP],
        warp(0.5, 0.5, 0.5, 0.5),
        [U_KEPT],
        [U_KEPT],
        [U_WITH_T_QUARANTINED, U_KEPT],
        [U_WITH_T_QUARANTINED, U_KEPT],
        live=[TRIAL],
        on_the_way=[ON_TRIAL],
    ),
    Scenario(
        "stopping a trial",
        [],
        STOP_TRIAL,
        [NOTHING],
        [NOTHING],
        [T_QUARANTINED, NOTHING],
        [NOTHING],
        live=[TRIAL, warp(0.2, 0.2, 0.2, 0.2)],
        on_the_way=[ON_TRIAL],
    ),
    Scenario(
        "reloading",
        [apply("a")],
        RELOAD,
        [A_TRIED],
        [A_TRIED],
        [A_QUARANTINED],
        [A_QUARANTINED],
    ),
    Scenario(
        "releasing",
        [apply("a"), "reboot"],
        release("a"),
        [A_QUARANTINED],
        [NOTHING],
        [A_QUARANTINED],
        [NOTHING],
    ),
    Scenario(
        "stopping on probation",
        [apply("a")],
        send(signal.SIGTERM),
        [A_TRIED],
        [NOTHING],
        [A_QUARANTINED],
        [NOTHING],
        ends=True,
    ),
    Scenario(
        "leaving for a restart",
        [apply("a")],
        send(signal.SIGUSR1),
        [A_TRIED],
        [A_TRIED],
        [A_QUARANTINED],
        [A_QUARANTINED],
        ends=True,
    ),
    # The start itself.
    Scenario(
        "starting for the first time",
        [],
        None,
        [NOTHING],
        [NOTHING],
        [NOTHING],
        [NOTHING],
    ),
    Scenario(
        "adopting a probation",
        [apply("a")],
        None,
        # What nobody can watch is reverted.
        [A_TRIED, NOTHING],
        [A_TRIED],
        [A_QUARANTINED, NOTHING],
        [A_QUARANTINED],
        on_the_way=[NOTHING],
    ),
    Scenario(
        "adopting a kept profile",
        [apply("a"), KEEP],
        None,
        [A_KEPT],
        [A_KEPT],
        [A_KEPT],
        [A_KEPT],
    ),
    Scenario(
        "applying what was kept at boot",
        [apply("a"), KEEP, "reboot at once"],
        None,
        # Kept again it is when that could be recorded.
        [A_KEPT, A_TRIED],
        [A_KEPT],
        # A machine that goes down in the middle of it may have gone down because of it.
        [A_KEPT, A_QUARANTINED],
        [A_KEPT],
        # The next start tries again.
        on_the_way=[NOTHING, A_TRIED],
    ),
    Scenario(
        "quarantining at boot",
        [apply("a"), "reboot at once"],
        None,
        [A_QUARANTINED],
        [A_QUARANTINED],
        [A_QUARANTINED],
        [A_QUARANTINED],
    ),
    Scenario(
        "quarantining above a kept profile at boot",
        [apply("a"), KEEP, apply("b"), "reboot at once"],
        None,
        [A_WITH_B_QUARANTINED, A_TRIED_WITH_B_QUARANTINED],
        [A_WITH_B_QUARANTINED],
        [A_WITH_B_QUARANTINED, A_AND_B_QUARANTINED],
        [A_WITH_B_QUARANTINED],
        on_the_way=[B_QUARANTINED, A_TRIED_WITH_B_QUARANTINED],
    ),
    Scenario(
        "undoing at start what a crash left",
        ["crash at knob 4", apply("a")],
        None,
        [NOTHING],
        [NOTHING],
        [A_QUARANTINED, NOTHING],
        [NOTHING],
    ),
    Scenario(
        "going on at start with a revert",
        [apply("a"), "crash at knob 3", REVERT],
        None,
        [NOTHING],
        [NOTHING],
        [A_QUARANTINED, NOTHING],
        [NOTHING],
    ),
]

# Where something was broken once: scenario, kind of call, a part of its file's name, fault. Walked
# each time, as far as they can be told from thousands of others.
KNOWN = [
    # A leftover "pending" came back to life once what was kept had been reverted.
    ("keeping at the end of the probation", "unlink", "pending", "EIO"),
    ("keeping over another kept profile", "unlink", "pending", "EIO"),
    ("reverting to the kept profile below", "unlink", "pending", "EIO"),
    # The answer was "done", and the next start took it for being in force.
    ("reverting from probation", "unlink", "pending", "EROFS"),
    ("reverting a kept profile", "unlink", "kept", "EROFS"),
    ("stopping on probation", "unlink", "pending", "EIO"),
    # The record of a keep that had been refused stayed.
    ("keeping", "fsync", "", "EIO"),
    # A switch in a trial failed half way, and what it had written stayed, without a record.
    ("switching in a trial above a kept profile", "create", "vm", "EIO"),
    ("switching in a trial above a kept profile", "knob", "vm", "EINVAL"),
    # It said done with knobs not restored.
    ("stopping a trial", "knob", "vm", "EINVAL"),
    # A journal that could not be read for a moment was taken for damaged.
    ("undoing at start what a crash left", "open", "pending", "EIO"),
    ("adopting a kept profile", "open", "kept", "EIO"),
    # The quarantine was not recorded, and what it would be found by was written over.
    ("quarantining above a kept profile at boot", "rename", "quarantine", "EROFS"),
    # Numbers of events began anew.
    ("adopting a kept profile", "open", "events", "EIO"),
    # The service manager never heard of it.
    ("starting for the first time", "socket", "socket", "ENOBUFS"),
    # A file of huge pages was written, and what vm.min_free_kbytes had been was not known or lost.
    ("repairing", "open", "min_free", "EMFILE"),
    ("repairing", "knob", "min_free", "EINVAL"),
]

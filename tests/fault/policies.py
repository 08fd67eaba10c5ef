# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is walked of that which memctld does of its own accord: the boot guard, what becomes of knobs
that somebody else sets, and the count of automatic reverts."""

import signal

from acts import KEEP, NO_ANSWER, REVERT, apply, fire, send, warp
from machine import THP, VM, Broken, records, write
from scenarios import (
    A_AND_B_QUARANTINED,
    A_KEPT,
    A_KEPT_BY_NAME,
    A_QUARANTINED,
    A_TRIED,
    A_WITH_B_QUARANTINED,
    B_TRIED,
    L_QUARANTINED,
    L_TRIED,
    NOTHING,
    REST,
    UNGUARDED,
    Scenario,
    Whole,
)

GUARDED = "[Daemon]\nBootGuard=10min\n"
COUNTING = UNGUARDED + "RevertsPerHour=2\n"

POLICY_PROFILES = {
    # What is changed from outside is set again: a plain knob, a pair, one with a guard.
    "r": """\
profile: r
summary: The one that is repaired
drift: repair
sysctl:
  vm.swappiness: 10
  vm.dirty_bytes: 64MiB
transparent_hugepage:
  enabled: always
""",
    # Or let go.
    "y": """\
profile: y
summary: The one that yields
sysctl:
  vm.swappiness: {value: 10, drift: yield}
  vm.page-cluster: 0
""",
}

SWAPPINESS, MIN_FREE = f"{VM}/swappiness", f"{VM}/min_free_kbytes"
LITTLE_FREE = "4321"

# What others make of the knobs: of what is in force, and what they set.
KINDS = {
    "r with little free": ("r", {MIN_FREE: LITTLE_FREE}),
    "little free": ("original", {MIN_FREE: LITTLE_FREE}),
    "y but 77": ("y", {SWAPPINESS: "77"}),
    "let go": ("original", {SWAPPINESS: "10"}),
}

R_TRIED = Whole(("probation",), "r", "r with little free")
R_QUARANTINED = Whole(REST, "", "original", ("r",))
Y_TRIED = Whole(("probation",), "y", "y but 77")
Y_QUARANTINED = Whole(REST, "", "original", ("y",))


def outside(settings):
    """Somebody else sets knobs."""

    def act(machine):
        for name, value in settings.items():
            write(machine.path(name), value + "\n")
        return NO_ANSWER, ""

    return act


def one_after_another(*acts):
    def act(machine):
        for each in acts:
            answer = each(machine)
        return answer

    return act


def begin_again(machine):
    """Another process on the same boot."""
    machine.kill()
    if not machine.start():
        raise Broken("memctld does not start again: " + machine.complaints())
    return NO_ANSWER, ""


LOOK = warp(2, awake=1)  # past DriftInterval=, with samples


def check_counted(machine, found, fault):
    """Once, however often it was begun; and what a kill cut short is not lost."""
    hold = records(machine.state().get("hold"))
    n = len(hold[0]["reverts"]) if hold else 0
    if n > 1 or (n == 0 and fault and fault.kills and NOTHING.says(found)):
        raise Broken(f"{n} automatic reverts were counted")


POLICIES = [
    # With a boot guard what was kept too is suspected, from before its first write.
    Scenario(
        "applying under the boot guard",
        [],
        apply("a"),
        [NOTHING],
        [A_TRIED],
        [NOTHING],
        [A_QUARANTINED],
        config=GUARDED,
    ),
    Scenario(
        "keeping under the boot guard",
        [apply("a")],
        KEEP,
        [A_TRIED],
        [A_KEPT],
        [A_QUARANTINED],
        [A_QUARANTINED],
        config=GUARDED,
    ),
    Scenario(
        "switching under the boot guard",
        [apply("a"), KEEP],
        apply("b"),
        [A_KEPT],
        [B_TRIED],
        [A_QUARANTINED],
        [A_WITH_B_QUARANTINED],
        # When it could not be the lower one's again; or a journal is on disk that was refused.
        boot_unguarded=[A_KEPT, A_AND_B_QUARANTINED],
        config=GUARDED,
    ),
    Scenario(
        "reverting under the boot guard",
        [apply("a"), KEEP],
        REVERT,
        [A_KEPT],
        [NOTHING],
        [A_QUARANTINED],
        [NOTHING],
        unrecorded=[A_KEPT_BY_NAME],
        config=GUARDED,
    ),
    Scenario(
        "reverting to what is kept below under the boot guard",
        [apply("a"), KEEP, apply("b")],
        REVERT,
        [B_TRIED],
        [A_KEPT],
        # The guard is the lower one's again before the upper one is forgotten.
        [A_WITH_B_QUARANTINED, A_AND_B_QUARANTINED],
        [A_QUARANTINED],
        boot_unguarded=[A_KEPT],
        config=GUARDED,
    ),
    Scenario(
        "outliving the boot guard",
        [apply("a"), KEEP],
        warp(11, awake=1),
        [A_KEPT],
        [A_KEPT],
        [A_QUARANTINED, A_KEPT],
        [A_QUARANTINED, A_KEPT],
        config=GUARDED,
    ),
    Scenario(
        "stopping under the boot guard",
        [apply("a"), KEEP],
        send(signal.SIGTERM),
        [A_KEPT],
        [A_KEPT],
        [A_QUARANTINED, A_KEPT],
        [A_KEPT],
        ends=True,
        config=GUARDED,
    ),
    Scenario(
        "suspecting at boot what was kept",
        [apply("a"), KEEP, "reboot at once"],
        None,
        [A_QUARANTINED],
        [A_QUARANTINED],
        [A_QUARANTINED],
        [A_QUARANTINED],
        config=GUARDED,
    ),
    Scenario(
        "applying at boot under the boot guard",
        [apply("a"), KEEP, send(signal.SIGTERM), "reboot at once"],
        None,
        [A_KEPT, A_TRIED],
        [A_KEPT],
        [A_KEPT, A_QUARANTINED],
        [A_QUARANTINED],
        on_the_way=[NOTHING, A_TRIED],
        config=GUARDED,
    ),
    # What drifts.
    Scenario(
        "repairing",
        [apply("r")],
        # With so little free the kernel raises it when huge pages are switched on.
        one_after_another(
            outside(
                {
                    SWAPPINESS: "77",
                    f"{THP}/enabled": "always madvise [never]",
                    MIN_FREE: LITTLE_FREE,
                }
            ),
            LOOK,
        ),
        [R_TRIED],
        [R_TRIED],
        [R_QUARANTINED],
        [R_QUARANTINED],
        foreign=("vm.min_free_kbytes",),
        settling=[LOOK],
        reverted="little free",
    ),
    Scenario(
        "yielding",
        [apply("y")],
        one_after_another(outside({SWAPPINESS: "77"}), LOOK),
        [Y_TRIED],
        [Y_TRIED],
        [Y_QUARANTINED],
        [Y_QUARANTINED],
        foreign=("vm.swappiness",),
        settling=[LOOK],
        # Let go is let go, also when the other writer has our value one day.
        later=[outside({SWAPPINESS: "10"}), begin_again],
        reverted="let go",
        boot_reverted="let go",
    ),
    # What counts for the hold.
    Scenario(
        "reverting by a limit, counted once",
        [apply("l")],
        fire,
        [L_TRIED],
        [NOTHING],
        [L_QUARANTINED],
        [NOTHING],
        config=COUNTING,
        check=check_counted,
    ),
]

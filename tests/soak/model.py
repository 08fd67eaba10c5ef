# SPDX-License-Identifier: LGPL-2.1-or-later
"""What may be so on a machine after something was done to it. Not how memctld comes to it."""

from dataclasses import dataclass, replace

REST = ("idle", "reverted")


@dataclass(frozen=True)
class World:
    """What is in force: a kept profile, and above it one on probation."""

    kept: str = ""
    tried: str = ""
    quarantined: frozenset = frozenset()

    @property
    def profile(self):
        return self.tried or self.kept

    def agrees(self, status):
        state, profile, quarantined = status
        if (profile, quarantined) != (self.profile, self.quarantined):
            return False
        if self.tried:
            return state == "probation"
        return state == "kept" if self.kept else state in REST

    # What a verb that succeeded makes of it

    def applied(self, name):
        worlds = [replace(self, tried=name)]
        if self.kept == name and not self.tried:
            worlds.append(self)  # nothing to do, unless somebody wrote to its knobs
        return worlds

    def is_kept(self):
        return [replace(self, kept=self.tried or self.kept, tried="")]

    def reverted(self):
        return [replace(self, tried="") if self.tried else replace(self, kept="")]

    def released(self, name):
        return [replace(self, quarantined=self.quarantined - {name})]

    def stopped(self):
        """Nobody would watch a probation."""
        return self.reverted() if self.tried else [self]

    # What comes by itself

    def ended(self):
        """A probation ends when its time is up, or when it does harm."""
        return self.is_kept() + self.reverted() if self.tried else []

    def rebooted(self, on_trial=""):
        """Who was on probation is under suspicion; a kept one that the machine went down with
        soon after a boot, too."""
        suspects = frozenset(name for name in (self.tried, on_trial) if name)
        worlds = [World(self.kept, "", self.quarantined | suspects)]
        if self.kept:
            worlds.append(World("", "", self.quarantined | suspects | {self.kept}))
        if on_trial:
            worlds.append(World(self.kept, "", self.quarantined | suspects - {on_trial}))
        return worlds


def ended(worlds):
    return [w for world in worlds for w in world.ended()]


def unique(worlds):
    return list(dict.fromkeys(worlds))

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is done to the daemon, one method an act. Each says in which worlds it may be afterwards,
and has that checked."""

import signal
import socket
import time

from model import World, ended
from place import VM, Broken, write

PROFILES = {
    # A THP knob with its guard, both ways of a pair, plain ones.
    "a": """\
profile: a
summary: Bytes
sysctl:
  vm.swappiness: 10
  vm.page-cluster: 0
  vm.dirty_bytes: 64MiB
  vm.dirty_background_bytes: 16MiB
transparent_hugepage:
  enabled: never
""",
    "b": """\
profile: b
summary: Shares
sysctl:
  vm.swappiness: 20
  vm.stat_interval: 5
  vm.dirty_ratio: 30
""",
    # Ends by itself, one way or the other.
    "c": """\
profile: c
summary: Watched
sysctl:
  vm.vfs_cache_pressure: 50
watch:
  probation: 2s
  regressions: {memory.some: {margin: 1%}}
""",
    # Taken back when the kernel kills a process.
    "k": """\
profile: k
summary: With a limit
sysctl:
  vm.swappiness: 40
watch:
  limits: {oom-kill: 1}
""",
    # What a trial may switch.
    "t": """\
profile: t
summary: On trial
sysctl:
  vm.dirty_expire_centisecs: 5s
  vm.vfs_cache_pressure: 60
""",
    "broken": "profile: broken\nsummary: B\nsysctl: {vm.swapiness: 1}\n",
}
APPLICABLE = ["a", "b", "c", "k", "t"]

# What others write: to knobs of the profiles, and to others. None is one of a pair.
OURS = {"swappiness": "33", "page-cluster": "2", "vfs_cache_pressure": "77", "stat_interval": "9"}
OTHERS = {"extfrag_threshold": ["400", "600"], "laptop_mode": ["0", "5"]}

# Short and few, so that both happen often.
CONFIG = """\
[Daemon]
SampleInterval=1s
DriftInterval=1s
BootGuard=1s
RevertsPerHour=3
LogLevel=warning
"""
BAD_CONFIG = "[Daemon]\nSampleInterval=never\n"
CLIENTS_MAX = 40


class Acts:
    """Of soak's Soak, which has the dice, the place, the worlds and the checks."""

    # Verbs

    def verb(self, arguments, after):
        """Done, and as it should be then; or refused, and as it was."""
        code, _, err = self.place.run(*arguments)
        what = f"memctl {' '.join(arguments)} ({code}{': ' + err.strip() if err else ''})"
        if code not in (0, 3):
            raise Broken(what)
        if code == 0 and self.held and arguments[0] == "apply":
            raise Broken(f"{what}: applied, though it is held")
        self.counts["refused"] += code == 3
        self.settle(self.done(after) if code == 0 else self.worlds, what)

    def done(self, after):
        """What there was may have ended before it was done to."""
        return [w for world in self.worlds + ended(self.worlds) for w in after(world)]

    def act_apply(self):
        self.verb(*self.some_apply())

    def some_apply(self):
        name = self.dice.choice(APPLICABLE)
        extra = self.dice.choice(
            [[], [], ["--probation=2s"], ["--confirm-within=1s"], ["--confirm-within=10min"]]
        )
        return ["apply", name, *extra], lambda world: world.applied(name)

    def act_apply_broken(self):
        code, _, _ = self.place.run("apply", "broken")
        if code == 0:
            raise Broken("a profile with an error was applied")
        self.settle(self.worlds, "applying a broken profile")

    def act_keep(self):
        self.verb(["keep"], World.is_kept)

    def act_revert(self):
        self.verb(["revert"], World.reverted)

    def act_release(self):
        name = self.dice.choice(sorted(self.world.quarantined) or APPLICABLE)
        self.verb(["release", name], lambda world: world.released(name))

    def act_release_hold(self):
        """By a person; no restart lifts it."""
        code, _, err = self.place.run("release")
        if code != 0 and (self.held or code != 3):
            raise Broken(f"memctl release: {code}: {err.strip()}")
        self.held = False
        self.settle(self.worlds, "the end of a hold")

    def act_reload(self):
        bad = self.dice.random() < 0.3
        write(self.place.path("etc/memctl/memctld.conf"), BAD_CONFIG if bad else CONFIG)
        code, _, _ = self.place.run("reload")
        write(self.place.path("etc/memctl/memctld.conf"), CONFIG)
        if (code == 0) == bad:
            raise Broken(f"reload of a {'bad' if bad else 'good'} config: exit code {code}")
        self.settle(self.worlds, "a reload")

    def act_read(self):
        for arguments in (["events"], ["list"], ["report"], ["diff", "a"], ["show", "b"]):
            code, _, err = self.place.run(*arguments)
            if code not in (0, 1, 3, 4):
                raise Broken(f"memctl {arguments[0]}: exit code {code}: {err.strip()}")

    def act_trial(self):
        code, _, err = self.place.run("trial", "t")
        if code not in (0, 3):
            raise Broken(f"memctl trial: {code}: {err.strip()}")
        if code == 0 and self.held:
            raise Broken("memctl trial: begun, though it is held")
        if code == 0:
            time.sleep(self.dice.random() * 0.05)
            self.expect_done("trial", "--stop")
        self.counts["refused"] += code == 3
        self.settle(self.worlds, "a trial")

    # From outside

    def act_outside(self):
        if self.dice.random() < 0.5:
            knob = self.dice.choice(sorted(OTHERS))
            value = self.dice.choice(OTHERS[knob])
            for kind in self.kinds.values():
                kind[f"{VM}/{knob}"] = value.encode() + b"\n"
        else:
            knob = self.dice.choice(sorted(OURS))
            value = OURS[knob]
            self.tainted.add(f"{VM}/{knob}")
        write(self.place.path(f"{VM}/{knob}"), value + "\n")
        self.settle(self.worlds, f"a write to {knob} from outside")

    def act_heal(self):
        """Who wrote from outside writes back what was there; memctl must be at rest for that."""
        if self.world.profile:
            return self.act_revert()
        for name in sorted(self.tainted):
            write(self.place.path(name), self.original[name].decode())
        self.tainted.clear()
        self.settle(self.worlds, "healing")

    def act_pressure(self):
        for _ in range(self.dice.choice([1, 1, 30])):
            self.place.stall(self.dice, 100_000)
            time.sleep(0.1)
        self.settle(self.worlds, "pressure")

    def act_oom(self):
        """The kernel kills a process, which the next sample shows: a second later, or two."""
        if self.dice.random() < 0.7:
            self.verb(["apply", "k"], lambda world: world.applied("k"))
        self.place.oom_kill()
        end = time.monotonic() + 20
        while self.world.tried == "k" and self.world.agrees(self.place.status()):
            if time.monotonic() > end:
                raise Broken("an OOM kill is not noticed in 20 s")
            time.sleep(0.1)
        self.settle(self.worlds, "an OOM kill")

    def act_wait(self):
        time.sleep(self.dice.choice([0.2, 0.5, 1.2]))
        self.settle(self.worlds, "waiting")

    def act_clients(self):
        """Connected, silent, and gone some time later."""
        while self.clients and self.dice.random() < 0.7:
            self.clients.pop().close()
        while len(self.clients) < CLIENTS_MAX and self.dice.random() < 0.8:
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.place.path("run/memctl/private"))
            self.clients.append(client)
        self.settle(self.worlds, "connecting")

    # Ends

    def act_restart(self):
        self.place.end(signal.SIGUSR1)
        self.place.start()
        self.settle(self.worlds, "a restart")

    def act_stop(self):
        self.place.end(signal.SIGTERM)
        self.place.start()
        self.settle(self.done(World.stopped), "a stop")

    def act_kill(self):
        self.place.kill()
        self.place.start()
        self.settle(self.worlds, "SIGKILL")

    def act_kill_within(self):
        """In the middle of a verb, wherever that is."""
        arguments, after = self.dice.choice(
            [
                self.some_apply(),
                self.some_apply(),
                (["keep"], World.is_kept),
                (["revert"], World.reverted),
                (["trial", "t"], lambda world: [world]),
            ]
        )
        command = self.place.begin(*arguments)
        time.sleep(self.dice.random() * 0.012)
        self.place.kill()
        command.communicate(timeout=30)
        self.place.start()
        self.settle(self.worlds + self.done(after), f"SIGKILL within {' '.join(arguments)}")

    def act_reboot(self):
        """Hard, or after a proper end; sometimes in the middle of something."""
        on_trial = ""
        how = self.dice.randrange(3)
        if how == 0:
            self.place.run("trial", "t")
            on_trial = "t" if self.place.status()[0] == "trial" else ""
        if how == 1:
            self.place.end(signal.SIGTERM)
            self.worlds = self.done(World.stopped)
        else:
            self.place.kill()
        self.place.new_boot()
        self.place.put_back(self.kinds[""])
        self.tainted.clear()
        # Reverts of an earlier boot count from the beginning of this one, by the clock of the host,
        # which may have been up for more than an hour.
        self.held = False
        self.place.start()
        worlds = self.done(lambda world: world.rebooted(on_trial))
        self.settle(worlds, f"a reboot ({['in a trial', 'stopped', 'killed'][how]})")

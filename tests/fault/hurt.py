# SPDX-License-Identifier: LGPL-2.1-or-later
"""One machine, on which memctld is hurt at one point of what it does, and what must hold after."""

import collections
import json
import os
import signal
import tempfile

from acts import DONE, NO_ANSWER, REFUSED, SILENT, apply, settle
from client import Gone, Refused, Silent
from faults import Call, Fault, calls_of
from machine import BOOT_ID, THP, VM, Broken, Machine, records
from policies import GUARDED, KINDS, POLICY_PROFILES
from scenarios import PROFILES, REST, UNGUARDED

ALL_PROFILES = PROFILES | POLICY_PROFILES


def difference(found, expected):
    """What tells two sets of knobs apart, for a person."""
    lines = [
        f"{name} is {found.get(name)!r}, not {value!r}"
        for name, value in expected.items()
        if found.get(name) != value
    ]
    return "; ".join(lines[:4])


def knob_name(path):
    if path.startswith(VM):
        return "vm." + path.removeprefix(VM + "/")
    return "transparent_hugepage." + path.removeprefix(THP + "/").replace("/", ".")


class Walk:
    """One machine, on which scenarios are hurt."""

    def __init__(self, build, work, recorded):
        base = tempfile.mkdtemp(dir=work)
        self.machine = Machine(build, base, recorded, ALL_PROFILES)
        self.boots = 0
        self.figures = collections.Counter()
        self.machine.control.clear()
        self.machine.configure(UNGUARDED)
        self.fresh = self.machine.snapshot()
        self.kinds = {"original": self.fresh[0]}
        for name in ALL_PROFILES:
            self.prepare([apply(name)])
            self.kinds[name] = self.machine.knobs()
        for name, (base, changes) in KINDS.items():
            others = {path: f"{value}\n".encode() for path, value in changes.items()}
            self.kinds[name] = self.kinds[base] | others

    # Where a scenario begins

    def prepare(self, before):
        """Carries out what comes before, and returns what is on disk then."""
        machine = self.machine
        machine.control.clear()
        machine.restore(self.fresh)
        crash = None
        for act in before:
            if act == "reboot":  # and the next process starts
                machine.kill()
                self.reboot()
            elif act == "reboot at once":
                machine.kill()
                self.reboot()
                return machine.snapshot()
            elif str(act).startswith("refuse "):
                self.refuse(str(act).removeprefix("refuse "))
            elif str(act).startswith("crash at knob "):
                machine.kill()
                crash = Fault(Call("knob", "", int(str(act).split()[-1]), "", ""), "kill-before")
            else:
                if not machine.daemon:
                    self.start(crash)
                answer = act(machine)
                if not crash and answer[0] not in (DONE, NO_ANSWER):
                    raise Broken(f"on the way to where it begins: {answer}")
        if before and not machine.daemon:
            self.start(None)
        machine.kill()
        return machine.snapshot()

    def start(self, fault):
        self.machine.control.clear()
        self.machine.control.set(pressure=1)
        if fault:
            fault.arm(self.machine.control)
            self.machine.control.set(armed=1)
        if not self.machine.start():
            raise Broken("memctld does not start: " + self.machine.complaints())

    def refuse(self, line):
        with open(self.machine.path("fake-kernel.refuse"), "w", encoding="ascii") as file:
            file.write(line + "\n")

    def reboot(self):
        """Another boot id, the kernel's own values, nothing in run."""
        self.boots += 1
        _, state, kernel = self.machine.snapshot()
        kernel = dict(kernel)
        kernel["fake-kernel.user-min-free"] = None
        kernel[BOOT_ID] = b"00000000-0000-4000-8000-%012d\n" % self.boots
        self.machine.restore((self.kinds["original"], state, kernel))

    # What is so

    def look(self, client):
        return client.get("State"), client.get("Profile"), tuple(sorted(client.get("Quarantined")))

    def find(self, found, wholes):
        """Which of these it is, with all its knobs."""
        knobs = self.machine.knobs()
        close = None
        for whole in wholes:
            if whole.says(found):
                if not whole.knobs or knobs == self.kinds[whole.knobs]:
                    return whole
                close = f"{found}, but {difference(knobs, self.kinds[whole.knobs])}"
        allowed = " or ".join(sorted({str(whole) for whole in wholes}))
        raise Broken(close or f"{found} is not {allowed}")

    def check_disk(self, snapshot, foreign):
        """Each knob that is not as it was is named by a journal, with its original."""
        knobs, state, _ = snapshot
        named = {}
        for file in ("kept", "pending"):
            found = records(state.get(file))
            for step in found[0]["plan"]["steps"] if found and found[0].get("plan") else []:
                named.setdefault(step["knob"], step["old"])
                if "partner" in step:
                    named.setdefault(step["partner"], step["partner-old"])
        for path, value in knobs.items():
            original = self.kinds["original"][path]
            name = knob_name(path)
            if value == original:
                continue
            if name not in named and name in foreign:
                continue
            if name not in named:
                raise Broken(f"{name} is changed, and no journal names its original")
            old = named[name].split()
            if old != original.decode().split() and f"[{old[0]}]" not in original.decode():
                raise Broken(f"the journal says that {name} was {named[name]}")
        for file in state:
            if ".damaged" in file:
                raise Broken(f"a state file was damaged and set aside: {file}")

    def check_events(self, client):
        last = 0
        for line in client.call("ListEvents", "t", 0):
            event = json.loads(line)
            if event["seq"] <= last:
                raise Broken(f"event {event['seq']} follows event {last}")
            last = event["seq"]

    def take_all_back(self, client, expected):
        """As a person does, until nothing is in force."""
        for _ in range(4):
            try:
                client.call("Revert", "ts", 0, "")
            except Refused as refused:
                if refused.args[0] != "org.memctl.Error.Nothing":
                    raise Broken(f"reverting: {refused.args[1]}") from None
                break
        found = self.look(client)
        if found[0] not in REST or found[1]:
            raise Broken(f"after reverting everything: {found}")
        knobs = self.machine.knobs()
        if knobs != self.kinds[expected]:
            raise Broken(f"reverted, but {difference(knobs, self.kinds[expected])}")

    # After a fault

    def talk(self, act):
        client = None
        try:
            client = self.machine.client()
            return act(client)
        except (Gone, Silent) as error:
            raise Broken(
                f"memctld does not answer ({type(error).__name__}): {self.machine.complaints()}"
            ) from None
        except Refused as refused:
            raise Broken(f"memctld refuses to answer: {refused.args}") from None
        finally:
            if client:
                client.close()

    def carry_on(self, acts):
        for act in acts:
            act(self.machine)

    def go_on(self, scenario, fault, answer):
        """The fault has passed, and the process lives."""
        self.carry_on(scenario.settling)
        found = self.talk(self.look)
        if found[0] != "reverting":
            allowed = scenario.happened + scenario.on_the_way
            if answer != DONE:
                allowed = allowed + scenario.untouched
            self.find(found, allowed)
        elif answer == DONE:
            raise Broken("done, but the state is reverting")
        if scenario.check:
            scenario.check(self.machine, found, fault)
        self.repeat(scenario, answer, found)
        self.carry_on(scenario.later)
        self.talk(lambda client: self.take_all_back(client, scenario.reverted))
        self.talk(self.check_events)
        if self.machine.daemon.poll() is not None:
            raise Broken("memctld ended")

    def repeat(self, scenario, answer, found):
        """What was refused for a reason that has passed is not refused again."""
        if answer != REFUSED or scenario.answer == REFUSED or found[0] == "reverting":
            return
        if all(found[0] not in whole.states for whole in scenario.untouched):
            return
        if any(whole.says(found) for whole in scenario.happened):
            return  # done, but not recorded
        again, text = scenario.act(self.machine)
        if again != DONE:
            raise Broken(f"it was refused, and when repeated: {again} {text}")
        self.find(self.talk(self.look), scenario.happened + scenario.on_the_way)

    def start_again(self, scenario, allowed, reverted, fault=None):
        if not self.machine.start():
            raise Broken("memctld does not start again: " + self.machine.complaints())
        self.carry_on(scenario.settling)
        found = self.talk(self.look)
        self.find(found, allowed)
        self.talk(self.check_events)
        if scenario.check:
            scenario.check(self.machine, found, fault)
        self.carry_on(scenario.later)
        self.talk(lambda client: self.take_all_back(client, reverted))
        self.show_status()
        self.machine.kill()

    def show_status(self):
        """The command is a program to start: now and then."""
        self.figures["checks"] += 1
        if self.figures["checks"] % 20:
            return
        done = self.machine.run("status", "--json=short")
        if done.returncode != 0 or json.loads(done.stdout)["state"] not in REST:
            raise Broken(f"memctl status: {done.returncode} {done.stdout} {done.stderr}")

    def check_answer(self, scenario, fault, answer, text):
        if answer == SILENT and not fault.kills:
            raise Broken("the client has neither an answer nor a closed connection")
        if scenario.answer == REFUSED and answer == DONE:
            raise Broken("done, though the kernel refuses")
        if answer == REFUSED and not text:
            raise Broken("refused without a word")

    def check_end(self):
        """Whether the process is there; that it crashed is no excuse."""
        daemon = self.machine.daemon
        if daemon is None:
            return False
        try:
            code = daemon.wait(5) if daemon.poll() is None and self.is_ending() else daemon.poll()
        except Exception:  # still there
            code = None
        if code is None:
            return True
        if code < 0 and code != -signal.SIGKILL:
            raise Broken(f"memctld crashed with {signal.Signals(-code).name}")
        return False

    def is_ending(self):
        try:
            self.machine.client().close()
            return False
        except (Gone, Silent):
            return True

    def hurt(self, scenario, prepared, fault):
        """False when the fault was not met."""
        machine = self.machine
        machine.restore(prepared)
        machine.control.clear()
        machine.control.set(pressure=1)
        fault.arm(machine.control)
        answer, text = self.carry_out(scenario)
        machine.pass_over()
        if machine.control.get("n_hits") == 0:
            machine.kill()
            return False
        if fault.kills and machine.daemon:
            machine.ended()
        alive = self.check_end()
        self.check_answer(scenario, fault, answer, text)
        snapshot = machine.snapshot()
        self.check_disk(snapshot, scenario.foreign)
        if not fault.kills and not scenario.ends:
            self.figures["lived on" if alive else "ended"] += 1
        if alive:
            self.go_on(scenario, fault, answer)
            self.check_end()
            machine.kill()
            if scenario.act or not scenario.on_the_way:
                self.begin_with_nothing(scenario)
        machine.kill()
        same, boot = self.allowed(scenario, fault, answer)
        self.begin_again(scenario, fault, same, snapshot)
        self.begin_again(scenario, fault, boot, snapshot, reboot=True)
        if scenario.config == GUARDED:
            self.suspect_nothing(snapshot)
        return True

    def carry_out(self, scenario):
        machine = self.machine
        if scenario.act is None:
            machine.control.set(armed=1)
            return settle(machine) if machine.start() else ("no answer", "")
        if not machine.start():
            raise Broken("memctld does not start: " + machine.complaints())
        for act in scenario.live:
            act(machine)
        machine.control.set(armed=1)
        return scenario.act(machine)

    def allowed(self, scenario, fault, answer):
        if answer == DONE:
            return scenario.happened, scenario.boot_happened + (
                [] if fault.kills else scenario.boot_unguarded
            )
        same = scenario.untouched + scenario.happened
        # What was renamed and then could not be made to last may be there or not.
        if answer == REFUSED and fault.call.kind != "fsync" and not scenario.ends_in_rest():
            same = scenario.untouched
        if fault.lasting:
            same = same + scenario.unrecorded
        boot = scenario.boot_untouched + scenario.boot_happened
        return same, boot if fault.kills else boot + scenario.boot_unguarded

    def prepare_start(self):
        machine = self.machine
        machine.control.clear()
        machine.control.set(pressure=1)
        refuse = machine.path("fake-kernel.refuse")
        if os.path.exists(refuse):
            os.unlink(refuse)

    def begin_again(self, scenario, fault, allowed, snapshot, reboot=False):
        self.machine.restore(snapshot)
        if reboot:
            self.reboot()
        self.prepare_start()
        reverted = scenario.boot_reverted if reboot else scenario.reverted
        try:
            self.start_again(scenario, allowed, reverted, fault)
        except Broken as broken:
            raise Broken(f"after a {'reboot' if reboot else 'restart'}: {broken}") from None
        finally:
            self.machine.kill()

    def suspect_nothing(self, snapshot):
        """With nothing in force on this boot, nothing is suspected when the machine goes down."""
        self.machine.restore(snapshot)
        self.prepare_start()
        before = self.found_at_start()
        if before[0] in REST and not before[1]:
            self.reboot()
            after = self.found_at_start()
            if after[0] not in REST or after[1:] != before[1:]:
                raise Broken(f"after a restart {before}, and after a crash of the machine {after}")

    def found_at_start(self):
        try:
            if not self.machine.start():
                raise Broken("memctld does not start again: " + self.machine.complaints())
            return self.talk(self.look)
        finally:
            self.machine.kill()

    def begin_with_nothing(self, scenario):
        """Whatever is quarantined stays so."""
        self.prepare_start()
        found = self.found_at_start()
        if found[0] not in REST or found[1]:
            raise Broken(f"everything was reverted, and now: {found}")
        knobs, expected = self.machine.knobs(), self.kinds[scenario.reverted]
        if knobs != expected:
            raise Broken(f"everything was reverted, but {difference(knobs, expected)}")

    # All of them

    def count(self, scenario):
        """The calls of a scenario to which nothing happens, and where it begins."""
        machine = self.machine
        machine.configure(scenario.config)
        prepared = self.prepare(scenario.before)
        machine.restore(prepared)
        if os.path.exists(machine.log):
            os.unlink(machine.log)
        machine.control.clear()
        machine.control.set(pressure=1, log=1)
        answer, text = self.carry_out(scenario)
        machine.control.set(armed=0)
        alive = machine.daemon is not None
        machine.kill()
        if scenario.act and not scenario.ends and scenario.answer != answer and answer != "no answer":
            raise Broken(f"without a fault: {answer} {text}")
        if not alive and not scenario.ends:
            raise Broken("without a fault memctld ended")
        self.start_only(scenario)
        return prepared, calls_of(machine.log)

    def start_only(self, scenario):
        """Without a fault it is as if it had happened."""
        self.machine.control.clear()
        self.machine.control.set(pressure=1)
        self.start_again(scenario, scenario.happened or scenario.untouched, scenario.reverted)

    def point(self, scenario, prepared, fault):
        """What was broken, or ""; None when the fault was not met."""
        try:
            return "" if self.hurt(scenario, prepared, fault) else None
        except Broken as broken:
            hit = self.machine.control.hit() or "?"
            said = self.machine.complaints().splitlines()[-3:]
            return f"{fault}: {broken}\n#   hit: {hit}" + "".join(f"\n#   said: {s}" for s in said)
        finally:
            self.machine.kill()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is done to a memctld: by its client, by time, by the kernel, by a signal."""

from client import Gone, Refused, Silent

MINUTE = 60 * 1000000
DONE, REFUSED, GONE, SILENT, NO_ANSWER = "done", "refused", "gone", "silent", "no answer"


def ask(act):
    """What the client heard, and the text."""
    try:
        act()
        return DONE, ""
    except Refused as refused:
        return REFUSED, str(refused.args)
    except Gone:
        return GONE, ""
    except Silent:
        return SILENT, ""


def call(member, signature="", *arguments):
    def act(machine):
        def talk():
            client = machine.client()
            try:
                client.call(member, signature, *arguments)
            finally:
                client.close()

        return ask(talk)

    return act


def apply(name, **options):
    options = {key.replace("_", "-"): value for key, value in options.items()}
    return call("Apply", "sa{sv}", name, options)


KEEP = call("Keep", "t", 0)
REVERT = call("Revert", "ts", 0, "")
TRIAL = call("StartTrial", "sssttt", "t", "", "", 0, 20 * 1000000, 10 * 1000000)
STOP_TRIAL = call("StopTrial", "t", 0)
RELOAD = call("Reload")


def release(name):
    return call("Release", "s", name)


def settle(machine):
    """Lets the loop of the daemon go round."""

    def talk():
        client = machine.client()
        try:
            for _ in range(3):
                client.get("State")
        finally:
            client.close()

    return NO_ANSWER, ask(talk)[1]


def warp(*minutes, awake=0):
    """So much time passes, at once; in a suspend unless awake."""

    def act(machine):
        for some in minutes:
            control = machine.control
            control.set(awake=awake, warp_usec=control.get("warp_usec") + int(some * MINUTE))
            settle(machine)
        return NO_ANSWER, ""

    return act


def fire(machine):
    machine.fire()
    return settle(machine)


def send(number):
    def act(machine):
        machine.signal(number)
        return NO_ANSWER, ""

    return act

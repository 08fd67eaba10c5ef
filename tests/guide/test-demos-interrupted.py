#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Demonstrations that are ended in the middle leave nothing behind. Prints TAP.

    test-demos-interrupted.py MEMCTL      as root, on the live kernel
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

SOURCE = pathlib.Path(os.environ['MEMCTL_SOURCE_ROOT'])
DEMOS = SOURCE / 'docs/guide/demo'
MEMCTL = os.path.abspath(sys.argv[1])
REFUSED = 77
# When, in seconds: in the middle of making the situation, and while it lasts.
MOMENTS = ((0.2, signal.SIGTERM, 143), (2.0, signal.SIGINT, 130))
SECONDS_MAX = 20


def lines_of(path):
    try:
        return pathlib.Path(path).read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        return []


def left_behind(mark):
    """Whatever of the demonstration with that name is still there."""
    for top in ('/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/unified', '/var/tmp'):
        yield from (str(path) for path in pathlib.Path(top).glob(f'{mark}*'))
    for path in ('/proc/swaps', '/proc/self/mounts'):
        yield from (f'{path}: {line}' for line in lines_of(path) if mark in line)


def processes_of(session):
    """Those that a demonstration has started: it has a session of its own."""
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        for line in lines_of(path):
            name, fields = line[: line.rindex(')') + 1], line[line.rindex(')') + 2 :].split()
            if int(fields[3]) == session and fields[0] != 'Z':
                yield name


def wait_for_none(session):
    for _ in range(20):
        if not list(processes_of(session)):
            return
        time.sleep(0.1)


def end_early(demo, seconds, number):
    """Its exit code, what it said, and what is left."""
    process = subprocess.Popen(
        [demo],
        env=os.environ | {'MEMCTL': MEMCTL, 'LC_ALL': 'C.UTF-8'},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding='utf-8',
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, number)  # as a terminal does
    _, said = process.communicate(timeout=SECONDS_MAX)
    wait_for_none(process.pid)
    left = [*left_behind(f'memctl-demo-{demo.name}-{process.pid}'), *processes_of(process.pid)]
    return process.returncode, said.strip(), left


def test(demo, seconds, number, expected):
    """What is wrong, and why it was skipped."""
    code, said, left = end_early(demo, seconds, number)
    if left:
        return f'left behind: {left}', None
    if code == REFUSED:
        return None, said
    if code not in (expected, 0):
        return f'exit code {code}, not {expected}: {said}', None
    return None, None


def main():
    if os.geteuid() != 0:
        print('1..0 # SKIP the demonstrations need root')
        return 0
    cases = [
        (demo, *moment)
        for demo in sorted(DEMOS.iterdir())
        if demo.name != 'lib.bash'
        for moment in MOMENTS
    ]
    failed = 0
    print(f'1..{len(cases)}')
    for count, (demo, seconds, number, expected) in enumerate(cases, 1):
        wrong, skipped = test(demo, seconds, number, expected)
        failed += bool(wrong)
        name = f'{demo.name} leaves nothing behind on {signal.Signals(number).name} after {seconds} s'
        print(f'{"not " if wrong else ""}ok {count} - {name}{f" # SKIP {skipped}" if skipped else ""}')
        if wrong:
            print('\n'.join(f'# {line}' for line in wrong.splitlines()))
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

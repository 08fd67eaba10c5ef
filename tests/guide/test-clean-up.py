#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A demonstration that is interrupted leaves nothing behind. As root, on the live kernel. Prints TAP.

    test-clean-up.py MEMCTL
"""

import glob
import os
import pathlib
import signal
import subprocess
import sys
import time

DEMO = pathlib.Path(os.environ['MEMCTL_SOURCE_ROOT']) / 'docs/guide/demo/physical-memory-2'
REFUSED = 77
SECONDS_MAX = 20
SIGNALS = ('SIGINT', 'SIGTERM', 'SIGHUP')


def left_behind(pid):
    """Its cgroups, its folder, and the processes that hold memory for it."""
    name = f'memctl-demo-physical-memory-2-{pid}'
    return [
        path
        for top in ('/sys/fs/cgroup', '/sys/fs/cgroup/*', '/var/tmp')
        for path in glob.glob(f'{top}/{name}*')
    ]


def is_at_work(demo):
    for path in left_behind(demo.pid):
        procs = pathlib.Path(path) / 'cgroup.procs'
        if procs.exists() and procs.read_text(encoding='ascii').strip():
            return True
    return False


def interrupt(memctl, name):
    """What is still there after a signal in the middle; None when it refused to work here."""
    with subprocess.Popen(
        [str(DEMO)],
        env=os.environ | {'MEMCTL': memctl},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as demo:
        deadline = time.monotonic() + SECONDS_MAX
        while demo.poll() is None and not is_at_work(demo) and time.monotonic() < deadline:
            time.sleep(0.05)
        if demo.poll() is None:
            # As a terminal does it: to all of them.
            os.killpg(demo.pid, signal.Signals[name])
        output = demo.communicate(timeout=SECONDS_MAX)[0].decode()
    if demo.returncode == REFUSED:
        return None, output
    if demo.returncode == 0:
        return ['nothing: it ended before the signal'], output
    return left_behind(demo.pid), output


def main():
    if os.geteuid() != 0:
        print('1..0 # SKIP the demonstrations need root')
        return 0
    failed = 0
    print(f'1..{len(SIGNALS)}')
    for number, name in enumerate(SIGNALS, 1):
        left, output = interrupt(os.path.abspath(sys.argv[1]), name)
        failed += bool(left)
        skip = ' # SKIP ' + ' '.join(output.split()) if left is None else ''
        print(f'{"not " if left else ""}ok {number} - after {name} nothing is left behind{skip}')
        for line in [*(left or []), *(output.splitlines() if left else [])]:
            print(f'# {line}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

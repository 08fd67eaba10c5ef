#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands that the guide shows, and compares what they print. Prints TAP.

    test-blocks.py MEMCTL recorded [CHAPTER...]   blocks on recorded machines and dumps, and on the
                                                  live kernel without privilege
    test-blocks.py MEMCTL demo [CHAPTER...]       the demonstrations: as root, on the live kernel

Recorded machines must print just what the guide shows; elsewhere numbers may differ. With
MEMCTL_UPDATE_EXPECTED=1 the guide gets what was printed.
"""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import blocks
from blocks import GuideError, alike, exactly

SOURCE = pathlib.Path(os.environ['MEMCTL_SOURCE_ROOT'])
GUIDE = SOURCE / 'docs/guide'
# What stands in a pipe beside memctl.
PROGRAMS = {'memctl', 'dmesg', 'cat', 'grep', 'head', 'sort'}
# "refused, with a reason": a demonstration's exit code where it cannot work.
REFUSED = 77
SECONDS_MAX = 100


class Skipped(Exception):
    """Why it cannot be run here."""


def programs_of(text):
    words = shlex.split(text.replace('|', ' | '))
    starts = [0, *(index + 1 for index, word in enumerate(words) if word == '|')]
    return [words[start] for start in starts if start < len(words)]


def check_command(block, command):
    if block.kind == 'demo':
        if command.text != f'sudo demo/{block.name}':
            raise GuideError(f'{block.place}: "{command.text}" is not "sudo demo/{block.name}"')
        return
    for program in programs_of(command.text):
        if program not in PROGRAMS:
            raise GuideError(f'{block.place}: unknown command "{program}"')


def existing(path, block):
    if not path.exists():
        raise GuideError(f'{block.place}: there is no {path.relative_to(SOURCE)}')
    return path


def write_program(folder, name, text):
    path = folder / name
    path.write_text(f'#!/bin/sh\n{text}\n', encoding='utf-8')
    path.chmod(0o755)


def environment(block, memctl, folder):
    """Programs named as in the guide, which do what the block's comment says."""
    root = ''
    if block.kind == 'machine':
        root = f'--root {shlex.quote(str(existing(SOURCE / "tests/machines" / block.name, block)))}'
    if block.kind == 'dump':
        dump = existing(SOURCE / 'tests/dumps' / block.name, block)
        write_program(folder, 'dmesg', f'exec cat {shlex.quote(str(dump))}')
    write_program(folder, 'memctl', f'exec {shlex.quote(memctl)} {root} "$@"')
    return os.environ | {
        'PATH': f'{folder}:{os.environ["PATH"]}',
        'LC_ALL': 'C.UTF-8',
        'TZ': 'UTC',
        'MEMCTL': memctl,
    }


def command_line(block, text):
    if block.kind == 'demo':
        return [str(existing(GUIDE / 'demo' / block.name, block))]
    if block.kind == 'machine':
        machine = SOURCE / 'tests/machines' / block.name
        text = text.replace(' /proc/', f' {machine}/proc/').replace(' /sys/', f' {machine}/sys/')
    return ['bash', '-c', text]


def run(block, command, memctl):
    check_command(block, command)
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            command_line(block, command.text),
            env=environment(block, memctl, pathlib.Path(folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
            timeout=SECONDS_MAX,
            check=False,
        )
    if block.kind == 'demo' and result.returncode == REFUSED:
        raise Skipped(result.stderr.strip())
    # Others than demonstrations may say with their exit code that something differs.
    if block.kind == 'demo' and result.returncode != 0:
        raise GuideError(f'{block.place}: exit code {result.returncode}: {result.stderr.strip()}')
    # Notes on standard error are for whoever sits there; of an error there is nothing else.
    lines = [line.rstrip() for line in (result.stdout or result.stderr).splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def check_output(block, command, actual):
    same = exactly if block.kind in ('machine', 'dump') else alike
    if blocks.find(command.output, actual, same, block.kind == 'live') is None:
        raise GuideError(
            f'{block.file.name}:{command.line}: "{command.text}" prints something else: '
            + blocks.first_difference(command.output, actual, same)
            + '\n'.join(['', *actual])
        )


def update(block, outputs):
    same = alike if block.kind != 'dump' else exactly
    new = [
        blocks.rewritten(command.output, actual, same, block.kind == 'live')
        for command, actual in zip(block.commands, outputs)
    ]
    if new != [command.output for command in block.commands]:
        blocks.rewrite(block, new)


def test(block, memctl):
    outputs = [run(block, command, memctl) for command in block.commands]
    if os.environ.get('MEMCTL_UPDATE_EXPECTED') == '1':
        update(block, outputs)
        return
    for command, actual in zip(block.commands, outputs):
        check_output(block, command, actual)


def wanted_blocks(kinds, chapters):
    found = []
    for file in sorted(GUIDE.glob('*.md')):
        if chapters and file.stem[3:] not in chapters:
            continue
        # From the last on, so that the lines of the others stay where they are when one is rewritten.
        found += reversed([block for block in blocks.parse(file) if block.kind in kinds])
    return found


def main():
    memctl = os.path.abspath(sys.argv[1])
    demo = sys.argv[2] == 'demo'
    if demo and os.geteuid() != 0:
        print('1..0 # SKIP the demonstrations need root')
        return 0
    kinds = {'demo'} if demo else {'machine', 'dump', 'live'}
    wanted = wanted_blocks(kinds, sys.argv[3:])
    failed = 0
    print(f'1..{len(wanted)}')
    for number, block in enumerate(wanted, 1):
        name = f'{block.place} prints what the guide shows ({block.kind} {block.name})'
        try:
            test(block, memctl)
            print(f'ok {number} - {name}')
        except Skipped as skipped:
            print(f'ok {number} - {name} # SKIP {skipped}')
        except (GuideError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f'not ok {number} - {name}')
            print('\n'.join(f'# {line}' for line in str(error).splitlines()))
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

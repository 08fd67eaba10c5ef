# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands that the guide shows, with their output, and how two outputs compare.

A block is fenced as ```console; before it an HTML comment says what it ran on:
    <!-- machine: FOLDER -->   of tests/machines, which memctl gets as --root
    <!-- dump: FILE -->        of tests/dumps, which dmesg prints
    <!-- demo: NAME -->        docs/guide/demo/NAME, as root on the live kernel
    <!-- live -->              the live kernel, without privilege; other lines may lie between
In it "$ COMMAND" is followed by its output; a line "…" stands for any lines.
"""

import dataclasses
import pathlib
import re

ELLIPSIS = '…'
MARKER_PATTERN = re.compile(r'<!-- (machine|dump|demo): (\S+) -->|<!-- (live) -->')
# What changes from one run to the next: signed numbers with their unit, and bars.
NUMBER_PATTERN = re.compile(r'(?<![A-Za-z])[-+]?\d+(\.\d+)?( ?([KMGT]iB|[KMG]B|kB|B)\b)?')
BAR_PATTERN = re.compile(r'[█░▶]+')


class GuideError(Exception):
    """What is wrong with a block, with its place."""


@dataclasses.dataclass
class Command:
    line: int  # of "$ COMMAND", from 1
    text: str
    output: list


@dataclasses.dataclass
class Block:
    file: pathlib.Path
    line: int  # of the fence
    kind: str
    name: str
    commands: list

    @property
    def place(self):
        return f'{self.file.name}:{self.line}'


def parse_block(file, lines, start, marker):
    """The block whose fence is lines[start]; the index of its end."""
    place = f'{file.name}:{start + 1}'
    match = MARKER_PATTERN.fullmatch(marker)
    if not match:
        raise GuideError(f'{place}: no comment before it that says what it ran on: "{marker}"')
    block = Block(file, start + 1, match[1] or match[3], match[2] or '', [])
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if line == '```':
            if not block.commands:
                raise GuideError(f'{place}: has no command')
            return block, index
        if line.startswith('$ '):
            block.commands.append(Command(index + 1, line[2:], []))
        elif not block.commands:
            raise GuideError(f'{place}: begins with no "$ COMMAND"')
        else:
            block.commands[-1].output.append(line)
    raise GuideError(f'{place}: has no end')


def parse(file):
    lines = file.read_text(encoding='utf-8').splitlines()
    blocks, index, marker = [], 0, ''
    while index < len(lines):
        if lines[index] == '```console':
            block, index = parse_block(file, lines, index, marker)
            blocks.append(block)
        elif lines[index].startswith('```'):
            index = lines.index('```', index + 1)
        elif MARKER_PATTERN.fullmatch(marker):
            raise GuideError(f'{file.name}:{index}: a comment, but no console block follows')
        marker = lines[index].strip()
        index += 1
    return blocks


def exactly(line):
    return line.rstrip()


def alike(line):
    """Values made alike, and blanks squeezed, since columns move with the values."""
    line = NUMBER_PATTERN.sub('N', BAR_PATTERN.sub('=', line))
    return ' '.join(line.split())


def find(expected, actual, same, loose):
    """For each expected line the index of its line, None for ellipses; or None: no match."""
    reach = {0: []}  # how far actual lines are used up: the indices so far
    jump = loose
    for line in expected:
        if line.strip() == ELLIPSIS:
            reach = {used: [*found, None] for used, found in reach.items()}
            jump = True
            continue
        after = {}
        for used, found in reach.items():
            ends = len(actual) if jump else min(used + 1, len(actual))
            for index in range(used, ends):
                if same(line) == same(actual[index]):
                    after.setdefault(index + 1, [*found, index])
        reach, jump = after, loose
    if jump:
        return next(iter(reach.values()), None)
    return reach.get(len(actual))


def first_difference(expected, actual, same):
    """Where the guide and the program part, in words."""
    for count in range(len(expected), 0, -1):
        if find([*expected[:count], ELLIPSIS], actual, same, False) is not None:
            break
    else:
        count = 0
    wanted = expected[count] if count < len(expected) else 'nothing more'
    return f'not found, where it should be: {wanted!r}'


def rewritten(expected, actual, same, loose):
    """The output for the guide: new values in the same lines, or, failing that, all of it."""
    found = find(expected, actual, same, loose)
    if found is None:
        return actual
    return [ELLIPSIS if index is None else actual[index] for index in found]


def rewrite(block, outputs):
    """Puts other outputs into the file, which must be as it was when it was parsed."""
    lines = block.file.read_text(encoding='utf-8').splitlines()
    for command, output in reversed(list(zip(block.commands, outputs))):
        lines[command.line : command.line + len(command.output)] = output
    block.file.write_text('\n'.join(lines) + '\n', encoding='utf-8')

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes knobs-table.c from knobs.ini, the catalogue of knobs.

    gen-knobs.py [--check] knobs.ini [knobs-table.c]

When anything is wrong in knobs.ini all of it is reported, and nothing is written.
"""

import argparse
import sys

from catalogue import BASES, FLAGS, KINDS, STAGES, TEXTS, UNITS, Catalogue


def integer_to_c(number):
    sign = ', true' if number < 0 else ''
    return f'{{{abs(number)}ull{sign}}}'


def version_to_c(version):
    return f'KERNEL_VERSION_OF({version[0]}, {version[1]})' if version else '0'


def text_to_c(text):
    if text is None:
        return 'NULL'
    escaped = text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
    return f'"{escaped}"'


def bound_to_c(bound):
    base = BASES[bound.base][0] if bound.base else 'KNOB_BASE_ONE'
    return f'{{{base}, {integer_to_c(bound.number)}, {bound.offset}}}'


def range_to_c(one):
    return (
        f'{{.since = {version_to_c(one.since)}, .until = {version_to_c(one.until)}, '
        f'.min = {bound_to_c(one.min)}, .max = {bound_to_c(one.max)}, '
        f'.gap_first = {integer_to_c(one.gap[0])}, .gap_last = {integer_to_c(one.gap[1])}}}'
    )


def words_to_c(name, words):
    listed = ', '.join(text_to_c(word) for word in words)
    return f'static const char *const {name}[] = {{{listed}, NULL}};'


def arrays_to_c(knob, number):
    """The arrays that the entry points to."""
    lines = [words_to_c(f'groups_{number}', knob.groups)]
    if knob.choices:
        lines.append(words_to_c(f'choices_{number}', knob.choices))
    if knob.ranges:
        lines.append(f'static const KnobRange ranges_{number}[] = {{')
        lines.extend(f'        {range_to_c(one)},' for one in knob.ranges)
        lines.append('};')
    return lines


def entry_to_c(knob, number):
    members = {
        'name': text_to_c(knob.name),
        'path': text_to_c(knob.path()),
        'section': f'KNOB_SECTION_{knob.place[1]}',
        'stage': f'KNOB_STAGE_{STAGES[knob.stage or knob.place[2]]}',
        'flags': ' | '.join(FLAGS[flag] for flag in knob.flags) or '0',
        'kind': f'VALUE_{KINDS[knob.kind]}',
        'unit': f'VALUE_UNIT_{UNITS[knob.unit]}',
        'groups': f'groups_{number}',
        'choices': f'choices_{number}' if knob.choices else 'NULL',
        'ranges': f'ranges_{number}' if knob.ranges else 'NULL',
        'n_ranges': len(knob.ranges or []),
        'pair': text_to_c(knob.pair),
        'since': version_to_c(knob.since),
        'until': version_to_c(knob.until),
    }
    members |= {member: text_to_c(knob.texts[key]) for key, member in TEXTS.items()}
    lines = [f'                .{member} = {value},' for member, value in members.items()]
    return ['        {', *lines, '        },']


def groups_to_c(groups):
    members = ('name', 'title', 'text', 'chapter')
    return [
        f'        {{{", ".join(text_to_c(getattr(group, member)) for member in members)}}},'
        for group in groups.values()
    ]


def catalogue_to_c(catalogue):
    arrays, entries = [], []
    for number, knob in enumerate(catalogue.knobs.values()):
        arrays += arrays_to_c(knob, number)
        entries += entry_to_c(knob, number)
    lines = [
        '/* SPDX-License-Identifier: LGPL-2.1-or-later */',
        '/* Made by gen-knobs.py from knobs.ini: edit that. */',
        '#include "core/knobs/knobs-table.h"',
        '',
        *arrays,
        '',
        'const Knob knobs_table[] = {',
        *entries,
        '};',
        f'const size_t knobs_table_n = {len(catalogue.knobs)};',
        '',
        'const KnobGroup groups_table[] = {',
        *groups_to_c(catalogue.groups),
        '};',
        f'const size_t groups_table_n = {len(catalogue.groups)};',
    ]
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description='Make knobs-table.c from knobs.ini.')
    parser.add_argument('--check', action='store_true', help='report mistakes, write nothing')
    parser.add_argument('ini')
    parser.add_argument('output', nargs='?', help='knobs-table.c')
    args = parser.parse_args()
    if not args.check and args.output is None:
        parser.error('the output file is missing (or say --check)')
    catalogue = Catalogue(args.ini)
    for problem in catalogue.problems:
        print(problem, file=sys.stderr)
    if catalogue.problems:
        return 1
    if not args.check:
        with open(args.output, 'w', encoding='utf-8') as stream:
            stream.write(catalogue_to_c(catalogue))
    return 0


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the man page and the pages of docs/knobs say of a knob, without their markup."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'core/knobs'))

from catalogue import Catalogue, version_text

BASE_WORDS = {'page': 'the page size', 'pmd-pages': 'pages in a huge page'}
LIMITS = {
    -(2**31): 'INT_MIN',
    2**31 - 1: 'INT_MAX',
    2**32 - 1: 'UINT_MAX',
    2**63 - 1: 'LONG_MAX',
    2**64 - 1: 'ULONG_MAX',
}
UNIT_WORDS = {'none': '', 'centisecs': '1/100 s', 'huge-pages': 'huge pages'}

# Heading and key of the long texts, in the order of reading.
SENTENCES = (
    ('What the kernel does with it', 'detail'),
    ('When to change it', 'advice'),
    ('Where it shows', 'counter'),
    ('Hazard', 'hazard'),
    ('Coupled', 'coupling'),
    ('Reads back', 'readback'),
    ('Cost of a write', 'cost'),
    ('Writing needs', 'capability'),
    ('Often believed', 'myths'),
    ('No setting', 'refusal'),
    ('Checked by', 'source'),
)


def load(ini):
    catalogue = Catalogue(str(ini))
    if catalogue.problems:
        sys.exit('\n'.join(catalogue.problems))
    return catalogue


def knobs_by_group(catalogue):
    """Each knob under its first group, groups in the catalogue's order."""
    groups = {name: [] for name in catalogue.groups}
    for knob in catalogue.knobs.values():
        groups[knob.groups[0]].append(knob)
    return [(catalogue.groups[name], knobs) for name, knobs in groups.items()]


def bound_text(bound):
    if bound.base is None:
        return LIMITS.get(bound.number, str(bound.number))
    number = LIMITS.get(bound.number, str(bound.number))
    factor = '' if bound.number == 1 else f'{number} times '
    offset = f' less {-bound.offset}' if bound.offset else ''
    return f'{factor}{BASE_WORDS[bound.base]}{offset}'


def range_text(one, several):
    text = f'{bound_text(one.min)} to {bound_text(one.max)}'
    if one.gap[1]:
        text += f', but not {one.gap[0]} to {one.gap[1]}'
    if several and one.since:
        text += f' since Linux {version_text(one.since)}'
    if several and one.until:
        text += f' before Linux {version_text(one.until)}'
    return text


def accepts_text(knob):
    if knob.kind == 'bool':
        return '0 or 1'
    if knob.kind == 'choice':
        return 'one of ' + ', '.join(knob.choices)
    several = len(knob.ranges) > 1
    text = '; '.join(range_text(one, several) for one in knob.ranges)
    unit = UNIT_WORDS.get(knob.unit, knob.unit)
    return f'{text} ({unit})' if unit else text


def versions_text(knob):
    words = []
    if knob.since:
        words.append(f'since Linux {version_text(knob.since)}')
    if knob.until:
        words.append(f'gone since Linux {version_text(knob.until)}')
    return ', '.join(words)


def fields(knob):
    """Short facts as (label, text), none of them empty."""
    every = (
        ('Takes', accepts_text(knob)),
        ('Default', knob.texts['default']),
        ('Kernels', versions_text(knob)),
        ('Needs', knob.texts['config']),
        ('File', '/' + knob.path()),
        ('Partner', knob.pair),
    )
    return [(label, text) for label, text in every if text]


def sentences(knob):
    return [(label, knob.texts[key]) for label, key in SENTENCES if knob.texts[key]]


def published(knob):
    return (knob.texts['published'] or '').splitlines()



#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes profile.schema.json, with which editors check profiles, of knobs.ini.

    gen-schema.py knobs.ini >profile.schema.json

It says what core/profile takes on any kernel: the range of a knob is the widest that one has. What
only the machine knows, and what only the whole text shows, is left to "memctl validate".
"""

import json
import sys

import knob_text
from catalogue import BASES

DECIMAL = r'\d+(\.\d{1,6})?'
SIZE = rf'^{DECIMAL} *([KMGT](i?B)?|B)?$'
TIME = rf'^({DECIMAL} *(us|ms|s|sec|min|m|h|d) *)+$'
SHARE = rf'^{DECIMAL} *%$'
NUMBER = r'^-?(0|[1-9]\d*)$'
SUFFIXED = {
    'bytes': SIZE,
    'KiB': SIZE,
    'percent': SHARE,
    '1/10000': SHARE,
    'centisecs': TIME,
    'ms': TIME,
    's': TIME,
}
# One line without control characters.
LINE = '^[^\\u0000-\\u001f\\u007f]*$'
COMPARED = r'^(<=|>=|==|<|>|=) *'
# Powers of two from 8 kB to 16 GiB, as the folders are called.
SIZES = '|'.join(str(2**power) for power in range(3, 25))
DRIFT = {'enum': ['report', 'repair', 'yield']}
METRICS = [f'{what}.{who}' for what in ('memory', 'io', 'cpu') for who in ('some', 'full')]


def strict(properties, **more):
    return {'type': 'object', 'properties': properties, 'additionalProperties': False} | more


def block(properties, **more):
    """An empty one is let pass, with a warning, by the reader."""
    return strict(properties, **more) | {'type': ['object', 'null']}


def text(**more):
    return {'type': 'string'} | more


def pattern(expression, description):
    return text(pattern=expression, description=description)


def ends(knob):
    """The smallest and the largest number that any kernel takes."""
    machines = range(len(next(iter(BASES.values()))[1]))
    return (
        min(one.min.at(machine) for one in knob.ranges for machine in machines),
        max(one.max.at(machine) for one in knob.ranges for machine in machines),
    )


def number_schemas(knob):
    low, high = ends(knob)
    # 0 in the other member of a pair is refused.
    schemas = [{'type': 'integer', 'minimum': low, 'maximum': high}, text(pattern=NUMBER)]
    if knob.unit in SUFFIXED:
        schemas.append(text(pattern=SUFFIXED[knob.unit]))
    return schemas


def plain_schemas(knob):
    if knob.kind == 'bool':
        words = ['no', 'off', 'yes', 'on', '0', '1', 'true', 'false']
        return [{'enum': [False, True, 0, 1, *words]}]
    if knob.kind == 'choice':
        numbers = [int(word) for word in knob.choices if word.isdigit()]
        return [{'enum': [*knob.choices, *numbers]}]
    if knob.kind == 'vector':
        return [{'type': 'integer', 'minimum': 0}, text(pattern=r'^\d+([ \t,]+\d+)*$')]
    return number_schemas(knob)


def form_schema(knob):
    """{value: X, ...} or {of-ram: 1%, ...}"""
    properties = {
        'value': {'anyOf': plain_schemas(knob)},
        'optional': {'enum': [True, False, 'yes', 'no', 'on', 'off', 'true', 'false', 0, 1]},
        'drift': DRIFT,
        'source': text(minLength=1, maxLength=512),
        'reviewed': text(pattern=r'^\d{4}-(0[1-9]|1[0-2])(-\d\d)?$'),
    }
    ways = [{'required': ['value']}]
    more = {}
    if knob.kind == 'integer' and not knob.pair:
        properties['only'] = {'enum': ['raise', 'lower']}
    if knob.kind == 'integer' and knob.unit in ('bytes', 'KiB'):
        bound = {'anyOf': [{'type': 'integer', 'minimum': 0}, text(pattern=SIZE)]}
        properties |= {'of-ram': text(pattern=SHARE), 'at-least': bound, 'at-most': bound}
        ways.append({'required': ['of-ram']})
        more['dependentRequired'] = {'at-least': ['of-ram'], 'at-most': ['of-ram']}
    return strict(properties, oneOf=ways, **more)


def knob_schema(knob):
    words = [knob.texts['summary'] + '.', knob.texts['intuition'], knob.texts['hazard']]
    return {
        'description': ' '.join(word for word in words if word),
        'anyOf': [*plain_schemas(knob), form_schema(knob)],
    }


def name_pattern(part):
    return '^' + part.replace('hugepages-*kB', f'hugepages-({SIZES})kB').replace('node*', r'node\d+') + '$'


def put(tree, parts, schema):
    """Puts a knob where its folders are: {'khugepaged': {'defrag': schema}}."""
    for part in parts[:-1]:
        tree = tree.setdefault(part, {})
    tree[parts[-1]] = schema


def folder_schema(tree):
    fixed, patterns = {}, {}
    for part, below in tree.items():
        schema = below if 'anyOf' in below else folder_schema(below)
        if '*' in part:
            patterns[name_pattern(part)] = schema
        else:
            fixed[part] = schema
    return block(fixed, **({'patternProperties': patterns} if patterns else {}))


def sysctl_schema(knobs):
    pairs = {tuple(sorted((knob.name, knob.pair))) for knob in knobs if knob.pair}
    return block(
        {knob.name: knob_schema(knob) for knob in knobs},
        allOf=[{'not': {'type': 'object', 'required': list(pair)}} for pair in sorted(pairs)],
    )


def blocks(catalogue):
    """The schema of each block that holds knobs, by its name."""
    settable = [knob for knob in catalogue.knobs.values() if knob.is_settable()]
    trees = {}
    for knob in settable:
        first, *parts = knob.name.split('.')
        if first != 'vm':
            put(trees.setdefault(first, {}), parts, knob_schema(knob))
    made = {'sysctl': sysctl_schema([knob for knob in settable if knob.name.startswith('vm.')])}
    return made | {name: folder_schema(tree) for name, tree in trees.items()}


def when_schema():
    kinds = {'enum': ['none', 'disk', 'zram', 'file']}
    return block(
        {
            'ram': pattern(COMPARED + SIZE[1:], 'A comparison with a size: ">= 4GiB"'),
            'kernel': pattern(COMPARED + r'\d+\.\d+(\.\d+)*', 'With a version: ">= 5.14"'),
            'nodes': pattern(COMPARED + r'(0|[1-9]\d*)$', 'With a number of NUMA nodes: ">= 2"'),
            'swap': {'anyOf': [kinds, {'type': 'array', 'items': kinds}]},
        }
    )


def watch_schema():
    limit = pattern(
        rf'^ *{DECIMAL} *% +over +({DECIMAL} *(us|ms|s|sec|min|m) *)+$',
        'A share of a window from 500ms to 10s: "10% over 2s"',
    )
    kills = {
        'type': 'integer',
        'minimum': 1,
        'maximum': 1000000,
        'description': 'So many processes killed for want of memory',
    }
    regression = strict({'margin': text(pattern=SHARE)}) | {'type': ['object', 'null']}
    return block(
        {
            'pressure-of': pattern(
                r'^(system|[A-Za-z0-9:_.\\@-]+\.(service|slice|scope)|(/(?!\.{1,2}(/|$))[^/]+)+)$',
                'system, a unit or a cgroup path: whose stalls count',
            ),
            'baseline': pattern(TIME, 'How long before the change is compared with'),
            'probation': pattern(TIME, 'How long the change is watched'),
            'limits': block({m: limit for m in METRICS if m != 'cpu.full'} | {'oom-kill': kills}),
            'regressions': block({metric: regression for metric in METRICS}),
            'on-regression': {'enum': ['revert', 'confirm', 'report']},
            'on-inconclusive': {'enum': ['keep', 'revert']},
        }
    )


def schema(catalogue):
    name = pattern(r'^[a-z0-9][a-z0-9._-]{0,62}$', 'The file\'s own name without .yaml')
    shared = blocks(catalogue) | {'when': when_schema()}
    refer = {key: {'$ref': f'#/$defs/{key}'} for key in shared}
    override = strict(refer, required=['when'])
    properties = {
        'profile': name,
        'summary': text(minLength=1, maxLength=200, pattern=LINE, description='One line'),
        'description': {'type': ['string', 'null'], 'description': 'For whom, and what it trades'},
        'inherits': {'type': ['array', 'null'], 'items': name, 'maxItems': 16, 'uniqueItems': True},
        **refer,
        'overrides': {'type': ['array', 'null'], 'items': override},
        'drift': DRIFT,
        'watch': watch_schema(),
    }
    return {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': 'memctl profile',
        **strict(properties, required=['profile', 'summary']),
        '$defs': shared,
    }


def main():
    json.dump(schema(knob_text.load(sys.argv[1])), sys.stdout, indent=1)
    sys.stdout.write('\n')


if __name__ == '__main__':
    main()

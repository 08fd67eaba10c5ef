# SPDX-License-Identifier: LGPL-2.1-or-later
"""knobs.ini, the catalogue of knobs, read and checked.

knobs.ini explains its own format. Whatever is wrong in it becomes one of
Catalogue.problems, "file:line: [section] key: what and what was expected", all
of it at once. The table in C, the man page, the pages of docs/knobs and the
schema of profiles are all made from this.
"""

import configparser
import dataclasses
import difflib
import re

# Where the knobs of a name's first part lie: folder, section, stage unless one is given.
PLACES = {
    'hugepages': ('sys/kernel/mm/hugepages', 'HUGEPAGES', 'hugetlb'),
    'ksm': ('sys/kernel/mm/ksm', 'KSM', 'other'),
    'lru_gen': ('sys/kernel/mm/lru_gen', 'LRU_GEN', 'other'),
    'transparent_hugepage': ('sys/kernel/mm/transparent_hugepage', 'THP', 'thp'),
    'vm': ('proc/sys/vm', 'SYSCTL', 'other'),
    'zswap': ('sys/module/zswap/parameters', 'ZSWAP', 'other'),
}
# Names that begin so have one file a NUMA node: they lie elsewhere.
NODE_PREFIX = 'hugepages.node*.'
NODE_FOLDER = 'sys/devices/system/node/node*/hugepages'
KINDS = {'integer': 'INTEGER', 'bool': 'BOOL', 'choice': 'CHOICE', 'vector': 'VECTOR'}
UNITS = {
    'none': 'NONE',
    'bytes': 'BYTES',
    'KiB': 'KIB',
    'pages': 'PAGES',
    'huge-pages': 'HUGEPAGES',
    'percent': 'PERCENT',
    '1/10000': 'PERMYRIAD',
    'centisecs': 'CENTISECS',
    'ms': 'MSEC',
    's': 'SEC',
}
STAGES = {
    'thp': 'THP',
    'hugetlb': 'HUGETLB',
    'min-free': 'MIN_FREE',
    'watermark': 'WATERMARK',
    'lowmem': 'LOWMEM',
    'other': 'OTHER',
    'dirty': 'DIRTY',
    'overcommit': 'OVERCOMMIT',
}
FLAGS = {
    'settles-fast': 'KNOB_SETTLES_FAST',
    'settles-slowly': 'KNOB_SETTLES_SLOWLY',
    'trigger': 'KNOB_TRIGGER',
    'rewrites-min-free': 'KNOB_REWRITES_MIN_FREE',
    'deprecated': 'KNOB_DEPRECATED',
    'left-out': 'KNOB_LEFT_OUT',
}
# key in knobs.ini: member of Knob
TEXTS = {
    'summary': 'summary',
    'hazard': 'hazard',
    'coupling': 'coupling',
    'config': 'config',
    'default': 'default_text',
    'refusal': 'refusal',
    'intuition': 'intuition',
    'detail': 'detail',
    'advice': 'advice',
    'counter': 'counter',
    'myths': 'myths',
    'published': 'published',
    'readback': 'readback',
    'cost': 'cost',
    'capability': 'capability',
    'source': 'source',
}
# What every knob that a profile may set explains of itself, and what a trigger does.
SETTABLE_NEEDS = ('intuition', 'detail', 'advice', 'counter', 'source')
TRIGGER_NEEDS = ('intuition', 'detail', 'source')
# Two lines on a terminal.
INTUITION_MAX = 260
KEYS = (
    *('kind', 'unit', 'range', 'choices', 'pair', 'stage', 'flags', 'since', 'until', 'groups'),
    *TEXTS,
)
GROUP_PREFIX = 'group '
GROUP_KEYS = ('title', 'text')
# Of docs/guide, whose own test looks whether there is such a chapter.
CHAPTER_PATTERN = re.compile(r'[a-z]+(-[a-z]+)*')
# The oldest kernel whose knobs are explained in full.
OLDEST = (5, 10)
LITERALS = {
    'int-min': -(2**31),
    'int-max': 2**31 - 1,
    'uint-max': 2**32 - 1,
    'long-max': 2**63 - 1,
    'ulong-max': 2**64 - 1,
}
# C name, and its value on machines that differ most: 4 KiB and 64 KiB pages.
BASES = {
    'page': ('KNOB_BASE_PAGE', (4096, 65536)),
    'pmd-pages': ('KNOB_BASE_PMD_PAGES', (512, 8192)),
}
# The fixed sizes in knob.h and value.h.
NAME_MAX = 96
PATH_MAX = 128
WORD_MAX = 32
SIZE_DIGITS_MAX = 10

NAME_PATTERN = re.compile(r'[a-z_]+(\.node\*)?(\.hugepages-\*kB)?(\.[A-Za-z0-9_-]+)+')
VERSION_PATTERN = re.compile(r'(\d{1,3})\.(\d{1,3})')
RANGE_PATTERN = re.compile(
    r'(?P<min>\S.*?) \.\. (?P<max>.*?)'
    r'(?: except (?P<gap_first>\d+) \.\. (?P<gap_last>\d+))?'
    r'(?: since (?P<since>\S+))?(?: until (?P<until>\S+))?'
)
BOUND_PATTERN = re.compile(
    r'(?:(?P<factor>\S+) \* )?(?P<base>page|pmd-pages)(?: - (?P<less>\d+))?'
)


class Mistake(Exception):
    """What is wrong with one key; the caller knows which."""


@dataclasses.dataclass
class Bound:
    base: str | None  # of BASES, or None for a literal
    number: int
    offset: int = 0

    def at(self, machine):
        """The bound on one of the sample machines."""
        factor = BASES[self.base][1][machine] if self.base else 1
        return self.number * factor + self.offset


@dataclasses.dataclass
class Range:
    min: Bound
    max: Bound
    gap: tuple
    since: tuple | None
    until: tuple | None


def version_text(version):
    return f'{version[0]}.{version[1]}'


def nearest(word, known):
    match = difflib.get_close_matches(word, known, 1)
    return f' (did you mean "{match[0]}"?)' if match else ''


def parse_word(word, known):
    if word not in known:
        raise Mistake(f'"{word}" is not one of {", ".join(known)}{nearest(word, known)}')
    return word


def parse_version(text):
    match = VERSION_PATTERN.fullmatch(text)
    if not match:
        raise Mistake(f'"{text}" is not a kernel version like 6.6')
    return int(match[1]), int(match[2])


def parse_literal(text):
    if text in LITERALS:
        return LITERALS[text]
    if not re.fullmatch(r'-?(0|[1-9]\d*)', text):
        raise Mistake(f'"{text}" is neither a number nor one of {", ".join(LITERALS)}')
    if not -(2**64) < int(text) < 2**64:
        raise Mistake(f'{text} does not fit 64 bits')
    return int(text)


def parse_bound(text):
    match = BOUND_PATTERN.fullmatch(text)
    if match:
        factor = parse_literal(match['factor'] or '1')
        if factor < 1:
            raise Mistake(f'"{text}": the factor must be positive')
        return Bound(match['base'], factor, -int(match['less'] or 0))
    try:
        return Bound(None, parse_literal(text))
    except Mistake as mistake:
        raise Mistake(f'{mistake}, nor a bound like "2 * page" or "pmd-pages - 1"') from None


def parse_range(line):
    match = RANGE_PATTERN.fullmatch(line)
    if not match:
        raise Mistake(
            f'"{line}" is not "MIN .. MAX [except A .. B] [since VERSION] [until VERSION]"'
        )
    one = Range(
        parse_bound(match['min']),
        parse_bound(match['max']),
        (int(match['gap_first'] or 0), int(match['gap_last'] or 0)),
        parse_version(match['since']) if match['since'] else None,
        parse_version(match['until']) if match['until'] else None,
    )
    check_range(one, line, bool(match['gap_last']))
    return one


def check_range(one, line, has_gap):
    for machine in range(2):
        low, high = one.min.at(machine), one.max.at(machine)
        if low > high:
            raise Mistake(f'"{line}": the minimum {low} is above the maximum {high}')
        if has_gap and not low < one.gap[0] <= one.gap[1] < high:
            raise Mistake(f'"{line}": the gap must lie inside the range, first before last')
    if one.since and one.until and one.since >= one.until:
        raise Mistake(f'"{line}": it ends before it begins')


def parse_ranges(text, since, until):
    """The ranges, oldest first, which together cover every version that has the knob."""
    ranges = [parse_range(line) for line in text.splitlines()]
    if ranges[0].since not in (None, since):
        raise Mistake(
            f'kernels before {version_text(ranges[0].since)} have no range: '
            'let the first one begin without "since"'
        )
    if ranges[-1].until not in (None, until):
        raise Mistake(
            f'kernels from {version_text(ranges[-1].until)} on have no range: '
            'let the last one end without "until"'
        )
    for older, newer in zip(ranges, ranges[1:]):
        if older.until is None or newer.since is None:
            raise Mistake('several ranges need "until" and "since" where they meet, oldest first')
        if older.until != newer.since:
            raise Mistake(
                f'a range until {version_text(older.until)} is followed by one since '
                f'{version_text(newer.since)}: they must meet, oldest first'
            )
    return ranges


def parse_choices(text):
    words = text.split()
    for word in words:
        if len(word) >= WORD_MAX:
            raise Mistake(f'"{word}" is longer than {WORD_MAX - 1} bytes')
    if len(words) != len(set(words)):
        raise Mistake('a word is there twice')
    return words


def parse_text(text):
    """Lines of one paragraph are joined; the text must be printable."""
    joined = ' '.join(text.split())
    if not joined.isascii() or not joined.isprintable():
        raise Mistake('only printable ASCII is allowed')
    return joined


def parse_intuition(text):
    joined = parse_text(text)
    if len(joined) > INTUITION_MAX:
        raise Mistake(f'has {len(joined)} characters, more than {INTUITION_MAX}: two lines')
    return joined


def parse_published(text):
    """One recommendation a line: who, what, and where it stands."""
    lines = [parse_text(line) for line in text.splitlines()]
    for line in lines:
        if not re.fullmatch(r'[^:;]+: [^;]+; \S.*', line):
            raise Mistake(f'"{line}" is not "WHO: WHAT; SOURCE"')
    return '\n'.join(lines)


# Texts that are not one paragraph.
TEXT_PARSERS = {'intuition': parse_intuition, 'published': parse_published}


class Knob:
    """One section of knobs.ini, checked."""

    def __init__(self, name, options, groups, report):
        self.name = name
        self.options = options
        self.known_groups = groups
        self.report = report
        for key in options:
            if key not in KEYS:
                report(name, key, f'unknown key{nearest(key, KEYS)}')
            elif not options[key].strip():
                report(name, key, 'is empty')
        self.place = PLACES.get(name.split('.')[0])
        self.check_name()
        self.kind = self.take('kind', lambda text: parse_word(text, KINDS), required=True)
        self.unit = self.take('unit', lambda text: parse_word(text, UNITS)) or 'none'
        self.stage = self.take('stage', lambda text: parse_word(text, STAGES))
        self.flags = self.take('flags', self.parse_flags) or []
        self.since = self.take('since', parse_version)
        self.until = self.take('until', parse_version)
        self.pair = options.get('pair')
        self.choices = self.take('choices', parse_choices)
        self.ranges = self.take('range', lambda text: parse_ranges(text, self.since, self.until))
        self.groups = self.take('groups', self.parse_groups, required=True) or []
        self.texts = {
            key: self.take(key, TEXT_PARSERS.get(key, parse_text), key == 'summary')
            for key in TEXTS
        }
        self.check_kind()
        self.check_together()

    def take(self, key, parse, required=False):
        """The parsed value of a key; None when it is missing or wrong, and that is reported."""
        text = self.options.get(key, '').strip()
        if not text:
            if required and key not in self.options:
                self.report(self.name, key, 'is missing')
            return None
        try:
            return parse(text)
        except Mistake as mistake:
            self.report(self.name, key, str(mistake))
            return None

    def parse_groups(self, text):
        return [parse_word(word, self.known_groups) for word in text.split()]

    @staticmethod
    def parse_flags(text):
        return [parse_word(word, FLAGS) for word in text.split()]

    def check_name(self):
        if not NAME_PATTERN.fullmatch(self.name):
            self.report(
                self.name, None, 'is not a dotted name, perhaps with "node*" and "hugepages-*kB"'
            )
        elif self.place is None:
            self.report(self.name, None, f'must begin with one of {", ".join(PLACES)}')
        elif self.is_too_long():
            self.report(self.name, None, 'is too long for KNOB_NAME_MAX or KNOB_PATH_MAX')

    def check_kind(self):
        if self.kind is None:
            return
        wants = {'choice': 'choices', 'integer': 'range', 'vector': 'range'}.get(self.kind)
        for key in ('choices', 'range'):
            if key == wants and key not in self.options:
                self.report(self.name, key, f'is missing: a {self.kind} needs it')
            if key != wants and key in self.options:
                self.report(self.name, key, f'a {self.kind} has none')

    def check_together(self):
        if self.since and self.until and self.since >= self.until:
            self.report(self.name, 'until', 'is not after "since"')
        if self.is_settable() == ('refusal' in self.options):
            self.report(
                self.name,
                'refusal',
                'is for knobs with the flag "trigger" or "left-out", and for each of them',
            )
        for key in self.needed_texts():
            if key not in self.options:
                self.report(self.name, key, 'is missing')

    def is_settable(self):
        return not {'trigger', 'left-out'} & set(self.flags)

    def needed_texts(self):
        """What is explained depends on what a person can do with the knob."""
        if {'left-out', 'deprecated'} & set(self.flags) or (self.until and self.until <= OLDEST):
            return ()
        return TRIGGER_NEEDS if 'trigger' in self.flags else SETTABLE_NEEDS

    def check_pair(self, knobs):
        if self.pair is None:
            return
        partner = knobs.get(self.pair)
        if partner is None:
            message = f'there is no knob "{self.pair}"{nearest(self.pair, knobs)}'
            self.report(self.name, 'pair', message)
        elif self.pair == self.name:
            self.report(self.name, 'pair', 'a knob cannot be its own partner')
        elif partner.pair != self.name:
            self.report(self.name, 'pair', f'"{self.pair}" does not name this one as its partner')
        elif self.name.endswith('_ratio') == partner.name.endswith('_ratio'):
            self.report(self.name, 'pair', 'exactly one of a pair must be called "..._ratio"')

    def path(self):
        """Relative to the root, a "*" for each number."""
        if self.name.startswith(NODE_PREFIX):
            return '/'.join([NODE_FOLDER, *self.name.removeprefix(NODE_PREFIX).split('.')])
        return '/'.join([self.place[0], *self.name.split('.')[1:]])

    def is_too_long(self):
        digits = self.name.count('*') * SIZE_DIGITS_MAX
        return len(self.name) + digits >= NAME_MAX or len(self.path()) + digits >= PATH_MAX


class Group:
    """What several knobs have in common, for people."""

    def __init__(self, name, options, report):
        self.name = name
        self.title = self.text = ''
        self.chapter = options.get('chapter')
        known = (*GROUP_KEYS, 'chapter')
        for key in options:
            if key not in known:
                report(f'{GROUP_PREFIX}{name}', key, f'unknown key{nearest(key, known)}')
        if self.chapter is not None and not CHAPTER_PATTERN.fullmatch(self.chapter):
            message = f'"{self.chapter}" is no name of a chapter: small letters and "-"'
            report(f'{GROUP_PREFIX}{name}', 'chapter', message)
        for key in GROUP_KEYS:
            try:
                setattr(self, key, parse_text(options.get(key, '')))
            except Mistake as mistake:
                report(f'{GROUP_PREFIX}{name}', key, str(mistake))
            if not options.get(key, '').strip():
                report(f'{GROUP_PREFIX}{name}', key, 'is missing')


class Catalogue:
    """knobs.ini, read and checked; problems holds what is wrong with it."""

    def __init__(self, file):
        self.file = file
        self.problems = []
        self.lines = {}
        self.knobs = {}
        self.groups = {}
        try:
            with open(file, encoding='utf-8') as stream:
                text = stream.read()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f'{file}: cannot be read: {error}')
            return
        self.note_lines(text)
        parser = self.parse(text)
        if parser is not None:
            self.check(parser)

    def note_lines(self, text):
        """configparser keeps no line numbers."""
        section = None
        for number, line in enumerate(text.splitlines(), 1):
            if match := re.match(r'\[(.+)\]', line):
                section = match[1]
                self.lines.setdefault((section, None), number)
            elif match := re.match(r'([^\s#=][^=]*?)\s*=', line):
                self.lines.setdefault((section, match[1]), number)

    def parse(self, text):
        parser = configparser.ConfigParser(
            delimiters=('=',),
            comment_prefixes=('#',),
            empty_lines_in_values=False,
            interpolation=None,
            default_section='',
        )
        parser.optionxform = str
        try:
            parser.read_string(text, self.file)
        except configparser.DuplicateSectionError as error:
            self.report_at(error.lineno, error.section, None, 'is there twice')
        except configparser.DuplicateOptionError as error:
            self.report_at(error.lineno, error.section, error.option, 'is there twice')
        except configparser.Error as error:
            self.problems.append(' '.join(str(error).split()))
        else:
            return parser
        return None

    def check(self, parser):
        names = [name for name in parser.sections() if not name.startswith(GROUP_PREFIX)]
        self.groups = {
            name.removeprefix(GROUP_PREFIX): Group(
                name.removeprefix(GROUP_PREFIX), dict(parser[name]), self.report
            )
            for name in parser.sections()
            if name.startswith(GROUP_PREFIX)
        }
        if not names:
            self.problems.append(f'{self.file}: has no knob')
        for before, after in zip(names, names[1:]):
            if before > after:
                self.report(after, None, f'must come before [{before}]: sections are sorted')
        self.knobs = {
            name: Knob(name, dict(parser[name]), list(self.groups), self.report) for name in names
        }
        for knob in self.knobs.values():
            knob.check_pair(self.knobs)
        self.check_groups()

    def check_groups(self):
        used = {group for knob in self.knobs.values() for group in knob.groups}
        for name in self.groups:
            if name not in used:
                self.report(f'{GROUP_PREFIX}{name}', None, 'has no knob')

    def report(self, section, key, message):
        line = self.lines.get((section, key), self.lines.get((section, None), 0))
        self.report_at(line, section, key, message)

    def report_at(self, line, section, key, message):
        where = f'[{section}] {key}' if key else f'[{section}]'
        self.problems.append(f'{self.file}:{line}: {where}: {message}')

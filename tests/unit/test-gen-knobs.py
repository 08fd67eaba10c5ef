#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What gen-knobs.py says of mistakes in a catalogue, and what it makes of a good one."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get('MEMCTL_SOURCE_ROOT', pathlib.Path(__file__).parents[2]))
GENERATOR = SOURCE / 'core/knobs/gen-knobs.py'
sys.path.insert(0, str(GENERATOR.parent))
CATALOGUE = SOURCE / 'core/knobs/knobs.ini'

GOOD = """\
[group one]
title = One
text = What they share.

[vm.a_bytes]
groups = one
kind = integer
unit = bytes
range =
    1 .. 31 until 6.6
    2 * page .. uint-max * page except 200000 .. 200001 since 6.6
pair = vm.a_ratio
since = 5.1
summary = Says "a",
    on two lines
intuition = What it is
detail = What the kernel does
advice = When to change it
counter = Where it shows
source = mm/a.c:handler()

[vm.a_ratio]
groups = one
kind = integer
range = 0 .. 100
pair = vm.a_bytes
summary = Ratio
intuition = What it is
detail = What the kernel does
advice = When to change it
counter = Where it shows
source = mm/a.c:handler()

[vm.b]
groups = one
kind = choice
choices = one two
summary = Choice
intuition = What it is
detail = What the kernel does
advice = When to change it
counter = Where it shows
source = mm/a.c:handler()
"""


def load_generator():
    """The script as a module: a process for each mistake would take seconds."""
    spec = importlib.util.spec_from_file_location('gen_knobs', GENERATOR)
    module = importlib.util.module_from_spec(spec)
    sys.modules['gen_knobs'] = module
    spec.loader.exec_module(module)
    return module


sys.dont_write_bytecode = True
generator = load_generator()


class GeneratorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, text):
        ini = self.folder / 'knobs.ini'
        ini.write_text(text, encoding='utf-8')
        return ini

    def run_on(self, text):
        """The table, or None; and the problems, one a line."""
        catalogue = generator.Catalogue(str(self.write(text)))
        return generator.catalogue_to_c(catalogue) if not catalogue.problems else None, '\n'.join(catalogue.problems)

    def run_script(self, text, *options):
        self.write(text)
        done = subprocess.run(
            [sys.executable, GENERATOR, *options, 'knobs.ini', 'out.c'],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stderr, (self.folder / 'out.c').exists()

    def assert_refused(self, old, new, *expected):
        self.assertIn(old, GOOD)
        made, problems = self.run_on(GOOD.replace(old, new, 1))
        self.assertIsNone(made)
        for text in expected:
            self.assertIn(text, problems)

    def test_the_real_catalogue_has_no_mistake(self):
        self.assertEqual(generator.Catalogue(str(CATALOGUE)).problems, [])

    def test_a_good_catalogue_becomes_a_table(self):
        made, problems = self.run_on(GOOD)
        self.assertEqual(problems, '')
        self.assertIn('.summary = "Says \\"a\\", on two lines",', made)
        self.assertIn('.min = {KNOB_BASE_PAGE, {2ull}, 0}', made)
        self.assertIn('.since = KERNEL_VERSION_OF(6, 6), .until = 0', made)
        self.assertIn('{"one", "two", NULL}', made)
        self.assertIn('knobs_table_n = 3;', made)

    def test_the_script_writes_the_table_only_when_asked_and_right(self):
        self.assertEqual(self.run_script(GOOD, '--check'), (0, '', False))
        code, problems, made = self.run_script(GOOD.replace('vm.b', 'vm.a'))
        self.assertEqual((code, made), (1, False))
        self.assertTrue(problems.startswith('knobs.ini:34: [vm.a]: must come before'))
        self.assertEqual(self.run_script(GOOD), (0, '', True))

    def test_the_table_is_the_same_every_time(self):
        self.assertEqual(self.run_on(GOOD), self.run_on(GOOD))

    def test_an_unknown_key_is_named_with_the_nearest(self):
        self.assert_refused(
            'unit =',
            'unot =',
            'knobs.ini:8: [vm.a_bytes] unot: unknown key (did you mean "unit"?)',
        )

    def test_an_unknown_word_is_named_with_the_nearest(self):
        self.assert_refused(
            'kind = choice', 'kind = choise', '[vm.b] kind: "choise"', 'did you mean "choice"?'
        )
        self.assert_refused('unit = bytes', 'unit = furlongs', '[vm.a_bytes] unit: "furlongs"')
        self.assert_refused('since = 5.1', 'stage = last', '[vm.a_bytes] stage: "last"')
        self.assert_refused('since = 5.1', 'flags = triger', '[vm.a_bytes] flags: "triger"')

    def test_a_missing_partner_is_named(self):
        self.assert_refused(
            'pair = vm.a_ratio',
            'pair = vm.a_rati',
            '[vm.a_bytes] pair: there is no knob "vm.a_rati" (did you mean "vm.a_ratio"?)',
            '[vm.a_ratio] pair: "vm.a_bytes" does not name this one',
        )
        self.assert_refused('pair = vm.a_bytes\n', '', '[vm.a_bytes] pair: "vm.a_ratio" does not')

    def test_a_pair_needs_exactly_one_ratio(self):
        _, problems = self.run_on(GOOD.replace('vm.a_ratio', 'vm.a_share'))
        self.assertIn('[vm.a_bytes] pair: exactly one of a pair', problems)

    def test_ranges_must_be_in_order_and_meet(self):
        self.assert_refused('since 6.6', 'since 6.7', '[vm.a_bytes] range: a range until 6.6')
        self.assert_refused('since 6.6', 'since 6.5', '[vm.a_bytes] range: a range until 6.6')
        self.assert_refused(' until 6.6', '', '[vm.a_bytes] range: several ranges need')
        self.assert_refused(
            '1 .. 31 until 6.6\n    2 * page .. uint-max * page except 200000 .. 200001 since 6.6',
            '1 .. 2 since 6.6\n    1 .. 31 until 6.6',
            '[vm.a_bytes] range: kernels before 6.6 have no range',
        )

    def test_ranges_must_cover_every_kernel_that_has_the_knob(self):
        self.assert_refused('0 .. 100', '0 .. 100 since 6.1', 'kernels before 6.1 have no range')
        self.assert_refused('0 .. 100', '0 .. 100 until 6.1', 'kernels from 6.1 on have no range')

    def test_a_range_that_makes_no_sense_is_refused(self):
        self.assert_refused('0 .. 100', '100 .. 0', 'the minimum 100 is above the maximum 0')
        self.assert_refused('0 .. 100', '0 to 100', '[vm.a_ratio] range: "0 to 100" is not "MIN')
        self.assert_refused('0 .. 100', '0 .. 0x64', '[vm.a_ratio] range: "0x64" is neither')
        self.assert_refused('0 .. 100', '0 .. 010', '[vm.a_ratio] range: "010" is neither')
        self.assert_refused('0 .. 100', '0 .. 18446744073709551616', 'does not fit 64 bits')
        self.assert_refused('0 .. 100', '0 .. 0 * page', 'the factor must be positive')
        self.assert_refused('0 .. 100', '0 .. 100 except 0 .. 7', 'must lie inside')
        self.assert_refused('0 .. 100', '0 .. 100 except 8 .. 7', 'must lie inside')
        self.assert_refused('until 6.6', 'until 6', '"6" is not a kernel version')

    def test_bounds_are_checked_for_every_page_size(self):
        self.assert_refused('0 .. 100', '2 * page .. 10000', 'the minimum 131072 is above')

    def test_what_a_kind_needs_must_be_there_and_nothing_else(self):
        self.assert_refused('choices = one two\n', '', '[vm.b] choices: is missing')
        self.assert_refused('choices =', 'range = 0 .. 1\nchoices =', '[vm.b] range: a choice has')
        self.assert_refused('range = 0 .. 100\n', '', '[vm.a_ratio] range: is missing')
        self.assert_refused('summary = Ratio\n', '', '[vm.a_ratio] summary: is missing')
        self.assert_refused('summary = Ratio', 'summary =', '[vm.a_ratio] summary: is empty')
        self.assert_refused('kind = choice\n', '', '[vm.b] kind: is missing')
        self.assert_refused('one two', 'one one', '[vm.b] choices: a word is there twice')

    def test_a_trigger_and_its_refusal_come_together(self):
        self.assert_refused('choices =', 'flags = trigger\nchoices =', '[vm.b] refusal:')
        self.assert_refused('choices =', 'refusal = no\nchoices =', '[vm.b] refusal:')

    def test_what_a_profile_can_set_is_explained(self):
        for key in ('intuition', 'detail', 'advice', 'counter', 'source'):
            line = next(line for line in GOOD.splitlines() if line.startswith(f'{key} ='))
            self.assert_refused(line + '\n', '', f'[vm.a_bytes] {key}: is missing')
        self.assert_refused('What it is', 'long ' * 60, '[vm.a_bytes] intuition: has 299')
        left_out = 'flags = left-out\nrefusal = It counts.\nchoices = one two\nsummary = Choice\n'
        made, problems = self.run_on(GOOD[: GOOD.rindex('choices =')] + left_out)
        self.assertEqual(problems, '')
        self.assertIn('.flags = KNOB_LEFT_OUT,', made)

    def test_groups_are_known_used_and_whole(self):
        self.assert_refused('groups = one', 'groups = two', '[vm.a_bytes] groups: "two" is not')
        self.assert_refused('groups = one\n', '', '[vm.a_bytes] groups: is missing')
        self.assert_refused('title = One\n', '', '[group one] title: is missing')
        self.assert_refused('title = One', 'tilte = One', '[group one] tilte: unknown key')
        self.assert_refused('title = One', 'title = One\nchapter = A b', '"A b" is no name of a')
        made, problems = self.run_on(GOOD.replace('title = One', 'title = One\nchapter = a-b'))
        self.assertEqual(problems, '')
        self.assertIn('"One", "What they share.", "a-b"}', made)
        _, problems = self.run_on('[group two]\ntitle = Two\ntext = Nothing.\n\n' + GOOD)
        self.assertIn('[group two]: has no knob', problems)

    def test_recommendations_say_who_what_and_where(self):
        good = GOOD + 'published =\n    Redis: 1; redis.io\n    MariaDB: 1; mariadb.com\n'
        made, problems = self.run_on(good)
        self.assertEqual(problems, '')
        self.assertIn('.published = "Redis: 1; redis.io\\nMariaDB: 1; mariadb.com"', made)
        _, problems = self.run_on(GOOD + 'published = Redis says 1\n')
        self.assertIn('[vm.b] published: "Redis says 1" is not "WHO: WHAT; SOURCE"', problems)

    def test_a_knob_cannot_end_before_it_begins(self):
        self.assert_refused('since = 5.1', 'since = 5.1\nuntil = 5.1', '[vm.a_bytes] until:')

    def test_sections_are_sorted_and_unique(self):
        self.assert_refused('[vm.b]', '[vm.a]', 'knobs.ini:34: [vm.a]: must come before')
        self.assert_refused('[vm.b]', '[vm.a_ratio]', 'knobs.ini:34: [vm.a_ratio]: is there twice')
        self.assert_refused('unit =', 'kind =', 'knobs.ini:8: [vm.a_bytes] kind: is there twice')

    def test_names_must_be_ones_that_have_a_file(self):
        self.assert_refused('[vm.b]', '[zz.b]', '[zz.b]: must begin with one of')
        self.assert_refused('[vm.b]', '[vm.b/../c]', '[vm.b/../c]: is not a dotted name')
        self.assert_refused('[vm.b]', '[vm.b..c]', '[vm.b..c]: is not a dotted name')
        self.assert_refused('[vm.b]', '[vm.b*.c*]', '[vm.b*.c*]: is not a dotted name')
        self.assert_refused('[vm.b]', f'[vm.{"b" * 100}]', 'is too long')

    def test_all_mistakes_are_told_at_once(self):
        text = GOOD.replace('kind = choice', 'kind = x').replace('0 .. 100', '1 .. 0')
        _, problems = self.run_on(text)
        self.assertEqual(len(problems.splitlines()), 2)

    def test_texts_are_plain(self):
        self.assert_refused('Ratio', 'R\u00e4tio', '[vm.a_ratio] summary: only printable ASCII')

    def test_what_is_no_ini_file_is_refused(self):
        for text in ('', 'kind = integer\n', '[vm.a\n'):
            made, problems = self.run_on(text)
            self.assertIsNone(made)
            self.assertIn('knobs.ini', problems)


class TapResult(unittest.TestResult):
    """Prints one TAP line a test."""

    def __init__(self):
        super().__init__()
        self.n = 0

    def tell(self, test, verdict, details=''):
        self.n += 1
        print(f'{verdict} {self.n} - {test.id().split(".")[-1]}')
        for line in details.splitlines():
            print(f'# {line}')

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell(test, 'ok')

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, 'not ok', self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, 'not ok', self.errors[-1][1])


if __name__ == '__main__':
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(GeneratorTest)
    print(f'1..{suite.countTestCases()}')
    result = TapResult()
    suite.run(result)
    sys.exit(not result.wasSuccessful())

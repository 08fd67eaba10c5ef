#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the guide's outputs are compared, and how a block is read. Prints TAP."""

import pathlib
import sys
import tempfile
import unittest

import blocks
from blocks import GuideError, alike, exactly, find


class Alike(unittest.TestCase):
    def test_numbers_sizes_and_blanks(self):
        self.assertEqual(alike('free   12  1.7 GiB free'), alike('free 9 512 KiB  free'))
        self.assertEqual(alike('█████░░ 80 %'), alike('█░ 3.5 %'))

    def test_words_and_names_count(self):
        self.assertNotEqual(alike('DMA32: 1 GiB free'), alike('Normal: 1 GiB free'))
        self.assertNotEqual(alike('bad  x'), alike('note x'))
        self.assertNotEqual(alike('DMA32'), alike('DMA64'))


class Find(unittest.TestCase):
    def test_every_line_counts(self):
        self.assertIsNotNone(find(['a 1', 'b'], ['a 2', 'b'], alike, False))
        self.assertIsNone(find(['a 1', 'b'], ['a 2', 'b'], exactly, False))
        self.assertIsNone(find(['a'], ['a', 'b'], alike, False))
        self.assertIsNone(find(['a', 'b'], ['a'], alike, False))
        self.assertIsNone(find([], ['a'], alike, False))
        self.assertIsNone(find(['b', 'a'], ['a', 'b'], alike, False))

    def test_ellipsis_stands_for_any_lines(self):
        for actual in (['a', 'z'], ['a', 'b', 'c', 'z'], ['a', 'z', 'z']):
            self.assertIsNotNone(find(['a', '…', 'z'], actual, alike, False), actual)
        self.assertIsNone(find(['a', '…', 'z'], ['a', 'z', 'b'], alike, False))
        self.assertIsNotNone(find(['a', '…'], ['a'], alike, False))
        self.assertIsNone(find(['…', 'b'], ['a'], alike, False))

    def test_loosely_others_may_lie_between(self):
        self.assertIsNotNone(find(['a', 'c'], ['x', 'a', 'b', 'c', 'd'], alike, True))
        self.assertIsNone(find(['c', 'a'], ['a', 'b', 'c'], alike, True))

    def test_rewriting_keeps_what_is_left_out(self):
        self.assertEqual(
            blocks.rewritten(['a 1', '…', 'z 1'], ['a 2', 'b', 'z 3'], alike, False),
            ['a 2', '…', 'z 3'],
        )
        self.assertEqual(blocks.rewritten(['q'], ['a', 'b'], alike, False), ['a', 'b'])


class Parse(unittest.TestCase):
    def parse(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / 'x.md'
            file.write_text(text, encoding='utf-8')
            return blocks.parse(file)

    def test_a_block_has_commands_with_their_output(self):
        (block,) = self.parse('<!-- machine: m -->\n```console\n$ a\n1\n$ b\n```\n')
        self.assertEqual((block.kind, block.name), ('machine', 'm'))
        self.assertEqual([(c.line, c.text, c.output) for c in block.commands], [(3, 'a', ['1']), (5, 'b', [])])

    def test_what_is_no_block_is_refused(self):
        for text in (
            '```console\n$ a\n```\n',
            '<!-- machine: m -->\n\n```console\n$ a\n```\n',
            '<!-- elsewhere -->\n```console\n$ a\n```\n',
            '<!-- live -->\n```console\na\n```\n',
            '<!-- live -->\n```console\n```\n',
            '<!-- live -->\n```console\n$ a\n',
            '<!-- live -->\nno block\n',
        ):
            with self.assertRaises(GuideError, msg=text):
                self.parse(text)

    def test_other_fences_are_passed_over(self):
        self.assertEqual(self.parse('```text\n$ a\n```\n'), [])


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    tests = [test for group in suite for test in group]
    print(f'1..{len(tests)}')
    failed = False
    for number, test in enumerate(tests, 1):
        result = unittest.TestResult()
        test.run(result)
        failed |= not result.wasSuccessful()
        print(f'{"ok" if result.wasSuccessful() else "not ok"} {number} - {test.id().split(".", 1)[1]}')
        for _, text in result.failures + result.errors:
            print('\n'.join(f'# {line}' for line in text.splitlines()))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

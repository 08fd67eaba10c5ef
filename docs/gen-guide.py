#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes of the chapters of docs/guide what memctl shows, and memctl-guide(7).

    gen-guide.py table OUTPUT README.md CHAPTER...   chapters-table.c
    gen-guide.py man OUTPUT README.md CHAPTER...     memctl-guide.7.scd

A chapter's file is NN-NAME.md; it begins with "# Title", and a comment "<!-- also: WORD... -->"
gives other words by which it is found. README.md is chapter 0, "guide".
"""

import pathlib
import re
import sys

FILE_PATTERN = re.compile(r'(\d\d)-([a-z]+(?:-[a-z]+)*)\.md')


class Chapter:
    def __init__(self, path):
        path = pathlib.Path(path)
        match = FILE_PATTERN.fullmatch(path.name)
        if not match and path.name != 'README.md':
            sys.exit(f'{path}: is not named NN-NAME.md')
        self.number, self.name = (int(match[1]), match[2]) if match else (0, 'guide')
        self.text = path.read_text(encoding='utf-8')
        title = re.match(r'# (.+)\n', self.text)
        if not title:
            sys.exit(f'{path}:1: does not begin with "# Title"')
        self.title = title[1]
        words = re.search(r'^<!-- also: ([a-z0-9 -]+) -->$', self.text, re.MULTILINE)
        self.words = words[1].split() if words else []
        # The first paragraph says in a few lines what it is about.
        body = re.sub(r'<!--.*?-->\n?', '', self.text[title.end() :], flags=re.DOTALL)
        self.summary = ' '.join(body.strip().split('\n\n')[0].split())


def quoted(text):
    """A C string; other bytes than ASCII as octal, which ends after three digits."""
    out = []
    for byte in text.encode():
        sign = chr(byte)
        if sign in '"\\':
            out.append('\\' + sign)
        elif sign == '\n':
            out.append('\\n')
        else:
            out.append(sign if ' ' <= sign <= '~' else f'\\{byte:03o}')
    return f'"{"".join(out)}"'.replace('??', '?\\?')


def table(chapters):
    lines = [
        '/* SPDX-License-Identifier: LGPL-2.1-or-later */',
        '/* Made by gen-guide.py from docs/guide: edit that. */',
        '#include "cli/chapter.h"',
        '',
    ]
    for chapter in chapters:
        words = ', '.join([*map(quoted, chapter.words), 'NULL'])
        lines += [f'static const char *const words_{chapter.number}[] = {{{words}}};']
    lines += ['', 'const Chapter chapters_table[] = {']
    for chapter in chapters:
        lines += [f'        {{{chapter.number},', f'         {quoted(chapter.name)},']
        lines += [f'         {quoted(chapter.title)},', f'         {quoted(chapter.summary)},']
        lines += [f'         words_{chapter.number},']
        lines += [f'         {quoted(line)}' for line in chapter.text.splitlines(keepends=True)]
        lines += ['        },']
    lines += ['};', f'const size_t chapters_table_n = {len(chapters)};']
    return '\n'.join(lines) + '\n'


def escape(text):
    text = re.sub(r'\[([^]]+)\]\([^)]+\)', r'\1', text).replace('`', '')
    for sign in '\\*_':
        text = text.replace(sign, '\\' + sign)
    return '\\' + text if text[:1] in '#|-.[]<>+' else text


def man(chapters):
    guide, *chapters = chapters
    lines = ['memctl-guide(7)', '', '# NAME', '']
    lines += ["memctl-guide - the kernel's memory manager explained, chapter by chapter", '']
    lines += ['# DESCRIPTION', '', escape(guide.summary), '']
    lines += ['The chapters lie in _/usr/share/doc/memctl/guide_ as Markdown, with a demonstration for']
    lines += ['each exercise in its folder _demo_: these need root, keep to a small cgroup of their own,']
    lines += ['and clean up.', '', '# CHAPTERS']
    for chapter in chapters:
        lines += ['', f'*{chapter.name}*', f'\t{chapter.number}. {escape(chapter.title)}']
        lines += ['', f'\t{escape(chapter.summary)}']
        if chapter.words:
            lines += ['', f'\tAlso found as: {", ".join(chapter.words)}.']
    lines += ['', '# SEE ALSO', '', '*memctl*(1), *memctl-knobs*(7)']
    return '\n'.join(lines) + '\n'


def main():
    what, output, *paths = sys.argv[1:]
    chapters = sorted((Chapter(path) for path in paths), key=lambda chapter: chapter.number)
    words = [word for chapter in chapters for word in (chapter.name, *chapter.words)]
    for word in words:
        if words.count(word) > 1:
            sys.exit(f'docs/guide: "{word}" would open two chapters')
    text = {'table': table, 'man': man}[what](chapters)
    pathlib.Path(output).write_text(text, encoding='ascii')


if __name__ == '__main__':
    main()

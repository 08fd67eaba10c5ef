#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the pages of docs/knobs, one a group, of knobs.ini.

    gen-knob-pages.py [--check] knobs.ini FOLDER

With --check nothing is written: pages that are not what it would write are named.
"""

import pathlib
import sys

import knob_text

MADE = '<!-- Made by gen-knob-pages.py from core/knobs/knobs.ini: edit that, then "./dev docs". -->\n'


def anchor(name):
    """As GitHub makes it of a heading."""
    return ''.join(c for c in name.lower() if c.isalnum() or c in '_-')


def escape(text):
    for sign in '\\*_<`[':
        text = text.replace(sign, '\\' + sign)
    return text


def knob_section(knob):
    lines = ['', f'## {escape(knob.name)}', '', f'**{escape(knob.texts["summary"])}.**']
    if knob.texts['intuition']:
        lines += ['', escape(knob.texts['intuition'])]
    lines += ['', '| | |', '|---|---|']
    lines += [
        f'| {label} | {escape(text).replace("|", chr(92) + "|")} |'
        for label, text in knob_text.fields(knob)
    ]
    for label, text in knob_text.sentences(knob):
        lines += ['', f'**{label}.** {escape(text)}']
    if knob_text.published(knob):
        lines += ['', '**Published recommendations**', '']
        lines += [f'- {escape(line)}' for line in knob_text.published(knob)]
    return lines


def group_page(group, knobs):
    lines = [MADE, f'# {group.title}', '', escape(group.text), '']
    lines += [f'- [{escape(k.name)}](#{anchor(k.name)}): {escape(k.texts["summary"])}' for k in knobs]
    for knob in knobs:
        lines += knob_section(knob)
    return '\n'.join(lines) + '\n'


def index_page(groups):
    lines = [MADE, '# The knobs', '']
    lines += ['Every kernel setting that memctl knows, by what they have to do with. The same is in']
    lines += ['memctl-knobs(7), and with live values in `memctl explain`.']
    for group, knobs in groups:
        lines += ['', f'## [{group.title}]({group.name}.md)', '']
        lines += [f'- [{escape(k.name)}]({group.name}.md#{anchor(k.name)})' for k in knobs]
    return '\n'.join(lines) + '\n'


def pages(ini):
    groups = knob_text.knobs_by_group(knob_text.load(ini))
    made = {f'{group.name}.md': group_page(group, knobs) for group, knobs in groups}
    return made | {'README.md': index_page(groups)}


def read(path):
    return path.read_text(encoding='utf-8') if path.exists() else None


def main():
    check = '--check' in sys.argv[1:]
    ini, folder = [word for word in sys.argv[1:] if word != '--check']
    folder = pathlib.Path(folder)
    made = pages(ini)
    stale = [name for name, text in made.items() if read(folder / name) != text]
    extra = [path.name for path in folder.glob('*.md') if path.name not in made]
    if check:
        for name in stale + extra:
            print(f'{folder / name} is not what knobs.ini makes of it: run "./dev docs"')
        return 1 if stale + extra else 0
    folder.mkdir(exist_ok=True)
    for name in stale:
        (folder / name).write_text(made[name], encoding='utf-8')
    for name in extra:
        (folder / name).unlink()
    return 0


if __name__ == '__main__':
    sys.exit(main())

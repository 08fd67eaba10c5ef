#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes memctl-knobs(7), in scdoc's form, of knobs.ini.

    gen-man.py knobs.ini >memctl-knobs.7.scd
"""

import sys

import knob_text

HEAD = """\
memctl-knobs(7)

# NAME

memctl-knobs - every kernel setting that memctl knows

# DESCRIPTION

The knobs of Linux 5.10 to 6.18 below _/proc/sys/vm_, of transparent huge pages, of KSM, the
multi-generational LRU, zswap and the pools of reserved huge pages: what each does, which values
the kernel takes, when to change it, and what goes wrong. *memctl explain* KNOB shows the same with
the live value, and who sets it on this machine.

A profile sets them by these names, see *memctl-profile*(5): those that begin with _vm._ in its
block _sysctl_, the others in a block that is named as they begin.
"""

TAIL = """
# SEE ALSO

*memctl*(1), *memctl-profile*(5), *sysctl*(8), *proc*(5)
"""


def escape(text):
    """scdoc takes _, * and a backslash for markup, and some signs at the start of a line."""
    for sign in '\\*_':
        text = text.replace(sign, '\\' + sign)
    return '\\' + text if text[:1] in '#|-.[]<>+' else text


def knob_section(knob):
    lines = ['', f'## {escape(knob.name)}', '', escape(knob.texts['summary']) + '.']
    if knob.texts['intuition']:
        lines += ['', escape(knob.texts['intuition'])]
    lines += ['']
    for label, text in knob_text.fields(knob):
        lines += [f'*{label}*: {escape(text)}++']
    lines[-1] = lines[-1].removesuffix('++')
    for label, text in knob_text.sentences(knob):
        lines += ['', f'*{label}*. {escape(text)}']
    if knob_text.published(knob):
        lines += ['', '*Published recommendations*', '']
        lines += [f'- {escape(line)}' for line in knob_text.published(knob)]
    return lines


def main():
    lines = [HEAD]
    for group, knobs in knob_text.knobs_by_group(knob_text.load(sys.argv[1])):
        lines += ['', f'# {escape(group.title.upper())}', '', escape(group.text)]
        for knob in knobs:
            lines += knob_section(knob)
    sys.stdout.write('\n'.join(lines) + TAIL)


if __name__ == '__main__':
    main()

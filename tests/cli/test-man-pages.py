#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The man pages against the program, the build and each other. Prints TAP.

    test-man-pages.py MEMCTL
"""

import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ['MEMCTL_SOURCE_ROOT'])
MAN = SOURCE / 'docs/man'
MEMCTL = os.path.abspath(sys.argv[1])
# Made by docs/meson.build of the catalogue and of the guide.
GENERATED = {'memctl-guide.7', 'memctl-knobs.7'}
# What must have one: the programs, and each kind of file that people read or write.
NEEDED = {
    'memctl.1',
    'memctld.8',
    'memctld.conf.5',
    'memctl-profile.5',
    'memctl-report.5',
    'memctl-trace.5',
}
# Of other projects: what we may send a reader to.
OTHERS = {
    'busctl.1',
    'journalctl.1',
    'oomd.conf.5',
    'proc.5',
    'proc_sys_vm.5',
    'ssh.1',
    'sudo.8',
    'sysctl.8',
    'sysctl.d.5',
    'tmpfiles.d.5',
}
LOOK, ACT = 'VERBS THAT LOOK', 'VERBS THAT ACT AND WATCH'
REFERENCE = re.compile(r'\*([a-z][\w.-]*)\*\((\d)\)')
OUR_NAME = re.compile(r'\b(memctld?(?:[.-][a-z]+)*)\((\d)\)')


def text_of(path):
    return path.read_text(encoding='utf-8')


def pages():
    return sorted(MAN.glob('*.scd'))


def page_names():
    return {page.stem for page in pages()} | GENERATED


def sections(text):
    parts = re.split(r'^# (.+)$', text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def help_of(*words):
    return subprocess.run(
        [MEMCTL, *words, '--help'], capture_output=True, encoding='utf-8', check=True
    ).stdout


def verbs():
    """Verb to the section where it belongs, as the program's own table says."""
    found, section = {}, None
    for line in help_of().splitlines():
        if line.startswith('Look '):
            section = LOOK
        elif line.startswith('Act and watch'):
            section = ACT
        elif line.startswith('Options:'):
            return found
        elif section and (match := re.match(r'  ([a-z]+) ', line)):
            found[match[1]] = section
    return found


def usages(text):
    """Of a section of memctl.1: verb to the lines that begin an entry of it."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r'\*([a-z]+)\*', line):
            found.setdefault(match[1], []).append(line)
    return found


def arguments_of(usage):
    """What is left of a usage line without the verb and its options."""
    plain = re.sub(r'^\*[a-z]+\* ?', '', usage)
    plain = re.sub(r' ?\[\*--[a-z-]+\*(?: [A-Z]+)?\]| ?\*--[a-z-]+\*(?: [A-Z]+)?', '', plain)
    return plain.replace('*', '').strip()


# Each check yields what is wrong.


def check_needed():
    build = text_of(SOURCE / 'docs/meson.build')
    for name in sorted(NEEDED - page_names()):
        yield f'there is no docs/man/{name}.scd'
    for name in sorted(page_names()):
        if f"'{name}'" not in build:
            yield f'{name} is not installed by docs/meson.build'


def check_heads():
    for page in pages():
        name, section = page.stem.rsplit('.', 1)
        text = text_of(page)
        if not text.startswith(f'{name}({section})'):
            yield f'{page.name}: does not begin with {name}({section})'
        if not re.fullmatch(rf'\n\n{re.escape(name)} - [^\n]+\n\n', sections(text).get('NAME', '')):
            yield f'{page.name}: NAME is not "{name} - what it is"'
        if not sections(text).get('DESCRIPTION', '').strip():
            yield f'{page.name}: has no DESCRIPTION'


def check_verbs():
    page = sections(text_of(MAN / 'memctl.1.scd'))
    described = {section: usages(page.get(section, '')) for section in (LOOK, ACT)}
    known = verbs()
    if len(known) < 15:
        yield f'the help shows only {sorted(known)}'
    for verb, section in known.items():
        if verb not in described[section]:
            yield f'memctl.1: "{verb}" is not in {section}'
            continue
        usage = help_of(verb).splitlines()[0].removeprefix(f'memctl {verb} [OPTIONS...]').strip()
        shown = [arguments_of(line) for line in described[section][verb]]
        # What may be left out may also be two entries, one of them without it.
        split = '' in shown and usage in [f'[{one}]' for one in shown]
        if usage not in shown and not split:
            yield f'memctl.1: "{verb}" takes {shown}, its help says "{usage}"'
    for section, entries in described.items():
        for verb in entries:
            if known.get(verb) != section:
                yield f'memctl.1: "{verb}" is in {section}, and the program does not have it there'


def check_options():
    page = sections(text_of(MAN / 'memctl.1.scd'))
    everywhere = help_of()
    for verb in verbs():
        own = help_of(verb)
        for line in usages(page.get(LOOK, '') + page.get(ACT, '')).get(verb, []):
            for option in re.findall(r'--[a-z-]+', line):
                if not re.search(rf'{option}\b', own + everywhere):
                    yield f'memctl.1: "{verb}" has no option {option}'


def check_pager():
    """Which verbs use a pager stands in a sentence, and in the program's table."""
    table = text_of(SOURCE / 'cli/memctl.c')
    paged = set(re.findall(r'^ +"([a-z]+)", .*VERB_PAGER', table, re.MULTILINE))
    option = re.search(r'\*--no-pager\*\n(.*?)\n\n', text_of(MAN / 'memctl.1.scd'), re.DOTALL)
    named = re.findall(r'_([a-z]+)_', option[1]) if option else []
    if sorted(named) != sorted(paged):
        yield f'memctl.1: --no-pager names {named}, the program has {sorted(paged)}'


def check_see_also():
    for page in pages():
        name, section = page.stem.rsplit('.', 1)
        targets = REFERENCE.findall(sections(text_of(page)).get('SEE ALSO', ''))
        if not targets:
            yield f'{page.name}: has no SEE ALSO'
        if (name, section) in targets:
            yield f'{page.name}: sends the reader to itself'
        if len(targets) != len(set(targets)):
            yield f'{page.name}: names a page twice in SEE ALSO'
    reachable = set(REFERENCE.findall(text_of(MAN / 'memctl.1.scd')))
    for name in sorted(page_names() - {'memctl.1'}):
        if tuple(name.rsplit('.', 1)) not in reachable:
            yield f'memctl.1 does not lead to {name}'


def check_references():
    for page in pages():
        for target in map('.'.join, REFERENCE.findall(text_of(page))):
            if target not in page_names() | OTHERS:
                yield f'{page.name}: there is no page {target}'
    for folder in ('cli', 'core', 'daemon', 'docs', 'systemd'):
        for file in sorted((SOURCE / folder).rglob('*')):
            if file.suffix not in ('.c', '.h', '.md', '.py', '.in', '.catalog', '.ini', '.conf'):
                continue
            for target in map('.'.join, OUR_NAME.findall(text_of(file))):
                if target not in page_names():
                    yield f'{file.relative_to(SOURCE)}: there is no page {target}'


def check_trace():
    page = text_of(MAN / 'memctl-trace.5.scd').replace('\\_', '_')
    header = subprocess.run(
        [MEMCTL, '--root', str(SOURCE / 'tests/machines/x86-24g-6.18'), 'record', '-', '--duration', '1s'],
        capture_output=True,
        encoding='utf-8',
        check=True,
    ).stdout.splitlines()[1]
    for column in header.split(','):
        if f'_{column}_' not in page:
            yield f'memctl-trace.5: does not have "{column}"'


CHECKS = {
    'programs and files have a page, and each is installed': check_needed,
    'each page begins with its name': check_heads,
    'verbs, and what they take, are those of the program': check_verbs,
    'options of verbs are those of the program': check_options,
    'verbs with a pager are those of the program': check_pager,
    'each page leads on, and memctl(1) leads to each': check_see_also,
    'each page that is named exists': check_references,
    'memctl-trace(5) has every column': check_trace,
}


def main():
    failed = 0
    print(f'1..{len(CHECKS)}')
    for number, (sentence, check) in enumerate(CHECKS.items(), 1):
        wrong = list(check())
        failed += bool(wrong)
        print(f'{"not " if wrong else ""}ok {number} - {sentence}')
        for line in wrong:
            print(f'# {line}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The chapters have their parts, and what they name is there. Prints TAP.

    test-chapters.py MEMCTL
"""

import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ['MEMCTL_SOURCE_ROOT'])
GUIDE = SOURCE / 'docs/guide'
sys.path.insert(0, str(SOURCE / 'core/knobs'))

import blocks  # noqa: E402
from catalogue import PLACES, Catalogue  # noqa: E402

MEMCTL = os.path.abspath(sys.argv[1])
# One with all that a chapter may speak of.
MACHINE = SOURCE / 'tests/machines/x86-24g-6.18'
PARTS = ('The idea', 'How the kernel does it', 'See it here', 'The knobs', 'Exercises')
COLUMNS = 80
LINES = range(120, 291)
CODE_PATTERN = re.compile(r'`([^`\n]+)`')
KNOB_PATTERN = re.compile(rf'({"|".join(PLACES)})\.[\w*.-]+')
LINK_PATTERN = re.compile(r'\]\(([^)\s]+)\)')


def chapters():
    return sorted(GUIDE.glob('[0-9][0-9]-*.md'))


def name_of(file):
    return file.stem[3:]


def text_of(file):
    return file.read_text(encoding='utf-8')


def without_code(text):
    """Fenced blocks become empty lines, so that numbers of lines stay."""
    return re.sub(
        r'^```.*?^```$',
        lambda match: '\n' * match[0].count('\n'),
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def sections(text, level):
    """Heading to text, for the headings of that level; fences hide what looks like one."""
    found, title, fenced = {}, None, False
    for line in text.splitlines():
        fenced ^= line.startswith('```')
        match = None if fenced else re.match(rf'{"#" * level} (.+)', line)
        if match:
            title = match[1]
            found[title] = []
        elif title:
            found[title].append(line)
    return {title: '\n'.join(lines) for title, lines in found.items()}


def memctl(*words):
    return subprocess.run(
        [MEMCTL, *words], capture_output=True, encoding='utf-8', check=False, env=os.environ | {'LC_ALL': 'C'}
    )


# Each check yields what is wrong.


def check_parts():
    for file in chapters():
        text = text_of(file)
        parts = sections(text, 2)
        if tuple(parts) != PARTS:
            yield f'{file.name}: its parts are {tuple(parts)}, not {PARTS}'
            continue
        if parts['The idea'].count('```text\n') + parts['The idea'].count('![') != 1:
            yield f'{file.name}: "The idea" has not one drawing (```text, or an image)'
        if '```console' not in parts['See it here']:
            yield f'{file.name}: "See it here" shows no command'
        if not text.split('\n## ')[0].count('\n- '):
            yield f'{file.name}: before the first part there is no list of what to do in a hurry'


def check_exercises():
    for file in chapters():
        exercises = sections(sections(text_of(file), 2).get('Exercises', ''), 3)
        if len(exercises) != 2:
            yield f'{file.name}: has {len(exercises)} exercises, not 2'
        for number, (title, text) in enumerate(exercises.items(), 1):
            if not title.startswith(f'Exercise {number}: '):
                yield f'{file.name}: "{title}" is not "Exercise {number}: ..."'
            if text.count('**Answer.**') != 1:
                yield f'{file.name}: exercise {number} has not one "**Answer.**"'
            if f'<!-- demo: {name_of(file)}-{number} -->' not in text:
                yield f'{file.name}: exercise {number} does not show demo/{name_of(file)}-{number}'


def check_layout():
    for file in [GUIDE / 'README.md', *chapters()]:
        lines = text_of(file).splitlines()
        if file.name != 'README.md' and len(lines) not in LINES:
            yield f'{file.name}: has {len(lines)} lines, not {LINES.start} to {LINES.stop - 1}'
        console = False
        for number, line in enumerate(lines, 1):
            if line.startswith('```'):
                console = line == '```console'
            # As it is read on a terminal: without targets of links and comments.
            columns = len(re.sub(r'\[([^]]+)\]\([^)]+\)', r'\1', line))
            # What a program prints is as long as it is.
            if columns > COLUMNS and not console and not line.startswith('<!--'):
                yield f'{file.name}:{number}: has {columns} columns, more than {COLUMNS}'
            if not console and not line.isascii():
                yield f'{file.name}:{number}: other signs than ASCII, outside of an output'
            if line != line.rstrip():
                yield f'{file.name}:{number}: ends in blanks'


def check_files():
    build = text_of(GUIDE / 'meson.build')
    shown = {block.name for file in chapters() for block in blocks.parse(file) if block.kind == 'demo'}
    for file in [GUIDE / 'README.md', *chapters()]:
        if f"'{file.name}'" not in build:
            yield f'{file.name} is not in docs/guide/meson.build'
    for demo in sorted((GUIDE / 'demo').iterdir()):
        if demo.name == 'lib.bash':
            continue
        if f"'demo/{demo.name}'" not in build:
            yield f'demo/{demo.name} is not in docs/guide/meson.build'
        if demo.name not in shown:
            yield f'demo/{demo.name} is in no chapter'
        if not os.access(demo, os.X_OK):
            yield f'demo/{demo.name} is not executable'


def check_blocks():
    for file in [GUIDE / 'README.md', *chapters()]:
        try:
            blocks.parse(file)
        except blocks.GuideError as error:
            yield str(error)


def check_knobs():
    known = Catalogue(str(SOURCE / 'core/knobs/knobs.ini')).knobs
    for file in [GUIDE / 'README.md', *chapters()]:
        text = without_code(text_of(file))
        for code in CODE_PATTERN.findall(text):
            if KNOB_PATTERN.fullmatch(code):
                family = re.sub(r'hugepages-\d+kB', 'hugepages-*kB', code)
                if re.sub(r'node\d+', 'node*', family) not in known:
                    yield f'{file.name}: there is no knob "{code}"'
        items = re.findall(r'^- .*', sections(text, 2).get('The knobs', ''), re.MULTILINE)
        if file.name != 'README.md' and len(items) < 2:
            yield f'{file.name}: "The knobs" lists {len(items)}'
        for item in items:
            if not item.startswith('- `'):
                yield f'{file.name}: "{item}" does not begin with a knob or a file'


def commands_of(file):
    """Every command of memctl that a chapter names."""
    text = text_of(file)
    for code in CODE_PATTERN.findall(without_code(text)):
        if code.startswith('memctl '):
            yield code
    for block in blocks.parse(file):
        for command in block.commands:
            for part in command.text.split('|'):
                if part.strip().startswith('memctl '):
                    yield part.strip()


def check_command(command):
    words = command.split()[1:]
    helped = memctl(words[0], '--help')
    if helped.returncode != 0:
        return f'no verb "{words[0]}"'
    for word in words[1:]:
        option = word.split('=')[0]
        if option.startswith('--') and option not in helped.stdout and option not in memctl('--help').stdout:
            return f'no option "{option}"'
    if any(word.isupper() for word in words[1:]) or words[0] not in ('explain', 'inspect', 'list'):
        return None
    tried = memctl('--root', str(MACHINE), *[word for word in words if word != '--watch'])
    return None if tried.returncode == 0 else tried.stderr.strip()


def check_commands():
    for file in [GUIDE / 'README.md', *chapters()]:
        for command in dict.fromkeys(commands_of(file)):
            wrong = check_command(command)
            if wrong:
                yield f'{file.name}: "{command}": {wrong}'


def anchors_of(file):
    return {
        re.sub(r'[^\w -]', '', title.lower()).replace(' ', '-')
        for title in re.findall(r'^#+ (.+)$', without_code(text_of(file)), re.MULTILINE)
    }


def check_links():
    for file in [GUIDE / 'README.md', *chapters()]:
        for link in LINK_PATTERN.findall(without_code(text_of(file))):
            path, _, anchor = link.partition('#')
            target = (GUIDE / path).resolve() if path else file
            if not target.exists():
                yield f'{file.name}: the link {link} leads nowhere'
            elif anchor and target.suffix == '.md' and anchor not in anchors_of(target):
                yield f'{file.name}: the link {link} names no heading there'


def check_chapters_named():
    names = {name_of(file) for file in chapters()}
    groups = Catalogue(str(SOURCE / 'core/knobs/knobs.ini')).groups.values()
    named = {f'[group {group.name}]': group.chapter for group in groups if group.chapter}
    finding = text_of(SOURCE / 'core/machine/finding.c')
    named |= dict(re.findall(r'\{"([a-z-]+)", "([a-z-]+)"\}', finding))
    for where, name in named.items():
        if name not in names:
            yield f'{where} names a chapter "{name}", which there is not'
    rules = ''.join(text_of(file) for file in (SOURCE / 'core/machine').glob('finding-*.c'))
    for ident in sorted(set(re.findall(r'FINDING_\w+,\s*"([a-z-]+)"', rules))):
        if ident not in named:
            yield f'the finding "{ident}" names no chapter, in finding.c'
    readme = text_of(GUIDE / 'README.md')
    for file in chapters():
        if f']({file.name})' not in readme:
            yield f'README.md does not lead to {file.name}'


CHECKS = {
    'every chapter has its five parts, a drawing, commands, and what to do in a hurry': check_parts,
    'every chapter has two exercises with answer and demonstration': check_exercises,
    'chapters fit 80 columns, and are ASCII outside of outputs': check_layout,
    'every chapter and demonstration is installed, and shown': check_files,
    'every console block says what it ran on': check_blocks,
    'every knob named is in the catalogue': check_knobs,
    'every command of memctl named is one': check_commands,
    'every link leads somewhere': check_links,
    'groups of knobs and findings name chapters that there are': check_chapters_named,
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

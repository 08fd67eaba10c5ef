#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the real tuned writes for each of its profiles, beside what "memctl import tuned" makes of it.

    tuned-values.py MEMCTL [FOLDER]

FOLDER is where tuned's package is unpacked, when it is not installed.

tuned's own code loads each profile that its package ships, merges it and runs its plug-ins vm,
sysctl and sysfs on it; only the last step, the write to the kernel, is caught, and acts as the
kernel does on coupled pairs. Prints TAP, one line a profile.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

UNPACKED = sys.argv[2] if len(sys.argv) > 2 else ''
if UNPACKED:
    sys.path.insert(0, UNPACKED + '/usr/lib/python3/dist-packages')

try:
    import tuned.plugins.plugin_sysctl as plugin_sysctl
    import tuned.profiles as profiles
    import tuned.utils.commands as commands
except ImportError as error:
    print(f'1..0 # SKIP tuned is not installed ({error})')
    sys.exit(0)

FOLDERS = [UNPACKED + '/usr/lib/tuned', UNPACKED + '/etc/tuned']
PAIRS = ('dirty_bytes', 'dirty_ratio'), ('dirty_background_bytes', 'dirty_background_ratio')


class Kernel:
    """Remembers what is written to memory knobs, and forgets the other member of a pair."""

    def __init__(self):
        self.values = {}

    def write(self, path, value):
        value = str(value).strip()
        if not path.startswith(('/proc/sys/vm/', '/sys/kernel/mm/')):
            return
        name = os.path.basename(path)
        if name.endswith('_bytes') and value == '0':
            return  # EINVAL
        for pair in PAIRS:
            if path.startswith('/proc/sys/vm/') and name in pair:
                for other in pair:
                    self.values.pop(f'/proc/sys/vm/{other}', None)
        self.values[path] = value


class Variables(profiles.variables.Variables):
    """Finds the files that the package puts into /etc/tuned where it is unpacked, too."""

    def add_from_file(self, filename):
        super().add_from_file(filename if os.path.exists(filename) else UNPACKED + filename)


def load(name):
    """The profile as tuned merges it, and its variables."""
    variables = Variables()
    loader = profiles.Loader(
        profiles.Locator(FOLDERS), profiles.Factory(), profiles.Merger(), None, variables
    )
    return loader.load(name), variables


def unit_applies(unit):
    if unit.uname_regex and not re.search(unit.uname_regex, ' '.join(os.uname()), re.MULTILINE):
        return False
    with open('/proc/cpuinfo', encoding='utf-8') as stream:
        text = stream.read()
    return not unit.cpuinfo_regex or bool(re.search(unit.cpuinfo_regex, text, re.MULTILINE))


def apply_vm(plugin, unit, variables):
    for option, value in unit.options.items():
        command = plugin._commands.get(option)
        if command is not None:
            command['set'](variables.expand(value), sim=False)


def apply_sysctl(unit, variables, kernel):
    base = plugin_sysctl.base.Plugin
    for option, value in unit.options.items():
        path = plugin_sysctl._get_sysctl_path(option)
        try:
            with open(path, encoding='utf-8') as stream:
                current = stream.read().strip()
        except OSError:
            continue
        new = base._process_assignment_modifiers(
            None, variables.expand(commands.commands().unquote(value)), current
        )
        if new is not None:
            kernel.write(path, new)


def apply(name):
    """Path to value: what tuned would leave in the kernel."""
    kernel = Kernel()
    profile, variables = load(name)
    vm = plugin_vm(kernel)
    for unit in profile.units.values():
        if not unit.enabled or not unit_applies(unit):
            continue
        if unit.type == 'vm':
            apply_vm(vm, unit, variables)
        elif unit.type == 'sysctl':
            apply_sysctl(unit, variables, kernel)
        elif unit.type == 'sysfs':
            for path, value in unit.options.items():
                kernel.write(path, variables.expand(commands.commands().unquote(value)))
    return kernel.values


def plugin_vm(kernel):
    """The plug-in with its writes caught."""
    import tuned.plugins.plugin_vm as module

    module.cmd.write_to_file = lambda path, value, *_, **__: kernel.write(path, value)
    plugin = module.VMPlugin.__new__(module.VMPlugin)
    plugin._commands = {}
    for member in vars(module.VMPlugin).values():
        command = getattr(member, '_command', None)
        if command and 'set' in command:
            plugin._commands[command['name']] = {'set': member.__get__(plugin)}
    return plugin


def imported(memctl, name):
    """The same of "memctl import", and what it leaves out."""
    done = subprocess.run(
        [memctl, 'import', 'tuned', f'{FOLDERS[0]}/{name}', '--name', 'x', '--json=short'],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return {}, done.stderr
    answer = json.loads(done.stdout)
    left_out = ' '.join(f'{one["what"]}: {one["reason"]}' for one in answer['left-out'])
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, 'etc/memctl/profiles')
        os.makedirs(store)
        with open(os.path.join(store, 'x.yaml'), 'w', encoding='utf-8') as stream:
            stream.write(answer['text'])
        for path in ('proc', 'sys'):
            os.symlink('/' + path, os.path.join(folder, path))
        shown = subprocess.run(
            [memctl, '--root', folder, 'show', 'x', '--json=short'],
            capture_output=True,
            text=True,
        )
    if shown.returncode:
        return {}, shown.stderr
    values = {}
    for setting in json.loads(shown.stdout)['settings']:
        explained = subprocess.run(
            [memctl, 'explain', setting['knob'], '--json=short'], capture_output=True, text=True
        )
        path = json.loads(explained.stdout)['path']
        if setting['only'] and not changes(path, setting):
            continue
        values['/' + path] = setting['value']
    return values, left_out


def changes(path, setting):
    with open('/' + path, encoding='utf-8') as stream:
        now = int(stream.read())
    wanted = int(setting['value'])
    return wanted > now if setting['only'] == 'raise' else wanted < now


def differences(memctl, name):
    wanted = apply(name)
    got, left_out = imported(memctl, name)
    found = []
    for path in sorted(set(wanted) | set(got)):
        word = os.path.basename(path)
        theirs = wanted.get(path, '').rstrip('%')
        if theirs != got.get(path, '') and word not in left_out:
            found.append(f'{path}: tuned "{theirs}", memctl "{got.get(path, "")}"')
    return found, len(wanted), left_out


def answer_virt_what(folder):
    """tuned asks virt-what whether this is a guest; the processor's flag says it without."""
    path = os.path.join(folder, 'virt-what')
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write('#!/bin/sh\n! grep -q "^flags.* hypervisor" /proc/cpuinfo || echo kvm\n')
    os.chmod(path, 0o755)
    os.environ['PATH'] = f'{folder}:{os.environ["PATH"]}'


def main():
    memctl = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        answer_virt_what(folder)
        return compare_all(memctl)


def compare_all(memctl):
    names = sorted(
        name for name in os.listdir(FOLDERS[0]) if os.path.exists(f'{FOLDERS[0]}/{name}/tuned.conf')
    )
    lines, n_values = [], 0
    for name in names:
        found, n, said = differences(memctl, name)
        n_values += n
        lines.append(f'{"not ok" if found else "ok"} {len(lines) + 1} - {name}: {n} values')
        lines += [f'# {line}' for line in found + ([said] if found else [])]
    good = len(names) > 20 and n_values > 60
    lines.append(f'{"ok" if good else "not ok"} {len(names) + 1} - {n_values} values of all')
    print(f'1..{len(names) + 1}', *lines, sep='\n')
    return 1 if any(line.startswith('not') for line in lines) else 0


if __name__ == '__main__':
    sys.exit(main())

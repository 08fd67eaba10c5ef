#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/check-includes finds what it is for: each rule is broken once in a planted tree. Prints
TAP."""

import os
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("MEMCTL_SOURCE_ROOT") or os.path.join(os.path.dirname(__file__), "../..")
CHECK = os.path.join(SOURCE, "tests/check-includes")

# A house in order.
SOUND = {
    "core/base/util.h": "",
    "core/base/root.c": '#include "core/base/util.h"\n/* not "/proc" */\n',
    "core/profile/document.c": "#include <yaml.h>\n",
    "core/profile/plan.h": '#include "core/base/util.h"\n',
    "daemon/config.c": '#include <ini.h>\n#include "core/profile/plan.h"\n',
    "daemon/write.h": "int write_knob(void);\n",
    "daemon/write.c": '#include "daemon/write.h"\n'
    "int f = O_WRONLY; knob_ref_path(); root_write_hook();\n",
    "daemon/bus.c": "#include <systemd/sd-bus.h>\n",
    "cli/client.c": "#include <systemd/sd-bus.h>\n",
}

# What is planted, and a part of the line that must complain of it.
BROKEN = [
    ("an include without its folder", "core/base/a.c", '#include "util.h"', "has no folder"),
    (
        "a lower floor that includes a higher one",
        "core/base/a.c",
        '#include "core/profile/plan.h"',
        "core/base must not include core/profile/plan.h",
    ),
    (
        "core that includes the daemon",
        "core/event.c",
        '#include "daemon/write.h"',
        "core must not include daemon/write.h",
    ),
    (
        "the command that includes the daemon",
        "cli/a.c",
        '#include "daemon/write.h"',
        "cli must not include daemon/write.h",
    ),
    (
        "the daemon that includes the command",
        "daemon/a.c",
        '#include "cli/print.h"',
        "daemon must not include cli/print.h",
    ),
    ("libyaml in a second file", "core/profile/a.c", "#include <yaml.h>", "<yaml.h> is for"),
    ("libinih in a second file", "daemon/a.c", "#include <ini.h>", "<ini.h> is for"),
    ("sd-bus in core", "core/a.c", "#include <systemd/sd-bus.h>", "<systemd/sd-bus.h> is for"),
    (
        "the journal in a second file of core",
        "core/a.c",
        "#include <systemd/sd-journal.h>",
        "<systemd/sd-journal.h> is for",
    ),
    ("sd-bus in a verb", "cli/a.c", "#include <systemd/sd-bus.h>", "<systemd/sd-bus.h> is for"),
    ("a path into /proc", "daemon/a.c", 'char *p = "/proc/meminfo";', "relative to a Root"),
    ("a path into /sys", "cli/a.c", 'char *p = "/sys";', "relative to a Root"),
    ("core that writes", "core/a.c", "int f = O_RDWR;", "O_RDWR in a layer that only reads"),
    (
        "a second writer in the daemon",
        "daemon/a.c",
        "int f = O_WRONLY; knob_ref_path();",
        "daemon/a.c writes knobs",
    ),
    (
        "a second caller of the write hook",
        "daemon/a.c",
        "root_write_hook(root);",
        "daemon/a.c writes knobs",
    ),
    (
        "a circle of headers",
        "core/base/util.h",
        '#include "core/base/util.h"',
        "core/base/util.h -> core/base/util.h",
    ),
]


def run(files):
    with tempfile.TemporaryDirectory() as tree:
        for path, text in files.items():
            path = os.path.join(tree, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n")
        return subprocess.run(
            [sys.executable, CHECK],
            env={**os.environ, "MEMCTL_SOURCE_ROOT": tree},
            capture_output=True,
            text=True,
            check=False,
        )


def main():
    failed = False

    def report(number, good, name, output):
        nonlocal failed
        failed = failed or not good
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print("\n".join(f"# {line}" for line in output.splitlines()))

    print(f"1..{len(BROKEN) + 2}")
    sound = run(SOUND)
    report(1, sound.returncode == 0, "a sound house passes", sound.stdout + sound.stderr)
    empty = run({})
    report(2, empty.returncode != 0, "an empty house does not", empty.stdout)
    for number, (name, path, text, complaint) in enumerate(BROKEN, 3):
        result = run({**SOUND, path: text})
        good = result.returncode == 1 and complaint in result.stdout
        report(number, good, f"{name} is found", result.stdout + result.stderr)
    sys.exit(failed)


main()

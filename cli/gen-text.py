#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file as a string constant in C: gen-text.py FILE HEADER NAME."""

import json
import sys

source, header, name = sys.argv[1:]
with open(source, encoding="ascii") as file:
    lines = file.read().splitlines(keepends=True)
with open(header, "w", encoding="ascii") as file:
    file.write(f"/* Made of {source.rsplit('/', 1)[-1]}. */\n#pragma once\n\n")
    file.write(f"static const char {name}[] =\n")
    file.write("\n".join("        " + json.dumps(line) for line in lines) + ";\n")

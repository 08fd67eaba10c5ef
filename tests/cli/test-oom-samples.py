#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""memctl oom on other people's dumps, compared with an answer key.

The dumps are not ours to copy: they are read where MEMCTL_SHARED says, or beside the source tree.
"""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

MEMCTL = os.environ["MEMCTL"]
ROOT = Path(os.environ["MEMCTL_SOURCE_ROOT"])
KEYS = {
    "kind", "time", "time_printed", "kernel", "invoker", "gfp_mask", "gfp_flags",
    "gfp_flags_implied", "order", "constraint", "implied", "oom_memcg",
    "victim", "group_victims", "pages_ram", "page_size_kb", "swap", "memcg", "nodes", "zones",
    "tasks", "complete", "diagnosis",
}
# Those of generated/ are in no key: what made them is in their names. kind, class, group victims
GENERATED = {
    "adj": ("oom-kill", "swap-full", None),
    "allocating": ("oom-kill", "swap-full", None),
    "global": ("oom-kill", "swap-full", None),
    "memcg-group": ("oom-kill", "memcg-limit", 1),
    "memcg": ("oom-kill", "memcg-limit", None),
    "never2": None,
    "nodump": ("oom-kill", "swap-full", None),
    "panic": ("oom-panic", "swap-full", None),
    "shmem": ("oom-kill", "shmem", None),
    "sysrq": ("sysrq", "sysrq", None),
}
NOTHING = re.compile(r"^(-|n/a.*|not printed.*|none)?$")


def find_samples():
    places = [os.environ.get("MEMCTL_SHARED", ""), ROOT.parent / "shared/data/oom"]
    for place in filter(None, places):
        if (Path(place) / "INDEX.tsv").is_file():
            return Path(place)
    return None


def get(event, *path):
    for key in path:
        event = event.get(key) if event is not None else None
    return event


def first(text):
    """The value itself, without what the key says about it in brackets."""
    return re.split(r" \(", text, maxsplit=1)[0]


def gfp(event):
    mask, flags = event["gfp_mask"], event["gfp_flags"]
    return mask if flags is None or event["gfp_flags_implied"] else f"{mask}({'|'.join(flags)})"


def constraint(event):
    word = event["constraint"]
    if word is None:
        return None
    return f"{word} (implied)" if event["implied"] else word


def want_constraint(text):
    text = text.split(" by stack")[0].lower()
    return re.sub(r" \(implied.*", " (implied)", re.sub(r" \(printed.*", "", text))


# column: what the key's text asks for, and what memctl says
COLUMNS = {
    "invoker": (first, lambda e: get(e, "invoker", "comm")),
    "invoker_pid": (first, lambda e: get(e, "invoker", "pid")),
    "gfp_mask": (str, gfp),
    "order": (first, lambda e: e["order"]),
    "constraint": (want_constraint, constraint),
    "victim": (first, lambda e: get(e, "victim", "comm")),
    "victim_pid": (first, lambda e: get(e, "victim", "pid")),
    "victim_anon_rss_kB": (first, lambda e: get(e, "victim", "anon_rss_kb")),
    "pages_RAM": (first, lambda e: e["pages_ram"]),
    "swap_total_kB": (first, lambda e: get(e, "swap", "total_kb")),
    "swap_free_kB": (first, lambda e: get(e, "swap", "free_kb")),
    "oom_memcg": (first, lambda e: e["oom_memcg"]),
    "complete": (first, lambda e: "yes" if e["complete"] else "no"),
}


def parts(text, n):
    """What the key says of each event: "#1: a; #2: b", or "PAF: a; OOM: b"."""
    marked = re.findall(r"(#\d|PAF|OOM)(?:: | (?=tail|yes|no))(.*?)(?=; (?:#\d|PAF|OOM)|$)", text)
    if not marked:
        return [text] * n
    told = {"PAF": 0, "OOM": 1}
    said = {told[m] if m in told else int(m[1]) - 1: value for m, value in marked}
    # A key that tells of one event only leaves the others open.
    return [said.get(i, "-" if n > 1 else text) for i in range(n)]


def compare(column, text, event):
    normalise, read = COLUMNS[column]
    if column == "complete":
        want = "yes" if text.startswith("yes") else "no"
    else:
        bare = text if column == "constraint" else first(text)
        want = "" if NOTHING.match(bare) else normalise(text)
    got = read(event)
    if column == "constraint" and not want and event["implied"]:
        return None  # the key has it where a line prints it, we also where the stack shows it
    got = "" if got is None or got == 0 and column == "order" and want == "" else str(got)
    return None if got == want else f"{column}: wanted {want!r}, got {got!r}"


def want_kind(row):
    kind = row["kind"].lower()
    if "fragment" in kind and row["invoker"].startswith("not printed"):
        return ["allocation-failure"] if "page allocation" in kind else ["oom-kill"]
    if "manual" in kind:
        return ["sysrq"]
    if "interleaved" in kind:
        return ["allocation-failure", "oom-kill"]
    if re.search(r"failure|alloc", kind):
        return ["allocation-failure"]
    if row["file"].startswith("13-"):
        return ["oom-kill", "oom-kill"]  # the end of the event before is in the text, too
    if "panic_on_oom check" in kind or "-> panic" in kind and "tail" not in kind:
        return ["oom-panic"]
    if "panic" in kind:
        return ["oom-kill", "oom-panic"]
    if "#1" in kind or "tail of #1" in kind:
        return ["oom-kill", "oom-kill"]
    return ["oom-kill"]


def run(path):
    result = subprocess.run([MEMCTL, "oom", "--json=short", path], capture_output=True, timeout=60)
    if result.returncode != 0 or b"runtime error" in result.stderr or b"ERROR" in result.stderr:
        raise RuntimeError(f"exit code {result.returncode}: {result.stderr.decode()}")
    return json.loads(result.stdout)


# What the key's kernels called the masks that they printed as numbers alone.
NAMES = {
    "0x201da": "GFP_HIGHUSER_MOVABLE|__GFP_COLD",
    "0x280da": "GFP_HIGHUSER_MOVABLE|__GFP_ZERO",
    "0x200da": "GFP_HIGHUSER_MOVABLE",
    "0xd0": "GFP_KERNEL",
}


def check_names(row, events):
    found = [e for e in events if e["gfp_flags_implied"]]
    wrong = [e for e in found if "|".join(e["gfp_flags"]) != NAMES.get(e["gfp_mask"])]
    old = row["kernel"].startswith("3.") and re.search(r"0x", row["gfp_mask"])
    return [f"flags {e['gfp_flags']}" for e in wrong] + ["no flags"] * (bool(old) != bool(found))


def check_kernel(row, events):
    told = {e["kernel"] for e in events} - {None}
    return [f"kernel {k}, not {row['kernel']}" for k in told if not row["kernel"].startswith(k)]


def check_row(row, path):
    if row["file"].startswith("N"):
        events = run(path)
        return [f"{len(events)} events in a text without one"] if events else []
    events = run(path)
    wrong = [f"keys {set(e) ^ KEYS}" for e in events if set(e) != KEYS]
    wrong += check_names(row, events) + check_kernel(row, events)
    kinds = want_kind(row)
    if [e["kind"] for e in events] != kinds:
        return wrong + [f"kinds: wanted {kinds}, got {[e['kind'] for e in events]}"]
    for column in COLUMNS:
        said = parts(row[column], len(events))
        if row["file"].startswith("13-"):
            # The key's row is the second event, but for the victim: that is the first's.
            if column.startswith("victim"):
                said = [re.sub(r"^\(previous event\) ", "", row[column]), "-"]
            else:
                events_here, said = events[1:], [row[column]]
                wrong += filter(None, [compare(column, said[0], events_here[0])])
                continue
        found = [compare(column, s, e) for s, e in zip(said, events)]
        if "MEMCTL_OOM_COUNT" in os.environ:
            print(f"# column {column} {'wrong' if any(found) else 'right'}")
        wrong += [f"event {i + 1} {w}" for i, w in enumerate(found) if w]
    return wrong


def check_generated(path):
    name = path.stem.split("-", 1)[1]
    got = [
        (e["kind"], e["diagnosis"]["class"], e["group_victims"] and len(e["group_victims"]))
        for e in run(path)
    ]
    want = [GENERATED[name]] if GENERATED.get(name) else []
    return [] if got == want else [f"wanted {want}, got {got}"]


def main():
    samples = find_samples()
    if not samples:
        print("1..0 # SKIP no sample dumps: set MEMCTL_SHARED to the folder of INDEX.tsv")
        return
    with open(samples / "INDEX.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    cases = [(row["file"], lambda row=row: check_row(row, samples / row["file"])) for row in rows]
    for path in sorted(samples.glob("generated/*.txt")):
        cases.append((f"generated/{path.name}", lambda path=path: check_generated(path)))
    print(f"1..{len(cases)}")
    for number, (name, check) in enumerate(cases, 1):
        try:
            wrong = check()
        except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
            wrong = [str(error)]
        for line in wrong:
            print(f"# {line}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-traces.py MEMCTL

Labelled pressure traces, real and synthetic, judged by "memctl replay": each as its label allows,
and a revert in time. Beside it stands what fixed thresholds would have said of the same traces: 60 %
full over 30 s (systemd-oomd's usual limit) and an average above 2 % over 60 s. The traces are other
people's: MEMCTL_TRACES names their folder, else ../shared/data/traces is looked for; without it this
is skipped.
"""

import csv
import json
import os
import subprocess
import sys


def rows(path):
    with open(path, encoding="ascii") as file:
        lines = [line for line in file if not line.startswith("#")]
    return list(csv.DictReader(lines))


def exceeds(trace, column, share, window, start):
    """Seconds after start at which the column's share of a window exceeds, or None."""
    first = int(trace[0]["time_us"])
    times = [(int(row["time_us"]) - first) / 1e6 for row in trace]
    stalls = [int(row[column]) / 1e6 for row in trace]
    begin = 0
    for now, time in enumerate(times):
        while times[begin + 1] <= time - window and begin + 1 < now:
            begin += 1
        if time < start + window or time - times[begin] < window * 0.9:
            continue
        if stalls[now] - stalls[begin] >= share * (time - times[begin]):
            return time - start
    return None


def peers(trace, start):
    return {
        "60 % full": exceeds(trace, "memory_full_total", 0.6, 30, start),
        "2 % some": exceeds(trace, "memory_some_total", 0.02, 60, start),
    }


def replay(memctl, path, *options):
    result = subprocess.run(
        [memctl, "replay", path, "--json=short", *options], capture_output=True, text=True
    )
    if result.returncode != 0:
        return {"error": result.stderr.strip()}
    return json.loads(result.stdout)


def judge_trial(found, expected):
    effect = found.get("effect")
    if expected == "trial: effect":
        return effect == "worse" and found["points"] > 0 and found["p"] < 0.01
    return effect in ("none", "undecided")


def is_right(verdict, at, expect, within):
    if verdict not in expect.split("|"):
        return False
    return verdict != "revert" or not within or at <= float(within)


def main():
    memctl = sys.argv[1]
    root = os.environ.get("MEMCTL_SOURCE_ROOT", ".")
    folder = os.environ.get("MEMCTL_TRACES", os.path.join(root, "../shared/data/traces"))
    index = os.path.join(folder, "INDEX.tsv")
    if not os.path.exists(index):
        print(f"1..0 # SKIP no labelled traces in {folder}; MEMCTL_TRACES names their folder")
        return 0
    with open(index, encoding="ascii") as file:
        entries = list(csv.DictReader(file, delimiter="\t"))
    print(f"1..{len(entries)}")
    failed, peer_right, n_peers = 0, {}, 0
    for number, entry in enumerate(entries, 1):
        path = os.path.join(folder, entry["file"])
        if entry["expect"].startswith("trial"):
            found = replay(memctl, path, "--trial")
            right = judge_trial(found, entry["expect"])
        else:
            start = float(entry["change_at_s"])
            found = replay(memctl, path, f"--change-at={entry['change_at_s']}")
            right = is_right(
                found.get("verdict"), found.get("at_s"), entry["expect"], entry["max_s"]
            )
            n_peers += 1
            for peer, at in peers(rows(path), start).items():
                verdict = "keep" if at is None else "revert"
                good = is_right(verdict, at, entry["expect"], entry["max_s"])
                peer_right[peer] = peer_right.get(peer, 0) + good
        keys = ("verdict", "at_s", "reason", "effect", "points", "p", "error")
        what = {key: found[key] for key in keys if found.get(key) is not None}
        print(f"{'ok' if right else 'not ok'} {number} - {entry['file']}: {entry['label']}: {what}")
        failed += not right
    for peer, right in peer_right.items():
        print(f"# a fixed threshold of {peer}: {right} of {n_peers} right")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

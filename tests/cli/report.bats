#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# memctl report, from files: on a terminal, as JSON, and as a page.

load common

# make_report FILE [PYTHON]: a report in which the statements may change r.
make_report() {
        python3 - "$1" "${2:-}" <<'END'
import json, sys
def mean(m, h):
    return {"mean": m, "low": m - h, "high": m + h}
r = {
    "id": 12, "profile": "redis", "scope": "system", "state": "reverted",
    "realtime-usec": 1700000000000000, "ended-at": 180, "verdict": "revert",
    "reason": "regression", "metric": "memory.some", "verdict-at": 180,
    "sentence": "memory.some rose from 0.5 % to 2 % of time stalled", "load": "work done +2 %",
    "load-changed": False,
    "evidence": {"against-chance": 140, "block-length": 40, "lost": 4.2, "allowed": 6},
    "metrics": [
        {"metric": "memory.some", "before": mean(0.5, 0.1), "since": mean(2, 0.25), "harm": 0.5},
        {"metric": "io.full", "before": mean(0.25, 0.1), "since": None, "harm": 0.5},
    ],
    "limits": [{"metric": "memory.some", "share": 4, "over": 2}],
    "rates": [{"name": "pgscan_direct", "before": 210, "since": 1260}],
    "plan": [{"knob": "vm.swappiness", "old": "60", "new": "1", "origin": "/etc/redis.yaml:4"}],
    "trial": None,
    "oom": None,
    "blocks": [
        {"at": at, "length": 10, "memory.some": 0.5 if at < 0 else 2, "io.full": 0.25}
        for at in range(-295, 180, 10)
        if not -100 < at < -50
    ],
}
exec(sys.argv[2])
with open(sys.argv[1], "w") as file:
    json.dump(r, file)
END
}

# The statements that make a trial of it.
TRIAL='
r.update(state="trial", verdict=None, reason=None, sentence=None, metrics=[], limits=[])
r["trial"] = {"against": None, "effect": "worse", "metric": "io.full", "old": mean(1, 0.2),
    "new": mean(3, 0.5), "points": 2, "low": 1.5, "high": 2.5, "p": 0.0004, "blocks": 20,
    "block-length": 30, "washout": 10}
r["metric"] = "io.full"
r["blocks"] = [{"at": i * 30 + 20, "length": 20, "io.full": 1 + 2 * (i % 2),
    "arm": "new" if i % 2 else "old"} for i in range(20)]
'

# page FILE: it is well-formed XML, and what makes a plot readable for everyone is there; prints
# how many plots it has.
page() {
        python3 - "$1" <<'END'
import sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
ids = [e.get("id") for e in root.iter() if e.get("id")]
assert len(ids) == len(set(ids)), ids
svg, html = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xhtml}"
plots = [e for e in root.iter(svg + "svg") if e.get("role") == "img"]
for plot in plots:
    names = plot.get("aria-labelledby").split()
    assert all(name in ids for name in names), names
    assert plot.find(svg + "title").text and plot.find(svg + "desc").text
for element in root.iter():
    assert element.tag not in (html + "script", svg + "script", html + "img", html + "link")
    for key in element.attrib:
        assert not key.lower().startswith("on") and "href" not in key and key != "src", key
print(len(plots))
END
}

setup() {
        cd "$BATS_TEST_TMPDIR" || return 1
        TREE=$BATS_TEST_TMPDIR
}

@test "a file is shown, with no daemon: the verdict first, then all that it was judged by" {
        make_report ./r.json
        memctl report r.json
        expect_status 0
        [[ -z $stderr ]]
        [[ ${lines[0]} == "● REVERTED  redis" ]]
        [[ ${lines[1]} == "  memory.some rose from 0.5 % to 2 % of time stalled" ]]
        expect output "memory.some, share of time stalled" "io.full, share of time stalled" \
                "change" "╌╌╌" "0.50 % (0.40 to 0.60)" "2.0 % (1.8 to 2.2)" "+1.5" \
                "1:140 against chance, told by blocks of 40s" "work done +2 %" \
                "memory.some 4 % over 2s" "pgscan_direct  210     1260   ×6" \
                "vm.swappiness  60   →  1    redis.yaml:4"
}

@test "a trial is shown by its arms" {
        make_report ./r.json "$TRIAL"
        memctl report ./r.json
        expect_status 0
        expect output "● THE NEW SETTING IS WORSE  redis" "trial begins" \
                "Effect +2.0 points (95 %: +1.5 to +2.5), p = 0.0004" "▀" "what was in force"
}

# The statements that let the kernel kill.
KILLS='
r.update(reason="oom", metric=None, sentence="the kernel killed a process for want of memory")
r["oom"] = {"killed": 2, "limit": 1, "note": "of one kill <nothing> was found", "events": [
    {"kind": "oom-kill", "oom_memcg": "/a/b", "victim": {"comm": "mysqld", "pid": 4711,
     "anon_rss_kb": 1048576, "file_rss_kb": None, "shmem_rss_kb": 0},
     "invoker": {"comm": "x", "pid": 1},
     "diagnosis": {"class": "memcg-limit", "sentence": "<b>it</b> is small", "confidence": "high"}},
    {"kind": 3, "victim": [], "oom_memcg": 7, "diagnosis": "none", "group_victims": 1},
]}
'

@test "kills are shown with the kernel's own account, whatever a report pretends" {
        make_report ./r.json "$KILLS"
        memctl report ./r.json
        expect_status 0
        expect output "the kernel killed a process" "oom-kill 1" "2 processes since the change" \
                "mysqld (4711), 1 GiB, at the limit of /a/b" "<b>it</b> is small" \
                "not known" "of one kill <nothing> was found"
        memctl report ./r.json --json=short
        json 'd["oom"] == json.load(open("r.json"))["oom"]'
        memctl report ./r.json --html=r.html
        expect_status 0
        page r.html
        output=$(<r.html)
        expect output "mysqld (4711), 1 GiB" "&lt;b&gt;it&lt;/b&gt; is small" "/a/b" \
                "oom-kill: 1" "&lt;nothing&gt;"
}

@test "standard input is -" {
        make_report r.json
        run --separate-stderr "$MEMCTL" report - <r.json
        expect_status 0
        expect output "REVERTED  redis"
}

@test "JSON is what came in" {
        make_report r.json
        memctl report ./r.json --json=short
        expect_status 0
        [[ ${#lines[@]} == 1 ]]
        json 'd == json.load(open("r.json"))'
        make_report r.json "$TRIAL"
        memctl report ./r.json --json=pretty
        json 'd == json.load(open("r.json")) | {"evidence": d["evidence"]}'
}

@test "each member of the JSON is in the man page" {
        local key
        make_report r.json "$TRIAL"
        for key in $(python3 -c 'import json
def walk(d):
    for k, v in d.items() if isinstance(d, dict) else ((None, v) for v in d):
        if k and "." not in k:
            print(k)
        if isinstance(v, (dict, list)):
            walk(v)
walk(json.load(open("r.json")))' | sort -u); do
                grep -q -- "_${key}_" "$MEMCTL_SOURCE_ROOT/docs/man/memctl-report.5.scd" ||
                        { echo "no $key"; return 1; }
        done
}

@test "a page is written, is XML, and has a plot for each metric" {
        make_report r.json
        memctl report ./r.json --html page.html
        expect_status 0
        [[ -z $output && -z $stderr ]]
        [[ $(page page.html) == 2 ]]
        memctl report ./r.json --html -
        expect_status 0
        [[ $output == "$(<page.html)" ]]
        make_report r.json "$TRIAL"
        memctl report ./r.json --html page.html
        [[ $(page page.html) == 1 ]]
        make_report r.json 'r = {"id": 1, "state": "", "blocks": []}'
        memctl report ./r.json --html page.html
        expect_status 0
        [[ $(page page.html) == 0 ]]
}

@test "nothing in a report becomes markup, or acts on the terminal" {
        make_report r.json '
evil = "</style><script>alert(1)</script>\x1b[31m\x07\u009b\"&\ud800"
for key in ("profile", "scope", "state", "sentence", "load"):
    r[key] = evil
r["verdict"] = None
r["rates"][0]["name"] = evil
r["plan"] = [{"knob": evil, "old": evil, "new": evil, "origin": evil}]'
        memctl report ./r.json --html page.html
        expect_status 0
        [[ $(page page.html) == 2 ]]
        run ! grep -q '<script' page.html
        grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' page.html
        memctl report ./r.json
        expect_status 0
        run ! grep -q $'[\x1b\x07]' <<<"$output"
}

@test "a hundred thousand blocks make a page of a bounded size" {
        make_report r.json 'r["blocks"] = [{"at": i * 10, "length": 10, "memory.some": i % 97,
            "io.full": i % 89} for i in range(100000)]'
        memctl report ./r.json --html page.html
        expect_status 0
        (($(wc -c <page.html) < 500000))
        page page.html
        memctl report ./r.json
        expect_status 0
        make_report r.json 'r["blocks"] = [{"at": i, "length": 1} for i in range(100001)]'
        memctl report ./r.json
        expect_status 1
        expect stderr "not a report"
}

@test "on a terminal it fits, and has colours" {
        make_report r.json
        on_terminal env TERM=xterm "$MEMCTL" --no-pager report ./r.json
        expect output $'\e[1;31m'
        local plain
        plain=$(printf '%s\n' "$output" | sed $'s/\e\\[[0-9;]*m//g' | tr -d '\r')
        if grep -E '^.{81}' <<<"$plain"; then
                return 1
        fi
        grep -qE '^.{78,80}$' <<<"$plain"
        on_terminal env TERM=xterm NO_COLOR=1 "$MEMCTL" --no-pager report ./r.json
        [[ $output != *$'\e'* ]]
}

@test "a narrow terminal gets a narrow plot" {
        make_report r.json
        run script --quiet --return --command \
                "stty cols 40 rows 50; NO_COLOR=1 TERM=xterm $MEMCTL --no-pager report ./r.json" /dev/null
        expect_status 0
        run ! grep -E '^[^A-Z]*[┤┼].{32}' <<<"$output"
}

@test "without UTF-8 there is only ASCII" {
        make_report r.json
        LC_ALL=C memctl report ./r.json
        expect_status 0
        run ! grep -P '[^\x00-\x7f]' <<<"$output"
}

@test "what is no report is refused" {
        echo '{"verdict": "keep"}' >other.json
        memctl report other.json
        expect_status 1
        [[ $stderr == "memctl: other.json: not a report" && -z $output ]]
        echo '{"verdict": ' >broken.json
        memctl report ./broken.json
        expect_status 1
        expect stderr "memctl: ./broken.json: not a report: "
        memctl report ./absent.json
        expect_status 1
        expect stderr "memctl: ./absent.json: No such file"
        memctl report ./
        expect_status 1
        run --separate-stderr "$MEMCTL" report - </dev/null
        expect_status 1
        expect stderr "standard input: not a report"
}

@test "a page that cannot be written is an error" {
        make_report r.json
        memctl report ./r.json --html ./no/such/page.html
        expect_status 1
        expect stderr "./no/such/page.html: No such file"
        memctl report ./r.json --html /dev/full
        expect_status 1
        expect stderr "/dev/full: No space left"
}

@test "command lines that make no sense" {
        make_report r.json
        memctl report twelve
        expect_status 2
        expect stderr 'report takes a transaction'\''s number, not "twelve"'
        memctl report ./r.json --html p.html --json=short
        expect_status 2
        expect stderr "--html and --json exclude each other"
        memctl report ./r.json --html=
        expect_status 2
        run --separate-stderr "$MEMCTL" --host somewhere report ./r.json
        expect_status 2
        expect stderr "--host asks another memctld"
        memctl list --html p.html
        expect_status 2
        [[ ! -e p.html ]]
}

@test "a number is the daemon's, which is not there" {
        memctl report
        expect_status 6
        memctl report 12 --html p.html
        expect_status 6
        [[ ! -e p.html ]]
}

#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Help, man page and completion say the same.

load common

setup() {
        MAN=$MEMCTL_SOURCE_ROOT/docs/man/memctl.1.scd
        COMPLETION=$MEMCTL_SOURCE_ROOT/cli/memctl.bash-completion
        mapfile -t VERBS < <("$MEMCTL" --help |
                sed -n '/^Look/,/^Options/s/^  \([a-z]\+\) .*/\1/p')
}

# options_of [VERB]: the long options its help shows, -j for the one that has none.
options_of() {
        "$MEMCTL" "$@" --help | sed -n '/^Options:/,/^$/{
                s/^  ...* --\([a-z-]\+\)=.*/--\1=/p; t
                s/^  ...* --\([a-z-]\+\) .*/--\1/p; t
                s/^  \(-[a-z]\)  .*/\1/p
        }'
}

# all_options_of VERB: its own and everyone's, sorted.
all_options_of() {
        { options_of; options_of "$1"; } | sort -u
}

# sorted WORD…: one a line.
sorted() {
        printf '%s\n' "$@" | sort -u
}

@test "help has every verb of the specification" {
        [[ $(sorted "${VERBS[@]}") == "$(sorted list show validate diff explain inspect import export oom record replay trial status apply keep revert events report reload release)" ]]
}

@test "help fits 80 columns, goes to standard output, and ends with 0" {
        local verb
        for verb in "" "${VERBS[@]}"; do
                # shellcheck disable=SC2086 # none or one word
                run --separate-stderr "$MEMCTL" $verb --help
                expect_status 0
                [[ -z $stderr ]]
                if grep -E '^.{81}' <<<"$output"; then
                        return 1
                fi
        done
        run --separate-stderr "$MEMCTL" -h
        expect output "Exit codes: 0 done"
}

@test "each verb's help has its usage, and an example that begins with it" {
        local verb
        for verb in "${VERBS[@]}"; do
                run "$MEMCTL" "$verb" --help
                [[ ${lines[0]} == "memctl $verb [OPTIONS...]"* ]]
                expect output $'Example:\n  memctl '"$verb"
        done
}

@test "each verb's example is understood" {
        TREE=$BATS_TEST_TMPDIR
        local verb example
        for verb in "${VERBS[@]}"; do
                example=$("$MEMCTL" "$verb" --help | sed -n '/^Example:/{n;s/^  memctl //p}')
                eval "memctl $example"
                ((status != 2)) || {
                        echo "memctl $example: $stderr"
                        return 1
                }
        done
}

@test "the man page has every verb and every option, and no other" {
        local verb option text
        text=$(sed 's/\*=_[A-Z]*_/=*/g' "$MAN")
        for verb in "${VERBS[@]}"; do
                grep -q "^\*$verb\*" "$MAN" || { echo "no verb $verb"; return 1; }
                for option in $(options_of "$verb"); do
                        grep -q "^\(\*-[a-zA-Z]\*, \)\?\*$option\*" <<<"$text" || { echo "no $option"; return 1; }
                done
        done
        for option in $(options_of); do
                grep -q "^\(\*-[a-zA-Z]\*, \)\?\*$option\*" <<<"$text" || { echo "no $option"; return 1; }
        done
        local known
        known=" $({ for verb in "${VERBS[@]}"; do options_of "$verb"; done; options_of; } | tr '\n' ' ')"
        while read -r option; do
                [[ $known == *" $option "* ]] || { echo "$option is in the man page only"; return 1; }
        done < <(grep -o '^\(\*-[a-zA-Z]\*, \)\?\*--[a-z-]*=\?\*' <<<"$text" | grep -o -- '--[a-z-]*=\?')
}

@test "each JSON member is in the man page" {
        make_tree x86-16g-zram-6.12 base broken
        local words keys
        keys=$(for words in list "list knobs" "list guide" "explain buddy" "show base" "validate broken" "diff base" \
                "explain base" "explain vm.swappiness"; do
                # shellcheck disable=SC2086 # words
                "$MEMCTL" --root "$TREE" $words --json=short 2>/dev/null || true
        done | python3 -c 'import json, sys
def walk(d):
    if isinstance(d, dict):
        for k, v in d.items():
            print(k)
            walk(v)
    elif isinstance(d, list):
        for v in d:
            walk(v)
for line in sys.stdin:
    walk(json.loads(line))' | sort -u)
        (($(wc -l <<<"$keys") > 30))
        local key
        for key in $keys; do
                sed -n '/^# JSON/,/^# ENV/p' "$MAN" | grep -qw -- "$key" || { echo "no $key"; return 1; }
        done
}

# complete WORD…: what bash offers for the last of them, sorted.
complete_words() {
        bash -c 'source "$1"; shift
                COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
                compopt() { :; }
                _memctl
                printf "%s\n" "${COMPREPLY[@]}"' bash "$COMPLETION" memctl "$@" | sort -u
}

@test "completion offers every verb, and each verb's options" {
        [[ $(complete_words "") == "$(sorted "${VERBS[@]}")" ]]
        [[ $(complete_words ap) == apply ]]
        local verb
        for verb in "${VERBS[@]}"; do
                [[ $(complete_words "$verb" -) == "$(all_options_of "$verb")" ]] || {
                        diff <(complete_words "$verb" -) <(all_options_of "$verb")
                        return 1
                }
        done
        [[ $(complete_words list --json = p) == pretty ]]
        [[ $(complete_words list "") == "$(sorted profiles knobs guide)" ]]
}

@test "completion offers the profiles there are" {
        make_tree x86-16g-zram-6.12 base same
        mkdir "$BATS_TEST_TMPDIR/bin"
        printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$MEMCTL" "$TREE" >"$BATS_TEST_TMPDIR/bin/memctl"
        chmod +x "$BATS_TEST_TMPDIR/bin/memctl"
        PATH=$BATS_TEST_TMPDIR/bin:$PATH
        [[ $(complete_words apply "") == "$(sorted base same)" ]]
        [[ $(complete_words explain vm.swapp) == vm.swappiness ]]
        [[ $(complete_words explain watermark) == watermarks ]]
        [[ $(complete_words explain budd) == buddy ]]
        [[ $(complete_words validate --explain = swappiness-z) == swappiness-zero ]]
        [[ $(complete_words validate --swap = z) == zram ]]
}

@test "the version is one line" {
        run "$MEMCTL" --version
        expect_status 0
        [[ $output =~ ^memctl\ [0-9.]+$ ]]
}

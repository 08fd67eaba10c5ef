# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What the tests of the command share. MEMCTL is the program, MEMCTL_SOURCE_ROOT the sources.
bats_require_minimum_version 1.5.0

: "${MEMCTL:?the memctl to test}"
: "${MEMCTL_SOURCE_ROOT:?the source tree}"
unset NO_COLOR SYSTEMD_PAGER PAGER POSIXLY_CORRECT
export LC_ALL=C.UTF-8 TZ=UTC

# make_tree MACHINE [PROFILE…]: a copy of the recorded machine in $TREE, with profiles in
# etc/memctl/profiles.
make_tree() {
        TREE=$BATS_TEST_TMPDIR/tree
        cp -r "$MEMCTL_SOURCE_ROOT/tests/machines/$1" "$TREE"
        chmod -R u+w "$TREE"
        mkdir -p "$TREE"/{etc,usr/share}/memctl/profiles
        shift
        local name
        for name; do
                cp "$MEMCTL_SOURCE_ROOT/tests/cli/profiles/$name.yaml" "$TREE/etc/memctl/profiles/"
        done
}

# memctl ARGUMENT…: on the tree, output apart from errors, in $output, $stderr and $status.
memctl() {
        run --separate-stderr "$MEMCTL" --root "$TREE" "$@"
}

# expect WHAT STRING…: each string is somewhere in $output (or $stderr).
expect() {
        local -n text=$1
        shift
        local string
        for string; do
                if [[ $text != *"$string"* ]]; then
                        printf 'expected: %s\nstatus: %s\noutput:\n%s\nerrors:\n%s\n' \
                                "$string" "$status" "$output" "${stderr:-}"
                        return 1
                fi
        done
}

# expect_status N
expect_status() {
        if ((status != $1)); then
                printf 'expected status %s, got %s\noutput:\n%s\nerrors:\n%s\n' \
                        "$1" "$status" "$output" "${stderr:-}"
                return 1
        fi
}

# json EXPRESSION: $output is JSON (d), and the Python expression is true of it.
json() {
        python3 -c 'import json, sys
d = json.load(sys.stdin)
if not eval(sys.argv[1]):
    sys.exit(f"not so: {sys.argv[1]}\n{json.dumps(d, indent=2)}")' "$1" <<<"$output"
}

# on_terminal COMMAND…: what it prints on a terminal of 80 columns, in $output.
on_terminal() {
        local words
        printf -v words '%q ' "$@"
        run script --quiet --return --command "stty cols 80 rows 50; $words" /dev/null
}

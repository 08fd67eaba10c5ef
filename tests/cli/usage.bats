#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Bad command lines: one clear line each, exit code 2, and nothing on standard output.

load common

# bad EXPECTED ARGUMENT…
bad() {
        local expected=$1
        shift
        run --separate-stderr "$MEMCTL" "$@"
        if ((status != 2)) || [[ $stderr != "memctl: $expected" || -n $output ]]; then
                printf 'memctl %s\nexpected (2): memctl: %s\n     got (%s): %s\n%s\n' \
                        "$*" "$expected" "$status" "$stderr" "$output"
                return 1
        fi
}

@test "no verb, or one that is none" {
        bad 'which verb? See "memctl --help"'
        bad 'which verb? See "memctl --help"' --quiet
        bad 'unknown verb "aply": did you mean "apply"?' aply redis
        bad 'unknown verb "lst": did you mean "list"?' lst
        bad 'unknown verb "xyzzy": see "memctl --help"' xyzzy
        bad 'unknown verb "": see "memctl --help"' ""
}

@test "options that are none" {
        bad 'unknown option "--jsn": did you mean "--json"?' --jsn=short list
        bad 'unknown option "--dryrun": did you mean "--dry-run"?' apply redis --dryrun
        bad 'unknown option "--xyzzy": see "memctl --help"' list --xyzzy
        bad 'unknown option "-x": see "memctl --help"' list -x
        bad 'unknown option "--no": see "memctl --help"' --no list
}

@test "options that miss their argument, or have one too many" {
        bad '--root needs an argument: DIR' list --root
        bad '--host needs an argument: HOST' status -H
        bad '--confirm-within needs an argument: TIME' apply redis --confirm-within
        bad '--quiet takes no argument' --quiet=1 list
}

@test "arguments of options that make no sense" {
        # A mode is not needed, and may stand behind a blank.
        run --separate-stderr "$MEMCTL" list knobs --json
        ((status == 0 && ${#lines[@]} == 1))
        [[ $output == '['* ]]
        run --separate-stderr "$MEMCTL" list --json pretty knobs
        ((status == 0 && ${#lines[@]} > 1))
        [[ $output == '['* ]]
        bad '--json takes short, pretty or off, not "yaml"' list --json=yaml
        bad '--host takes a host, or user@host, not "-oProxyCommand=x"' status --host=-oProxyCommand=x
        bad '--host takes a host, or user@host, not ""' status --host=
        bad '--root takes a folder, not ""' list --root=
        bad '--confirm-within takes a time like 30s, 10min or 2h, not "10"' apply redis --confirm-within=10
        bad '--confirm-within takes a time like 30s, 10min or 2h, not "-5s"' apply redis --confirm-within=-5s
        bad '--confirm-within takes a time from 1s to 7d, not "8d"' apply redis --confirm-within=8d
        bad '--probation takes a time from 1s to 7d, not "1ms"' apply redis --probation=1ms
        bad '--lines takes a number, not "-5"' events -n -5
        bad '--lines takes a number, not "many"' events --lines=many
        bad '--interval takes a time from 100ms to 1h, not "5"' inspect --interval 5
        bad '--interval takes a time from 100ms to 1h, not "99ms"' inspect --interval 99ms
        bad '--interval takes a time from 100ms to 1h, not "2h"' inspect --interval 2h
        bad '--since takes an event'\''s number, not "yesterday"' events --since=yesterday
        bad "--reason takes at most 256 bytes, not \"$(printf 'x%.0s' {1..257})\"" \
                revert --reason "$(printf 'x%.0s' {1..257})"
}

@test "options of another verb, and options that exclude each other" {
        bad '--wait is no option of "list", only of: apply trial' list --wait
        bad '--all is no option of "show", only of: list diff inspect' show redis -a
        bad '--reason is no option of "keep", only of: revert' keep --reason why
        bad '--watch is no option of "oom", only of: inspect' oom --watch -
        bad '--host and --root exclude each other' --root /mnt -H web1 status
        bad '"diff" reads this machine'\''s files and cannot be used with --host: run it there' -H web1 diff redis
        bad '--dry-run changes nothing: it goes with neither --wait nor --confirm-within nor --probation' \
                apply redis --dry-run --wait
        bad '--confirm-within and --probation exclude each other: what waits for '\''memctl keep'\'' is watched until then' \
                apply redis --confirm-within 1min --probation 2min
}

@test "too few and too many arguments" {
        bad '"show" needs an argument: memctl show PROFILE' show
        bad '"apply" needs an argument: memctl apply PROFILE' apply --wait
        bad '"diff" takes no argument "b": memctl diff PROFILE' diff a b
        bad '"status" takes no argument "now": memctl status' status now
        bad '"reload" takes no argument "x": memctl reload' reload x
}

@test "arguments that make no sense" {
        bad 'list shows profiles, knobs or the guide, not "users"' list users
        bad 'keep takes a transaction'\''s number, not "redis"' keep redis
        bad 'keep takes a transaction'\''s number, not "0"' keep 0
        bad 'revert takes a transaction'\''s number, not "-1"' revert -- -1
}

@test "without a daemon the exit code is 6 and the message says what to do" {
        TREE=$BATS_TEST_TMPDIR
        local verb
        for verb in status "apply x" keep revert "release x" events reload; do
                # shellcheck disable=SC2086 # two words
                memctl $verb
                expect_status 6
                [[ $stderr == "memctl: no memctld serves $TREE ($TREE/run/memctl/private: No such file or directory)" ]]
                [[ -z $output ]]
        done
        export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus
        run -6 --separate-stderr setpriv --reuid=65534 --clear-groups "$MEMCTL" status || {
                ((EUID != 0)) && run -6 --separate-stderr "$MEMCTL" status
        }
        expect stderr "memctl: memctld does not run and there is no system bus (No such file or directory); start it with: systemctl start memctld"
}

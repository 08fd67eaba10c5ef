# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Loaded by every system test.

# knob NAME [VALUE]: reads or writes a file of /proc/sys/vm behind memctl's back.
knob() {
        if (($# > 1)); then
                echo "$2" >"/proc/sys/vm/$1"
        else
                cat "/proc/sys/vm/$1"
        fi
}

# until_true SECONDS COMMAND…: asks ten times a second.
until_true() {
        local deadline=$((SECONDS + $1))

        shift
        until "$@"; do
                ((SECONDS < deadline)) || return 1
                sleep 0.1
        done
}

# profile NAME: installs the profile on standard input.
profile() {
        install -D -m 0644 /dev/stdin "/etc/memctl/profiles/$1.yaml"
}

as_operator() {
        runuser -u operator -- "$@"
}

# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the demonstrations share. Each makes its situation in a cgroup of its own with a limit on its
# memory, shows it with memctl, and leaves nothing behind: also after Ctrl-C, and after a minute at
# the latest. Needs root, bash, coreutils and the memory controller of cgroups.
#
#     demo_begin NAME BYTES        checks that it can work, and makes the cgroup
#     demo_run COMMAND...          a command in the cgroup
#     demo_start COMMAND...        the same in the background, until the end
#     demo_drop NAME               lets go of that file's pages
#     demo_needs_disk              refuses where /var/tmp is memory itself
#     demo_file NAME BYTES         writes and syncs a file in $demo_work, on a disk, from the cgroup
#     say TEXT...                  a line for the reader
#     show ARGUMENT...             runs memctl, and prints the command with its output
#     show_free_blocks             "memctl inspect buddy", one zone of it
#     show_lines PATTERN ARGUMENT...   the same, but only the lines that match
# shellcheck disable=SC2034 # demo_cgroup is for the scripts
set -uo pipefail
shopt -s nullglob

demo_seconds_max=60
demo_memctl=${MEMCTL:-memctl}
demo_work='' demo_groups=() demo_cgroup='' demo_watchdog='' demo_enabled=''

refuse() {
        printf '%s: not here: %s\n' "${0##*/}" "$*" >&2
        exit 77
}

say() {
        printf '== %s\n' "$*"
}

show() {
        printf '> memctl %s\n' "$*"
        "$demo_memctl" "$@"
        echo
}

show_lines() {
        local pattern=$1 line

        shift
        printf '> memctl %s\n' "$*"
        while IFS= read -r line; do
                [[ ! $line =~ $pattern ]] || printf '%s\n' "$line"
        done < <("$demo_memctl" "$@")
        echo
}

# The free blocks of the highest zone, from which ordinary memory comes first.
show_free_blocks() {
        local lines last i

        printf '> memctl inspect buddy\n'
        mapfile -t lines < <("$demo_memctl" inspect buddy)
        for ((i = 0; i < ${#lines[@]}; i++)); do
                [[ ${lines[i]} != free\ * ]] || last=$i
        done
        printf '%s\n' "${lines[0]}" "${lines[last - 1]}" "${lines[last]}" ''
}

# A cgroup of the version that has the memory controller; where that is version 1, PSI is in one of
# version 2 with the same name.
demo_make_cgroup() {
        local top=/sys/fs/cgroup controllers

        if [[ -e $top/cgroup.controllers ]]; then
                read -r controllers <$top/cgroup.controllers
                [[ " $controllers " == *' memory '* ]] ||
                        refuse "the kernel has no memory controller for $top"
                read -r controllers <$top/cgroup.subtree_control
                if [[ " $controllers " != *' memory '* ]]; then
                        { echo +memory >$top/cgroup.subtree_control; } 2>/dev/null ||
                                refuse "the memory controller cannot be turned on in $top"
                        demo_enabled=$top/cgroup.subtree_control
                fi
                demo_try_cgroup "$top"
                echo "$1" >"$top/$demo_cgroup/memory.max"
                # Without this, swap would take what the limit holds back.
                [[ ! -e $top/$demo_cgroup/memory.swap.max ]] ||
                        echo 0 >"$top/$demo_cgroup/memory.swap.max"
        elif [[ -e $top/memory/memory.limit_in_bytes ]]; then
                demo_try_cgroup "$top/memory"
                echo "$1" >"$top/memory/$demo_cgroup/memory.limit_in_bytes"
                [[ ! -e $top/memory/$demo_cgroup/memory.memsw.limit_in_bytes ]] ||
                        echo "$1" >"$top/memory/$demo_cgroup/memory.memsw.limit_in_bytes"
                [[ ! -e $top/unified/cgroup.procs ]] || demo_try_cgroup "$top/unified"
        else
                refuse "there is no memory controller in $top"
        fi
}

demo_try_cgroup() {
        mkdir "$1/$demo_cgroup" 2>/dev/null || refuse "no cgroup can be made in $1"
        demo_groups+=("$1/$demo_cgroup")
}

# Processes in it are killed; pages of files that still count there are let go with the files.
demo_clean_up() {
        local group pid i

        trap '' INT TERM HUP
        [[ -z $demo_watchdog ]] || kill "$demo_watchdog" 2>/dev/null
        for group in "${demo_groups[@]}"; do
                while read -r pid; do
                        kill -KILL "$pid" 2>/dev/null
                done <"$group/cgroup.procs"
        done
        wait
        [[ -z $demo_work ]] || rm -rf "$demo_work"
        for group in "${demo_groups[@]}"; do
                for ((i = 0; i < 50; i++)); do
                        ! rmdir "$group" 2>/dev/null || break
                        sleep 0.1
                done
                [[ ! -d $group ]] || printf '%s: %s is still there\n' "${0##*/}" "$group" >&2
        done
        [[ -z $demo_enabled ]] || { echo -memory >"$demo_enabled"; } 2>/dev/null
}

demo_begin() {
        local name=$1 limit=$2

        ((EUID == 0)) || refuse 'it needs root, to make a cgroup'
        command -v "$demo_memctl" >/dev/null || refuse "there is no $demo_memctl"
        [[ -w /sys/fs/cgroup ]] || refuse '/sys/fs/cgroup is not writable'
        demo_cgroup=memctl-demo-$name-$$
        trap demo_clean_up EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
        demo_work=$(mktemp -d "/var/tmp/$demo_cgroup.XXXXXX") || refuse 'no folder in /var/tmp'
        demo_make_cgroup "$limit"
        # Its own process group would survive Ctrl-C; like this it ends with the rest.
        (
                trap 'exit 0' TERM
                sleep "$demo_seconds_max" &
                wait $! && kill -TERM $$
        ) &
        demo_watchdog=$!
}

# Only for a subshell: moves it into the cgroup.
demo_enter() {
        local group

        for group in "${demo_groups[@]}"; do
                echo "$BASHPID" >"$group/cgroup.procs" || exit 1
        done
}

demo_run() {
        (demo_enter && exec "$@")
}

demo_start() {
        (demo_enter && exec "$@") &
}

demo_file() {
        demo_run dd if=/dev/zero of="$demo_work/$1" bs=1M count=$(($2 / 1048576)) conv=fsync \
                status=none || refuse "cannot write $(($2 / 1048576)) MiB in $demo_work"
}

# Lets go of the pages of that file in $demo_work, as far as they are written.
demo_drop() {
        dd if="$demo_work/$1" iflag=nocache count=0 status=none
}

# A file on tmpfs has nowhere to be written back to, and cannot be dropped.
demo_needs_disk() {
        [[ $(stat --file-system --format=%T "$demo_work") != tmpfs ]] ||
                refuse '/var/tmp is a tmpfs: its files are memory themselves'
}

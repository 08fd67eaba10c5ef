# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the demonstrations share. Each makes its situation in a cgroup of its own with a limit on its
# memory, shows it with memctl, and leaves nothing behind: also after Ctrl-C, and after a minute at
# the latest. Needs root, bash, coreutils, util-linux, sed and the memory controller of cgroups.
#
#     demo_begin NAME BYTES        checks that it can work, and makes the cgroup
#     demo_run COMMAND...          a command in the cgroup
#     demo_start COMMAND...        the same in the background, until the end
#     demo_stop                    ends all that was started so
#     demo_until COMMAND...        waits until it succeeds
#     demo_until_held BYTES        waits until the cgroup holds so much
#     demo_drop NAME               lets go of that file's pages
#     demo_needs_disk              refuses where /var/tmp is memory itself
#     demo_file NAME BYTES         writes and syncs a file in $demo_work, on a disk, from the cgroup
#     demo_hold BYTES COMMAND...   holds that much memory, most of which is then COMMAND's input
#     demo_limit BYTES             another limit on the memory of the cgroup
#     demo_swap BYTES              swap for the cgroup, in a file that goes with it
#     demo_tmpfs NAME OPTIONS      a tmpfs at $demo_work/NAME
#     say TEXT...                  a line for the reader
#     show ARGUMENT...             runs memctl, and prints the command with its output
#     show_cgroup                  "memctl inspect cgroups", the line of this one
#     show_kills                   what memctl says of the kernel's log since demo_begin
#     show_free_blocks             "memctl inspect buddy", one zone of it
#     show_lines PATTERN ARGUMENT...   the same, but only the lines that match
# shellcheck disable=SC2034 # demo_cgroup is for the scripts
set -uo pipefail
shopt -s nullglob

demo_seconds_max=60
demo_memctl=${MEMCTL:-memctl}
demo_work='' demo_groups=() demo_cgroup='' demo_watchdog='' demo_enabled='' demo_swap_file='' demo_mounts=()
demo_started=()

refuse() {
        printf '%s: not here: %s\n' "${0##*/}" "$*" >&2
        exit 77
}

fail() {
        printf '%s: %s\n' "${0##*/}" "$*" >&2
        exit 1
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

# Noted before it is there: a signal may come in between.
demo_try_cgroup() {
        demo_groups+=("$1/$demo_cgroup")
        mkdir "$1/$demo_cgroup" 2>/dev/null || refuse "no cgroup can be made in $1"
}

# The watchdog first, so that it takes its own along. What was started outside of the cgroup may wait
# for somebody who is killed here. Without standard error: bash tells each death.
demo_end_processes() {
        local group pid

        [[ -z $demo_watchdog ]] || { kill "$demo_watchdog" && wait "$demo_watchdog"; }
        for group in "${demo_groups[@]}"; do
                while read -r pid; do
                        kill -KILL "$pid"
                done <"$group/cgroup.procs"
        done
        for pid in $(jobs -p); do
                kill -KILL "$pid"
        done
        wait
}

# Processes in it are killed; pages of files that still count there are let go with the files.
demo_clean_up() {
        local group i

        trap '' INT TERM HUP
        demo_end_processes 2>/dev/null
        [[ -z $demo_swap_file ]] || swapoff "$demo_swap_file" 2>/dev/null
        for group in "${demo_mounts[@]}"; do
                umount "$group" 2>/dev/null
        done
        [[ -z $demo_work ]] || rm -rf --one-file-system "$demo_work"
        for group in "${demo_groups[@]}"; do
                for ((i = 0; i < 50; i++)); do
                        [[ -d $group ]] || break
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
        # Not mktemp(1), which would have made it before we know its name.
        demo_work=/var/tmp/$demo_cgroup.$SRANDOM
        mkdir -m 0700 "$demo_work" || {
                demo_work=''
                refuse 'no folder in /var/tmp'
        }
        demo_make_cgroup "$limit"
        { echo "$demo_cgroup begins" >/dev/kmsg; } 2>/dev/null
        # Its own process group would survive Ctrl-C; like this it ends with the rest. It holds no
        # output open, or else a pipe behind us would wait for it.
        (
                trap 'kill "$sleeper"; exit 0' TERM
                sleep "$demo_seconds_max" &
                sleeper=$!
                wait "$sleeper" && kill -TERM $$
        ) >/dev/null 2>&1 &
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
        demo_started+=($!)
}

# Processes that one was started by go with it.
demo_stop() {
        local pid

        while read -r pid; do
                kill -KILL "$pid" 2>/dev/null
        done <"${demo_groups[0]}/cgroup.procs"
        { wait "${demo_started[@]}"; } 2>/dev/null
        demo_started=()
}

# Synced piece by piece: in version 1 nothing slows down a cgroup that is full of dirty pages, and it
# would be killed.
demo_file() {
        demo_run dd if=/dev/zero of="$demo_work/$1" bs=1M count=$(($2 / 1048576)) oflag=dsync \
                status=none || fail "cannot write $(($2 / 1048576)) MiB in $demo_work"
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

# dd has its whole block in memory until the last byte of it is written; when the first one comes, it
# is full.
demo_hold() {
        local bytes=$1

        shift
        rm -f "$demo_work/held"
        # shellcheck disable=SC2016 # for the inner shell
        demo_start bash -c 'bytes=$1 held=$2; shift 2
                dd if=/dev/urandom bs="$bytes" count=1 iflag=fullblock status=none |
                        { head -c 1 >/dev/null; : >"$held"; exec "$@"; }' \
                hold "$bytes" "$demo_work/held" "$@"
        demo_until test -e "$demo_work/held"
}

demo_until() {
        local i

        for ((i = 0; i < 200; i++)); do
                ! "$@" || return 0
                sleep 0.1
        done
        fail 'this machine is too slow, or too busy'
}

demo_holds() {
        local file=${demo_groups[0]}/memory.current

        [[ -e $file ]] || file=${demo_groups[0]}/memory.usage_in_bytes
        (($(<"$file") >= $1))
}

demo_until_held() {
        demo_until demo_holds "$1"
}

# The files of the cgroup, which are named otherwise in version 1.
demo_limit_file() {
        if [[ -e ${demo_groups[0]}/memory.max ]]; then
                echo "${demo_groups[0]}/memory.max"
        else
                echo "${demo_groups[0]}/memory.limit_in_bytes"
        fi
}

# Version 1 has a second limit, for memory and swap, which may never be the smaller one.
demo_limit() {
        local file both=${demo_groups[0]}/memory.memsw.limit_in_bytes

        file=$(demo_limit_file)
        [[ ! -e $both ]] || { echo "$1" >"$both"; } 2>/dev/null
        { echo "$1" >"$file"; } 2>/dev/null || fail "the limit cannot be set to $1"
        [[ ! -e $both ]] || echo "$1" >"$both"
}

# Before all other swap, so that what the cgroup swaps out is found here.
demo_swap() {
        local file=$demo_work/swap error

        demo_needs_disk
        if [[ -e ${demo_groups[0]}/memory.memsw.limit_in_bytes ]]; then
                echo -1 >"${demo_groups[0]}/memory.memsw.limit_in_bytes"
        elif [[ -e ${demo_groups[0]}/memory.swap.max ]]; then
                echo max >"${demo_groups[0]}/memory.swap.max"
        else
                refuse 'cgroups do not count swap here'
        fi
        demo_swap_file=$file
        error=$({ fallocate --length "$1" "$file" && chmod 600 "$file" && mkswap "$file" &&
                swapon --priority 32767 "$file"; } 2>&1 >/dev/null) ||
                refuse "no swap in a file: $error"
}

demo_tmpfs() {
        mkdir "$demo_work/$1"
        demo_mounts+=("$demo_work/$1")
        mount -t tmpfs -o "$2" memctl-demo "$demo_work/$1" 2>/dev/null ||
                refuse "no tmpfs with $2 can be mounted"
}

show_cgroup() {
        show_lines "^ *HOLDS|/$demo_cgroup\$" inspect cgroups --all
}

# The log goes on while it is read: what counts is after a line of our own.
show_kills() {
        local line

        printf '> dmesg | memctl oom -\n'
        while IFS= read -r line; do
                [[ ! $line =~ ^[0-9]|asked|constraint|cgroup|killed|why ]] || printf '%s\n' "$line"
        done < <(dmesg | sed "1,/$demo_cgroup begins/d" | "$demo_memctl" oom -)
        echo
}

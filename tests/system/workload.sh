# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A writer, and what the kernel says of it. Sourced by "try".
#
# The writer rewrites one small file through the page cache, so no disk is too slow for it until
# the kernel makes it wait; then it is in balance_dirty_pages(), which counts as io pressure.

workload_pid='' workload_progress=''
rate=0 stall=0 rate_start=0 stall_start=0 measure_start=0

# workload_start FILE SYNCHRONOUS-FLAG MIB: while the flag exists, each write waits for the disk.
workload_start() {
        workload_progress=$1.progress
        : >"$workload_progress"
        (
                chunk=0
                while :; do
                        if [[ -e $2 ]]; then
                                write_synchronously "$1"
                        else
                                dd if=/dev/zero of="$1" conv=notrunc seek=$((chunk * 16)) \
                                        bs=64k count=16 status=none
                        fi
                        chunk=$(((chunk + 1) % $3))
                        printf . >>"$workload_progress"
                done
        ) 3>&- & # a test program may wait for whoever holds 3
        workload_pid=$!
}

# Four writers, 256 KiB each, every write down to the disk.
write_synchronously() {
        local i

        for i in 1 2 3 4; do
                dd if=/dev/zero of="$1.$i" conv=notrunc oflag=dsync bs=4k count=64 status=none &
        done
        wait
}

workload_stop() {
        [[ -n $workload_pid ]] || return 0
        kill "$workload_pid" 2>/dev/null || true
        wait "$workload_pid" 2>/dev/null || true
        workload_pid=''
}

# Microseconds since boot in which some task waited for io.
stalled_usec() {
        sed -n 's/^some .*total=//p' /proc/pressure/io
}

now_usec() {
        echo "${EPOCHREALTIME/[.,]/}"
}

written_mib() {
        stat -c %s "$workload_progress"
}

# From measure_start to measure_end: sets rate (MB/s) and stall (1/10000 of the time). Reading the
# pressure in between would take from the daemon's triggers what they wait for.
measure_start() {
        stall_start=$(stalled_usec) rate_start=$(written_mib) measure_start=$(now_usec)
}

# shellcheck disable=SC2034 # the results are for who sources this
measure_end() {
        local span

        span=$(($(now_usec) - measure_start))
        rate=$((($(written_mib) - rate_start) * 1048576 / span))
        stall=$((($(stalled_usec) - stall_start) * 10000 / span))
}

measure_for() {
        measure_start
        sleep "$1"
        measure_end
}

# percent PERMYRIAD: 1234 is 12.3.
percent() {
        printf '%d.%d' $(($1 / 100)) $(($1 / 10 % 10))
}

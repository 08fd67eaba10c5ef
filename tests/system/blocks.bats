#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The blocks beside sysctl and transparent_hugepage: the same promises on the real kernel.

load common

readonly KSM=/sys/kernel/mm/ksm
readonly POOL=/sys/kernel/mm/hugepages/hugepages-2048kB
readonly NODE_POOL=/sys/devices/system/node/node0/hugepages/hugepages-2048kB
readonly ZSWAP=/sys/module/zswap/parameters

setup() {
        systemctl start memctld.service
}

@test "ksm: applied, read back, reverted" {
        [ -d "$KSM" ] || skip 'this kernel has no KSM'
        pages=$(cat "$KSM/pages_to_scan")
        profile merge <<END
profile: merge
summary: scan a little
ksm:
  pages_to_scan: $((pages + 1))
  sleep_millisecs: 500ms
END
        memctl apply merge
        [ "$(cat "$KSM/pages_to_scan")" = $((pages + 1)) ]
        [ "$(cat "$KSM/sleep_millisecs")" = 500 ]
        memctl revert
        no_knob_changed
}

@test "hugepages: the pool of a node and what may be taken beyond it" {
        [ -d "$NODE_POOL" ] || skip 'no pool of 2 MiB pages on node 0'
        profile pool <<'END'
profile: pool
summary: a few huge pages
hugepages:
  hugepages-2048kB:
    nr_overcommit_hugepages: 3
  node0:
    hugepages-2048kB:
      nr_hugepages: 4
END
        memctl apply pool
        [ "$(cat "$NODE_POOL/nr_hugepages")" = 4 ]
        [ "$(cat "$POOL/nr_overcommit_hugepages")" = 3 ]
        memctl revert
        [ "$(cat "$NODE_POOL/nr_hugepages")" = 0 ]
        no_knob_changed
}

@test "zswap: Y and N are what a profile calls true and false" {
        [ -d "$ZSWAP" ] || skip 'this kernel has no zswap'
        [ -e "$ZSWAP/shrinker_enabled" ] || skip 'this kernel has no shrinker of zswap'
        before=$(cat "$ZSWAP/shrinker_enabled")
        [ "$before" = N ] || skip 'the shrinker is on here'
        profile cache <<'END'
profile: cache
summary: zswap that shrinks
zswap:
  shrinker_enabled: true
  max_pool_percent: 21
END
        memctl apply cache
        [ "$(cat "$ZSWAP/shrinker_enabled")" = Y ]
        [ "$(cat "$ZSWAP/max_pool_percent")" = 21 ]
        memctl revert
        no_knob_changed
}

@test "a file that is no setting is refused with the reason, and nothing changes" {
        profile counter <<'END'
profile: counter
summary: a counter is no setting
sysctl:
  vm.swappiness: 61
ksm:
  pages_shared: 0
END
        run memctl apply counter
        echo "$output"
        [ "$status" -eq 3 ]
        [[ $output == *'ksm.pages_shared cannot be set by a profile: '* ]]
        no_knob_changed
}

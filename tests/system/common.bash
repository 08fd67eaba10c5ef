# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Loaded by every system test. Each test begins with a stopped daemon, no state, no profiles but the
# shipped ones, and the knobs as they were.

# shellcheck source=SCRIPTDIR/../support/knobs.sh
. /memctl-test/system/knobs.sh

knobs_at_start=/run/memctl-test.knobs

setup_file() {
        # Known values to speak of, whatever the host has; the runner puts the host's own back.
        knob swappiness 60
        knob vfs_cache_pressure 100
        knob dirty_ratio 20
        knob dirty_background_ratio 10
        echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
        echo madvise >/sys/kernel/mm/transparent_hugepage/defrag
        knobs_save "$knobs_at_start"
}

restore_knobs() {
        knobs_restore "$knobs_at_start"
}

# Says which, when there are some.
no_knob_changed() {
        local changed

        changed=$(knobs_changed "$knobs_at_start")
        echo "$changed"
        [[ -z $changed ]]
}

teardown() {
        systemctl stop memctld.service 2>/dev/null || true
        systemctl reset-failed
        rm -rf /etc/memctl/profiles /etc/memctl/memctld.conf.d /var/lib/memctl \
                /etc/polkit-1/rules.d/memctl-test.rules
        if [[ -d /run/systemd/system/memctld.service.d ]]; then
                rm -r /run/systemd/system/memctld.service.d
                systemctl daemon-reload
        fi
        restore_knobs
}

# knob NAME [VALUE]: reads or writes a file of /proc/sys/vm behind memctl's back.
knob() {
        if (($# > 1)); then
                echo "$2" >"/proc/sys/vm/$1"
        else
                cat "/proc/sys/vm/$1"
        fi
}

# until_true SECONDS COMMAND…: asks ten times a second; says what went on instead, when in vain.
until_true() {
        local deadline=$((SECONDS + $1))

        shift
        until "$@"; do
                if ((SECONDS >= deadline)); then
                        echo "not in time: $*"
                        memctl status || true
                        memctl events --lines 20 || true
                        return 1
                fi
                sleep 0.1
        done
}

# profile NAME: installs the profile on standard input.
profile() {
        install -D -m 0644 /dev/stdin "/etc/memctl/profiles/$1.yaml"
}

# A profile of two knobs that do no harm; vfs_cache_pressure has no part in any coupling.
profile_small() {
        profile small <<'END'
profile: small
summary: two knobs
sysctl:
  vm.swappiness: 61
  vm.vfs_cache_pressure: 101
END
}

# unit_override: a drop-in of memctld.service on standard input.
unit_override() {
        install -D -m 0644 /dev/stdin /run/systemd/system/memctld.service.d/test.conf
        systemctl daemon-reload
}

as_ordinary_user() {
        runuser -u memctl-ordinary -- "$@"
}

# property NAME: without its type and quotes.
property() {
        busctl get-property org.memctl /org/memctl org.memctl.Manager1 "$1" |
                sed 's/^[a-z()]* //; s/^"\(.*\)"$/\1/'
}

state_is() {
        [[ $(property State) == "$1" ]]
}

main_pid() {
        systemctl show --property=MainPID --value memctld.service
}

# is_restarted_after PID: it runs again, as another process.
is_restarted_after() {
        local pid

        pid=$(main_pid)
        [[ $pid != 0 && $pid != "$1" && $(systemctl is-active memctld.service) == active ]]
}

# journal_has FIELD=VALUE…: an entry of this boot with all of them.
journal_has() {
        journalctl --sync
        [[ -n $(journalctl --quiet --output=cat "$@") ]]
}

# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Saves, compares and restores every knob of the running kernel. Sourced by whatever writes live
# knobs on purpose: the system tests, "./dev try", "./dev bench".

# Prints every readable and writable knob. Transparent huge pages come first and min_free_kbytes
# last: a write to the former makes the kernel compute the latter anew.
knobs_list() {
        local folder folders=()

        # What a kernel was built without has no folder.
        for folder in /sys/kernel/mm/{transparent_hugepage,ksm,lru_gen,hugepages} \
                /sys/module/zswap/parameters /sys/devices/system/node/node*/hugepages; do
                [[ ! -d $folder ]] || folders+=("$folder")
        done
        # The mode, not access(2): root may open what the kernel then refuses.
        find "${folders[@]}" /proc/sys/vm -type f -perm -u+rw ! -name min_free_kbytes | sort -r
        echo /proc/sys/vm/min_free_kbytes
}

# knobs_save FILE: one line a knob, "path<TAB>value".
knobs_save() {
        local file value

        while read -r file; do
                { value=$(<"$file") && printf '%s\t%s\n' "$file" "$value"; } 2>/dev/null
        done < <(knobs_list) >"$1"
}

# knobs_changed FILE: one line a knob that reads otherwise than saved.
knobs_changed() {
        local file saved live

        while IFS=$'\t' read -r file saved; do
                { live=$(<"$file"); } 2>/dev/null
                [[ $live == "$saved" ]] || printf '%s: was "%s", reads "%s"\n' "$file" "$saved" "$live"
        done <"$1"
}

# knobs_writable FILE PATH VALUE: whether writing VALUE back restores it. Zero in one member of a
# pair wipes the other, or is refused, so the member in force is written alone.
knobs_writable() {
        local name=${2##*/} twin

        [[ $3 == 0 ]] || return 0
        case $name in
        dirty_bytes | dirty_background_bytes | overcommit_kbytes) return 1 ;;
        dirty_ratio | dirty_background_ratio) twin=${name%ratio}bytes ;;
        overcommit_ratio) twin=overcommit_kbytes ;;
        *) return 0 ;;
        esac
        grep -qx "/proc/sys/vm/$twin"$'\t0' "$1"
}

# knobs_restore FILE: writes back what differs. Says what cannot be restored and returns 1 then.
knobs_restore() {
        local line lines file saved

        mapfile -t lines <"$1"
        for _ in 1 2 3; do
                [[ -n $(knobs_changed "$1") ]] || return 0
                for line in "${lines[@]}"; do
                        file=${line%%$'\t'*} saved=${line#*$'\t'}
                        [[ $(<"$file") != "$saved" ]] || continue
                        knobs_writable "$1" "$file" "$saved" || continue
                        [[ $saved =~ \[([^]]*)\] ]] && saved=${BASH_REMATCH[1]}
                        echo "$saved" >"$file" || true
                done 2>/dev/null
        done
        knobs_changed "$1" >&2
        [[ -z $(knobs_changed "$1") ]]
}

# knobs_lock SECONDS: one user of the live knobs at a time on this machine, until this shell ends.
knobs_lock() {
        mkdir -p /run/lock # a container may lack it
        exec {knobs_lock_fd}>/run/lock/memctl-live-knobs.lock
        flock --wait "$1" "$knobs_lock_fd"
}

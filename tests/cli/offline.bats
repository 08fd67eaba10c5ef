#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# The verbs that need no daemon, on a copied machine tree.

load common

setup() {
        make_tree x86-16g-zram-6.12 base web broken giant same
}

@test "list names each profile with its state, folder and summary" {
        memctl list
        expect_status 0
        [[ ${lines[0]} =~ ^PROFILE\ +STATE\ +FROM\ +SUMMARY$ ]]
        [[ ${lines[1]} =~ ^base\ +ok\ +/etc\ +What\ both\ have\ in\ common$ ]]
        [[ ${lines[2]} =~ ^broken\ +invalid\ +/etc\ +4\ problems:\ memctl\ validate\ broken$ ]]
        [[ ${lines[3]} =~ ^giant\ +not\ applicable\ +/etc\ + ]]
        ((${#lines[@]} == 6))
        [[ -z $stderr ]]
}

@test "list says which file masks which" {
        cp "$TREE/etc/memctl/profiles/web.yaml" "$TREE/usr/share/memctl/profiles/"
        memctl list
        [[ $output =~ web\ +ok\ +/etc,\ masks\ /usr/share\ +A\ profile\ for\ the\ tests ]]
        memctl list --json=short
        json 'd[4]["masks"] == [d[4]["file"].replace("/etc/", "/usr/share/")]'
}

@test "list --json is one array on one line, list --json=pretty is many lines" {
        memctl list --json=short
        expect_status 0
        ((${#lines[@]} == 1))
        json '[p["name"] for p in d] == ["base", "broken", "giant", "same", "web"]'
        json '[p["state"] for p in d] == ["ok", "invalid", "not-applicable", "ok", "ok"]'
        json 'd[2]["why-not"].startswith("needs ram >= 512TiB")'
        json 'all(set(p) == {"name", "state", "why-not", "summary", "file", "masks"} for p in d)'
        memctl list --json=pretty
        ((${#lines[@]} > 20))
        json 'len(d) == 5'
}

@test "list --no-legend leaves out the heading" {
        memctl list --no-legend
        [[ ${lines[0]} == base* ]]
}

@test "list without a profile says where they lie and is no failure" {
        rm "$TREE"/etc/memctl/profiles/*
        memctl list
        expect_status 0
        [[ -z $output ]]
        expect stderr "/etc/memctl/profiles"
        memctl list --json=short
        json 'd == []'
}

@test "list knobs shows live values for people" {
        memctl list knobs
        expect_status 0
        [[ $output =~ vm\.swappiness\ +60\ + ]]
        [[ $output =~ vm\.dirty_expire_centisecs\ +3000\ \(30s\)\ + ]]
        [[ $output != *drop_caches* ]]
}

@test "list knobs --all adds what this kernel lacks and what is no setting" {
        memctl list knobs --all --json=short
        expect_status 0
        json 'any(k["knob"] == "vm.drop_caches" for k in d)'
        json 'any(k["knob"] == "vm.defrag_mode" and not k["available"] and k["live"] is None for k in d)'
        memctl list knobs --json=short
        json 'all(k["available"] and k["live"] is not None for k in d)'
        json 'any(k["knob"] == "transparent_hugepage.hugepages-64kB.enabled" for k in d)'
}

@test "a machine without huge pages lists no knob of theirs" {
        rm -r "$TREE"
        make_tree no-psi-no-thp-6.1 base
        memctl list knobs
        expect_status 0
        [[ $output != *transparent_hugepage* ]]
        [[ $output == *vm.swappiness* ]]
}

@test "show works out values and says which line asks for each" {
        memctl show web
        expect_status 0
        expect output "web: A profile for the tests" "$TREE/etc/memctl/profiles/web.yaml, on top of base"
        [[ $output =~ vm\.swappiness\ +1\ +web\.yaml:10 ]]
        [[ $output =~ vm\.dirty_bytes\ +256\ MiB\ +web\.yaml:11 ]]
        [[ $output =~ vm\.dirty_expire_centisecs\ +2000\ \(20s\)\ +base\.yaml:6 ]]
        expect output "Skipped here" "vm.defrag_mode: " "pressure of system for 10min"
        expect output "memory.full exceeds 10% over 2s"
}

@test "show --json has settings, what is skipped, and what is watched" {
        memctl show web --json=short
        expect_status 0
        json 'd["name"] == "web" and d["inherits"] == ["base"] and d["applicable"] is True'
        json '{s["knob"]: s["value"] for s in d["settings"]}["vm.dirty_bytes"] == "268435456"'
        json 'all(s["origin"].count(".yaml:") == 1 for s in d["settings"])'
        json '[s["knob"] for s in d["skipped"]] == ["vm.defrag_mode"] and d["skipped"][0]["reason"]'
        json 'd["watch"]["limits"] == [{"metric": "memory.full", "share-permyriad": 1000, "window-usec": 2000000}]'
        json 'd["watch"]["probation-usec"] == 600000000 and d["description"].startswith("Says")'
}

@test "show tells why a profile is not applicable" {
        memctl show giant
        expect_status 0
        expect output "Not applicable here: needs ram >= 512TiB, this machine has"
}

@test "show of an unknown profile offers the nearest name" {
        memctl show wbe
        expect_status 1
        expect stderr 'there is no profile "wbe"' 'did you mean "web"?'
        [[ -z $output ]]
}

@test "validate reports every problem with its line and a caret" {
        memctl validate broken
        expect_status 1
        expect stderr "broken.yaml:3:1: error: " 'did you mean "summary"?'
        expect stderr "broken.yaml:5:3: error: " 'did you mean "vm.swappiness"?'
        expect stderr "broken.yaml:7:3: error: "
        expect stderr "      vm.swapiness: 1
      ^"
        [[ -z $output ]]
}

@test "validate reports values that this kernel does not take" {
        cp "$MEMCTL_SOURCE_ROOT/tests/cli/profiles/range.yaml" "$TREE/etc/memctl/profiles/"
        memctl validate range
        expect_status 1
        expect stderr "range.yaml:5:" "vm.dirty_ratio is 300, above the maximum 100"
        expect stderr "range.yaml:7:" 'transparent_hugepage.enabled is "sometimes", not one of always, madvise, never'
}

@test "validate without an argument looks at all profiles" {
        memctl validate
        expect_status 1
        expect output "base: good" "web: good" "giant: good, not applicable here: "
        [[ $output != *broken* ]]
        rm "$TREE/etc/memctl/profiles/broken.yaml"
        memctl validate
        expect_status 0
}

@test "validate takes a file, wherever it lies" {
        cp "$TREE/etc/memctl/profiles/web.yaml" "$BATS_TEST_TMPDIR/web.yaml"
        memctl validate "$BATS_TEST_TMPDIR/web.yaml"
        expect_status 0
        expect output "web.yaml: good"
        cd "$BATS_TEST_TMPDIR"
        sed -i 's/256MiB/lots/' web.yaml
        memctl validate web.yaml
        expect_status 1
        expect stderr "web.yaml:11:" "vm.dirty_bytes"
        memctl validate ./none.yaml
        expect_status 1
        expect stderr "none.yaml"
}

@test "validate --check also compares with the machine" {
        memctl validate --check same
        expect_status 0
        expect output "same: good, as this machine is"
        memctl validate --check web
        expect_status 4
        expect output "web: good, 5 of 5 knobs differ: memctl diff web"
        memctl validate --check web broken
        expect_status 1
}

@test "validate --json has the problems and nothing else on standard output" {
        memctl validate --check --json=short broken web
        expect_status 1
        [[ -z $stderr ]]
        json '[f["profile"] for f in d] == ["broken", "web"]'
        json 'd[0]["valid"] is False and d[0]["applicable"] is None and len(d[0]["problems"]) == 4'
        json 'sorted(p["line"] for p in d[0]["problems"]) == [2, 3, 5, 7] and all(p["column"] for p in d[0]["problems"])'
        json 'any(p["hint"] == "did you mean \"vm.swappiness\"?" for p in d[0]["problems"])'
        json 'd[1]["valid"] and d[1]["differs"] == 5'
}

@test "diff shows live and wanted values, and what the kernel does beside" {
        memctl diff web
        expect_status 4
        expect output "web: 5 to change, 0 as wanted"
        [[ $output =~ vm\.swappiness\ +60\ +→\ +1\ +web\.yaml:10 ]]
        [[ $output =~ transparent_hugepage\.enabled\ +madvise\ +→\ +never\ +web\.yaml:15 ]]
        expect output "vm.dirty_bytes takes the place of vm.dirty_ratio (now 20 %)"
        expect output "vm.min_free_kbytes stays 66 MiB"
        [[ -z $stderr ]]
}

@test "diff of what is in force already is 0, and --all shows it" {
        memctl diff same
        expect_status 0
        expect output "same: nothing to change, all 1 as wanted"
        [[ $output != *swappiness* ]]
        memctl diff same --all
        expect_status 0
        [[ $output =~ vm\.swappiness\ +60\ +=\ +60\ +same\.yaml:5 ]]
}

@test "diff refuses a profile that is invalid or not applicable with 3, an unknown one with 1" {
        memctl diff broken
        expect_status 3
        expect stderr "broken.yaml:5:3: error: "
        memctl diff giant
        expect_status 3
        expect stderr "memctl: giant is not applicable here: needs ram >= 512TiB"
        memctl diff nothing-like-it
        expect_status 1
        [[ -z $output ]]
}

@test "diff names a pair of limits that would cross on this machine" {
        printf '%s\n' 'profile: cross' 'summary: x' 'sysctl:' '  vm.dirty_background_ratio: 20' \
                >"$TREE/etc/memctl/profiles/cross.yaml"
        memctl diff cross
        expect_status 3
        expect stderr "vm.dirty_background_ratio" "vm.dirty_ratio"
}

@test "diff --json is the plan" {
        memctl diff web --json=short
        expect_status 4
        json 'd["profile"] == "web" and len([s for s in d["steps"] if s["kind"] == "set"]) == 5'
        json '[s["knob"] for s in d["steps"] if s["kind"] == "guard"] == ["vm.min_free_kbytes"]'
        json '[(s["old"], s["new"]) for s in d["steps"] if s["knob"] == "vm.swappiness"] == [("60", "1")]'
        json '[(s["partner"], s["partner-old"]) for s in d["steps"] if s["knob"] == "vm.dirty_bytes"] == [("vm.dirty_ratio", "20")]'
}

@test "apply --dry-run without a daemon is diff" {
        memctl diff web
        local wanted=$output
        memctl apply web --dry-run
        expect_status 4
        [[ $output == "$wanted" ]]
        memctl apply same --dry-run
        expect_status 0
        memctl apply giant --dry-run
        expect_status 3
}

@test "explain tells what a knob is, takes, and who sets it" {
        memctl explain vm.dirty_bytes
        expect_status 0
        expect output "live  0 bytes" "accepts  8192 to " "pair  vm.dirty_ratio" "Hazard" "Coupled"
        expect output "$TREE/proc/sys/vm/dirty_bytes" "$TREE/etc/memctl/profiles/web.yaml:11"
        [[ $output =~ web\ +256\ MiB\  ]]
}

@test "explain finds a knob by each of its spellings" {
        local spelling
        for spelling in vm.swappiness swappiness vm/swappiness /proc/sys/vm/swappiness; do
                memctl explain "$spelling"
                expect_status 0
                [[ ${lines[0]} == vm.swappiness ]]
        done
        memctl explain /sys/kernel/mm/transparent_hugepage/enabled
        [[ ${lines[0]} == transparent_hugepage.enabled ]]
}

@test "explain of a family of files shows each folio size" {
        memctl explain 'transparent_hugepage.hugepages-*kB.enabled'
        expect_status 0
        expect output "64 kB  never" "2048 kB  inherit"
        memctl explain transparent_hugepage.hugepages-64kB.enabled
        expect output "live  never"
}

@test "explain of a knob this kernel lacks says so" {
        memctl explain vm.defrag_mode
        expect_status 0
        expect output "not on this machine" "this kernel has no such knob" "No profile sets it here."
}

@test "explain of a trigger says why no profile sets it" {
        memctl explain vm.drop_caches
        expect_status 0
        expect output "No setting"
}

@test "explain --json of a knob and of a profile" {
        memctl explain vm.swappiness --json=short
        expect_status 0
        json 'd["knob"] == "vm.swappiness" and d["live"] == "60" and d["kind"] == "integer"'
        json '[(p["profile"], p["value"]) for p in d["profiles"]] == [("base", "10"), ("giant", "5"), ("same", "60"), ("web", "1")]'
        memctl explain web --json=short
        json 'd["profile"] == "web" and all(s["summary"] for s in d["settings"])'
}

@test "explain of a profile says what each of its knobs does" {
        memctl explain web
        expect_status 0
        expect output "web: A profile for the tests" "Says a little of everything." "vm.swappiness = 1  web.yaml:10"
}

@test "explain alone lists the groups, and each leads to its knobs; then the chapters" {
        memctl explain --no-legend
        expect_status 0
        local name
        local groups=${output%%$'\n\n'*} chapters=${output##*$'\n\n'}
        while read -r name _; do
                memctl explain "$name"
                expect_status 0
                # A chapter of the same name says more, and ends with the knobs, too.
                [[ $output == "$name: "* || $output =~ ^[0-9]+\.\  ]]
                [[ $(grep -cE '^(vm|transparent_hugepage|ksm|lru_gen|zswap|hugepages)\.' <<<"$output") -gt 0 ]]
        done <<<"$groups"
        while read -r name _; do
                memctl explain "$name"
                expect_status 0
                [[ $output =~ ^[0-9]+\.\  ]]
        done <<<"$chapters"
        memctl explain swap --json=short
        expect output '"group":"swap"' '"knob":"vm.page-cluster"'
}

@test "explain of a chapter opens it, by name, number or another word" {
        memctl explain buddy
        expect_status 0
        expect output "2. Buddy: " "How the kernel does it" "__alloc_pages_slowpath()" \
                "These knobs on this machine" "vm.extfrag_threshold "
        # What is for other readers than a person's eyes is left out.
        [[ $output != *'<!--'* && $output != *'```'* && $output != *'](0'* && $output != *'**'* ]]
        local opened=$output word
        for word in 2 fragmentation; do
                memctl explain "$word"
                [[ $output == "$opened" ]]
        done
        memctl explain guide
        expect_status 0
        expect output "buddy" "A path for each kind of trouble"
        memctl list guide --json=short
        expect output '"chapter":"buddy","number":2,'
        memctl explain budy
        expect_status 1
        expect stderr 'did you mean "buddy"?'
}

@test "a knob and a group name their chapter" {
        memctl explain vm.extfrag_threshold
        expect output "chapter: memctl explain buddy"
        memctl explain vm.extfrag_threshold --json=short
        expect output '"chapter":"buddy"'
        memctl explain vm.min_free_kbytes
        expect output "chapter: memctl explain physical-memory"
        memctl explain compaction
        expect output "compaction: " "chapter: memctl explain buddy"
}

@test "explain of a word finds the knobs that mention it" {
        memctl explain mappings
        expect_status 0
        expect output "vm.max_map_count"
        [[ $output != *vm.swappiness* ]]
}

@test "explain of an unknown word offers the nearest knob or profile" {
        memctl explain vm.swapiness
        expect_status 1
        [[ $stderr == 'memctl: no knob, group, chapter or profile "vm.swapiness": did you mean "vm.swappiness"?' ]]
        memctl explain swapiness
        [[ $stderr == 'memctl: no knob, group, chapter or profile "swapiness": did you mean "vm.swappiness"?' ]]
        memctl explain wbe
        [[ $stderr == 'memctl: no knob, group, chapter or profile "wbe": did you mean "web"?' ]]
        memctl explain xyzzy
        [[ $stderr == 'memctl: no knob, group, chapter or profile "xyzzy": see "memctl list knobs"' ]]
}

@test "a folder that is no machine is named" {
        mkdir "$BATS_TEST_TMPDIR/empty"
        TREE=$BATS_TEST_TMPDIR/empty memctl list
        expect_status 1
        expect stderr "$BATS_TEST_TMPDIR/empty"
        TREE=$BATS_TEST_TMPDIR/none memctl list
        expect_status 1
        expect stderr "none: No such file or directory"
}

@test "output that cannot be written is a failure" {
        run bash -c "'$MEMCTL' --root '$TREE' list >/dev/full"
        expect_status 1
        expect output "memctl: standard output: No space left on device"
}

@test "colour is for terminals, and not with NO_COLOR" {
        command -v script >/dev/null || skip "no script(1)"
        export TERM=xterm
        memctl list
        [[ $output != *$'\e'* ]]
        on_terminal "$MEMCTL" --root "$TREE" --no-pager list
        expect output $'\e[1;32mok\e[0m'
        NO_COLOR=1 on_terminal "$MEMCTL" --root "$TREE" --no-pager list
        [[ $output != *$'\e'* ]]
        TERM=dumb on_terminal "$MEMCTL" --root "$TREE" --no-pager list
        [[ $output != *$'\e'* ]]
}

@test "no line is wider than a terminal of 80 columns" {
        command -v script >/dev/null || skip "no script(1)"
        export TERM=dumb
        local verb line
        for verb in list "list knobs" "show web" "diff web" "explain web" "explain vm.swappiness"; do
                # shellcheck disable=SC2086 # two words
                on_terminal "$MEMCTL" --root "$TREE" --no-pager $verb
                [[ -n $output ]]
                while read -r line; do
                        line=${line%$'\r'}
                        # A path is never cut: half of one is of no use.
                        [[ $line == *"$TREE"* ]] || ((${#line} <= 80)) || {
                                echo "$verb: $line"
                                return 1
                        }
                done <<<"$output"
        done
}

@test "at 80 columns a list of knobs has one line a knob, and no stump of a summary" {
        command -v script >/dev/null || skip "no script(1)"
        TERM=dumb on_terminal "$MEMCTL" --root "$TREE" --no-pager list knobs
        [[ ${lines[0]} =~ ^KNOB\ +LIVE ]]
        [[ $output != *SUMMARY* ]]
        local n=${#lines[@]}
        memctl list knobs
        ((n == ${#lines[@]}))
}

@test "long output goes through the pager on a terminal only" {
        command -v script >/dev/null || skip "no script(1)"
        export TERM=xterm SYSTEMD_PAGER="sed s/^/paged:/"
        [[ -z ${SUDO_UID:-} ]] || unset SUDO_UID
        on_terminal "$MEMCTL" --root "$TREE" list
        expect output "paged:"
        on_terminal "$MEMCTL" --root "$TREE" --no-pager list
        [[ $output != *paged:* ]]
        memctl list
        [[ $output != *paged:* ]]
}

@test "no text out of a file commands the terminal" {
        printf '%s\n' 'profile: evil' 'summary: "a\e[31mb\u009b31mc\ad"' 'sysctl:' '  vm.swappiness: 1' \
                >"$TREE/etc/memctl/profiles/evil.yaml"
        printf 'profile: quoted\nsummary: x\nsysctl:\n  vm.swap\e[31mpiness: 1\n' \
                >"$TREE/etc/memctl/profiles/quoted.yaml"
        cp "$TREE/etc/memctl/profiles/web.yaml" "$BATS_TEST_TMPDIR/"$'x\e[31m.yaml'
        local verb
        for verb in list "show evil" "explain evil" "validate evil" "validate quoted" \
                "explain vm.x"$'\e[31m' "show x"$'\e[31m' "validate $BATS_TEST_TMPDIR/x"$'\e[31m.yaml'; do
                # shellcheck disable=SC2086 # two words
                memctl $verb
                [[ -n $output$stderr ]]
                [[ $output$stderr != *$'\e'* && $output$stderr != *$'\u009b'* && $output$stderr != *$'\a'* ]]
        done
}

@test "an ordinary user needs nothing but to read" {
        ((EUID == 0)) || skip "is one already"
        local open
        open=$(mktemp -d)
        cp -r "$TREE" "$MEMCTL" "$open"
        chmod -R o+rX "$open"
        local verb
        for verb in list "show web" "validate web" "explain vm.swappiness"; do
                # shellcheck disable=SC2086 # two words
                run setpriv --reuid=65534 --regid=65534 --clear-groups \
                        "$open/memctl" --root "$open/tree" $verb
                expect_status 0
        done
        rm -r "$open"
}

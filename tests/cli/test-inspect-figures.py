#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""memctl inspect --json against the same figures worked out here, from the files of every recorded
machine and of one that is made up, by the kernel's formulas and without a line of ours. Prints TAP."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

MEMCTL = os.environ["MEMCTL"]
MACHINES = os.path.join(os.environ["MEMCTL_SOURCE_ROOT"], "tests", "machines")


class Tree:
    def __init__(self, path):
        self.path = path
        self.page = 4096
        if self.has("proc/self/smaps"):
            self.page = 1024 * int(re.search(r"KernelPageSize:\s+(\d+)", self.text("proc/self/smaps")).group(1))
        self.meminfo = {}
        for name, number, unit in re.findall(r"^(\S+):\s+(\d+)( kB)?$", self.text("proc/meminfo"), re.M):
            self.meminfo[name] = int(number) * (1024 if unit else 1)
        self.vmstat = {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", self.text("proc/vmstat"), re.M)}

    def has(self, path):
        return os.path.exists(os.path.join(self.path, path))

    def text(self, path):
        with open(os.path.join(self.path, path), encoding="utf-8") as file:
            return file.read()

    def number(self, path):
        return int(self.text(path)) if self.has(path) else None

    def vm(self, name):
        return self.number("proc/sys/vm/" + name)

    def memctl(self, *view):
        done = subprocess.run(
            [MEMCTL, "--root", self.path, "inspect", *view, "--json=short"], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)


def zones(tree):
    """What zoneinfo_show_print printed."""
    result = []
    for part in re.split(r"^(?=Node )", tree.text("proc/zoneinfo"), flags=re.M)[1:]:
        node, name = re.match(r"Node (\d+), zone +(\w+)", part).groups()
        own = part[part.index("  pages free") :]
        own = own.split("  pagesets")[0]
        values = dict(re.findall(r"^ +(?:pages )?(\w+) +(\d+)$", own, re.M))
        protection = re.search(r"protection: \((.*)\)", own).group(1)
        counts = re.findall(r"^ +count: +(\d+)$", part, re.M)
        result.append(
            {
                "node": int(node),
                "zone": name,
                "values": {key: int(value) for key, value in values.items()},
                "protection": [int(word) for word in protection.split(", ")],
                "pcp": sum(int(count) for count in counts),
            }
        )
    return result


def reserve(zone):
    """calculate_totalreserve_pages"""
    values = zone["values"]
    return min(max(zone["protection"]) + values["high"], values["managed"])


def level(zone):
    values = zone["values"]
    if values["managed"] == 0:
        return None
    for mark in ("min", "low", "high"):
        if values["free"] < values[mark]:
            return "below-" + mark
    return "above-high"


def check_zones(tree, shown):
    expected = []
    for zone in zones(tree):
        values = zone["values"]

        def size(key, values=values):
            return values[key] * tree.page if key in values else None

        plain = ("free", "boost", "min", "low", "high", "promo", "present", "managed", "cma")
        item = {"node": zone["node"], "zone": zone["zone"], "level": level(zone)}
        item.update({key + "-bytes": size(key) for key in plain})
        item["cpu-lists-bytes"] = zone["pcp"] * tree.page
        item["reserve-bytes"] = reserve(zone) * tree.page
        item["protection-bytes"] = [pages * tree.page for pages in zone["protection"]]
        item["counters"] = {key: value for key, value in values.items() if key not in plain + ("spanned",)}
        expected.append(item)
    return expected == shown


def check_buddy(tree, shown):
    """fill_contig_page_info, unusable_free_index, __fragmentation_index"""
    expected = []
    for node, name, counts in re.findall(r"^Node (\d+), zone +(\w+) +([\d ]+)$", tree.text("proc/buddyinfo"), re.M):
        blocks = [int(word) for word in counts.split()]
        free = sum(n * 2**order for order, n in enumerate(blocks))
        unusable, fragmentation = [], []
        for order in range(len(blocks)):
            suitable = sum(n * 2 ** (o - order) for o, n in enumerate(blocks) if o >= order)
            unusable.append(1000 if free == 0 else (free - suitable * 2**order) * 1000 // free)
            if sum(blocks) == 0:
                fragmentation.append(0)
            elif suitable:
                fragmentation.append(-1000)
            else:
                fragmentation.append(1000 - (1000 + free * 1000 // 2**order) // sum(blocks))
        expected.append(
            {
                "node": int(node),
                "zone": name,
                "free-bytes": free * tree.page,
                "free-blocks": blocks,
                "unusable-permille": unusable,
                "fragmentation-permille": fragmentation,
            }
        )
    return expected == shown


def check_writeback(tree, shown):
    """global_dirtyable_memory, domain_dirty_limits, balance_dirty_pages"""
    info, page = tree.meminfo, tree.page
    dirtyable = None
    if "Active(file)" in info:
        free = info["MemFree"] // page - sum(reserve(zone) for zone in zones(tree))
        dirtyable = max(free, 0) + (info["Active(file)"] + info["Inactive(file)"]) // page + 1

    def limit(prefix):
        if tree.vm(prefix + "_bytes"):
            return -(-tree.vm(prefix + "_bytes") // page)
        return None if dirtyable is None else tree.vm(prefix + "_ratio") * page // 100 * dirtyable // page

    hard, background = limit("dirty"), limit("dirty_background")
    if hard is not None and background >= hard:
        background = hard // 2
    seen_hard = tree.vmstat.get("nr_dirty_threshold", hard)
    seen_background = tree.vmstat.get("nr_dirty_background_threshold", background)
    throttle = (seen_hard + seen_background) // 2
    dirty, writing = tree.vmstat["nr_dirty"], tree.vmstat["nr_writeback"]
    if dirty + writing >= seen_hard:
        state = "limit"
    elif dirty + writing > throttle:
        state = "throttling"
    else:
        state = "background" if dirty > seen_background else "idle"
    pages = {
        "dirty": dirty,
        "writeback": writing,
        "dirtyable": dirtyable,
        "background": seen_background,
        "throttle": throttle,
        "limit": seen_hard,
        "computed-background": background,
        "computed-limit": hard,
    }
    expected = {key + "-bytes": None if value is None else value * page for key, value in pages.items()}
    return {"state": state, **expected} == shown


def check_overcommit(tree, shown):
    """vm_commit_limit"""
    info, page = tree.meminfo, tree.page
    huge = info.get("Hugetlb", info.get("HugePages_Total", 0) * info.get("Hugepagesize", 0))
    if tree.vm("overcommit_kbytes"):
        allowed = tree.vm("overcommit_kbytes") * 1024 // page
    else:
        allowed = (info["MemTotal"] - huge) // page * tree.vm("overcommit_ratio") // 100
    limit = allowed * page + info["SwapTotal"]
    kernel = info["CommitLimit"]
    return shown == {
        "mode": ["guess", "always", "never"][tree.vm("overcommit_memory")],
        "committed-bytes": info["Committed_AS"],
        "limit-bytes": limit,
        "kernel-limit-bytes": kernel,
        "committed-permyriad": info["Committed_AS"] * 10000 // kernel,
        "enforced": tree.vm("overcommit_memory") == 2,
        "ram-and-swap-bytes": info["MemTotal"] + info["SwapTotal"],
    }


def share(part, whole):
    return None if part is None or not whole else part * 10000 // whole


def pools(tree):
    result = []
    for folder in glob.glob(os.path.join(tree.path, "sys/kernel/mm/hugepages/hugepages-*kB")):
        size = 1024 * int(re.search(r"-(\d+)kB$", folder).group(1))
        files = {
            "pages": "nr_hugepages",
            "free": "free_hugepages",
            "promised": "resv_hugepages",
            "surplus": "surplus_hugepages",
            "overcommit": "nr_overcommit_hugepages",
        }
        pool = {key: tree.number(os.path.relpath(os.path.join(folder, file), tree.path)) for key, file in files.items()}
        result.append({"size-bytes": size, **pool, "bytes": pool["pages"] * size})
    return sorted(result, key=lambda pool: pool["size-bytes"])


def choice(tree, path):
    path = "sys/kernel/mm/transparent_hugepage/" + path
    return re.search(r"\[(.*)\]", tree.text(path)).group(1) if tree.has(path) else None


def check_thp(tree, shown):
    info, stat = tree.meminfo, tree.vmstat
    got, fell_back = stat.get("thp_fault_alloc"), stat.get("thp_fault_fallback")
    sizes = sorted(
        int(re.search(r"-(\d+)kB$", folder).group(1))
        for folder in glob.glob(os.path.join(tree.path, "sys/kernel/mm/transparent_hugepage/hugepages-*kB"))
    )
    expected = {
        "present": tree.has("sys/kernel/mm/transparent_hugepage/enabled"),
        "enabled": choice(tree, "enabled"),
        "defrag": choice(tree, "defrag"),
        "shmem-enabled": choice(tree, "shmem_enabled"),
        "anon-bytes": info.get("AnonPages"),
        "anon-huge-bytes": info.get("AnonHugePages"),
        "anon-huge-permyriad": share(info.get("AnonHugePages"), info.get("AnonPages")),
        "shmem-bytes": info.get("Shmem"),
        "shmem-huge-bytes": info.get("ShmemHugePages"),
        "shmem-huge-permyriad": share(info.get("ShmemHugePages"), info.get("Shmem")),
        "file-huge-bytes": info.get("FileHugePages"),
        "fault-fallback-permyriad": share(fell_back, got + fell_back) if got is not None else None,
        "pools": pools(tree),
    }
    seen = dict(shown)
    seen_sizes = [size["size-bytes"] // 1024 for size in seen.pop("sizes")]
    return seen == expected and seen_sizes == sizes


def check_reclaim(tree, shown):
    def total(name):
        parts = [value for key, value in tree.vmstat.items() if key == name or (name == "allocstall" and key.startswith(name))]
        return sum(parts) if parts else None

    for name, seen in shown["counters"].items():
        if seen != {"since-boot": total(name), "delta": None, "per-1000-seconds": None}:
            return False
    for who, key in (("kswapd", "kswapd-efficiency"), ("direct", "direct-efficiency")):
        efficiency = share(total("pgsteal_" + who), total("pgscan_" + who))
        if shown[key] != {"now-permyriad": None, "since-boot-permyriad": efficiency}:
            return False
    return shown["interval-usec"] is None and len(shown["counters"]) > 25


def pressure_line(text, kind):
    found = re.search(rf"^{kind} avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$", text, re.M)
    if not found:
        return None
    shares = [int(word.replace(".", "")) for word in found.groups()[:3]]
    keys = ("10s-permyriad", "60s-permyriad", "300s-permyriad")
    return {**dict(zip(keys, shares)), "total-usec": int(found.group(4))}


def check_pressure(tree, shown):
    if not tree.has("proc/pressure/memory"):
        return shown is None
    expected = {}
    for resource in ("memory", "io", "cpu"):
        for kind in ("some", "full"):
            line = pressure_line(tree.text("proc/pressure/" + resource), kind)
            if line:
                line["now-permyriad"] = None
            expected[f"{resource}.{kind}"] = line
    expected["cpu.full"] = None
    return shown == expected


def check_slab(tree, shown):
    info = tree.meminfo
    totals = {
        "bytes": info["Slab"],
        "reclaimable-bytes": info["SReclaimable"],
        "unreclaimable-bytes": info["SUnreclaim"],
    }
    caches = None
    if tree.has("proc/slabinfo"):
        caches = []
        for line in tree.text("proc/slabinfo").splitlines()[2:]:
            words = line.split()
            caches.append(
                {
                    "cache": words[0],
                    "bytes": int(words[words.index("slabdata") + 2]) * int(words[5]) * tree.page,
                    "objects": int(words[2]),
                    "active-objects": int(words[1]),
                    "object-bytes": int(words[3]),
                }
            )
        caches.sort(key=lambda cache: (-cache["bytes"], cache["cache"]))
    return shown == {**totals, "caches": caches}


def check_processes(tree, shown):
    expected = []
    for path in glob.glob(os.path.join(tree.path, "proc/[0-9]*/status")):
        with open(path, encoding="utf-8") as file:
            fields = dict(line.rstrip("\n").split(":", 1) for line in file)
        if "VmRSS" not in fields:
            continue

        def kib(name, fields=fields):
            return int(fields[name].split()[0]) * 1024 if name in fields else None

        expected.append((int(fields["Pid"]), fields["Name"].strip(), kib("VmRSS"), kib("RssAnon"), kib("VmSwap")))
    expected.sort(key=lambda process: (-process[2], process[0]))
    seen = [(p["pid"], p["name"], p["rss-bytes"], p["anon-bytes"], p["swap-bytes"]) for p in shown]
    return seen == expected


def limit_of(path, name):
    try:
        with open(os.path.join(path, name), encoding="ascii") as file:
            text = file.read().strip()
    except FileNotFoundError:
        return None
    return None if text == "max" else int(text)


def check_cgroups(tree, shown):
    for top in ("sys/fs/cgroup", "sys/fs/cgroup/unified"):
        if tree.has(top + "/cgroup.controllers"):
            break
    else:
        return shown == []
    root = os.path.join(tree.path, top)
    expected = {}
    for folder, _, files in os.walk(root):
        if folder == root:
            continue
        text = ""
        if "memory.pressure" in files:
            with open(os.path.join(folder, "memory.pressure"), encoding="ascii") as file:
                text = file.read()
        expected["/" + os.path.relpath(folder, root)] = (
            limit_of(folder, "memory.current"),
            limit_of(folder, "memory.max"),
            limit_of(folder, "memory.high"),
            limit_of(folder, "memory.swap.current"),
            pressure_line(text, "some"),
            pressure_line(text, "full"),
        )
    seen = {
        c["cgroup"]: (
            c["current-bytes"],
            c["max-bytes"],
            c["high-bytes"],
            c["swap-bytes"],
            c["memory.some"],
            c["memory.full"],
        )
        for c in shown
    }
    return seen == expected and len(shown) == len(expected)


def check_whole(tree, shown):
    return (
        shown["meminfo"] == tree.meminfo
        and shown["page-bytes"] == tree.page
        and shown["ram-bytes"] == tree.meminfo["MemTotal"]
        and shown["min-free-bytes"] == tree.vm("min_free_kbytes") * 1024
        and not [finding for finding in shown["findings"] if finding["severity"] != "note"]
    )


def put(tree, path, text):
    path = os.path.join(tree, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def make_up(tree):
    """A recorded machine, with what none of them has."""
    shutil.copytree(os.path.join(MACHINES, "x86-24g-6.18"), tree)
    subprocess.run(["chmod", "-R", "u+w", tree], check=True)
    put(tree, "proc/buddyinfo", "Node 0, zone   Normal   5000   3000    800     90      3      0      0      0      0      0      0 \n")
    put(tree, "proc/sys/vm/dirty_bytes", "4097\n")
    put(tree, "proc/sys/vm/overcommit_kbytes", "123457\n")
    put(tree, "proc/sys/vm/overcommit_memory", "1\n")
    pool = "sys/kernel/mm/hugepages/hugepages-2048kB/"
    put(tree, pool + "nr_hugepages", "40\n")
    put(tree, pool + "free_hugepages", "30\n")
    put(tree, pool + "resv_hugepages", "20\n")
    put(
        tree,
        "proc/slabinfo",
        "slabinfo - version: 2.1\n# name\n"
        "a  1 2 312 13 1 : tunables 0 0 0 : slabdata 1 1 0\n"
        "b  10 20 640 25 4 : tunables 0 0 0 : slabdata 3 4 0\n",
    )
    for pid, rss in ((5, 100), (7, 300), (300, 300)):
        put(
            tree,
            f"proc/{pid}/status",
            f"Name:\tp {pid}\nPid:\t{pid}\nVmRSS:\t {rss} kB\nRssAnon:\t {rss - 9} kB\nVmSwap:\t {pid} kB\nThreads:\t1\n",
        )
    put(tree, "proc/6/status", "Name:\tk\nPid:\t6\nThreads:\t1\n")
    unified = "sys/fs/cgroup/unified/"
    put(tree, unified + "cgroup.controllers", "cpu memory\n")
    put(tree, unified + "a/memory.current", "1000\n")
    put(tree, unified + "a/memory.max", "max\n")
    put(tree, unified + "a/b c/memory.current", "900\n")
    put(tree, unified + "a/b c/memory.max", "81920000\n")
    put(tree, unified + "a/b c/memory.high", "4096000\n")
    put(tree, unified + "a/b c/memory.swap.current", "77\n")
    put(tree, unified + "a/b c/memory.pressure", "some avg10=1.07 avg60=0.00 avg300=0.50 total=9\n")


CHECKS = (
    ("zones", check_zones),
    ("buddy", check_buddy),
    ("slab", check_slab),
    ("thp", check_thp),
    ("reclaim", check_reclaim),
    ("writeback", check_writeback),
    ("overcommit", check_overcommit),
    ("processes", check_processes),
    ("cgroups", check_cgroups),
)
# Views that the whole holds under the same name.
PARTS = ("zones", "buddy", "thp", "reclaim", "writeback", "overcommit")


def main():
    number = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "made-up")
        make_up(made)
        recorded = sorted(path for path in glob.glob(MACHINES + "/*") if os.path.isdir(path))
        print(f"1..{(len(recorded) + 1) * (len(CHECKS) + 3)}")
        for path in [*recorded, made]:
            tree = Tree(path)
            whole = tree.memctl()
            views = {name: tree.memctl(name) for name, _ in CHECKS}
            results = [(name, check(tree, views[name])) for name, check in CHECKS]
            results.append(("pressure", check_pressure(tree, whole["pressure"])))
            results.append(("whole", check_whole(tree, whole)))
            results.append(("parts of the whole", all(whole[name] == views[name] for name in PARTS)))
            for name, good in results:
                number += 1
                failed += not good
                print(f"{'ok' if good else 'not ok'} {number} - {os.path.basename(path)}: {name}")
    return failed > 0


sys.exit(main())

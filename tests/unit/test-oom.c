/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HEAD                                                                                       \
        "[ 1.000001] hog invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), " \
        "order=0, oom_score_adj=0\n"
#define CPU "[ 1.000002] CPU: 1 UID: 0 PID: 77 Comm: hog Not tainted 6.12.0 #1\n"
#define KILL                                                                              \
        "[ 1.000009] Out of memory: Killed process 78 (pig) total-vm:9kB, anon-rss:8kB, " \
        "file-rss:7kB, shmem-rss:6kB, UID:0 pgtables:2kB oom_score_adj:0\n"

/* What a test looks at of each event; the event itself is gone after the callback. */
typedef struct Seen {
        OomKind kind;
        OomConstraint constraint;
        bool implied, complete;
        OomProcess invoker, victim;
        char gfp_mask[32], gfp_flags[128], oom_memcg[128];
        int64_t order, pages_ram, page_kb, swap_total_kb, limit_kb;
        size_t n_zones, n_nodes, n_tasks, n_group;
        OomZone zone;
        OomTask task;
        OomDiagnosis diagnosis;
        OomTime time;
        char release[OOM_RELEASE_MAX];
        bool gfp_implied;
} Seen;

static Seen seen[8];
static size_t n_seen;

static int see(const OomEvent *event, void *userdata) {
        Seen *s = &seen[n_seen++];

        assert_true(n_seen <= ELEMENTSOF(seen));
        *s = (Seen){
                .kind = event->kind,
                .constraint = event->constraint,
                .implied = event->implied,
                .complete = event->complete,
                .invoker = event->invoker,
                .victim = event->victim,
                .order = event->order,
                .pages_ram = event->memory.pages_ram,
                .page_kb = event->memory.page_kb,
                .swap_total_kb = event->memory.swap_total_kb,
                .limit_kb = event->memory.memcg.limit_kb,
                .n_zones = event->memory.n_zones,
                .n_nodes = event->memory.n_nodes,
                .n_tasks = event->n_tasks,
                .n_group = event->n_group_victims,
                .diagnosis = event->diagnosis,
                .time = event->time,
                .gfp_implied = event->gfp_implied,
        };
        (void) snprintf(
                s->gfp_mask, sizeof(s->gfp_mask), "%s", event->gfp_mask ? event->gfp_mask : "");
        (void) snprintf(
                s->gfp_flags, sizeof(s->gfp_flags), "%s", event->gfp_flags ? event->gfp_flags : "");
        (void) snprintf(
                s->oom_memcg, sizeof(s->oom_memcg), "%s", event->oom_memcg ? event->oom_memcg : "");
        memcpy(s->release, event->release, sizeof(s->release));
        if (s->n_zones > 0)
                s->zone = event->memory.zones[s->n_zones - 1];
        if (s->n_tasks > 0)
                s->task = event->tasks[0];
        return 0;
}

static void parse(const char *log) {
        _cleanup_(oom_parser_freep) OomParser *parser = NULL;
        _cleanup_(freep) char *copy = strdup(log);

        n_seen = 0;
        assert_int_equal(oom_parser_new(see, NULL, &parser), 0);
        for (char *line = copy, *end; line; line = end) {
                end = strchr(line, '\n');
                if (end)
                        *end++ = '\0';
                assert_int_equal(oom_parser_push(parser, line, strlen(line)), 0);
        }
        assert_int_equal(oom_parser_finish(parser), 0);
}

static void parse_file(const char *name) {
        _cleanup_(oom_parser_freep) OomParser *parser = NULL;
        _cleanup_(freep) char *path =
                text_format("%s/tests/dumps/%s", getenv("MEMCTL_SOURCE_ROOT"), name);
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        n_seen = 0;
        assert_true(fd >= 0);
        assert_int_equal(oom_parser_new(see, NULL, &parser), 0);
        assert_int_equal(oom_parser_read(parser, fd), 0);
}

static void test_a_cgroup_of_a_live_kernel(void **state) {
        parse_file("memcg1-6.18.log");
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen->kind, OOM_KIND_KILL);
        assert_int_equal(seen->constraint, OOM_CONSTRAINT_MEMCG);
        assert_false(seen->implied);
        assert_true(seen->complete);
        assert_string_equal(seen->oom_memcg, "/demo");
        assert_string_equal(seen->invoker.comm, "python3");
        assert_int_equal(seen->invoker.pid, 9295);
        assert_string_equal(seen->gfp_mask, "0xcc0");
        assert_string_equal(seen->gfp_flags, "GFP_KERNEL");
        assert_int_equal(seen->victim.anon_rss_kb, 20096);
        assert_int_equal(seen->victim.file_rss_kb, 6548);
        assert_int_equal(seen->limit_kb, 20480);
        assert_int_equal(seen->page_kb, 4);
        assert_int_equal(seen->n_tasks, 1);
        assert_int_equal(seen->task.rss_anon, 5024);
        assert_string_equal(seen->task.comm, "python3");
        assert_int_equal(seen->diagnosis.class, OOM_CLASS_MEMCG_LIMIT);
        assert_non_null(strstr(seen->diagnosis.sentence, "anonymous"));
}

static void test_the_last_line_alone(void **state) {
        parse(KILL);
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen->victim.pid, 78);
        assert_string_equal(seen->victim.comm, "pig");
        assert_int_equal(seen->victim.shmem_rss_kb, 6);
        assert_false(seen->complete);
        assert_int_equal(seen->constraint, OOM_CONSTRAINT_UNKNOWN);
        assert_int_equal(seen->diagnosis.class, OOM_CLASS_UNKNOWN);
}

static void test_another_cpus_trace(void **state) {
        parse(HEAD "[ 1.000002] CPU: 1 PID: 5 Comm: cat Not tainted 6.1 #1\n" CPU KILL);
        assert_int_equal(seen->invoker.pid, 77);
        parse(HEAD "[ 1.000002] CPU: 1 PID: 5 Comm: cat Not tainted 6.1 #1\n" KILL);
        assert_int_equal(seen->invoker.pid, -1);
}

static void test_two_kernels_ways_of_killing(void **state) {
        parse("a invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n"
              "Out of memory: Kill process 24 (java) score 0 or sacrifice child\n"
              "Killed process 28 (child) total-vm:20kB, anon-rss:46kB, file-rss:13kB\n");
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen->victim.pid, 28);
        assert_int_equal(seen->victim.shmem_rss_kb, -1);
        assert_int_equal(seen->constraint, OOM_CONSTRAINT_NONE);
        assert_true(seen->implied);
        assert_string_equal(seen->gfp_mask, "0xd0");
        assert_string_equal(seen->gfp_flags, "");
}

static void test_a_whole_group(void **state) {
        parse(HEAD CPU "[ 1.1] "
                       "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/"
                       ",mems_allowed=0-1,4,oom_memcg=/a,b=c,task_memcg=/a,b=c/"
                       "d,task=p,pid=1,i,pid=78,uid=0\n"
                       "[ 1.2] Memory cgroup out of memory: Killed process 78 (p,pid=1,i) "
                       "total-vm:1kB, anon-rss:2kB\n"
                       "[ 1.3] Tasks in /a,b=c are going to be killed due to memory.oom.group set\n"
                       "[ 1.4] Memory cgroup out of memory: Killed process 78 (p,pid=1,i) "
                       "total-vm:1kB, anon-rss:2kB\n"
                       "[ 1.5] Memory cgroup out of memory: Killed process 79 (q) total-vm:1kB, "
                       "anon-rss:2kB\n");
        assert_int_equal(n_seen, 1);
        assert_string_equal(seen->oom_memcg, "/a,b=c");
        assert_string_equal(seen->victim.comm, "p,pid=1,i");
        assert_int_equal(seen->n_group, 1);
}

static void test_nobody_to_kill(void **state) {
        parse(HEAD "[ 1.3] Out of memory and no killable processes...\n");
        assert_int_equal(seen->kind, OOM_KIND_NO_VICTIM);
        parse(HEAD "[ 1.3] Out of memory and no killable processes...\n"
                   "[ 1.4] Kernel panic - not syncing: System is deadlocked on memory\n");
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen->kind, OOM_KIND_PANIC);
        parse(HEAD "[ 1.4] Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is "
                   "enabled\n");
        assert_int_equal(seen->kind, OOM_KIND_PANIC);
}

#define MEMORY                                                                                   \
        "[ 1.1] Mem-Info:\n"                                                                     \
        "[ 1.1] active_anon:10 inactive_anon:20 isolated_anon:0\n"                               \
        "[ 1.1] Node 0 active_anon:160kB inactive_anon:320kB shmem_thp: 0kB all_unreclaimable? " \
        "no\n"                                                                                   \
        "[ 1.1] Node 0 Normal free:99999kB boost:0kB min:100kB low:200kB high:300kB "            \
        "managed:200000kB\n"                                                                     \
        "[ 1.1] lowmem_reserve[]: 0 0 0\n"                                                       \
        "[ 1.1] Node 0 Normal: 9*16kB (UM) 1*32kB (C) 3*64kB (C) = 368kB\n"                      \
        "[ 1.1] Free swap  = 5kB\n"                                                              \
        "[ 1.1] Total swap = 7kB\n"                                                              \
        "[ 1.1] 12500 pages RAM\n"

static void test_fragmentation(void **state) {
        parse("[ 1.0] cat: page allocation failure: order:2, mode:0x40dc0(GFP_KERNEL|__GFP_ZERO), "
              "nodemask=(null),cpuset=/,mems_allowed=0\n" MEMORY);
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen->kind, OOM_KIND_ALLOCATION_FAILURE);
        assert_int_equal(seen->order, 2);
        assert_int_equal(seen->page_kb, 16);
        assert_int_equal(seen->pages_ram, 12500);
        assert_int_equal(seen->swap_total_kb, 7);
        assert_int_equal(seen->n_nodes, 1);
        assert_int_equal(seen->n_zones, 1);
        assert_int_equal(seen->zone.kb.value[OOM_FREE], 99999);
        assert_int_equal(seen->zone.n_orders, 3);
        assert_string_equal(seen->zone.types[2], "C");
        assert_true(seen->complete);
        assert_int_equal(seen->diagnosis.class, OOM_CLASS_FRAGMENTATION);
        assert_int_equal(seen->diagnosis.confidence, OOM_CONFIDENCE_HIGH);
}

static void test_a_failure_in_the_midst_of_an_oom(void **state) {
        parse(HEAD CPU "[ 1.0] cat: page allocation failure: order:2, mode:0x40dc0(GFP_KERNEL)\n"
                       "[ 1.0] CPU: 0 PID: 5 Comm: cat Not tainted 6.12.0 #1\n" MEMORY
                       "[ 1.2] Tasks state (memory values in pages):\n" MEMORY KILL);
        assert_int_equal(n_seen, 2);
        assert_int_equal(seen[0].kind, OOM_KIND_ALLOCATION_FAILURE);
        assert_int_equal(seen[0].invoker.pid, 5);
        assert_int_equal(seen[1].kind, OOM_KIND_KILL);
        assert_int_equal(seen[1].invoker.pid, 77);
        assert_int_equal(seen[1].victim.pid, 78);
        assert_true(seen[1].complete);
        parse(HEAD CPU "[ 1.0] cat: page allocation failure: order:2, mode:0x40dc0(GFP_KERNEL)\n");
        assert_int_equal(n_seen, 2);
}

static void test_memory_asked_for_by_hand_is_no_event(void **state) {
        parse("[ 1.0] sysrq: Show Memory\n" MEMORY);
        assert_int_equal(n_seen, 0);
        parse(HEAD CPU MEMORY KILL "[ 2.0] sysrq: Show Memory\n" MEMORY);
        assert_int_equal(n_seen, 1);
        parse("SLUB: Unable to allocate memory on node -1, gfp=0x820(GFP_ATOMIC)\n");
        assert_int_equal(n_seen, 0);
}

static void test_what_only_looks_like_one(void **state) {
        parse("        pr_warn(\"%s invoked oom-killer: gfp_mask=%#x(%pGg), order=%d\\n\",\n"
              "        pr_info(\"oom-kill:constraint=%s,nodemask=%*pbl\",\n"
              "        pr_warn(\"Out of memory and no killable processes...\\n\");\n"
              "        panic(\"System is deadlocked on memory\\n\");\n"
              "a bug where the shell invoked oom-killer each night\n");
        assert_int_equal(n_seen, 0);
        parse("the line says that foo invoked the oom-killer\n"
              "supervisor: Killed process 12 (worker)\n"
              "cat: page allocation failure, said the mail\n"
              "+       pr_info(\"memory: usage %llukB, limit %llukB, failcnt %lu\\n\",\n");
        assert_int_equal(n_seen, 0);
}

/* The flags of a mask as the kernel that the line names would have printed them. */
static void assert_flags(const char *mask, const char *kernel, const char *flags) {
        char log[512], line[256];

        (void) snprintf(line, sizeof(line), "Comm: sed %s", kernel);
        (void) snprintf(log,
                        sizeof(log),
                        "sed invoked oom-killer: gfp_mask=%s, order=0, oom_score_adj=0\n"
                        "CPU: 4 PID: 29481 %s #1\n",
                        mask,
                        line);
        parse(log);
        assert_int_equal(n_seen, 1);
        assert_string_equal(seen->gfp_flags, flags);
        assert_int_equal(seen->gfp_implied, *flags != '\0');
}

static void test_flags_get_their_names_by_the_kernels_own_table(void **state) {
        assert_flags(
                "0x201da", "Not tainted 3.10.0-514.el7.x86_64", "GFP_HIGHUSER_MOVABLE|__GFP_COLD");
        assert_flags("0xd0", "Tainted: G    B     ------------ T 3.10.0-327.el7", "GFP_KERNEL");
        assert_flags("0x4352da", "Not tainted 3.13.0", "GFP_TRANSHUGE");
        assert_flags("0x20", "Not tainted 4.3.0", "GFP_ATOMIC");
        assert_flags("0x80050", "Not tainted 3.12.0", "GFP_NOFS|__GFP_RECLAIMABLE");
        assert_flags("0x24201ca", "Not tainted 4.4.0-1-amd64", "GFP_HIGHUSER_MOVABLE|__GFP_COLD");
        assert_flags("0x2080020", "Not tainted 4.5.0", "GFP_ATOMIC");
        assert_flags("0x25000c0", "Not tainted 4.5.0", "GFP_KERNEL_ACCOUNT");
        assert_flags("0x25000c0", "Not tainted 4.4.0", "GFP_KERNEL|__GFP_NOACCOUNT");
        assert_flags("0x1000d0", "Not tainted 3.15.1", "GFP_KERNEL|__GFP_KMEMCG");
        assert_flags("0x1000d0", "Not tainted 3.18.1", "GFP_KERNEL|0x100000");
        assert_flags("0x80000000", "Not tainted 3.18.1", "0x80000000");
        /* Older ones had another table, newer ones print names; without a kernel none is right. */
        assert_flags("0xd0", "Not tainted 2.6.32-431.el6", "");
        assert_flags("0xd0", "Not tainted 4.6.0", "");
        assert_flags("0xd0", "Not tainted", "");
        assert_flags("0x0", "Not tainted 3.10.0", "");
}

static void test_the_kernel_of_a_boot_is_that_of_its_events(void **state) {
        parse("[ 0.0] Linux version 3.10.0-1 (gcc)\n"
              "[ 0.1] sed invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n" KILL
              "[ 0.0] Linux version 4.4.0-2 (gcc)\n"
              "[ 0.1] sed invoked oom-killer: gfp_mask=0x24000c0, order=0, oom_score_adj=0\n" KILL);
        assert_int_equal(n_seen, 2);
        assert_string_equal(seen[0].release, "3.10.0-1");
        assert_string_equal(seen[0].gfp_flags, "GFP_KERNEL");
        assert_string_equal(seen[1].release, "4.4.0-2");
        assert_string_equal(seen[1].gfp_flags, "GFP_KERNEL");
}

static void test_an_event_has_the_time_of_its_first_line(void **state) {
        parse("[ 0.5] something else\n" HEAD CPU MEMORY KILL);
        assert_string_equal(seen->time.text, "[1.000001]");
        assert_int_equal(seen->time.realtime_usec, 0);
        parse("2024-05-27T10:11:12+00:00 host kernel: [ 1.0] hog invoked oom-killer: "
              "gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n" KILL
              "2024-05-27T10:11:13+00:00 host kernel: [ 2.0] pig invoked oom-killer: "
              "gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n");
        assert_int_equal(n_seen, 2);
        assert_int_equal(seen[0].time.realtime_usec, (usec_t) 1716804672 * USEC_PER_SEC);
        assert_int_equal(seen[1].time.realtime_usec, (usec_t) 1716804673 * USEC_PER_SEC);
}

/* Messages as the journal has them, whose times are known. */
static void test_messages_without_a_log_around_them(void **state) {
        _cleanup_(oom_parser_freep) OomParser *parser = NULL;
        char head[] = "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, "
                      "oom_score_adj=0\n";
        char other[] = "Mem abort info:", empty[] = "\n";
        char kill[] = "Out of memory: Killed process 78 (pig) total-vm:9kB, anon-rss:8kB, "
                      "file-rss:7kB, shmem-rss:6kB, UID:0 pgtables:2kB oom_score_adj:0";

        n_seen = 0;
        assert_int_equal(oom_parser_new(see, NULL, &parser), 0);
        assert_int_equal(oom_parser_push_message(parser, 1000, head, strlen(head)), 0);
        assert_int_equal(oom_parser_push_message(parser, 1500, empty, strlen(empty)), 0);
        assert_int_equal(oom_parser_push_message(parser, 2000, other, strlen(other)), 0);
        assert_int_equal(oom_parser_push_message(parser, 3000, kill, strlen(kill)), 0);
        assert_int_equal(oom_parser_finish(parser), 0);
        assert_int_equal(n_seen, 1);
        assert_int_equal(seen->time.realtime_usec, 1000);
        assert_string_equal(seen->time.text, "");
        assert_int_equal(seen->victim.pid, 78);
        assert_int_equal(seen->victim.shmem_rss_kb, 6);
}

static void test_columns_follow_the_header(void **state) {
        parse(HEAD "[ 1.1] [ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents "
                   "oom_score_adj name\n"
                   "[ 1.1] [  219]     1   220      300      400       5       6      700          "
                   "-900 Web 7 Content\n");
        assert_int_equal(seen->n_tasks, 1);
        assert_int_equal(seen->task.rss, 400);
        assert_int_equal(seen->task.swapents, 700);
        assert_int_equal(seen->task.oom_score_adj, -900);
        assert_int_equal(seen->task.rss_anon, -1);
        assert_string_equal(seen->task.comm, "Web 7 Content");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_cgroup_of_a_live_kernel),
                cmocka_unit_test(test_the_last_line_alone),
                cmocka_unit_test(test_another_cpus_trace),
                cmocka_unit_test(test_two_kernels_ways_of_killing),
                cmocka_unit_test(test_a_whole_group),
                cmocka_unit_test(test_nobody_to_kill),
                cmocka_unit_test(test_fragmentation),
                cmocka_unit_test(test_a_failure_in_the_midst_of_an_oom),
                cmocka_unit_test(test_memory_asked_for_by_hand_is_no_event),
                cmocka_unit_test(test_what_only_looks_like_one),
                cmocka_unit_test(test_columns_follow_the_header),
                cmocka_unit_test(test_flags_get_their_names_by_the_kernels_own_table),
                cmocka_unit_test(test_the_kernel_of_a_boot_is_that_of_its_events),
                cmocka_unit_test(test_an_event_has_the_time_of_its_first_line),
                cmocka_unit_test(test_messages_without_a_log_around_them),
        };

        return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}

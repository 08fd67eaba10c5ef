/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/journal-file.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

#define WRITER "/usr/lib/systemd/systemd-journal-remote"
#define FOLDER "var/log/journal/0123456789abcdef0123456789abcdef/"

const char *journal_file_missing(void) {
        return access(WRITER, X_OK) < 0 ? "systemd-journal-remote is not installed" : NULL;
}

/* In the journal's export format; the message by its length, since it may hold newlines. */
static void put_entry(FILE *file, const JournalEntry *entry) {
        uint64_t size = htole64(strlen(entry->message));
        char boot[33] = "";

        memset(boot, entry->boot, 32);
        (void) fprintf(file,
                       "__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=%s\n"
                       "_TRANSPORT=%s\nMESSAGE\n",
                       (unsigned long long) entry->realtime_usec,
                       boot,
                       entry->transport ? entry->transport : "kernel");
        (void) fwrite(&size, sizeof(size), 1, file);
        (void) fprintf(file, "%s\n\n", entry->message);
}

void journal_file_write(const char *tree, const JournalEntry *entries, size_t n) {
        assert_int_equal(tree_write(tree, FOLDER "README", ""), 0);
        _cleanup_(freep) char *command =
                text_format(WRITER " -o '%s/" FOLDER "system.journal' - >/dev/null 2>&1", tree);
        assert_non_null(command);
        FILE *file = popen(command, "we");
        assert_non_null(file);
        for (size_t i = 0; i < n; i++)
                put_entry(file, &entries[i]);
        assert_int_equal(pclose(file), 0);
}

char *journal_file_kill(const char *comm, int pid, const char *task_memcg) {
        char *text = text_format(
                "%s invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
                "memory: usage 20480kB, limit 20480kB, failcnt 173\n"
                "Memory cgroup stats for %s:\n"
                "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                "oom_memcg=%s,task_memcg=%s,task=%s,pid=%d,uid=0\n"
                "Memory cgroup out of memory: Killed process %d (%s) total-vm:70000kB, "
                "anon-rss:20000kB, file-rss:400kB, shmem-rss:0kB, UID:0 pgtables:84kB "
                "oom_score_adj:0",
                comm,
                task_memcg,
                task_memcg,
                task_memcg,
                comm,
                pid,
                pid,
                comm);

        assert_non_null(text);
        return text;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/process.h"

#include <ctype.h>

#include "core/machine/oom-scan.h"

/* What follows "NAME:" when the line begins so; NULL otherwise. */
static const char *after_key(const char *line, const char *key) {
        size_t n = strlen(key);
        return strncmp(line, key, n) == 0 && line[n] == ':' ? line + n + 1 : NULL;
}

static void parse_comm(const char *value, char comm[static 64]) {
        value += strspn(value, " \t");
        (void) snprintf(comm, 64, "%.*s", (int) MIN_OF(strcspn(value, "\n"), (size_t) 63), value);
}

static void parse_line(const char *line, Process *process) {
        const struct {
                const char *key;
                int64_t *field;
                bool kib;
        } fields[] = {
                {"Pid", &process->pid, false},
                {"Uid", &process->uid, false},
                {"VmLck", &process->locked, true},
                {"VmRSS", &process->rss, true},
                {"RssAnon", &process->anon, true},
                {"RssFile", &process->file, true},
                {"RssShmem", &process->shmem, true},
                {"VmPTE", &process->page_tables, true},
                {"VmSwap", &process->swap, true},
                {"HugetlbPages", &process->hugetlb, true},
        };
        const char *value = line[0] == 'N' ? after_key(line, "Name") : NULL;

        if (value)
                parse_comm(value, process->comm);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                /* Most lines are of no interest, of thousands of processes. */
                if (fields[i].key[0] != line[0])
                        continue;
                value = after_key(line, fields[i].key);
                if (!value || !scan_number(&value, fields[i].field))
                        continue;
                *fields[i].field =
                        MIN_OF(*fields[i].field, FIGURE_MAX / 1024) * (fields[i].kib ? 1024 : 1);
        }
}

bool process_parse(const char *status, Process *ret) {
        Process process = {.pid = FIGURE_NONE,
                           .uid = FIGURE_NONE,
                           .rss = FIGURE_NONE,
                           .anon = FIGURE_NONE,
                           .file = FIGURE_NONE,
                           .shmem = FIGURE_NONE,
                           .swap = FIGURE_NONE,
                           .locked = FIGURE_NONE,
                           .hugetlb = FIGURE_NONE,
                           .page_tables = FIGURE_NONE,
                           .pss = FIGURE_NONE};

        for (const char *line = status; *line;) {
                /* What follows is of no interest here, and most of the text. */
                if (text_starts_with(line, "Threads:"))
                        break;
                parse_line(line, &process);
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        if (process.pid < 0 || process.rss < 0)
                return false;
        *ret = process;
        return true;
}

static int add_process(int proc_fd, const char *pid, Processes *processes) {
        char path[64], text[4096];
        Process process;

        if (strlen(pid) > 20)
                return 0;
        (void) snprintf(path, sizeof(path), "%s/status", pid);
        /* It may have ended since. */
        if (root_read_at(proc_fd, path, text, sizeof(text)) < 0)
                return 0;
        if (!process_parse(text, &process)) {
                processes->n_kernel++;
                return 0;
        }
        if (array_grow(&processes->items, processes->n, sizeof(process)) < 0)
                return -ENOMEM;
        processes->items[processes->n++] = process;
        return 0;
}

int processes_read(const Root *root, Processes *ret) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, "proc");
        Processes processes = {0};
        int r = 0;

        if (!dir)
                return -errno;
        for (struct dirent *entry; r >= 0 && (entry = readdir(dir));)
                if (isdigit((unsigned char) entry->d_name[0]))
                        r = add_process(dirfd(dir), entry->d_name, &processes);
        if (r < 0)
                processes_done(&processes);
        else
                *ret = processes;
        return r;
}

void processes_done(Processes *processes) {
        free(processes->items);
        *processes = (Processes){0};
}

static int compare(int64_t first, int64_t second, const Process *a, const Process *b) {
        if (first != second)
                return first > second ? -1 : 1;
        return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static int compare_rss(const void *a, const void *b) {
        const Process *first = a, *second = b;
        return compare(first->rss, second->rss, first, second);
}

static int compare_swap(const void *a, const void *b) {
        const Process *first = a, *second = b;
        return compare(first->swap, second->swap, first, second);
}

void processes_sort(Processes *processes, ProcessOrder order) {
        if (processes->n > 1)
                qsort(processes->items,
                      processes->n,
                      sizeof(Process),
                      order == PROCESS_BY_RSS ? compare_rss : compare_swap);
}

void process_read_pss(const Root *root, Process *process) {
        char path[64], text[4096];
        int64_t kib = -1;

        (void) snprintf(path, sizeof(path), "proc/%lld/smaps_rollup", (long long) process->pid);
        if (root_read_into(root, path, text, sizeof(text)) >= 0)
                kib = scan_after(text, "\nPss:");
        if (kib >= 0)
                process->pss = MIN_OF(kib, FIGURE_MAX / 1024) * 1024;
}

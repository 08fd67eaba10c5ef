/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-tasks.h"

#include <ctype.h>

#include "core/machine/oom-scan.h"

typedef enum Column {
        COLUMN_END, /* the name follows: it may hold blanks */
        COLUMN_OTHER,
        COLUMN_UID,
        COLUMN_TGID,
        COLUMN_TOTAL_VM,
        COLUMN_RSS,
        COLUMN_RSS_ANON,
        COLUMN_RSS_FILE,
        COLUMN_RSS_SHMEM,
        COLUMN_PGTABLES,
        COLUMN_SWAPENTS,
        COLUMN_ADJ,
        _COLUMN_MAX,
} Column;

static const char *const column_names[_COLUMN_MAX] = {
        [COLUMN_UID] = "uid",
        [COLUMN_TGID] = "tgid",
        [COLUMN_TOTAL_VM] = "total_vm",
        [COLUMN_RSS] = "rss",
        [COLUMN_RSS_ANON] = "rss_anon",
        [COLUMN_RSS_FILE] = "rss_file",
        [COLUMN_RSS_SHMEM] = "rss_shmem",
        [COLUMN_PGTABLES] = "pgtables_bytes",
        [COLUMN_SWAPENTS] = "swapents",
        [COLUMN_ADJ] = "oom_score_adj",
};

/* What a table whose header was cut off looks like, by the count of its numbers. */
static const int8_t columns_6_12[] = {COLUMN_UID,
                                      COLUMN_TGID,
                                      COLUMN_TOTAL_VM,
                                      COLUMN_RSS,
                                      COLUMN_RSS_ANON,
                                      COLUMN_RSS_FILE,
                                      COLUMN_RSS_SHMEM,
                                      COLUMN_PGTABLES,
                                      COLUMN_SWAPENTS,
                                      COLUMN_ADJ};
static const int8_t columns_4_19[] = {COLUMN_UID,
                                      COLUMN_TGID,
                                      COLUMN_TOTAL_VM,
                                      COLUMN_RSS,
                                      COLUMN_OTHER,
                                      COLUMN_SWAPENTS,
                                      COLUMN_ADJ};

static Column find_column(const char *name, size_t n) {
        for (size_t i = 0; i < _COLUMN_MAX; i++)
                if (column_names[i] && strlen(column_names[i]) == n &&
                    memcmp(name, column_names[i], n) == 0)
                        return (Column) i;
        return COLUMN_OTHER;
}

bool oom_tasks_take_header(OomEvent *event, const char *p) {
        size_t n_columns = 0;

        while (*p == ' ')
                p++;
        if (*p++ != '[')
                return false;
        p += strspn(p, " ");
        if (!text_starts_with(p, "pid"))
                return false;
        p += 3 + strspn(p + 3, " ");
        if (*p++ != ']')
                return false;
        while (*p && n_columns < ELEMENTSOF(event->columns) - 1) {
                p += strspn(p, " \t");
                size_t n = strcspn(p, " \t");
                if (n == 0 || (n == 4 && memcmp(p, "name", 4) == 0))
                        break;
                Column column = find_column(p, n);
                /* The last one, broken by a terminal's edge. */
                if (column == COLUMN_OTHER && text_starts_with(p, "oom_score_ad"))
                        column = COLUMN_ADJ;
                event->columns[n_columns++] = (int8_t) column;
                p += n;
                if (column == COLUMN_ADJ)
                        break;
        }
        event->columns[n_columns] = COLUMN_END;
        return n_columns > 0;
}

/* How many numbers stand there before something else. */
static size_t count_numbers(const char *p) {
        size_t n = 0;
        int64_t value;

        while (scan_signed(&p, &value) && (*p == ' ' || *p == '\0'))
                n++;
        return n;
}

static bool guess_columns(OomEvent *event, const char *p) {
        size_t n = count_numbers(p);

        if (n >= ELEMENTSOF(columns_6_12))
                memcpy(event->columns, columns_6_12, sizeof(columns_6_12));
        else if (n >= ELEMENTSOF(columns_4_19))
                memcpy(event->columns, columns_4_19, sizeof(columns_4_19));
        return n >= ELEMENTSOF(columns_4_19);
}

static int64_t *task_member(OomTask *task, Column column, int64_t *other) {
        switch (column) {
        case COLUMN_UID:
                return &task->uid;
        case COLUMN_TGID:
                return &task->tgid;
        case COLUMN_TOTAL_VM:
                return &task->total_vm;
        case COLUMN_RSS:
                return &task->rss;
        case COLUMN_RSS_ANON:
                return &task->rss_anon;
        case COLUMN_RSS_FILE:
                return &task->rss_file;
        case COLUMN_RSS_SHMEM:
                return &task->rss_shmem;
        case COLUMN_PGTABLES:
                return &task->pgtables_bytes;
        case COLUMN_SWAPENTS:
                return &task->swapents;
        case COLUMN_ADJ:
                return &task->oom_score_adj;
        case COLUMN_END:
        case COLUMN_OTHER:
        case _COLUMN_MAX:
                break;
        }
        return other;
}

int oom_tasks_take_row(OomEvent *event, const char *p) {
        OomTask task = {.rss_anon = -1, .rss_file = -1, .rss_shmem = -1, .pgtables_bytes = -1};
        int64_t value, other;

        while (*p == ' ')
                p++;
        if (*p++ != '[' || !scan_number(&p, &task.pid))
                return 0;
        p += strspn(p, " ");
        if (*p++ != ']')
                return 0;
        if (event->columns[0] == COLUMN_END && !guess_columns(event, p))
                return 0;
        for (size_t i = 0; event->columns[i] != COLUMN_END; i++) {
                /* The rest is cut off: what is there counts as long as it says how large. */
                if (!scan_signed(&p, &value)) {
                        if (i < 4)
                                return 0;
                        break;
                }
                *task_member(&task, (Column) event->columns[i], &other) = value;
        }
        p += strspn(p, " \t");
        (void) snprintf(task.comm, sizeof(task.comm), "%s", p);
        if (event->n_tasks >= OOM_TASKS_MAX)
                return 1;
        int r = array_grow(&event->tasks, event->n_tasks, sizeof(OomTask));
        if (r < 0)
                return r;
        event->tasks[event->n_tasks++] = task;
        return 1;
}

const OomTask *oom_tasks_find(const OomEvent *event, int64_t pid) {
        for (size_t i = 0; i < event->n_tasks; i++)
                if (event->tasks[i].pid == pid)
                        return &event->tasks[i];
        return NULL;
}

size_t oom_tasks_largest(const OomEvent *event, const OomTask *ret[], size_t n) {
        size_t found = 0;

        for (size_t i = 0; i < event->n_tasks; i++) {
                const OomTask *task = &event->tasks[i];
                int64_t pages = task->rss + task->swapents;
                size_t at = found;
                while (at > 0 && ret[at - 1]->rss + ret[at - 1]->swapents < pages)
                        at--;
                if (at >= n)
                        continue;
                found = MIN_OF(found + 1, n);
                memmove(&ret[at + 1], &ret[at], (found - at - 1) * sizeof(*ret));
                ret[at] = task;
        }
        return found;
}

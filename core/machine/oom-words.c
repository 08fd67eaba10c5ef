/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-words.h"

#include <ctype.h>

#include "core/machine/facts.h"
#include "core/machine/oom-scan.h"

/* TASK_COMM_LEN: what is longer has something else before it on the same line. */
#define COMM_MAX ((size_t) 15)

static void copy_comm(char ret[static OOM_COMM_MAX], const char *start, const char *end) {
        while (start < end && isspace((unsigned char) *start))
                start++;
        while (end > start && isspace((unsigned char) end[-1]))
                end--;
        /* A program's unfinished line on the console: take whole words from the end. A worker of
         * the kernel has a longer name, without blanks. */
        if ((size_t) (end - start) > COMM_MAX) {
                const char *blank = memchr(end - COMM_MAX, ' ', COMM_MAX);
                if (blank)
                        start = blank + 1;
        }
        size_t n = MIN_OF((size_t) (end - start), (size_t) OOM_COMM_MAX - 1);
        memcpy(ret, start, n);
        ret[n] = '\0';
}

/* "0xcc0(GFP_KERNEL|__GFP_COMP)" */
static int take_gfp(OomEvent *event, const char *p) {
        size_t n = strspn(p, "0123456789abcdefxABCDEF");

        if (n == 0)
                return 0;
        event->gfp_mask = strndup(p, n);
        if (!event->gfp_mask)
                return -ENOMEM;
        p += n + strspn(p + n, " ");
        if (*p != '(')
                return 0;
        n = strcspn(p + 1, ")");
        event->gfp_flags = strndup(p + 1, n);
        return event->gfp_flags ? 0 : -ENOMEM;
}

static void take_order(OomEvent *event, const char *text, const char *key) {
        const char *p = strstr(text, key);

        if (!p)
                return;
        p += strlen(key);
        (void) scan_signed(&p, &event->order);
}

/* The words alone are in many a text about such kills, and with "%" in the kernel's source. */
static const char *find_invoked(const char *text) {
        const char *found = strstr(text, " invoked oom-killer");
        const char *rest = found ? found + strlen(" invoked oom-killer") : NULL;

        if (!found || found == text)
                return NULL;
        if (*rest == '\0')
                return found;
        if (*rest++ != ':')
                return NULL;
        rest += strspn(rest, " ");
        const char *mask = strstr(rest, "gfp_mask=");
        /* Perhaps cut within the word. */
        bool good = mask ? mask[9] == '0' || mask[9] == '\0' : text_starts_with("gfp_mask=", rest);
        return good ? found : NULL;
}

bool oom_words_is_invoked(const char *text) {
        return find_invoked(text);
}

int oom_words_take_invoked(OomEvent *event, const char *text) {
        const char *found = find_invoked(text);
        int r = 0;

        if (!found)
                return 0;
        event->kind = OOM_KIND_KILL;
        event->head = true;
        copy_comm(event->invoker.comm, text, found);
        const char *mask = strstr(found, "gfp_mask=");
        if (mask)
                r = take_gfp(event, mask + 9);
        take_order(event, found, "order=");
        if (event->order == -1)
                event->kind = OOM_KIND_SYSRQ;
        return r < 0 ? r : 1;
}

/* The part of a failure's message that says what failed. */
static const char *find_failure(const char *text) {
        static const char *const words[] = {": page allocation failure",
                                            ": vmemmap alloc failure",
                                            ": vmalloc error",
                                            ": vmalloc: allocation failure"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                const char *found = strstr(text, words[i]);
                if (found)
                        return found;
        }
        return NULL;
}

/* Without the mode it is what somebody says about such a failure. */
bool oom_words_is_failure(const char *text) {
        const char *found = strstr(text, "alloc") ? find_failure(text) : NULL;
        const char *mode = found && found > text ? strstr(found, "mode:") : NULL;
        return mode && text_starts_with(mode, "mode:0x");
}

int oom_words_take_failure(OomEvent *event, const char *text) {
        static const char *const ends[] = {",cpuset=", ", cpuset=", ",mems_allowed=", NULL};
        const char *found = find_failure(text);
        const char *mode = found ? strstr(found, "mode:") : NULL;
        int r;

        if (!oom_words_is_failure(text))
                return 0;
        event->kind = OOM_KIND_ALLOCATION_FAILURE;
        event->head = true;
        copy_comm(event->invoker.comm, text, found);
        take_order(event, found, "order:");
        int64_t size = scan_after(found, "size ");
        size = size > 0 ? size : scan_after(found, "allocation failure: ");
        if (size <= 0 && text_starts_with(found, ": vmalloc"))
                size = scan_after(found, " of ");
        event->size_bytes = size > 0 ? (uint64_t) size : 0;
        r = take_gfp(event, mode + 5);
        if (r >= 0)
                r = scan_copy(mode, "nodemask=", ends, &event->nodemask);
        return r < 0 ? r : 1;
}

static OomConstraint constraint_from_kernel(const char *text) {
        static const struct {
                const char *name;
                OomConstraint constraint;
        } words[] = {
                {"CONSTRAINT_NONE", OOM_CONSTRAINT_NONE},
                {"CONSTRAINT_MEMCG", OOM_CONSTRAINT_MEMCG},
                {"CONSTRAINT_CPUSET", OOM_CONSTRAINT_CPUSET},
                {"CONSTRAINT_MEMORY_POLICY", OOM_CONSTRAINT_MEMPOLICY},
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(text, words[i].name))
                        return words[i].constraint;
        return OOM_CONSTRAINT_UNKNOWN;
}

/* The victim as the summary names it; the line that says "Killed" knows better. */
static void take_candidate(OomEvent *event, const char *text) {
        const char *task = strstr(text, ",task="), *p = NULL;

        for (const char *next = task; next && (next = strstr(next + 1, ",pid="));)
                p = next;
        if (!task || !p || event->killed)
                return;
        const char *number = p + 5;
        int64_t pid;
        if (!scan_number(&number, &pid) || *number != ',')
                return;
        copy_comm(event->victim.comm, task + 6, p);
        event->victim.pid = pid;
}

/* Every value may hold commas and blanks, so only the keys tell where one ends. */
int oom_words_take_summary(OomEvent *event, const char *text) {
        static const char *const ends[] = {",nodemask=",
                                           ",cpuset=",
                                           ",mems_allowed=",
                                           ",oom_memcg=",
                                           ",global_oom",
                                           ",task_memcg=",
                                           ",task=",
                                           NULL};
        const char *start = strstr(text, "oom-kill:constraint=");
        _cleanup_(freep) char *constraint = NULL;
        int r;

        if (!start || !isupper((unsigned char) start[20]))
                return 0;
        event->told = true;
        event->is_global = strstr(start, ",global_oom");
        r = scan_copy(start, "constraint=", ends, &constraint);
        if (r >= 0)
                r = scan_copy(start, ",nodemask=", ends + 1, &event->nodemask);
        if (r >= 0)
                r = scan_copy(start, ",mems_allowed=", ends + 3, &event->mems_allowed);
        if (r >= 0 && !event->oom_memcg)
                r = scan_copy(start, ",oom_memcg=", ends + 5, &event->oom_memcg);
        if (r >= 0)
                r = scan_copy(start, ",task_memcg=", ends + 6, &event->task_memcg);
        if (r < 0)
                return r;
        event->constraint =
                constraint ? constraint_from_kernel(constraint) : OOM_CONSTRAINT_UNKNOWN;
        if (event->constraint == OOM_CONSTRAINT_UNKNOWN)
                event->constraint_text = TAKE_PTR(constraint);
        event->is_memcg = event->is_memcg || event->oom_memcg;
        take_candidate(event, start);
        return 1;
}

int oom_words_take_memcg(OomEvent *event, const char *text) {
        static const char *const ends[] = {": ", ":\0", NULL};
        const char *p = strstr(text, " killed as a result of limit of ");
        int r = 0;

        if (p && strstr(text, "Task in ")) {
                free(TAKE_PTR(event->oom_memcg));
                r = scan_copy(p, "limit of ", (const char *const[]){NULL}, &event->oom_memcg);
        } else if (text_starts_with(text, "Memory cgroup stats for ")) {
                if (!event->oom_memcg)
                        r = scan_copy(text, "stats for ", ends, &event->oom_memcg);
                size_t n = event->oom_memcg ? strlen(event->oom_memcg) : 0;
                if (n > 0 && event->oom_memcg[n - 1] == ':')
                        event->oom_memcg[n - 1] = '\0';
        } else {
                return 0;
        }
        event->is_memcg = true;
        return r < 0 ? r : 1;
}

bool oom_words_read_release(const char *text, char ret[static OOM_RELEASE_MAX]) {
        size_t n = strcspn(text, " ");
        unsigned version;

        if (n >= OOM_RELEASE_MAX || kernel_release_parse(text, &version) < 0)
                return false;
        memcpy(ret, text, n);
        ret[n] = '\0';
        return true;
}

/* The first word behind the letters of what taints the kernel that can be a version. */
static void take_release(OomEvent *event, const char *text) {
        for (const char *p = strstr(text, "ainted"); p; p = strchr(p, ' ')) {
                p += strspn(p, " ");
                if (oom_words_read_release(p, event->release))
                        return;
        }
}

bool oom_words_take_cpu(OomEvent *event, const char *text) {
        static const char *const ends[] = {" Not tainted", " Tainted:", " Kdump:"};
        const char *comm = strstr(text, " Comm: ");
        size_t n = strlen(event->invoker.comm);

        if (!comm || !strstr(text, "CPU:"))
                return false;
        if (!*event->release)
                take_release(event, comm);
        if (event->invoker.pid >= 0 || n == 0)
                return true;
        comm += 7;
        const char *end = comm + strlen(comm);
        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                const char *found = strstr(comm, ends[i]);
                end = found && found < end ? found : end;
        }
        /* Of another CPU's trace. */
        if ((size_t) (end - comm) > n ||
            memcmp(comm, event->invoker.comm, (size_t) (end - comm)) != 0)
                return true;
        event->invoker.pid = scan_after(text, " PID: ");
        return true;
}

/* The text after the name, without blanks: a mail may have broken it anywhere. */
static void squeeze(const char *text, char *ret, size_t size) {
        size_t n = 0;

        for (; *text && n + 1 < size; text++)
                if (*text != ' ')
                        ret[n++] = *text;
        ret[n] = '\0';
}

bool oom_words_read_process(const char *text, OomProcess *ret) {
        static const char *const ends[] = {") total-vm:", "), UID", ") "};
        OomProcess process = OOM_PROCESS_INIT;
        char rest[256];

        if (!text_starts_with(text, "process "))
                return false;
        text += 8;
        if (!scan_number(&text, &process.pid))
                return false;
        while (*text == ' ')
                text++;
        if (*text++ != '(')
                return false;
        const char *end = NULL;
        for (size_t i = 0; i < ELEMENTSOF(ends) && !end; i++)
                end = strstr(text, ends[i]);
        end = end ? end : strrchr(text, ')');
        if (!end)
                return false;
        copy_comm(process.comm, text, end);
        squeeze(end, rest, sizeof(rest));
        process.total_vm_kb = scan_after(rest, "total-vm:");
        process.anon_rss_kb = scan_after(rest, "anon-rss:");
        process.file_rss_kb = scan_after(rest, "file-rss:");
        process.shmem_rss_kb = scan_after(rest, "shmem-rss:");
        *ret = process;
        return true;
}

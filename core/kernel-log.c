/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kernel-log.h"

#include <fcntl.h>

#include <systemd/sd-journal.h>

#include "core/kernel-log-boot.h"

static const char *const folders[] = {"run/log/journal", "var/log/journal"};

static void journal_closep(sd_journal **journal) {
        sd_journal_close(*journal);
}

/* What stands in the way of what is there: -EACCES, or 0. */
static int folder_access(int dir_fd, const char *name, size_t depth, bool *ret_any) {
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        int r = 0;

        if (!dir) {
                r = fd < 0 && errno == EACCES ? -EACCES : 0;
                *ret_any = *ret_any || r < 0;
                return r;
        }
        for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
                bool system = text_starts_with(entry->d_name, "system");
                if (strstr(entry->d_name, ".journal"))
                        *ret_any = true;
                if (system && faccessat(dirfd(dir), entry->d_name, R_OK, AT_EACCESS) < 0)
                        r = errno == EACCES ? -EACCES : 0;
                if (depth > 0 && *entry->d_name != '.' && !strchr(entry->d_name, '.'))
                        r = folder_access(dirfd(dir), entry->d_name, depth - 1, ret_any);
        }
        return r;
}

/* Why nothing was found. libsystemd passes over in silence what it may not open. */
static int why_nothing(const Root *root) {
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                int r = folder_access(root_fd(root), folders[i], 1, &any);
                if (r < 0)
                        return r;
        }
        return any ? -ENODATA : -ENOENT;
}

static int open_journal(const Root *root, sd_journal **ret) {
        if (root_is_live(root))
                return sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY);
        return sd_journal_open_directory(ret, root_prefix(root), SD_JOURNAL_OS_ROOT);
}

static int match_range(sd_journal *journal, const Root *root, const KernelLogRange *range) {
        int r = range->all_boots ? 0 : kernel_log_match_boot(journal, root, range);

        return r < 0 ? r : sd_journal_add_match(journal, "_TRANSPORT=kernel", 0);
}

/* A message may be of several lines; each goes into the buffer, which the function may spoil. */
static int hand_over(
        const char *text, size_t n, usec_t usec, char *buffer, KernelLogFunc func, void *userdata) {
        for (const char *end = text + n; text <= end;) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));
                size_t whole = (size_t) ((newline ? newline : end) - text);
                size_t used = MIN_OF(whole, KERNEL_LOG_LINE_MAX);

                memcpy(buffer, text, used);
                buffer[used] = '\0';
                int r = func(usec, buffer, used, userdata);
                if (r < 0)
                        return r;
                text += whole + 1;
        }
        return 0;
}

/* What cannot be had of one entry is no reason to lose the others. */
static bool is_of_one_entry(int r) {
        return r == -ENOENT || r == -EBADMSG || r == -EADDRNOTAVAIL || r == -E2BIG;
}

static int
read_entry(sd_journal *journal, usec_t usec, char *buffer, KernelLogFunc func, void *userdata) {
        const size_t skip = strlen("MESSAGE=");
        const void *data;
        size_t n;

        int r = sd_journal_get_data(journal, "MESSAGE", &data, &n);
        if (r < 0)
                return is_of_one_entry(r) ? 0 : r;
        return n < skip ? 0
                        : hand_over((const char *) data + skip,
                                    n - skip,
                                    usec,
                                    buffer,
                                    func,
                                    userdata);
}

/* 1 when there was an entry, 0 when there was none. */
static int read_entries(sd_journal *journal,
                        const KernelLogRange *range,
                        char *buffer,
                        KernelLogFunc func,
                        void *userdata) {
        bool any = false;
        usec_t usec;
        int r = range->since_usec > 0 ? sd_journal_seek_realtime_usec(journal, range->since_usec)
                                      : sd_journal_seek_head(journal);

        while (r >= 0 && (r = sd_journal_next(journal)) > 0) {
                any = true;
                r = sd_journal_get_realtime_usec(journal, &usec);
                if (r < 0 && is_of_one_entry(r)) {
                        r = 0;
                        continue;
                }
                if (r < 0 || usec > range->until_usec)
                        break;
                if (usec >= range->since_usec)
                        r = read_entry(journal, usec, buffer, func, userdata);
        }
        return r < 0 ? r : any;
}

int kernel_log_read(const Root *root,
                    const KernelLogRange *range,
                    KernelLogFunc func,
                    void *userdata) {
        _cleanup_(freep) char *buffer = malloc(KERNEL_LOG_LINE_MAX + 1);
        _cleanup_(journal_closep) sd_journal *journal = NULL;

        if (!buffer)
                return -ENOMEM;
        int r = open_journal(root, &journal);
        if (r >= 0)
                r = match_range(journal, root, range);
        if (r == -ENXIO || r == -ENOENT || r == -EACCES) {
                int why = why_nothing(root);
                return why == -ENODATA ? r : why;
        }
        if (r >= 0)
                r = read_entries(journal, range, buffer, func, userdata);
        if (r != 0)
                return r < 0 ? r : 0;
        /* Nothing in that time, or nothing at all? */
        r = sd_journal_seek_head(journal);
        if (r >= 0)
                r = sd_journal_next(journal);
        return r != 0 ? MIN_OF(r, 0) : why_nothing(root);
}

const char *kernel_log_error_to_string(int error) {
        switch (error) {
        case -ENOENT:
                return "there is no system journal";
        case -EACCES:
                return "the system journal is for root and the groups systemd-journal and adm: "
                       "run this as root, or join one of them";
        case -ENXIO:
                return "the system journal has no such boot (journalctl --list-boots)";
        case -ENODATA:
                return "the system journal has no message of the kernel from that boot, "
                       "as in a container";
        }
        return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/facts.h"

#include <ctype.h>

#define THP_FOLDER "sys/kernel/mm/transparent_hugepage"

static const struct {
        SwapKind kind;
        const char *name;
} swap_names[] = {
        {SWAP_NONE, "none"},
        {SWAP_ZRAM, "zram"},
        {SWAP_DISK, "disk"},
        {SWAP_FILE, "file"},
};

const char *swap_kind_to_string(SwapKind kind) {
        for (size_t i = 0; i < ELEMENTSOF(swap_names); i++)
                if (swap_names[i].kind == kind)
                        return swap_names[i].name;
        return NULL;
}

int swap_kind_from_string(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(swap_names); i++)
                if (streq(swap_names[i].name, name))
                        return (int) swap_names[i].kind;
        return -EINVAL;
}

void swap_kinds_format(unsigned kinds, char buffer[static 64]) {
        size_t used = 0;

        buffer[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(swap_names); i++)
                if (kinds & swap_names[i].kind)
                        used += (size_t) snprintf(buffer + used,
                                                  64 - used,
                                                  "%s%s",
                                                  used > 0 ? " and " : "",
                                                  swap_names[i].name);
}

/* One part of a version, without sign or leading zero; returns what follows it, or NULL. */
static const char *parse_version_part(const char *text, unsigned *ret) {
        char digits[8];
        uint64_t number = 0;
        size_t n = strspn(text, "0123456789");

        if (n >= sizeof(digits))
                return NULL;
        memcpy(digits, text, n);
        digits[n] = '\0';
        if (parse_uint64(digits, &number) < 0 || number > UINT16_MAX)
                return NULL;
        *ret = (unsigned) number;
        return text + n;
}

/* "6.18" of "6.18.44-rc3"; returns what follows it, or NULL. */
static const char *parse_version_start(const char *text, unsigned *ret) {
        unsigned major = 0, minor = 0;

        text = parse_version_part(text, &major);
        if (!text || *text != '.')
                return NULL;
        text = parse_version_part(text + 1, &minor);
        if (text)
                *ret = KERNEL_VERSION_OF(major, minor);
        return text;
}

int kernel_version_parse(const char *text, unsigned *ret) {
        unsigned version = 0, patch = 0;

        const char *rest = parse_version_start(text, &version);
        if (rest && *rest == '.')
                rest = parse_version_part(rest + 1, &patch);
        if (!rest || *rest)
                return -EINVAL;
        *ret = version;
        return 0;
}

int kernel_release_parse(const char *text, unsigned *ret) {
        return parse_version_start(text, ret) ? 0 : -EINVAL;
}

/* Says what is wrong with a file; passes the errno on. */
static int refuse(const Root *root, Problems *problems, const char *path, int error) {
        _cleanup_(freep) char *file = text_format("%s/%s", root_prefix(root), path);
        const Location where = {.file = file};

        if (error == -EBADMSG)
                (void) problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "does not read as the kernel writes it");
        else
                (void) problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   error == -ENOENT ? "is this the root of a Linux system?" : NULL,
                                   "cannot be read: %s",
                                   strerror(-error));
        return error;
}

/* A file of one short line, without its newline. -EBADMSG when it is empty or longer. */
static int read_line(const Root *root, const char *path, char *buffer, size_t size) {
        char text[256];

        int r = root_read_into(root, path, text, sizeof(text));
        if (r < 0)
                return r;
        const char *line = text_strip(text);
        if (line[0] == '\0' || strlen(line) >= size || strchr(line, '\n'))
                return -EBADMSG;
        (void) snprintf(buffer, size, "%s", line);
        return 0;
}

static int read_release(const Root *root, Facts *facts) {
        int r = read_line(
                root, "proc/sys/kernel/osrelease", facts->release, sizeof(facts->release));
        if (r < 0)
                return r;
        return kernel_release_parse(facts->release, &facts->context.kernel) < 0 ? -EBADMSG : 0;
}

static int read_boot_id(const Root *root, Facts *facts) {
        int r = read_line(
                root, "proc/sys/kernel/random/boot_id", facts->boot_id, sizeof(facts->boot_id));
        if (r < 0)
                return r;
        if (strlen(facts->boot_id) != BOOT_ID_MAX - 1 ||
            strspn(facts->boot_id, "0123456789abcdef-") != BOOT_ID_MAX - 1)
                return -EBADMSG;
        return 0;
}

/* The number behind "name:", in KiB as meminfo and smaps count, in bytes. */
static int find_kib(const char *text, const char *name, uint64_t *ret_bytes) {
        size_t n = strlen(name);
        char digits[24];
        uint64_t kib = 0;

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, name, n) != 0 || line[n] != ':')
                        continue;
                line += n + 1;
                line += strspn(line, " \t");
                size_t n_digits = strspn(line, "0123456789");
                if (n_digits >= sizeof(digits))
                        return -EBADMSG;
                memcpy(digits, line, n_digits);
                digits[n_digits] = '\0';
                if (parse_uint64(digits, &kib) < 0 ||
                    __builtin_mul_overflow(kib, (uint64_t) 1024, ret_bytes))
                        return -EBADMSG;
                return 0;
        }
        return -EBADMSG;
}

int meminfo_read(const Root *root, const char *name, uint64_t *ret_bytes) {
        _cleanup_(freep) char *text = NULL;

        int r = root_read(root, "proc/meminfo", &text);
        return r < 0 ? r : find_kib(text, name, ret_bytes);
}

static int read_ram(const Root *root, Facts *facts) {
        int r = meminfo_read(root, "MemTotal", &facts->ram_bytes);
        return r >= 0 && facts->ram_bytes == 0 ? -EBADMSG : r;
}

/* A line of proc/swaps: the file name (blanks in it are "\040"), then its type. */
static unsigned parse_swap(const char *line) {
        size_t n = strcspn(line, " \t\n");
        const char *type = line + n + strspn(line + n, " \t");
        const char *slash = memrchr(line, '/', n);
        const char *base = slash ? slash + 1 : line;

        if (text_starts_with(base, "zram"))
                return SWAP_ZRAM;
        return text_starts_with(type, "file") ? SWAP_FILE : SWAP_DISK;
}

static int read_swaps(const Root *root, Facts *facts) {
        _cleanup_(freep) char *text = NULL;

        int r = root_read(root, "proc/swaps", &text);
        if (r < 0 && r != -ENOENT) /* absent without CONFIG_SWAP */
                return r;
        for (const char *line = text ? strchr(text, '\n') : NULL; line && line[1];
             line = strchr(line + 1, '\n'))
                facts->swap_kinds |= parse_swap(line + 1);
        if (facts->swap_kinds == 0)
                facts->swap_kinds = SWAP_NONE;
        return 0;
}

/* "0-1,4": how many numbers it names. */
static int count_list(const char *text, unsigned *ret) {
        uint64_t total = 0;

        for (const char *p = text;; p++) {
                char *end = NULL;
                if (!isdigit((unsigned char) *p))
                        return -EBADMSG;
                unsigned long first = strtoul(p, &end, 10), last = first;
                if (*end == '-') {
                        if (!isdigit((unsigned char) end[1]))
                                return -EBADMSG;
                        last = strtoul(end + 1, &end, 10);
                }
                if (last < first || last > UINT16_MAX)
                        return -EBADMSG;
                total += last - first + 1;
                p = end;
                if (*p == '\0')
                        break;
                if (*p != ',' || total > UINT16_MAX)
                        return -EBADMSG;
        }
        *ret = (unsigned) total;
        return 0;
}

static int read_nodes(const Root *root, Facts *facts) {
        char online[256];

        int r = read_line(root, "sys/devices/system/node/online", online, sizeof(online));
        if (r == -ENOENT) { /* absent without CONFIG_NUMA */
                facts->n_nodes = 1;
                return 0;
        }
        return r < 0 ? r : count_list(online, &facts->n_nodes);
}

/* A tree recorded on another machine says its page size in smaps, where the mappings of an
 * ordinary program have base pages. */
static int read_page_size(const Root *root, Facts *facts) {
        char text[4096];
        uint64_t bytes = (uint64_t) sysconf(_SC_PAGESIZE);

        if (!root_is_live(root) &&
            root_read_into(root, "proc/self/smaps", text, sizeof(text)) >= 0) {
                int r = find_kib(text, "KernelPageSize", &bytes);
                /* No architecture has base pages of more than 1 MiB. */
                if (r < 0 || bytes == 0 || bytes > 1024 * 1024 || (bytes & (bytes - 1)) != 0)
                        return -EBADMSG;
        }
        facts->context.page_bytes = bytes;
        return 0;
}

static int read_thp(const Root *root, Facts *facts) {
        char text[32];
        uint64_t bytes = 0;

        facts->has_thp = root_exists(root, THP_FOLDER "/enabled");
        if (!facts->has_thp)
                return 0;
        int r = read_line(root, THP_FOLDER "/hpage_pmd_size", text, sizeof(text));
        if (r < 0)
                return r;
        if (parse_uint64(text, &bytes) < 0 || bytes % facts->context.page_bytes != 0)
                return -EBADMSG;
        facts->context.pmd_pages = bytes / facts->context.page_bytes;
        return 0;
}

int facts_read(const Root *root, Problems *problems, Facts *ret) {
        static const struct {
                int (*read)(const Root *root, Facts *facts);
                const char *path; /* for the message */
        } parts[] = {
                {read_release, "proc/sys/kernel/osrelease"},
                {read_boot_id, "proc/sys/kernel/random/boot_id"},
                {read_ram, "proc/meminfo"},
                {read_swaps, "proc/swaps"},
                {read_nodes, "sys/devices/system/node/online"},
                {read_page_size, "proc/self/smaps"},
                {read_thp, THP_FOLDER "/hpage_pmd_size"}, /* after the page size */
        };
        Facts facts = {0};

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                int r = parts[i].read(root, &facts);
                if (r < 0)
                        return refuse(root, problems, parts[i].path, r);
        }
        facts.has_psi = root_exists(root, "proc/pressure/memory");
        *ret = facts;
        return 0;
}

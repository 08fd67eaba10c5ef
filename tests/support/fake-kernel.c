/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/fake-kernel.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/machine/facts.h"
#include "core/machine/live.h"

/* TMPBUFLEN of kernel/sysctl.c: a longer number, leading zeros included, is refused. */
#define SYSCTL_DIGITS_MAX 21
/* /proc/sys parses one page of what is written. */
#define SYSCTL_PAGE 4095

/* No file of a knob has more. */
#define KNOB_FILE_MAX 4096

/* One write under way. */
typedef struct Write {
        const Root *root;
        int fd;
        KnobRef ref;
        const char *data;
        size_t size;
} Write;

/* Replaces the file's content; the position ends where a write of size bytes leaves it. The kernel
 * is never killed in the middle, but we are: in one write, with newlines over the rest of what was
 * longer, so that there is always a value. */
static ssize_t store(int fd, const char *text, size_t taken) {
        char padded[KNOB_FILE_MAX];
        size_t n = strlen(text);
        struct stat st;

        if (n > sizeof(padded) || fstat(fd, &st) < 0)
                return -EIO;
        size_t covered = MIN_OF(MAX_OF((size_t) st.st_size, n), sizeof(padded));
        memset(padded, '\n', sizeof(padded));
        memcpy(padded, text, n);
        if (pwrite(fd, padded, covered, 0) < 0 || ftruncate(fd, (off_t) n) < 0 ||
            lseek(fd, (off_t) taken, SEEK_SET) < 0)
                return -errno;
        return (ssize_t) taken;
}

static int store_file(const Root *root, const char *path, const char *text) {
        _cleanup_(closep) int fd =
                openat(root_fd(root), path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        if (fd < 0)
                return -errno;
        return store(fd, text, 0) < 0 ? -EIO : 0;
}

static ssize_t store_value(const Write *w, const Value *value, size_t taken) {
        char text[VALUE_TEXT_MAX], line[VALUE_TEXT_MAX + 1];

        value_format(value, text);
        for (char *p = text; *p; p++)
                if (*p == ' ')
                        *p = '\t';
        (void) snprintf(line, sizeof(line), "%s\n", text);
        return store(w->fd, line, taken);
}

static uint64_t read_number(const Root *root, const char *path) {
        char text[64];

        if (root_read_into(root, path, text, sizeof(text)) < 0)
                return 0;
        return strtoull(text, NULL, 10);
}

/* Pairs */

static int zero_partner(const Write *w) {
        char path[KNOB_PATH_MAX];
        KnobRef partner = {0};

        if (!knob_ref_partner(w->ref, &partner))
                return 0;
        knob_ref_path(partner, path);
        return store_file(w->root, path, "0\n");
}

/* The handlers of the foreground pair look whether the value changed, the others do not. */
static bool zeroes_only_on_change(const Knob *knob) {
        return streq(knob->name, "vm.dirty_bytes") || streq(knob->name, "vm.dirty_ratio");
}

/* Numbers */

/* proc_get_long(): returns what follows the number, or NULL. */
static const char *parse_sysctl_number(const char *text, const char *end, Integer *ret) {
        char digits[SYSCTL_DIGITS_MAX + 1];
        Integer integer = {0};
        char *rest = NULL;
        size_t n = 0;

        if (text < end && *text == '-') {
                integer.negative = true;
                text++;
        }
        while (text + n < end && isalnum((unsigned char) text[n]))
                n++;
        if (n == 0 || n > SYSCTL_DIGITS_MAX || !isdigit((unsigned char) *text))
                return NULL;
        memcpy(digits, text, n);
        digits[n] = '\0';
        errno = 0;
        integer.magnitude = strtoull(digits, &rest, 0);
        text += n;
        if (errno != 0 || *rest || (text < end && !isspace((unsigned char) *text)))
                return NULL;
        integer.negative = integer.negative && integer.magnitude > 0;
        *ret = integer;
        return text;
}

static const char *skip_blanks(const char *text, const char *end) {
        while (text < end && isspace((unsigned char) *text))
                text++;
        return text;
}

/* kstrtoul(..., 10): an optional plus, digits, an optional newline. */
static int parse_sysfs_number(const char *data, size_t size, Integer *ret) {
        char text[32];
        char *rest = NULL;

        if (size > 0 && data[size - 1] == '\n')
                size--;
        if (size > 0 && data[0] == '+') {
                data++;
                size--;
        }
        if (size == 0 || size >= sizeof(text) || !isdigit((unsigned char) data[0]))
                return -EINVAL;
        memcpy(text, data, size);
        text[size] = '\0';
        errno = 0;
        *ret = INTEGER_OF(strtoull(text, &rest, 10));
        if ((size_t) (rest - text) != size)
                return -EINVAL;
        return errno == 0 ? 0 : -ERANGE;
}

static int check_range(const Write *w, Integer integer) {
        Problems problems = PROBLEMS_INIT;
        ValueType type = {0};
        Facts facts = {0};
        int r = 0;

        (void) facts_read(w->root, &problems, &facts);
        problems_done(&problems);
        if (knob_value_type(w->ref.knob, &facts.context, &type) < 0)
                return 0;
        if (integer_compare(integer, type.min) < 0)
                r = -EINVAL;
        else if (integer_compare(integer, type.max) > 0)
                /* proc_doulongvec_minmax() of the dirty sizes has an errno of its own. */
                r = w->ref.knob->unit == VALUE_UNIT_BYTES && w->ref.knob->pair ? -ERANGE : -EINVAL;
        else if (type.gap_last.magnitude > 0 && integer_compare(integer, type.gap_first) >= 0 &&
                 integer_compare(integer, type.gap_last) <= 0)
                r = -EINVAL;
        return r;
}

static ssize_t write_integer(const Write *w, Integer integer, size_t taken) {
        const Value value = {.kind = w->ref.knob->kind, .n = 1, .integers = {integer}};
        Value old = {0};

        int r = check_range(w, integer);
        if (r < 0)
                return r;
        bool same = live_read(w->root, w->ref, &old) >= 0 && value_equal(&old, &value);
        if (!(same && zeroes_only_on_change(w->ref.knob)))
                r = zero_partner(w);
        if (r >= 0 && streq(w->ref.knob->name, "vm.min_free_kbytes")) {
                char text[VALUE_TEXT_MAX];
                value_format(&value, text);
                r = store_file(w->root, FAKE_KERNEL_USER_MIN_FREE, text);
        }
        return r < 0 ? r : store_value(w, &value, taken);
}

/* lowmem_reserve_ratio never fails: what parses changes the first numbers, the rest stays. */
static ssize_t write_vector(const Write *w, const char *text, const char *end) {
        Value value = {0};

        if (live_read(w->root, w->ref, &value) < 0)
                return -EIO;
        for (size_t i = 0; i < value.n && text && text < end; i++) {
                Integer integer = {0};
                text = parse_sysctl_number(skip_blanks(text, end), end, &integer);
                if (text)
                        value.integers[i] = integer.negative ? INTEGER_OF(0) : integer;
        }
        text = text ? skip_blanks(text, end) : NULL;
        return store_value(w, &value, text ? (size_t) (text - w->data) : w->size);
}

static ssize_t write_sysctl(const Write *w) {
        const char *end = w->data + MIN_OF(w->size, (size_t) SYSCTL_PAGE);
        const char *text = skip_blanks(w->data, end);
        Integer integer = {0};

        if (lseek(w->fd, 0, SEEK_CUR) > 0) /* sysctl_writes_strict: success, and nothing changes */
                return (ssize_t) w->size;
        if (w->size == 0) {
                int r = zeroes_only_on_change(w->ref.knob) ? 0 : zero_partner(w);
                return r;
        }
        if (w->ref.knob->flags & KNOB_TRIGGER)
                return store(w->fd, "", w->size);
        if (w->ref.knob->kind == VALUE_VECTOR)
                return write_vector(w, text, end);
        text = parse_sysctl_number(text, end, &integer);
        if (!text)
                return -EINVAL;
        text = skip_blanks(text, end);
        /* A second word is not looked at: the write is short, and the first one applied. */
        return write_integer(w, integer, text == end ? w->size : (size_t) (text - w->data));
}

/* Words */

/* The list of words with another one in brackets; -EINVAL when it is not among them. */
static int bracket(const char *listed, const char *word, char *buffer, size_t size) {
        char copy[256];
        char *state = NULL;
        bool found = false;
        size_t used = 0;

        (void) snprintf(copy, sizeof(copy), "%s", listed);
        for (char *one = strtok_r(copy, "[] \t\n", &state); one && used < size;
             one = strtok_r(NULL, "[] \t\n", &state)) {
                bool chosen = streq(one, word);
                used += (size_t) snprintf(buffer + used,
                                          size - used,
                                          chosen ? "%s[%s]" : "%s%s",
                                          used > 0 ? " " : "",
                                          one);
                found = found || chosen;
        }
        if (!found || used + 2 > size)
                return -EINVAL;
        (void) snprintf(buffer + used, size - used, "\n");
        return 0;
}

/* Pages are of 4 KiB or what the machine has; 5 % of memory is the most. */
static uint64_t recommended_min_free(const Root *root, const Facts *facts) {
        _cleanup_(freep) char *zones = NULL;
        uint64_t n_zones = 0;

        if (root_read(root, "proc/buddyinfo", &zones) < 0)
                return 0;
        for (const char *p = zones; (p = strchr(p, '\n')); p++)
                n_zones++;
        uint64_t kbytes =
                facts->context.pmd_pages * n_zones * (2 + 3 * 3) * facts->context.page_bytes / 1024;
        return MIN_OF(kbytes, facts->ram_bytes / 1024 / 20);
}

static uint64_t square_root(uint64_t number) {
        uint64_t root = 0;

        for (uint64_t bit = 1ull << 31; bit > 0; bit >>= 1)
                if ((root + bit) * (root + bit) <= number)
                        root += bit;
        return root;
}

/* start_stop_khugepaged(): with huge pages on, min_free_kbytes is raised to what compaction wants;
 * without, it becomes the boot formula's unless a person wrote more. */
static int rebuild_min_free(const Root *root) {
        static const char path[] = "proc/sys/vm/min_free_kbytes";
        char enabled[128], text[32];
        Problems problems = PROBLEMS_INIT;
        Facts facts = {0};

        int r = facts_read(root, &problems, &facts);
        problems_done(&problems);
        if (r < 0)
                return r;
        r = root_read_into(
                root, "sys/kernel/mm/transparent_hugepage/enabled", enabled, sizeof(enabled));
        if (r < 0)
                return r;
        uint64_t now = read_number(root, path), wanted = now;
        if (strstr(enabled, "[never]")) {
                uint64_t plain = square_root(16 * (facts.ram_bytes / 1024));
                plain = MIN_OF(MAX_OF(plain, (uint64_t) 128), (uint64_t) 262144);
                if (plain > read_number(root, FAKE_KERNEL_USER_MIN_FREE))
                        wanted = plain;
        } else
                wanted = MAX_OF(now, recommended_min_free(root, &facts));
        if (wanted == now)
                return 0;
        (void) snprintf(text, sizeof(text), "%lu\n", (unsigned long) wanted);
        return store_file(root, path, text);
}

static ssize_t write_choice(const Write *w) {
        char path[KNOB_PATH_MAX], listed[256], line[256], word[VALUE_WORD_MAX];
        size_t n = w->size > 0 && w->data[w->size - 1] == '\n' ? w->size - 1 : w->size;

        knob_ref_path(w->ref, path);
        int r = root_read_into(w->root, path, listed, sizeof(listed));
        if (r < 0)
                return r;
        if (n == 0 || n >= sizeof(word) || memchr(w->data, '[', n) || memchr(w->data, ' ', n))
                return -EINVAL;
        memcpy(word, w->data, n);
        word[n] = '\0';
        r = bracket(listed, word, line, sizeof(line));
        if (r < 0)
                return r;
        return store(w->fd, line, w->size);
}

static ssize_t write_sysfs(const Write *w) {
        Integer integer = {0};
        ssize_t taken = 0;

        if (w->size == 0)
                return 0;
        if (w->ref.knob->kind == VALUE_CHOICE)
                taken = write_choice(w);
        else {
                int r = parse_sysfs_number(w->data, w->size, &integer);
                taken = r < 0 ? r : write_integer(w, integer, w->size);
        }
        if (taken >= 0 && (w->ref.knob->flags & KNOB_REWRITES_MIN_FREE)) {
                int r = rebuild_min_free(w->root);
                if (r < 0)
                        return r;
        }
        return taken;
}

/* Refusals */

typedef struct Refusal {
        char verb[16];
        char argument[64];
} Refusal;

static bool find_refusal(const Write *w, Refusal *ret) {
        _cleanup_(freep) char *text = NULL;
        char name[KNOB_NAME_MAX], *state = NULL;

        knob_ref_name(w->ref, name);
        if (root_read(w->root, FAKE_KERNEL_REFUSE, &text) < 0)
                return false;
        for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
                char knob[KNOB_NAME_MAX];
                Refusal refusal = {0};
                if (sscanf(line, "%95s %15s %63s", knob, refusal.verb, refusal.argument) >= 2 &&
                    streq(knob, name)) {
                        *ret = refusal;
                        return true;
                }
        }
        return false;
}

static int errno_from_name(const char *name) {
        static const struct {
                const char *name;
                int number;
        } errors[] = {
                {"EPERM", EPERM},
                {"EACCES", EACCES},
                {"EINVAL", EINVAL},
                {"ERANGE", ERANGE},
                {"EBUSY", EBUSY},
                {"EAGAIN", EAGAIN},
                {"EINTR", EINTR},
                {"EIO", EIO},
                {"ENOENT", ENOENT},
                {"ENODEV", ENODEV},
                {"ENOMEM", ENOMEM},
                {"ENOSPC", ENOSPC},
                {"EROFS", EROFS},
                {"EOPNOTSUPP", EOPNOTSUPP},
        };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (streq(errors[i].name, name))
                        return errors[i].number;
        return 0;
}

static ssize_t write_knob(const Write *w) {
        return w->ref.knob->section == KNOB_SECTION_SYSCTL ? write_sysctl(w) : write_sysfs(w);
}

/* A line that says nothing known fails the write loudly. */
static ssize_t write_refused(const Write *w, const Refusal *refusal) {
        if (streq(refusal->verb, "SHORT")) {
                ssize_t taken = write_knob(w);
                return taken > 0 ? taken - 1 : taken;
        }
        if (streq(refusal->verb, "CLAMP") && refusal->argument[0]) {
                Write other = *w;
                other.data = refusal->argument;
                other.size = strlen(refusal->argument);
                ssize_t taken = write_knob(&other);
                return taken < 0 ? taken : (ssize_t) w->size;
        }
        int error = errno_from_name(refusal->verb);
        return error > 0 ? -error : -EPROTO;
}

ssize_t
fake_kernel_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        Write w = {.root = root, .fd = fd, .data = data, .size = size};
        Refusal refusal = {0};

        if (knob_ref_from_path(path, &w.ref) < 0) {
                ssize_t n = write(fd, data, size);
                return n < 0 ? -errno : n;
        }
        if (find_refusal(&w, &refusal))
                return write_refused(&w, &refusal);
        return write_knob(&w);
}

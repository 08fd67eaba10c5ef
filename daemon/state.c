/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/json.h"

#define STATE_PREFIX "memctl1 "
#define STATE_FAMILY "memctl" /* with any number: a version, known or not */
#define STATE_CHECK_SIZE (8 + 1)
#define ASIDE_MARK ".damaged-"
#define ASIDE_ATTEMPTS 100
#define JSON_ATTEMPTS 3

/* CRC-32 as in IEEE 802.3 (reflected, polynomial 0xedb88320). */
static uint32_t crc32_of(const char *data, size_t size) {
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < size; i++) {
                crc ^= (unsigned char) data[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = (crc >> 1) ^ (0xedb88320u & -(crc & 1));
        }
        return ~crc;
}

int state_make_parents(const char *path) {
        _cleanup_(freep) char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(copy, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return 0;
}

int state_open(const char *path) {
        int r = state_make_parents(path);
        if (r < 0)
                return r;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return -errno;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/*
 * json-c is silent about a text that it had no memory to lengthen (printbuf_memappend(), up to 0.17
 * at least): what it writes, and what it reads, lacks a part then. So everything is done twice, and
 * believed when it is the same twice and memory is there.
 */
static bool memory_is_there(size_t size) {
        _cleanup_(freep) char *probe = malloc(2 * size + 128);
        return probe != NULL;
}

/* *ret is NULL when the text is no JSON. */
static int json_read(const char *text, json_object **ret) {
        _cleanup_(json_putp) json_object *before = json_tokener_parse(text);

        for (int i = 0; i < JSON_ATTEMPTS; i++) {
                _cleanup_(json_putp) json_object *now = json_tokener_parse(text);
                if (json_object_equal(before, now) && memory_is_there(strlen(text))) {
                        *ret = TAKE_PTR(now);
                        return 0;
                }
                json_putp(&before);
                before = TAKE_PTR(now);
        }
        return -ENOMEM;
}

char *state_json(json_object *object, int flags) {
        for (int i = 0; i < JSON_ATTEMPTS; i++) {
                const char *text = json_object_to_json_string_ext(object, flags);
                _cleanup_(freep) char *copy = text ? strdup(text) : NULL;
                text = json_object_to_json_string_ext(object, flags);
                if (copy && text && streq(copy, text) && memory_is_there(strlen(text)))
                        return TAKE_PTR(copy);
        }
        return NULL;
}

/* NULL without memory: a record is whole or it is none. */
static char *record_format(json_object *record) {
        _cleanup_(freep) char *json =
                json_is_short(record) ? NULL : state_json(record, JSON_C_TO_STRING_PLAIN);

        if (!json)
                return NULL;
        return text_format(STATE_PREFIX "%08x %s\n", crc32_of(json, strlen(json)), json);
}

static int write_all(int fd, const char *text) {
        size_t size = strlen(text);

        while (size > 0) {
                ssize_t n = write(fd, text, size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t) n;
        }
        return 0;
}

int state_replace(int dir_fd, const char *name, json_object *record) {
        char temporary[128];
        _cleanup_(freep) char *line = record_format(record);

        if (!line)
                return -ENOMEM;
        (void) snprintf(temporary, sizeof(temporary), "%s.new", name);
        _cleanup_(closep) int fd = openat(
                dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, line);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, temporary, 0);
                return r;
        }
        return fsync(dir_fd) < 0 ? -errno : 0;
}

int state_append(int dir_fd, const char *name, json_object *record, bool durable) {
        _cleanup_(freep) char *line = record_format(record);

        if (!line)
                return -ENOMEM;
        _cleanup_(closep) int fd = openat(dir_fd, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* After a torn line the next record must begin on a line of its own. */
        char last = '\n';
        off_t end = lseek(fd, 0, SEEK_END);
        if (end > 0 && pread(fd, &last, 1, end - 1) < 0)
                return -errno;
        if (last != '\n') {
                int r = write_all(fd, "\n");
                if (r < 0)
                        return r;
        }
        int r = write_all(fd, line);
        if (r < 0)
                return r;
        return durable && fdatasync(fd) < 0 ? -errno : 0;
}

/* The JSON of a line, letter by letter as a memctl of that version writes it, or NULL. */
static const char *find_json(const char *line, const char *prefix) {
        char header[32];
        size_t n_header = strlen(prefix) + STATE_CHECK_SIZE;

        if (!text_starts_with(line, prefix) || strlen(line) <= n_header)
                return NULL;
        const char *json = line + n_header;
        (void) snprintf(header, sizeof(header), "%s%08x ", prefix, crc32_of(json, strlen(json)));
        return text_starts_with(line, header) ? json : NULL;
}

/* *ret is NULL when the line is not a whole record. */
static int record_parse(const char *line, json_object **ret) {
        const char *json = find_json(line, STATE_PREFIX);

        *ret = NULL;
        return json ? json_read(json, ret) : 0;
}

/* Whole, and not ours: what its words mean is not known. */
static bool is_other_version(const char *line) {
        char prefix[16];
        size_t n = strlen(STATE_FAMILY);

        if (!text_starts_with(line, STATE_FAMILY))
                return false;
        n += strspn(line + n, "0123456789");
        if (n == strlen(STATE_FAMILY) || n + 1 >= sizeof(prefix) || line[n] != ' ')
                return false;
        (void) snprintf(prefix, sizeof(prefix), "%.*s", (int) n + 1, line);
        return !streq(prefix, STATE_PREFIX) && find_json(line, prefix);
}

/* How many lines after the first were passed over. */
static int records_parse(char *text, json_object *records) {
        char *rest = NULL;
        int n_unread = 0;

        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                _cleanup_(json_putp) json_object *record = NULL;
                int r = record_parse(line, &record);
                if (r < 0)
                        return r;
                if (!record && json_object_array_length(records) == 0)
                        return is_other_version(line) ? -EPROTONOSUPPORT : -EBADMSG;
                if (!record)
                        n_unread++;
                else if (json_object_array_add(records, record) < 0)
                        return -ENOMEM;
                (void) TAKE_PTR(record);
        }
        return json_object_array_length(records) == 0 ? -EBADMSG : n_unread;
}

/* Whatever lies there under that name: opening must not wait, as a FIFO would. */
static int open_regular(int dir_fd, const char *name) {
        _cleanup_(closep) int fd =
                openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return errno == ENXIO ? -EMEDIUMTYPE : -errno; /* a socket */
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EMEDIUMTYPE;
}

/* A power cut can leave an appended record's length without its text, which then reads as zeroes:
 * as torn as any other, and no damage of what comes before. */
static void end_at_zeroes(char *text, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (text[i] == '\0')
                        text[i] = '\n';
}

int state_read(int dir_fd, const char *name, json_object **ret) {
        _cleanup_(closep) int fd = open_regular(dir_fd, name);
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        if (fd < 0)
                return TAKE_FD(fd);
        int r = read_all(fd, STATE_FILE_MAX, &text, &size);
        if (r < 0)
                return r == -EFBIG ? -EBADMSG : r;
        end_at_zeroes(text, size);
        _cleanup_(json_putp) json_object *records = json_object_new_array();
        if (!records)
                return -ENOMEM;
        r = records_parse(text, records);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(records);
        return r;
}

const char *state_damage(int error) {
        switch (-error) {
        case EBADMSG:
                return "it is not what memctl wrote: torn, empty, changed or too large";
        case EPROTONOSUPPORT:
                return "another version of memctl wrote it";
        case EMEDIUMTYPE:
                return "it is no regular file";
        case ELOOP:
                return "it is a symbolic link";
        default:
                return strerror(-error);
        }
}

int state_remove(int dir_fd, const char *name) {
        if (unlinkat(dir_fd, name, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        return fsync(dir_fd) < 0 ? -errno : 0;
}

/* No name that is taken: what was set aside before is as much worth a look. */
static char *aside_name(int dir_fd, const char *name) {
        struct timespec now;
        struct stat st;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        for (int i = 0; i < ASIDE_ATTEMPTS; i++) {
                char *aside = text_format("%s" ASIDE_MARK "%lld", name, (long long) now.tv_sec + i);
                if (!aside || fstatat(dir_fd, aside, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return aside;
                free(aside);
        }
        return NULL;
}

int state_set_aside(int dir_fd, const char *name, char **ret_name) {
        _cleanup_(freep) char *aside = aside_name(dir_fd, name);

        if (!aside)
                return -ENOMEM;
        if (renameat(dir_fd, name, dir_fd, aside) < 0)
                return -errno;
        (void) fsync(dir_fd);
        *ret_name = TAKE_PTR(aside);
        return 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void state_aside_done(StateAside *aside) {
        for (size_t i = 0; i < aside->n; i++)
                free(aside->names[i]);
        aside->n = 0;
}

int state_list_aside(int dir_fd, StateAside *ret) {
        _cleanup_(state_aside_done) StateAside aside = {0};
        const struct dirent *entry;
        _cleanup_(closep) int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (!dir)
                return -errno;
        (void) TAKE_FD(fd);
        while (aside.n < STATE_ASIDE_MAX && (entry = readdir(dir))) {
                if (!strstr(entry->d_name, ASIDE_MARK))
                        continue;
                char *name = strdup(entry->d_name);
                if (!name)
                        return -ENOMEM;
                aside.names[aside.n++] = name;
        }
        if (aside.n > 0)
                qsort(aside.names, aside.n, sizeof(aside.names[0]), compare_names);
        *ret = aside;
        aside = (StateAside){0};
        return 0;
}

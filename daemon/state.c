/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/json.h"

#define STATE_PREFIX "memctl1 "
#define STATE_HEADER_SIZE (sizeof(STATE_PREFIX) - 1 + 8 + 1)

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

static char *record_format(json_object *record) {
        const char *json = json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN);
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

/* NULL when the line is not a whole record. */
static json_object *record_parse(const char *line) {
        char *end = NULL;

        if (!text_starts_with(line, STATE_PREFIX) || strlen(line) <= STATE_HEADER_SIZE)
                return NULL;
        const char *json = line + STATE_HEADER_SIZE;
        unsigned long crc = strtoul(line + strlen(STATE_PREFIX), &end, 16);
        if (end != json - 1 || *end != ' ' || crc != crc32_of(json, strlen(json)))
                return NULL;
        return json_tokener_parse(json);
}

static int records_parse(char *text, json_object *records) {
        char *rest = NULL;

        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                _cleanup_(json_putp) json_object *record = record_parse(line);
                if (!record && json_object_array_length(records) == 0)
                        return -EBADMSG;
                if (record && json_object_array_add(records, TAKE_PTR(record)) < 0)
                        return -ENOMEM;
        }
        return json_object_array_length(records) == 0 ? -EBADMSG : 0;
}

int state_read(int dir_fd, const char *name, json_object **ret) {
        _cleanup_(closep) int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        if (fd < 0)
                return -errno;
        int r = read_all(fd, STATE_FILE_MAX, &text, &size);
        if (r < 0)
                return r == -EFBIG ? -EBADMSG : r;
        if (memchr(text, '\0', size))
                return -EBADMSG;
        _cleanup_(json_putp) json_object *records = json_object_new_array();
        if (!records)
                return -ENOMEM;
        r = records_parse(text, records);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(records);
        return 0;
}

int state_remove(int dir_fd, const char *name) {
        if (unlinkat(dir_fd, name, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        return fsync(dir_fd) < 0 ? -errno : 0;
}

int state_set_aside(int dir_fd, const char *name, char **ret_name) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        _cleanup_(freep) char *aside = text_format("%s.damaged-%lld", name, (long long) now.tv_sec);
        if (!aside)
                return -ENOMEM;
        if (renameat(dir_fd, name, dir_fd, aside) < 0)
                return -errno;
        *ret_name = TAKE_PTR(aside);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/util.h"

#include <ctype.h>
#include <stdarg.h>

char *text_format(const char *format, ...) {
        va_list ap;
        char *text = NULL;

        va_start(ap, format);
        int r = vasprintf(&text, format, ap);
        va_end(ap);
        return r < 0 ? NULL : text;
}

int stream_close(FILE *stream, char **text) {
        if (fclose(stream) == 0 && *text)
                return 0;
        free(*text);
        *text = NULL;
        return -ENOMEM;
}

char *text_strip(char *text) {
        while (isspace((unsigned char) *text))
                text++;
        size_t n = strlen(text);
        while (n > 0 && isspace((unsigned char) text[n - 1]))
                text[--n] = '\0';
        return text;
}

int parse_uint64(const char *text, uint64_t *ret) {
        uint64_t value = 0;

        if (!isdigit((unsigned char) text[0]) || (text[0] == '0' && text[1] != '\0'))
                return -EINVAL;
        for (const char *p = text; *p; p++) {
                if (!isdigit((unsigned char) *p))
                        return -EINVAL;
                if (__builtin_mul_overflow(value, (uint64_t) 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (*p - '0'), &value))
                        return -ERANGE;
        }
        *ret = value;
        return 0;
}

int read_all(int fd, size_t max, char **ret, size_t *ret_size) {
        size_t capacity = MIN_OF(max, (size_t) 4096) + 1;
        size_t size = 0;
        _cleanup_(freep) char *buffer = malloc(capacity);

        if (!buffer)
                return -ENOMEM;
        for (;;) {
                ssize_t n = read(fd, buffer + size, capacity - size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
                if (size > max)
                        return -EFBIG;
                if (size == capacity) {
                        capacity = MIN_OF(capacity * 2, max + 1);
                        char *larger = realloc(buffer, capacity);
                        if (!larger)
                                return -ENOMEM;
                        buffer = larger;
                }
        }
        /* The buffer always has room for one more, or the loop would have made it larger. */
        buffer[size] = '\0';
        *ret = TAKE_PTR(buffer);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int array_grow(void *array_ptr, size_t n, size_t item_size) {
        void **array = array_ptr;

        /* n is the count before the new item: room doubles at each power of two. */
        if (n != 0 && (n & (n - 1)) != 0)
                return 0;
        if (n > SIZE_MAX / 2)
                return -ENOMEM;
        void *larger = reallocarray(*array, n == 0 ? 1 : n * 2, item_size);
        if (!larger)
                return -ENOMEM;
        *array = larger;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Small things that every file needs: cleanup at the end of scope, strict number parsing,
 * bounded reading of a file. Nothing here logs, and nothing here knows what memctl is.
 */

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

/* Hands the pointer over: yields it and forgets it, so that a cleanup finds NULL. */
#define TAKE_PTR(ptr)                            \
        ({                                       \
                __typeof__(ptr) *_pptr = &(ptr); \
                __typeof__(ptr) _taken = *_pptr; \
                *_pptr = NULL;                   \
                _taken;                          \
        })

/* Hands a file descriptor over. */
#define TAKE_FD(fd)                 \
        ({                          \
                int *_pfd = &(fd);  \
                int _taken = *_pfd; \
                *_pfd = -1;         \
                _taken;             \
        })

/* Makes freep-like "func##p" for a destructor that takes and returns a pointer. */
#define DEFINE_CLEANUP(type, func)                     \
        _unused_ static inline void func##p(type *p) { \
                if (*p)                                \
                        *p = func(*p);                 \
        }

typedef uint64_t usec_t;

#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC ((usec_t) 1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_INFINITY UINT64_MAX

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static inline bool text_starts_with(const char *text, const char *prefix) {
        return strncmp(text, prefix, strlen(prefix)) == 0;
}

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void closep(int *fd) {
        if (*fd >= 0)
                (void) close(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f)
                (void) fclose(*f);
}

static inline void closedirp(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

/* printf into a new string; NULL when memory is short. */
char *text_format(const char *format, ...) _printf_(1, 2);

/* Ends what open_memstream() began: *text, or NULL and -ENOMEM. fclose() alone may say that all
 * went well and leave no text. */
int stream_close(FILE *stream, char **text);

/* Removes leading and trailing white space in place; returns where the text now begins. */
char *text_strip(char *text);

/*
 * Decimal digits only: no sign, no blank, no leading "0x". A leading zero is refused, since
 * /proc/sys would read it as octal. -EINVAL or -ERANGE; *ret untouched on failure.
 */
int parse_uint64(const char *text, uint64_t *ret);

/*
 * Reads fd from where it stands to its end, at most max bytes; NUL-terminated for convenience.
 * -EFBIG when there is more, otherwise the errno of read(2). The caller frees *ret.
 */
int read_all(int fd, size_t max, char **ret, size_t *ret_size);

/* Makes room for one more item in an array that grows by doubling; -ENOMEM. */
int array_grow(void *array_ptr, size_t n, size_t item_size);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What several targets need. */

#include <fcntl.h>
#include <sys/stat.h>

#include "core/base/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool holds, const char *what, int line) {
        if (holds)
                return;
        (void) dprintf(STDERR_FILENO, "line %d: %s does not hold\n", line, what);
        abort();
}
#define check(what) fuzz_check(what, #what, __LINE__)

/* What our messages say is of no interest here; libFuzzer has a stderr of its own by now. */
static inline void fuzz_silence(void) {
        static bool silent;

        if (silent)
                return;
        FILE *nowhere = fopen("/dev/null", "we");
        check(nowhere);
        stderr = nowhere;
        silent = true;
}

/* The input as text; the caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);

        check(text);
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        return text;
}

/* A folder of this process alone, in memory where there is some. It is left behind empty. */
static inline int fuzz_folder(void) {
        static int fd = -1;
        char path[] = "/dev/shm/memctl-fuzz-XXXXXX", other[] = "/tmp/memctl-fuzz-XXXXXX";

        if (fd >= 0)
                return fd;
        char *made = mkdtemp(path);
        if (!made)
                made = mkdtemp(other);
        check(made);
        fd = open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        /* Gone with the last that has it open: nothing can be made in it then. So it stays. */
        check(fd >= 0);
        return fd;
}

static inline void fuzz_write(int dir_fd, const char *name, const void *data, size_t size) {
        _cleanup_(closep) int fd =
                openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        check(fd >= 0 && write(fd, data, size) == (ssize_t) size);
}

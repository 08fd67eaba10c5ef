/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/output.h"

int output_open(const char *path, bool fresh, FILE **ret) {
        FILE *file = streq(path, "-") ? stdout : fopen(path, fresh ? "wxe" : "we");

        if (!file)
                return -errno;
        *ret = file;
        return 0;
}

int output_close(FILE *file) {
        bool failed = ferror(file);

        errno = 0;
        if ((file == stdout ? fflush(file) : fclose(file)) != 0)
                return errno > 0 ? -errno : -EIO;
        return failed ? -EIO : 0;
}

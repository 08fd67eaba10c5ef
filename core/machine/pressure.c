/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/pressure.h"

#include "core/base/quantity.h"
#include "core/machine/oom-scan.h"

/* "0.27": always two digits behind the point. */
static bool scan_percent(const char **p, unsigned *ret_permyriad) {
        int64_t whole = 0, hundredths = 0;

        if (!scan_number(p, &whole) || **p != '.')
                return false;
        (*p)++;
        if (!scan_number(p, &hundredths))
                return false;
        *ret_permyriad = (unsigned) MIN_OF(whole, 100) * 100 + (unsigned) MIN_OF(hundredths, 99);
        return true;
}

/* " avg10=0.14 avg60=0.12 avg300=0.27 total=11564993" */
static bool parse_line(const char *p, PressureLine *ret) {
        static const char *const keys[_PRESSURE_WINDOW_MAX] = {" avg10=", " avg60=", " avg300="};
        PressureLine line = {.valid = true};
        int64_t total = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!text_starts_with(p, keys[i]))
                        return false;
                p += strlen(keys[i]);
                if (!scan_percent(&p, &line.permyriad[i]))
                        return false;
        }
        if (!text_starts_with(p, " total="))
                return false;
        p += strlen(" total=");
        if (!scan_number(&p, &total))
                return false;
        line.total_usec = (usec_t) total;
        *ret = line;
        return true;
}

int pressure_parse(const char *text, PressureLine *ret_some, PressureLine *ret_full) {
        PressureLine some = {0}, full = {0};

        for (const char *line = text; *line;) {
                if (text_starts_with(line, "some "))
                        (void) parse_line(line + 4, &some);
                else if (text_starts_with(line, "full "))
                        (void) parse_line(line + 4, &full);
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        if (!some.valid && !full.valid)
                return -EBADMSG;
        *ret_some = some;
        *ret_full = full;
        return 0;
}

bool pressure_read(const Root *root, usec_t at_usec, Pressure *ret) {
        static const Metric firsts[] = {METRIC_MEMORY_SOME, METRIC_IO_SOME, METRIC_CPU_SOME};
        Pressure pressure = {.at_usec = at_usec};
        char path[64], text[512];
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(firsts); i++) {
                PressureLine *lines = &pressure.lines[firsts[i]];
                if (sample_pressure_path(NULL, firsts[i], path, sizeof(path)) >= 0 &&
                    root_read_into(root, path, text, sizeof(text)) >= 0 &&
                    pressure_parse(text, &lines[0], &lines[1]) >= 0)
                        any = true;
        }
        /* Always 0 for the whole system. */
        pressure.lines[METRIC_CPU_FULL].valid = false;
        *ret = pressure;
        return any;
}

int pressure_since(const PressureLine *before, const PressureLine *now, usec_t elapsed_usec) {
        if (!before->valid || !now->valid || elapsed_usec == 0 ||
            now->total_usec < before->total_usec)
                return -1;
        unsigned share = share_of(now->total_usec - before->total_usec, elapsed_usec);
        return (int) MIN_OF(share, 10000u);
}

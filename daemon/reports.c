/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/reports.h"

#include <fcntl.h>

#include "core/base/json.h"
#include "daemon/state.h"

#define PREFIX "report-"

static void file_name(uint64_t id, char buffer[static 32]) {
        (void) snprintf(buffer, 32, PREFIX "%lu", (unsigned long) id);
}

/* The numbers of all that are there, in no order; at most n. */
static size_t list_ids(int state_fd, uint64_t *ids, size_t n) {
        _cleanup_(closedirp) DIR *dir = NULL;
        struct dirent *entry;
        size_t n_found = 0;

        int fd = openat(state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        dir = fdopendir(fd);
        if (!dir) {
                (void) close(fd);
                return 0;
        }
        while (n_found < n && (entry = readdir(dir)))
                if (text_starts_with(entry->d_name, PREFIX) &&
                    parse_uint64(entry->d_name + strlen(PREFIX), &ids[n_found]) >= 0)
                        n_found++;
        return n_found;
}

/* The ids are in the order of time: they count up. */
static void drop_oldest(int state_fd) {
        uint64_t ids[2 * REPORTS_MAX];
        char name[32];
        size_t n = list_ids(state_fd, ids, ELEMENTSOF(ids));

        while (n > REPORTS_MAX) {
                size_t oldest = 0;
                for (size_t i = 1; i < n; i++)
                        if (ids[i] < ids[oldest])
                                oldest = i;
                file_name(ids[oldest], name);
                (void) state_remove(state_fd, name);
                ids[oldest] = ids[--n];
        }
}

int reports_store(int state_fd, const Report *report) {
        _cleanup_(json_putp) json_object *record = report_to_json(report);
        char name[32];

        if (!record)
                return -ENOMEM;
        file_name(report->id, name);
        int r = state_replace(state_fd, name, record);
        if (r >= 0)
                drop_oldest(state_fd);
        return r;
}

int reports_load(int state_fd, uint64_t id, Report **ret) {
        _cleanup_(json_putp) json_object *records = NULL;
        uint64_t ids[2 * REPORTS_MAX];
        char name[32];

        if (id == 0) {
                size_t n = list_ids(state_fd, ids, ELEMENTSOF(ids));
                for (size_t i = 0; i < n; i++)
                        id = MAX_OF(id, ids[i]);
                if (id == 0)
                        return -ENOENT;
        }
        file_name(id, name);
        int r = state_read(state_fd, name, &records);
        return r < 0 ? r : report_from_json(json_object_array_get_idx(records, 0), ret);
}

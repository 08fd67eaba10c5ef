/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/rival.h"

#include "core/base/quantity.h"
#include "core/profile/drop-in.h"
#include "core/profile/sysctl-file.h"
#include "core/profile/tmpfiles-file.h"
#include "core/profile/tuned-file.h"

static const char *const kind_names[_RIVAL_KIND_MAX] = {
        [RIVAL_COMMAND_LINE] = "kernel command line",
        [RIVAL_SYSCTL] = "sysctl.d",
        [RIVAL_TMPFILES] = "tmpfiles.d",
        [RIVAL_TUNED] = "tuned",
};

const char *rival_kind_to_string(RivalKind kind) {
        return kind >= 0 && kind < _RIVAL_KIND_MAX ? kind_names[kind] : NULL;
}

void rivals_done(Rivals *rivals) {
        for (size_t i = 0; i < rivals->n; i++) {
                free(rivals->items[i].value);
                free(rivals->items[i].file);
        }
        free(rivals->items);
        *rivals = (Rivals){0};
}

static bool is_same_thing(KnobRef a, KnobRef b) {
        KnobRef partner;

        return knob_ref_equal(a, b) ||
               (knob_ref_partner(a, &partner) && knob_ref_equal(partner, b));
}

/* A later one of its kind takes the earlier one's effect. */
static int add(Rivals *rivals, RivalKind kind, const Assignment *assignment) {
        Rival rival = {
                .kind = kind,
                .ref = assignment->ref,
                .value = strdup(assignment->value),
                .file = strdup(assignment->file),
                .line = assignment->line,
                .effective = true,
        };

        if (!rival.value || !rival.file ||
            array_grow(&rivals->items, rivals->n, sizeof(rival)) < 0) {
                free(rival.value);
                free(rival.file);
                return -ENOMEM;
        }
        for (size_t i = 0; i < rivals->n; i++)
                if (rivals->items[i].kind == kind && is_same_thing(rivals->items[i].ref, rival.ref))
                        rivals->items[i].effective = false;
        rivals->items[rivals->n++] = rival;
        return 0;
}

static int add_all(Rivals *rivals, RivalKind kind, const Assignments *assignments) {
        int r = assignments->failed ? -ENOMEM : 0;

        for (size_t i = 0; r >= 0 && i < assignments->n; i++)
                r = add(rivals, kind, &assignments->items[i]);
        return r;
}

/* Folders of small files: each is read on its own, so that what another overrides is seen too. */

typedef void (*ParseFn)(const char *file, const char *text, Assignments *assignments);

static int load_folders(const Root *root,
                        const char *const folders[],
                        RivalKind kind,
                        ParseFn parse,
                        Rivals *rivals) {
        _cleanup_(drop_ins_done) DropIns files = {0};

        int r = drop_ins_list(root, folders, ".conf", &files);
        for (size_t i = 0; r >= 0 && i < files.n; i++) {
                _cleanup_(assignments_done) Assignments assignments = {0};
                _cleanup_(freep) char *text = NULL, *shown = NULL;
                if (root_read(root, files.items[i].path, &text) < 0)
                        continue;
                shown = text_format("%s/%s", root_prefix(root), files.items[i].path);
                if (!shown)
                        return -ENOMEM;
                parse(shown, text, &assignments);
                r = add_all(rivals, kind, &assignments);
        }
        return r;
}

static int load_tuned(const Root *root, Rivals *rivals) {
        _cleanup_(freep) char *active = NULL;
        _cleanup_(assignments_done) Assignments assignments = {0};
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        if (root_read(root, "etc/tuned/active_profile", &active) < 0)
                return 0;
        /* Several names are one profile on top of the other. */
        for (char *rest = text_strip(active); *rest;) {
                size_t n = strcspn(rest, " \t\n");
                bool last = rest[n] == '\0';
                rest[n] = '\0';
                if (n > 0 && tuned_file_load(root, rest, &assignments, &problems) == -ENOMEM)
                        return -ENOMEM;
                rest += n + !last;
        }
        return add_all(rivals, RIVAL_TUNED, &assignments);
}

/* The kernel's command line */

/* What the words read so far say. */
typedef struct CommandLine {
        char *file;
        const char *size; /* of the pages that "hugepages=" is about, or NULL */
        Assignments assignments;
} CommandLine;

static int put_boot(CommandLine *line, const char *name, const char *value) {
        KnobRef ref;

        if (knob_ref_parse(name, &ref) >= 0)
                assignments_put(&line->assignments, ref, value, ONLY_NONE, (Origin){line->file, 1});
        return line->assignments.failed ? -ENOMEM : 0;
}

/* "hugepages=512" is for the size named before it, or the default. */
static int put_pool(CommandLine *line, const char *value) {
        uint64_t bytes = 0;
        char name[KNOB_NAME_MAX] = "vm.nr_hugepages";

        if (line->size) {
                if (parse_size(line->size, &bytes) < 0)
                        return 0;
                (void) snprintf(name,
                                sizeof(name),
                                "hugepages.hugepages-%lukB.nr_hugepages",
                                (unsigned long) (bytes / 1024));
        }
        return put_boot(line, name, value);
}

static int put_word(CommandLine *line, char *word) {
        static const char *const names[][2] = {
                {"transparent_hugepage", "transparent_hugepage.enabled"},
                {"transparent_hugepage_shmem", "transparent_hugepage.shmem_enabled"},
                {"zswap.enabled", "zswap.enabled"},
                {"zswap.compressor", "zswap.compressor"},
                {"zswap.zpool", "zswap.zpool"},
                {"zswap.max_pool_percent", "zswap.max_pool_percent"},
                {"zswap.shrinker_enabled", "zswap.shrinker_enabled"},
        };
        char *value = strchr(word, '=');

        if (!value)
                return 0;
        *value++ = '\0';
        if (streq(word, "hugepagesz"))
                line->size = value;
        if (streq(word, "hugepages"))
                return put_pool(line, value);
        if (text_starts_with(word, "sysctl.")) {
                for (char *p = word; *p; p++)
                        *p = *p == '/' ? '.' : *p;
                return put_boot(line, word + strlen("sysctl."), value);
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(word, names[i][0]))
                        return put_boot(line, names[i][1], value);
        return 0;
}

static int load_command_line(const Root *root, Rivals *rivals) {
        static const char path[] = "proc/cmdline";
        _cleanup_(freep) char *text = NULL;
        CommandLine line = {0};
        char *rest = NULL;
        int r = 0;

        if (root_read(root, path, &text) < 0)
                return 0;
        line.file = text_format("%s/%s", root_prefix(root), path);
        if (!line.file)
                return -ENOMEM;
        for (char *word = strtok_r(text, " \t\n", &rest); r >= 0 && word;
             word = strtok_r(NULL, " \t\n", &rest))
                r = put_word(&line, word);
        if (r >= 0)
                r = add_all(rivals, RIVAL_COMMAND_LINE, &line.assignments);
        assignments_done(&line.assignments);
        free(line.file);
        return r;
}

int rivals_load(const Root *root, Rivals *ret) {
        static const char *const sysctl_folders[] = {
                "etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", NULL};
        static const char *const tmpfiles_folders[] = {
                "etc/tmpfiles.d",
                "run/tmpfiles.d",
                "usr/local/lib/tmpfiles.d",
                "usr/lib/tmpfiles.d",
                NULL,
        };
        Rivals rivals = {0};

        int r = load_command_line(root, &rivals);
        if (r >= 0)
                r = load_folders(root, sysctl_folders, RIVAL_SYSCTL, sysctl_file_parse, &rivals);
        if (r >= 0)
                r = load_folders(
                        root, tmpfiles_folders, RIVAL_TMPFILES, tmpfiles_file_parse, &rivals);
        if (r >= 0)
                r = load_tuned(root, &rivals);
        if (r < 0)
                rivals_done(&rivals);
        else
                *ret = rivals;
        return r;
}

static bool says(const Rival *rival, KnobRef ref, const Value *value) {
        const ValueType type = {.kind = ref.knob->kind, .choices = ref.knob->choices};
        Value theirs;

        return knob_ref_equal(rival->ref, ref) &&
               value_parse_kernel(&type, rival->value, &theirs) >= 0 && value_equal(&theirs, value);
}

char *rivals_format(const Rivals *rivals, KnobRef ref, const Value *value, const char *separator) {
        char name[KNOB_NAME_MAX];
        char *text = NULL;
        size_t size = 0, n = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < rivals->n; i++) {
                const Rival *rival = &rivals->items[i];
                if (!rival->effective || !is_same_thing(rival->ref, ref) || says(rival, ref, value))
                        continue;
                knob_ref_name(rival->ref, name);
                (void) fprintf(out,
                               "%s%s sets %s to %s (%s:%u)",
                               n++ > 0 ? separator : "",
                               rival_kind_to_string(rival->kind),
                               name,
                               rival->value,
                               rival->file,
                               rival->line);
        }
        (void) stream_close(out, &text);
        return text;
}

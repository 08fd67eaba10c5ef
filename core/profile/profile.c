/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/profile.h"

#include "core/profile/block-value.h"
#include "core/profile/block.h"
#include "core/profile/reader.h"
#include "core/profile/watch.h"
#include "core/profile/when.h"

#define SUMMARY_MAX 200

bool profile_name_is_valid(const char *name) {
        static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
        static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
        size_t n = strlen(name);

        return n > 0 && n < PROFILE_NAME_MAX && strchr(first, name[0]) &&
               strspn(name, others) == n && !strstr(name, "..");
}

static void read_name(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;
        const char *text = reader_text(reader, node, "the file's own name without .yaml");

        if (text && !streq(text, profile->name))
                reader_error(reader,
                             node,
                             "rename the file or the profile",
                             "the profile is named \"%s\", and its file %s.yaml",
                             text,
                             profile->name);
}

static void read_summary(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;
        const char *text = reader_text(reader, node, "one line of text");

        if (!text)
                return;
        if (strlen(text) > SUMMARY_MAX)
                reader_error(reader,
                             node,
                             "put the rest into description",
                             "summary has %zu bytes; expected at most %d",
                             strlen(text),
                             SUMMARY_MAX);
        else
                profile->summary = reader_copy(reader, text);
}

static void read_description(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;

        if (node->refused || node_is_null(node))
                return;
        if (node->kind != NODE_SCALAR) {
                reader_error(reader, node, NULL, "description is not a text");
                return;
        }
        profile->description = reader_copy(reader, node->scalar);
}

static bool has_parent(const Profile *profile, const char *name) {
        for (size_t i = 0; i < profile->n_inherits; i++)
                if (streq(profile->inherits[i], name))
                        return true;
        return false;
}

static void read_parent(Reader *reader, const Node *node, Profile *profile) {
        const char *text = reader_text(reader, node, "the name of a profile");

        if (!text)
                return;
        if (!profile_name_is_valid(text)) {
                reader_error(reader,
                             node,
                             "names consist of a-z, 0-9, \".\", \"_\" and \"-\"",
                             "\"%s\" is no name of a profile",
                             text);
                return;
        }
        if (has_parent(profile, text)) {
                reader_error(reader, node, NULL, "\"%s\" is inherited twice", text);
                return;
        }
        if (profile->n_inherits == PROFILE_INHERITS_MAX) {
                reader_error(reader,
                             node,
                             NULL,
                             "a profile inherits at most %d others",
                             PROFILE_INHERITS_MAX);
                return;
        }
        char *copy = reader_copy(reader, text);
        if (!copy)
                return;
        profile->inherits_places[profile->n_inherits] = (Place){node->line, node->column};
        profile->inherits[profile->n_inherits++] = copy;
}

static void read_inherits(Reader *reader, const Node *node, void *target) {
        if (!reader_open_sequence(reader, node, "[server]"))
                return;
        for (size_t i = 0; i < node->n; i++)
                read_parent(reader, node->children[i], target);
}

static void read_when(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;
        when_read(reader, node, &profile->when);
}

static void read_block(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;
        block_read(reader, node, &profile->settings);
}

static void read_watch(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;
        watch_read(reader, node, &profile->watch);
}

static void read_drift(Reader *reader, const Node *node, void *target) {
        Profile *profile = target;
        block_value_read_drift(reader, node, &profile->drift);
}

static void override_when(Reader *reader, const Node *node, void *target) {
        ProfileOverride *override = target;
        when_read(reader, node, &override->when);
}

static void override_block(Reader *reader, const Node *node, void *target) {
        ProfileOverride *override = target;
        block_read(reader, node, &override->settings);
}

static const Field override_fields[] = {
        {"when", override_when},
        {"sysctl", override_block},
        {"transparent_hugepage", override_block},
        {"ksm", override_block},
        {"lru_gen", override_block},
        {"zswap", override_block},
        {"hugepages", override_block},
};

static void read_override(Reader *reader, const Node *node, Profile *profile) {
        static const char example[] = "{when: {ram: \">= 256GiB\"}, sysctl: {vm.swappiness: 1}}";

        if (array_grow(&profile->overrides, profile->n_overrides, sizeof(ProfileOverride)) < 0) {
                reader->out_of_memory = true;
                return;
        }
        ProfileOverride *override = &profile->overrides[profile->n_overrides++];
        *override = (ProfileOverride){0};
        bool known = reader_mapping(
                reader, node, example, override_fields, ELEMENTSOF(override_fields), override);
        if (known && !node_find(node, "when"))
                reader_error(reader,
                             node,
                             "add when, or move the settings to the profile itself",
                             "an override without \"when\"");
}

static void read_overrides(Reader *reader, const Node *node, void *target) {
        if (!reader_open_sequence(reader, node, "- when: {ram: \">= 256GiB\"}"))
                return;
        for (size_t i = 0; i < node->n; i++)
                read_override(reader, node->children[i], target);
}

static const Field profile_fields[] = {
        {"profile", read_name},
        {"summary", read_summary},
        {"description", read_description},
        {"inherits", read_inherits},
        {"when", read_when},
        {"sysctl", read_block},
        {"transparent_hugepage", read_block},
        {"ksm", read_block},
        {"lru_gen", read_block},
        {"zswap", read_block},
        {"hugepages", read_block},
        {"overrides", read_overrides},
        {"drift", read_drift},
        {"watch", read_watch},
};

static void require(Reader *reader, const Node *root, const char *key, const char *hint) {
        if (!node_find(root, key))
                reader_error(reader, root, hint, "the profile has no \"%s\"", key);
}

static void read_profile(Reader *reader, Profile *profile) {
        const Node *root = reader->document->root;
        _cleanup_(freep) char *line = text_format("add a line \"profile: %s\"", profile->name);

        require(reader, root, "profile", line);
        require(reader, root, "summary", "add a line \"summary: who it is for\"");
        (void) reader_mapping(
                reader, root, "profile: NAME", profile_fields, ELEMENTSOF(profile_fields), profile);
}

int profile_parse(const char *file,
                  const char *name,
                  const char *text,
                  size_t size,
                  Problems *problems,
                  Profile **ret) {
        _cleanup_(document_freep) Document *document = NULL;
        _cleanup_(profile_freep) Profile *profile = calloc(1, sizeof(*profile));
        size_t n_errors = problems->n_errors;

        if (!profile)
                return -ENOMEM;
        int r = document_parse(file, text, size, problems, &document);
        if (r < 0)
                return r;
        profile->file = strdup(file);
        profile->name = strdup(name);
        if (!profile->file || !profile->name)
                return -ENOMEM;
        Reader reader = {.document = document, .problems = problems};
        read_profile(&reader, profile);
        if (reader.out_of_memory)
                return -ENOMEM;
        if (problems->n_errors > n_errors)
                return -EINVAL;
        profile->text = TAKE_PTR(document->text);
        *ret = TAKE_PTR(profile);
        return 0;
}

Profile *profile_free(Profile *profile) {
        if (!profile)
                return NULL;
        free(profile->name);
        free(profile->file);
        free(profile->text);
        free(profile->summary);
        free(profile->description);
        for (size_t i = 0; i < profile->n_inherits; i++)
                free(profile->inherits[i]);
        for (size_t i = 0; i < profile->n_overrides; i++)
                profile_settings_done(&profile->overrides[i].settings);
        free(profile->overrides);
        profile_settings_done(&profile->settings);
        watch_done(&profile->watch);
        free(profile);
        return NULL;
}

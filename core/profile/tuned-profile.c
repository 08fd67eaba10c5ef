/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/tuned-profile.h"

#include "core/profile/tuned-function.h"

/* What has been loaded, and from where: a file counts once. */
typedef struct Loader {
        const Root *root;
        Problems *problems;
        TunedProfile *profile;
        char *beside; /* the folder of folders that the first file lies in, absolute, or NULL */
        char *files[TUNED_DEPTH_MAX];
        size_t n_files;
} Loader;

static void option_done(TunedOption *option) {
        free(option->key);
        free(option->value);
        free(option->file);
}

static void unit_done(TunedUnit *unit) {
        for (size_t i = 0; i < unit->n; i++)
                option_done(&unit->options[i]);
        free(unit->options);
        free(unit->name);
        free(unit->file);
        *unit = (TunedUnit){0};
}

void tuned_profile_done(TunedProfile *profile) {
        for (size_t i = 0; i < profile->n; i++)
                unit_done(&profile->units[i]);
        free(profile->units);
        *profile = (TunedProfile){0};
}

const TunedUnit *tuned_unit_find(const TunedProfile *profile, const char *name) {
        for (size_t i = 0; i < profile->n; i++)
                if (streq(profile->units[i].name, name))
                        return &profile->units[i];
        return NULL;
}

static TunedOption *find_option(const TunedUnit *unit, const char *key) {
        for (size_t i = 0; i < unit->n; i++)
                if (streq(unit->options[i].key, key))
                        return &unit->options[i];
        return NULL;
}

const char *tuned_option_get(const TunedUnit *unit, const char *key) {
        const TunedOption *option = find_option(unit, key);
        return option ? option->value : NULL;
}

static void drop_option(TunedUnit *unit, const char *key) {
        TunedOption *option = find_option(unit, key);

        if (!option)
                return;
        option_done(option);
        memmove(option,
                option + 1,
                (size_t) (unit->options + --unit->n - option) * sizeof(*option));
}

/* A later value keeps the place of the earlier one, as in a Python dictionary. */
static int
set_option(TunedUnit *unit, const char *key, const char *value, const char *file, unsigned line) {
        TunedOption option = {
                .key = strdup(key), .value = strdup(value), .file = strdup(file), .line = line};
        TunedOption *old = find_option(unit, key);

        if (!option.key || !option.value || !option.file ||
            (!old && array_grow(&unit->options, unit->n, sizeof(option)) < 0)) {
                option_done(&option);
                return -ENOMEM;
        }
        if (old)
                option_done(old);
        else
                old = &unit->options[unit->n++];
        *old = option;
        return 0;
}

static int add_unit(TunedProfile *profile, const char *name, Origin origin, TunedUnit **ret) {
        TunedUnit unit = {.name = strdup(name), .file = strdup(origin.file), .line = origin.line};

        if (!unit.name || !unit.file || array_grow(&profile->units, profile->n, sizeof(unit)) < 0) {
                unit_done(&unit);
                return -ENOMEM;
        }
        profile->units[profile->n] = unit;
        *ret = &profile->units[profile->n++];
        return 0;
}

/* Reading: Python's configparser with "=" alone, "#" within lines, and values on several lines. */

static void cut_comment(char *line) {
        for (char *p = line; *p; p++)
                if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
                        *p = '\0';
                        return;
                }
}

static int read_heading(TunedProfile *profile, char *text, Origin origin, TunedUnit **ret) {
        char *end = strchr(text, ']');

        if (!end)
                return -EINVAL;
        *end = '\0';
        for (size_t i = 0; i < profile->n; i++)
                if (streq(profile->units[i].name, text + 1)) {
                        *ret = &profile->units[i];
                        return 0;
                }
        return add_unit(profile, text + 1, origin, ret);
}

/* profile NULL: a file without sections, into *unit. */
static int read_line(TunedProfile *profile, char *line, Origin origin, TunedUnit **unit) {
        bool continued = line[0] == ' ' || line[0] == '\t';

        if (line[0] == ';')
                return 0;
        cut_comment(line);
        char *text = text_strip(line);
        if (text[0] == '\0')
                return 0;
        if (text[0] == '[' && profile && !continued)
                return read_heading(profile, text, origin, unit);
        char *equals = strchr(text, '=');
        if (!*unit || !equals)
                return continued && *unit ? 0 : -EINVAL;
        *equals = '\0';
        return set_option(
                *unit, text_strip(text), text_strip(equals + 1), origin.file, origin.line);
}

static int read_text(TunedProfile *profile, TunedUnit *unit, Origin *origin, const char *text) {
        while (*text) {
                size_t n = strcspn(text, "\n");
                _cleanup_(freep) char *line = strndup(text, n);
                origin->line++;
                int r = line ? read_line(profile, line, *origin, &unit) : -ENOMEM;
                if (r < 0)
                        return r;
                text += n + (text[n] == '\n');
        }
        return 0;
}

int tuned_unit_read(TunedUnit *unit, const char *file, const char *text) {
        Origin origin = {.file = file};
        return read_text(NULL, unit, &origin, text);
}

/* Merging: tuned/profiles/merger.py, _merge_two() */

static bool is_true(const char *text) {
        return text && (streq(text, "1") || streq(text, "true") || streq(text, "True"));
}

static void drop_listed(TunedUnit *unit, const char *list) {
        while (*list) {
                size_t n = strcspn(list, ",;");
                _cleanup_(freep) char *key = strndup(list, n);
                if (key)
                        drop_option(unit, text_strip(key));
                list += n + (list[n] != '\0');
        }
}

static int merge_unit(TunedProfile *profile, TunedUnit *later) {
        TunedUnit *earlier = NULL;
        const char *dropped = tuned_option_get(later, "drop");

        for (size_t i = 0; i < profile->n && !earlier; i++)
                if (streq(profile->units[i].name, later->name))
                        earlier = &profile->units[i];
        if (!earlier) {
                int r = add_unit(profile,
                                 later->name,
                                 (Origin){.file = later->file, .line = later->line},
                                 &earlier);
                if (r < 0)
                        return r;
        } else if (is_true(tuned_option_get(later, "replace")))
                while (earlier->n > 0)
                        option_done(&earlier->options[--earlier->n]);
        if (dropped)
                drop_listed(earlier, dropped);
        for (size_t i = 0; i < later->n; i++) {
                const TunedOption *option = &later->options[i];
                if (streq(option->key, "drop") || streq(option->key, "replace"))
                        continue;
                int r = set_option(earlier, option->key, option->value, option->file, option->line);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Finding and loading */

static int read_absolute(const Root *root, const char *path, char **ret) {
        return root_read(root, path + strspn(path, "/"), ret);
}

/* The first that exists: beside the file at hand, then where tuned looks. */
static char *find_profile(const Loader *loader, const char *name) {
        static const char *const folders[] = {
                "etc/tuned/profiles", "etc/tuned", "usr/lib/tuned/profiles", "usr/lib/tuned"};
        _cleanup_(freep) char *base = NULL;

        if (strchr(name, '/') || name[0] == '.' || name[0] == '\0')
                return NULL;
        base = loader->beside ? text_format("%s/%s/tuned.conf", loader->beside, name) : NULL;
        if (base && root_exists(loader->root, base + strspn(base, "/")))
                return TAKE_PTR(base);
        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                char *path = text_format("/%s/%s/tuned.conf", folders[i], name);
                if (path && root_exists(loader->root, path + 1))
                        return path;
                free(path);
        }
        return NULL;
}

static int load_file(Loader *loader, const char *path);

static int load_parent(Loader *loader, char *name, const char *file) {
        const Location where = {.file = file};
        bool may_lack = name[0] == '-';
        _cleanup_(freep) char *path = find_profile(loader, name + may_lack);

        if (!path)
                return may_lack ? 0
                                : problem_add(loader->problems,
                                              PROBLEM_ERROR,
                                              &where,
                                              "put it beside the profile, or into /etc/tuned",
                                              "it includes \"%s\", and there is no such profile",
                                              name);
        return load_file(loader, path);
}

static int load_parents(Loader *loader, const char *list, const char *file) {
        _cleanup_(freep) char *names = tuned_function_expand(loader->root, list);
        int r = names ? 0 : -ENOMEM;

        if (names && strchr(names, '$')) {
                const Location where = {.file = file};
                return problem_add(loader->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "write the parent's name out in a copy of the file",
                                   "include=%s cannot be worked out without tuned",
                                   list);
        }
        for (char *p = names; r >= 0 && p && *p;) {
                size_t n = strcspn(p, ",;");
                bool last = p[n] == '\0';
                p[n] = '\0';
                r = load_parent(loader, text_strip(p), file);
                p += n + !last;
        }
        return r;
}

static int parse_profile(Loader *loader, const char *path, TunedProfile *ret) {
        _cleanup_(freep) char *text = NULL;
        Origin origin = {.file = path};

        int r = read_absolute(loader->root, path, &text);
        if (r >= 0)
                r = read_text(ret, NULL, &origin, text);
        if (r >= 0 || r == -ENOMEM)
                return r;
        const Location where = {.file = path, .line = origin.line};
        return problem_add(loader->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "%s",
                           r == -EINVAL ? "it is neither \"[unit]\" nor \"option = value\""
                                        : strerror(-r));
}

/* Parents first; a file that was loaded already counts at its first place. */
static int load_file(Loader *loader, const char *path) {
        _cleanup_(tuned_profile_done) TunedProfile own = {0};

        for (size_t i = 0; i < loader->n_files; i++)
                if (streq(loader->files[i], path))
                        return 0;
        if (loader->n_files == TUNED_DEPTH_MAX) {
                const Location where = {.file = path};
                return problem_add(loader->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "more than %d files include one another",
                                   TUNED_DEPTH_MAX);
        }
        loader->files[loader->n_files] = strdup(path);
        if (!loader->files[loader->n_files])
                return -ENOMEM;
        loader->n_files++;
        int r = parse_profile(loader, path, &own);
        const TunedUnit *main_unit = tuned_unit_find(&own, "main");
        const char *include = main_unit ? tuned_option_get(main_unit, "include") : NULL;
        if (r >= 0 && include)
                r = load_parents(loader, include, path);
        for (size_t i = 0; r >= 0 && i < own.n; i++)
                r = merge_unit(loader->profile, &own.units[i]);
        return r;
}

/* The file that a person named, and the folder in which its siblings lie. */
static char *find_first(Loader *loader, const char *word) {
        size_t n = strlen(word);

        while (n > 1 && word[n - 1] == '/')
                n--;
        if (!memchr(word, '/', n))
                return find_profile(loader, word);
        bool is_file = n > 5 && strncmp(word + n - 5, ".conf", 5) == 0;
        char *path = text_format("%.*s%s", (int) n, word, is_file ? "" : "/tuned.conf");
        for (int level = 0; path && level < 2; level++) {
                const char *slash = strrchr(loader->beside ? loader->beside : path, '/');
                const char *from = loader->beside ? loader->beside : path;
                char *folder = slash ? strndup(from, (size_t) (slash - from)) : NULL;
                free(loader->beside);
                loader->beside = folder;
                if (!folder)
                        break;
        }
        return path;
}

int tuned_profile_load(const Root *root, const char *word, Problems *problems, TunedProfile *ret) {
        TunedProfile profile = {0};
        Loader loader = {
                .root = root,
                .problems = problems,
                .profile = &profile,
        };
        _cleanup_(freep) char *path = find_first(&loader, word);
        int r = path ? load_file(&loader, path) : -ENOENT;

        if (!path) {
                (void) problem_add(problems,
                                   PROBLEM_ERROR,
                                   NULL,
                                   "name a profile of tuned, its folder or its tuned.conf",
                                   "there is no tuned profile \"%s\"",
                                   word);
        }
        for (size_t i = 0; i < loader.n_files; i++)
                free(loader.files[i]);
        free(loader.beside);
        if (r < 0)
                tuned_profile_done(&profile);
        else
                *ret = profile;
        return r;
}

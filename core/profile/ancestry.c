/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/ancestry.h"

/* What is walked, and the way to where the walk is. */
typedef struct Walk {
        const Root *root;
        StoreTrust trust;
        const Ancestry *known; /* where loaded profiles are; NULL: in files */
        Problems *problems;
        Ancestry ancestry; /* what has been found */
        /* From the profile asked for to the one at hand. */
        const Profile *chain[ANCESTRY_DEPTH_MAX];
        unsigned depth;
} Walk;

void ancestry_done(Ancestry *ancestry) {
        for (size_t i = 0; i < ancestry->n; i++) {
                free(ancestry->items[i].name);
                (void) profile_free(ancestry->items[i].owned);
        }
        free(ancestry->items);
        free(ancestry->order);
        *ancestry = ANCESTRY_INIT;
}

static const Ancestor *find_ancestor(const Ancestry *ancestry, const char *name) {
        for (size_t i = 0; i < ancestry->n; i++)
                if (streq(ancestry->items[i].name, name))
                        return &ancestry->items[i];
        return NULL;
}

const Profile *ancestry_find(const Ancestry *ancestry, const char *name) {
        const Ancestor *found = find_ancestor(ancestry, name);

        return found ? found->profile : NULL;
}

const Profile *ancestry_find_file(const Ancestry *ancestry, const char *file) {
        for (size_t i = 0; i < ancestry->n_order; i++)
                if (streq(ancestry->order[i]->file, file))
                        return ancestry->order[i];
        return NULL;
}

static Location parent_location(const Profile *profile, size_t i) {
        return (Location){.file = profile->file,
                          .line = profile->inherits_places[i].line,
                          .column = profile->inherits_places[i].column,
                          .text = profile->text};
}

/* "a -> b -> a" from where the name stands in the chain; the caller frees. */
static char *format_loop(const Walk *walk, unsigned from) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (unsigned i = from; i < walk->depth; i++)
                (void) fprintf(out, "%s -> ", walk->chain[i]->name);
        (void) fputs(walk->chain[from]->name, out);
        (void) stream_close(out, &text);
        return text;
}

/* True when told that this parent leads back to a profile that is being walked. */
static bool refuse_loop(Walk *walk, const Profile *profile, size_t parent) {
        Location where = parent_location(profile, parent);

        for (unsigned i = 0; i < walk->depth; i++) {
                if (!streq(walk->chain[i]->name, profile->inherits[parent]))
                        continue;
                _cleanup_(freep) char *loop = format_loop(walk, i);
                (void) problem_add(walk->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   "take one of them out of its \"inherits\"",
                                   "the profiles inherit each other: %s",
                                   loop ? loop : profile->name);
                return true;
        }
        return false;
}

/* "./redis.yaml" in somebody's repository inherits "./server.yaml", not the installed one. 1, or 0
 * when there is none beside it. */
static int load_beside(Walk *walk, const Profile *profile, const char *name, Profile **ret) {
        const char *slash = strrchr(profile->file, '/');
        _cleanup_(freep) char *path = text_format(
                "%.*s%s.yaml", slash ? (int) (slash + 1 - profile->file) : 0, profile->file, name);

        if (!path)
                return -ENOMEM;
        if (!profile->loose || access(path, F_OK) < 0)
                return 0;
        int r = store_load_file(path, walk->problems, ret);
        return r == -ENOMEM ? r : 1;
}

/* *ret stays NULL when told why it cannot be had. */
static int load_file(Walk *walk, const Profile *profile, size_t parent, Profile **ret) {
        const char *name = profile->inherits[parent];
        Location where = parent_location(profile, parent);

        int r = load_beside(walk, profile, name, ret);
        if (r != 0)
                return MIN_OF(r, 0);
        if (!store_has(walk->root, name)) {
                _cleanup_(freep) char *hint = store_hint(walk->root, name);
                (void) problem_add(walk->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   hint,
                                   "it inherits \"%s\", and there is no such profile",
                                   name);
                return 0;
        }
        r = store_load(walk->root, name, walk->trust, walk->problems, ret);
        return r == -ENOMEM ? r : 0;
}

/* Finds a parent and remembers it; *ret NULL when there is none to be had. */
static int find_parent(Walk *walk, const Profile *profile, size_t parent, const Profile **ret) {
        Ancestry *ancestry = &walk->ancestry;
        int r = array_grow(&ancestry->items, ancestry->n, sizeof(Ancestor));

        if (r < 0)
                return r;
        Ancestor *ancestor = &ancestry->items[ancestry->n];
        *ancestor = (Ancestor){.name = strdup(profile->inherits[parent])};
        if (!ancestor->name)
                return -ENOMEM;
        ancestry->n++;
        if (walk->known) {
                ancestor->profile = ancestry_find(walk->known, ancestor->name);
        } else {
                r = load_file(walk, profile, parent, &ancestor->owned);
                ancestor->profile = ancestor->owned;
        }
        *ret = ancestor->profile;
        return r;
}

static int visit(Walk *walk, const Profile *profile);

static int visit_parent(Walk *walk, const Profile *profile, size_t i) {
        const Profile *parent = NULL;

        if (refuse_loop(walk, profile, i) || find_ancestor(&walk->ancestry, profile->inherits[i]))
                return 0;
        if (walk->depth == ANCESTRY_DEPTH_MAX) {
                Location where = parent_location(profile, i);
                (void) problem_add(walk->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "more than %d profiles inherit one another",
                                   ANCESTRY_DEPTH_MAX);
                return 0;
        }
        int r = find_parent(walk, profile, i, &parent);
        return r < 0 || !parent ? r : visit(walk, parent);
}

/* Parents first, left to right, then the file itself. */
static int visit(Walk *walk, const Profile *profile) {
        Ancestry *ancestry = &walk->ancestry;
        int r = 0;

        walk->chain[walk->depth++] = profile;
        for (size_t i = 0; r >= 0 && i < profile->n_inherits; i++)
                r = visit_parent(walk, profile, i);
        walk->depth--;
        if (r >= 0)
                r = array_grow(&ancestry->order, ancestry->n_order, sizeof(Profile *));
        if (r >= 0)
                ancestry->order[ancestry->n_order++] = profile;
        return r;
}

static int walk_from(Walk *walk, const Profile *profile, Ancestry *ret) {
        int r = visit(walk, profile);

        if (r < 0)
                ancestry_done(&walk->ancestry);
        else
                *ret = walk->ancestry;
        return r;
}

int ancestry_load(const Root *root,
                  const Profile *profile,
                  StoreTrust trust,
                  Problems *problems,
                  Ancestry *ret) {
        Walk walk = {.root = root, .trust = trust, .problems = problems};

        return walk_from(&walk, profile, ret);
}

int ancestry_of(const Ancestry *known, const Profile *profile, Ancestry *ret) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT; /* told when it was loaded */
        Walk walk = {.known = known, .problems = &problems};

        return walk_from(&walk, profile, ret);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/chapter.h"

size_t chapter_count(void) {
        return chapters_table_n - 1;
}

const Chapter *chapter_at(size_t i) {
        return i < chapter_count() ? &chapters_table[i + 1] : NULL;
}

static bool chapter_is(const Chapter *chapter, const char *word) {
        char number[16];

        (void) snprintf(number, sizeof(number), "%u", chapter->number);
        if (streq(chapter->name, word) || (chapter->number > 0 && streq(number, word)))
                return true;
        for (const char *const *other = chapter->words; *other; other++)
                if (streq(*other, word))
                        return true;
        return false;
}

const Chapter *chapter_find(const char *word) {
        for (size_t i = 0; i < chapters_table_n; i++)
                if (chapter_is(&chapters_table[i], word))
                        return &chapters_table[i];
        return NULL;
}

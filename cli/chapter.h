/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The guide: chapters that explain the kernel's memory manager, put into the program by
 * docs/gen-guide.py. Chapter 0 says how to read them, and is not counted.
 */

#include "core/base/util.h"

typedef struct Chapter {
        unsigned number;
        const char *name; /* "buddy" */
        const char *title;
        const char *summary;      /* its first paragraph */
        const char *const *words; /* others by which it is found; NULL-terminated */
        const char *text;         /* Markdown */
} Chapter;

/* What gen-guide.py makes, sorted by number. Only chapter.c uses it. */
extern const Chapter chapters_table[];
extern const size_t chapters_table_n;

size_t chapter_count(void);
/* From 0 on, which is the first chapter. */
const Chapter *chapter_at(size_t i);
/* By its name, its number or one of its other words; NULL when there is none. */
const Chapter *chapter_find(const char *word);
/* For a terminal: headings stand out, comments are left out, tables and code are as they were. */
void chapter_print(const Chapter *chapter);

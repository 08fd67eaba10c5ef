/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Members of a JSON object that may come from anywhere: what is there must be of its type and
 * within what it can be, else -EBADMSG; what is missing, or null, is not known.
 */

#include <json-c/json.h>

#include "core/base/util.h"

/* Borrowed; NULL when it is missing, or null. */
json_object *member_find(json_object *object, const char *key);
/* A number that is finite and not outside; missing when there is none. */
int member_number(json_object *object,
                  const char *key,
                  double least,
                  double most,
                  double missing,
                  double *ret);
/* Text of at most max bytes with no NUL in it, borrowed; *ret is NULL when there is none. */
int member_word(json_object *object, const char *key, size_t max, const char **ret);
/* A copy of it; untouched when there is none. -ENOMEM. */
int member_text(json_object *object, const char *key, size_t max, char **ret);
/* An integer that is not negative; untouched when there is none. */
int member_count(json_object *object, const char *key, uint64_t *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The state folder: small files that must survive a crash of the daemon, and some of them a crash
 * of the machine. A file is a list of records, one a line:
 *
 *     memctl1 7d3f01aa {"record":"begin",...}
 *
 * format version, CRC-32 of the JSON text, the JSON text. The first record is put in place whole
 * (temporary file, fsync, rename, fsync of the folder); later ones are appended. A later line that
 * a crash tore is passed over: without it the file says what was so before, from which undoing is
 * safe. Damage in the first record makes the file unusable; it is set aside under another name
 * for a person to look at, never trusted and never a reason not to start. A file that cannot be
 * read (no memory, a disk that fails) is not damaged: it may say where the originals are.
 */

#include <json-c/json.h>

#include "core/base/util.h"

#define STATE_FILE_MAX ((size_t) 4 * 1024 * 1024)

/* All folders above path (0755), as any package would have made them. -errno. */
int state_make_parents(const char *path);
/* Makes the folder (0700), and those above it, when they are missing. A file descriptor or -errno.
 */
int state_open(const char *path);

/* The file holds this one record from now on, or is as it was before: durable on return. -errno. */
int state_replace(int dir_fd, const char *name, json_object *record);

/* One more record at the end. durable: wait until it is on disk. -errno, and then the file may end
 * in a torn line, which reading passes over. */
int state_append(int dir_fd, const char *name, json_object *record, bool durable);

/*
 * All records in order as a JSON array; the caller puts it. Returns how many lines after the first
 * were passed over: torn by a crash, or damaged. -ENOENT; -EMEDIUMTYPE or -ELOOP for what is no
 * regular file; -EPROTONOSUPPORT for a whole record of another version; -EBADMSG when damaged.
 */
int state_read(int dir_fd, const char *name, json_object **ret);
/* These in words: "it is a symbolic link". */
const char *state_damage(int error);

/* The JSON text, whole; NULL without memory; the caller frees. */
char *state_json(json_object *object, int flags);

/* Durably gone; no error when it was not there. */
int state_remove(int dir_fd, const char *name);

/* Renames a damaged file, or whatever lies in its place, to NAME.damaged-<unix time>; *ret_name is
 * the new name, the caller frees. -errno: it is where it was. */
int state_set_aside(int dir_fd, const char *name, char **ret_name);

/* What was set aside and still lies there for a person to look at, sorted. */
#define STATE_ASIDE_MAX 32
typedef struct StateAside {
        char *names[STATE_ASIDE_MAX];
        size_t n;
} StateAside;

int state_list_aside(int dir_fd, StateAside *ret);
void state_aside_done(StateAside *aside);

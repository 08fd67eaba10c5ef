/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Asks polkit whether the sender of a message may do an action, without waiting: the answer comes
 * to a callback. At most MEMCTL_AUTHORIZATIONS_MAX questions are under way.
 */

#include <systemd/sd-bus.h>

#include "core/base/util.h"

typedef struct Polkit Polkit;

/* answer: 1 yes, 0 no, -ENOKEY when polkit could ask a person but the caller did not allow it,
 * otherwise -errno (-ENOENT: no polkit runs; -ETIMEDOUT). The message is referenced until the
 * callback returned. */
typedef void (*PolkitCallback)(sd_bus_message *call, int answer, void *userdata);

/* limit_usec: how long an answer may take. */
Polkit *polkit_new(usec_t limit_usec);
/* Pending questions are dropped without an answer. */
Polkit *polkit_free(Polkit *polkit);
DEFINE_CLEANUP(Polkit *, polkit_free)
/* The same, to go on: their connection is gone. */
void polkit_drop(Polkit *polkit);

/* -EBUSY when too many are under way. The callback is called later, never from within. */
int polkit_check(Polkit *polkit,
                 sd_bus_message *call,
                 const char *action,
                 PolkitCallback callback,
                 void *userdata);

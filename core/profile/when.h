/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Conditions: reading them. What they mean on a machine is declared in profile.h. */

#include "core/profile/profile.h"
#include "core/profile/reader.h"

/* Reads "when: {ram: …, kernel: …, swap: …}". */
void when_read(Reader *reader, const Node *node, When *when);

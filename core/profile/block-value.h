/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a profile says one value: plain, or as a mapping with conditions and where it comes from. */

#include "core/profile/profile.h"
#include "core/profile/reader.h"

/* Reads what stands after the knob's name. *place is where the value itself begins. */
ProfileValue block_value_read(Reader *reader, const Node *node, const Knob *knob, Place *place);

/* Tells of a value that no kernel takes. name is the knob's, with its numbers. */
void block_value_check(Reader *reader, const ProfileSetting *setting, const char *name);

/* "report", "repair" or "yield", of a value or of a whole profile; *ret stays when it is none. */
void block_value_read_drift(Reader *reader, const Node *node, DriftPolicy *ret);

void block_value_done(ProfileValue *value);

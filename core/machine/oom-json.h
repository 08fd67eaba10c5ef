/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An event as the object that programs read. */

#include <json-c/json.h>

#include "core/machine/oom.h"

/* NULL without memory. */
json_object *oom_event_to_json(const OomEvent *event);

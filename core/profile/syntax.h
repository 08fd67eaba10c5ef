/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What libyaml's complaints mean to somebody who wrote a profile. */

#include "core/base/util.h"

/* What to do about libyaml's message, or NULL. at is the text where it stopped, or NULL. */
const char *syntax_hint(const char *libyaml, const char *at);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What "explain" can explain, as text or as JSON. */

#include "cli/chapter.h"
#include "cli/machine.h"

ExitCode explain_knob(const Machine *machine, KnobRef ref);
ExitCode explain_profile(const Machine *machine, const Profile *profile);
/* All groups of knobs. */
ExitCode explain_groups(const Machine *machine);
/* One of them with its knobs. */
ExitCode explain_group(const Machine *machine, const KnobGroup *group);
/* All chapters of the guide. */
ExitCode explain_chapters(void);
/* One of them, with the live values of the knobs that lead to it. */
ExitCode explain_chapter(const Machine *machine, const Chapter *chapter);
json_object *explain_chapter_json(const Chapter *chapter, bool with_text);
/* "Read on: memctl explain swap" */
void explain_print_chapter(const char *name);

/* The knobs for which a function holds, with their live values. */
typedef bool (*ExplainWantedFn)(const Knob *knob, const char *word);
ExitCode explain_print_knobs(const Machine *machine, ExplainWantedFn wanted, const char *word);
json_object *explain_knobs_json(const Machine *machine, ExplainWantedFn wanted, const char *word);
/* The knobs whose name, summary or intuition has the word. -ENOENT when none has. */
int explain_word(const Machine *machine, const char *word, ExitCode *ret);

/* "transparent_hugepage.hugepages-*kB.enabled" itself, not one of its files. */
bool explain_is_family(KnobRef ref);
/* Who sets the knob: the profiles that resolve on this machine. */
json_object *explain_users_json(const Machine *machine, KnobRef ref);
ExitCode explain_print_users(const Machine *machine, KnobRef ref);
/* And who else does: sysctl.d, tmpfiles.d, tuned, the kernel's command line. */
json_object *explain_rivals_json(const Machine *machine, KnobRef ref);
ExitCode explain_print_rivals(const Machine *machine, KnobRef ref);

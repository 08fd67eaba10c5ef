/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The views of "memctl inspect". Each is one file that prints an inspection for people and as JSON;
 * the overview is made of all of them. Numbers of JSON are bytes, pages or counts as their names
 * say, shares are 1/10000 ("-permyriad") or as the kernel has them 1/1000 ("-permille"); what is
 * not known is null.
 */

#include "cli/machine.h"
#include "core/machine/finding.h"

typedef struct Inspect {
        const Machine *machine;
        const Inspection *before; /* NULL: there was one reading alone, and no rate is known */
        Inspection *now;          /* printing may sort its lists */
        uint64_t rows;            /* at most so many of a long list */
} Inspect;

typedef struct InspectView {
        const char *name; /* NULL: the overview */
        unsigned parts;
        unsigned needed; /* of those: without them there is nothing to show */
        void (*print)(const Inspect *inspect);
        json_object *(*json)(const Inspect *inspect);
} InspectView;

/* Prints the view once, or with --watch until Ctrl-C. */
ExitCode inspect_run(const Machine *machine, const InspectView *view);

void inspect_print_overview(const Inspect *inspect);
void inspect_print_zones(const Inspect *inspect);
void inspect_print_buddy(const Inspect *inspect);
void inspect_print_slab(const Inspect *inspect);
void inspect_print_thp(const Inspect *inspect);
void inspect_print_reclaim(const Inspect *inspect);
void inspect_print_writeback(const Inspect *inspect);
void inspect_print_overcommit(const Inspect *inspect);
void inspect_print_processes(const Inspect *inspect);
void inspect_print_cgroups(const Inspect *inspect);
/* What is wrong, beneath a view; nothing when all is well. */
void inspect_print_findings(const Findings *findings);

json_object *inspect_json_overview(const Inspect *inspect);
json_object *inspect_json_zones(const Inspect *inspect);
json_object *inspect_json_buddy(const Inspect *inspect);
json_object *inspect_json_slab(const Inspect *inspect);
json_object *inspect_json_thp(const Inspect *inspect);
json_object *inspect_json_reclaim(const Inspect *inspect);
json_object *inspect_json_writeback(const Inspect *inspect);
json_object *inspect_json_overcommit(const Inspect *inspect);
json_object *inspect_json_processes(const Inspect *inspect);
json_object *inspect_json_cgroups(const Inspect *inspect);
json_object *inspect_json_pools(const Inspect *inspect);
json_object *inspect_json_pressure(const Inspect *inspect);
json_object *inspect_json_findings(const Findings *findings);

/* Parts of views that the overview shows, too. */
void inspect_print_pressure(const Inspect *inspect);
void inspect_print_watermarks(const Inspect *inspect);
void inspect_print_blocks(const Inspect *inspect);
void inspect_print_activity(const Inspect *inspect);

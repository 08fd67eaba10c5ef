/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/chapter.h"
#include "cli/inspect-print.h"

/* A hundred cgroups may thrash, and the screen has room for little else then. */
#define SHOWN ((size_t) 8)

static Style severity_style(FindingSeverity severity) {
        switch (severity) {
        case FINDING_BAD:
                return STYLE_BAD;
        case FINDING_WARNING:
                return STYLE_WARN;
        case FINDING_NOTE:
        case _FINDING_SEVERITY_MAX:
                break;
        }
        return STYLE_DIM;
}

/* "memctl explain vm.swappiness; memctl inspect processes; chapter: memctl explain swap" */
static char *where_to_go_on(const Finding *finding) {
        const Chapter *chapter = finding->chapter ? chapter_find(finding->chapter) : NULL;

        return text_format("%s%s%s%s%s%s%s",
                           finding->knob ? "memctl explain " : "",
                           finding->knob ? finding->knob : "",
                           finding->knob && finding->next ? "; " : "",
                           finding->next ? finding->next : "",
                           chapter && (finding->knob || finding->next) ? "; " : "",
                           chapter ? "chapter: memctl explain " : "",
                           chapter ? chapter->name : "");
}

static void print_finding(const Finding *finding) {
        _cleanup_(freep) char *next = where_to_go_on(finding);

        print_styled(severity_style(finding->severity),
                     "%-*s",
                     INSPECT_LABEL_WIDTH,
                     finding_severity_to_string(finding->severity));
        print_wrapped_beside(INSPECT_LABEL_WIDTH, finding->text);
        if (next && next[0]) {
                (void) fputs(style_begin(STYLE_DIM), stdout);
                print_wrapped(INSPECT_LABEL_WIDTH, next);
                (void) fputs(style_end(STYLE_DIM), stdout);
        }
}

void inspect_print_findings(const Findings *findings) {
        size_t n = arg_all ? findings->n : MIN_OF(findings->n, SHOWN);

        for (size_t i = 0; i < n; i++)
                print_finding(&findings->items[i]);
        if (findings->n > n)
                (void) printf("%*sand %zu more: --all shows them\n",
                              INSPECT_LABEL_WIDTH,
                              "",
                              findings->n - n);
        if (findings->failed)
                (void) print_errno(-ENOMEM, "findings");
}

json_object *inspect_json_findings(const Findings *findings) {
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < findings->n; i++) {
                const Finding *finding = &findings->items[i];
                json_object *object = json_object_new_object();
                json_add_text(object, "severity", finding_severity_to_string(finding->severity));
                json_add_text(object, "id", finding->id);
                json_add(object, "text", json_text_of_bytes(finding->text));
                json_add_text(object, "knob", finding->knob);
                json_add_text(object, "next", finding->next);
                json_add_text(object, "chapter", finding->chapter);
                json_object_array_add(array, object);
        }
        return array;
}

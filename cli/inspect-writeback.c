/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"
#include "core/base/quantity.h"

static const char *state_words(WritebackState state) {
        switch (state) {
        case WRITEBACK_IDLE:
                return "below the background limit: written when it is old enough";
        case WRITEBACK_BACKGROUND:
                return "above the background limit: the kernel writes, nobody waits";
        case WRITEBACK_THROTTLING:
                return "writers are slowed down";
        case WRITEBACK_LIMIT:
                return "at the limit: writers stand still";
        case _WRITEBACK_STATE_MAX:
                break;
        }
        return "";
}

static Style state_style(WritebackState state) {
        return state == WRITEBACK_LIMIT        ? STYLE_BAD
               : state == WRITEBACK_THROTTLING ? STYLE_WARN
                                               : STYLE_GOOD;
}

/* "20 % of 1.4 GiB", or "64 KiB": what the limit was set to. */
static void print_source(const Inspect *inspect, int64_t bytes, int64_t ratio, const char *knob) {
        if (bytes > 0)
                (void) printf(" (%s_bytes)\n", knob);
        else
                (void) printf(
                        " (%s_ratio: %s %% of %s)\n",
                        knob,
                        count_text(ratio).text,
                        size_text(inspect_pages(inspect, inspect->now->writeback.dirtyable)).text);
}

static void print_rates(const Inspect *inspect) {
        const ActivityCounts *before = inspect->before ? &inspect->before->activity : NULL;
        const ActivityCounts *now = &inspect->now->activity;
        int64_t dirtied = activity_rate(before, now, ACTIVITY_DIRTIED);
        int64_t written = activity_rate(before, now, ACTIVITY_WRITTEN);

        if (dirtied < 0 || written < 0)
                return;
        inspect_label("Now");
        (void) printf("%s dirtied and %s written a second\n",
                      size_text(inspect_pages(inspect, dirtied / 1000)).text,
                      size_text(inspect_pages(inspect, written / 1000)).text);
}

void inspect_print_writeback(const Inspect *inspect) {
        const Writeback *writeback = &inspect->now->writeback;
        const DirtyKnobs *knobs = &inspect->now->dirty_knobs;
        WritebackState state = writeback_state(writeback);

        inspect_label("Dirty");
        (void) printf("%s, and %s on their way to the disk\n%*s",
                      size_text(inspect_pages(inspect, writeback->dirty)).text,
                      size_text(inspect_pages(inspect, writeback->writeback)).text,
                      INSPECT_LABEL_WIDTH,
                      "");
        print_styled(state_style(state), "%s\n", state_words(state));
        inspect_label("Written");
        (void) printf("from %s on",
                      size_text(inspect_pages(inspect, writeback_background(writeback))).text);
        print_source(
                inspect, knobs->background_bytes, knobs->background_ratio, "vm.dirty_background");
        inspect_label("Slower");
        (void) printf("from %s on: the middle of both limits\n",
                      size_text(inspect_pages(inspect, writeback_throttle(writeback))).text);
        inspect_label("Limit");
        (void) printf("%s", size_text(inspect_pages(inspect, writeback_limit(writeback))).text);
        print_source(inspect, knobs->bytes, knobs->ratio, "vm.dirty");
        print_rates(inspect);
}

json_object *inspect_json_writeback(const Inspect *inspect) {
        const Writeback *writeback = &inspect->now->writeback;
        json_object *object = NULL;

        if (!(inspect->now->parts & INSPECTION_WRITEBACK))
                return NULL;
        object = json_object_new_object();
        const struct {
                const char *key;
                int64_t pages;
        } sizes[] = {
                {"dirty-bytes", writeback->dirty},
                {"writeback-bytes", writeback->writeback},
                {"dirtyable-bytes", writeback->dirtyable},
                {"background-bytes", writeback_background(writeback)},
                {"throttle-bytes", writeback_throttle(writeback)},
                {"limit-bytes", writeback_limit(writeback)},
                {"computed-background-bytes", writeback->background},
                {"computed-limit-bytes", writeback->limit},
        };
        json_add_text(object, "state", writeback_state_to_string(writeback_state(writeback)));
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                json_add_known(object, sizes[i].key, inspect_pages(inspect, sizes[i].pages));
        return object;
}

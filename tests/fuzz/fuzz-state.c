/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any bytes as a file of the state folder. The first byte says which, and whether they are the
 * file's own bytes or the JSON of its records, one a line, which then get a right checksum: a file
 * that is damaged, and one that somebody made.
 */

#include "tests/fuzz/fuzz.h"

#include "core/base/json.h"
#include "daemon/boot-guard.h"
#include "daemon/events-file.h"
#include "daemon/events.h"
#include "daemon/hold.h"
#include "daemon/journal.h"
#include "daemon/quarantine.h"
#include "daemon/repairs.h"
#include "daemon/reports.h"
#include "daemon/state.h"

/* Damaged, or whole and of another version. */
static bool is_refused(int r) {
        return r == -EBADMSG || r == -EPROTONOSUPPORT;
}

static void check_journal(const Journal *journal) {
        _cleanup_(journal_freep) Journal *again = NULL;

        check(journal->profile && journal->plan && journal->values);
        check(journal->phase >= 0 && journal->phase < _JOURNAL_PHASE_MAX);
        check(journal->n_limits <= WATCH_LIMITS_MAX && journal->n_regressions <= _METRIC_MAX);
        for (size_t i = 0; i < journal->n_limits; i++)
                check(metric_to_string(journal->limits[i].metric));
        for (size_t i = 0; i < journal->plan->n; i++)
                check(journal->plan->steps[i].ref.knob && journal->plan->steps[i].origin);
        check(journal_write(fuzz_folder(), "again", journal) >= 0);
        check(journal_load(fuzz_folder(), "again", &again) >= 0);
        check(again->id == journal->id && streq(again->profile, journal->profile));
        check(again->phase == journal->phase && again->plan->n == journal->plan->n);
        check(again->confirm == journal->confirm && again->n_limits == journal->n_limits);
        check(again->trial == journal->trial);
        check(!again->drifted == !journal->drifted);
        check(!again->drifted || streq(again->drifted, journal->drifted));
}

static void try_journal(void) {
        _cleanup_(journal_freep) Journal *journal = NULL;
        int r = journal_load(fuzz_folder(), JOURNAL_PENDING, &journal);

        check(r >= 0 || (is_refused(r) && !journal));
        if (r >= 0)
                check_journal(journal);
}

static void try_quarantine(void) {
        _cleanup_(quarantine_done) Quarantine quarantine = {0}, again = {0};
        int r = quarantine_load(fuzz_folder(), &quarantine);

        check(r >= 0 || is_refused(r));
        check(quarantine.n <= QUARANTINE_MAX);
        if (r < 0)
                return;
        check(quarantine_add(&quarantine, fuzz_folder(), "x", "y", 1) >= 0);
        check(quarantine_load(fuzz_folder(), &again) >= 0 && again.n == quarantine.n);
        check(quarantine_find(&again, "x"));
}

static void try_boot_guard(void) {
        BootGuard guard, again;
        int r = boot_guard_load(fuzz_folder(), &guard);

        check(r >= 0 || (is_refused(r) && !guard.open));
        if (!guard.open)
                return;
        check(profile_name_is_valid(guard.profile));
        (void) boot_guard_is_over(&guard, USEC_PER_MINUTE, USEC_PER_HOUR);
        check(boot_guard_open(fuzz_folder(),
                              guard.profile,
                              guard.id,
                              guard.boot_id,
                              guard.at_usec,
                              &again) >= 0);
        check(boot_guard_load(fuzz_folder(), &again) >= 0 && again.open);
        check(again.id == guard.id && streq(again.profile, guard.profile));
        check(boot_guard_close(fuzz_folder(), &again) >= 0 && !again.open);
}

static void try_hold(void) {
        _cleanup_(hold_done) Hold hold = {0}, again = {0};
        int r = hold_load(fuzz_folder(), "boot", &hold);

        check(r >= 0 || is_refused(r));
        check(hold.n <= HOLD_REVERTS_MAX);
        if (r < 0)
                return;
        (void) hold_until(&hold, 1, USEC_PER_HOUR);
        _cleanup_(freep) char *text = hold_format(&hold, USEC_PER_HOUR);
        check(text && hold_note(&hold, fuzz_folder(), 12345, "x", "y", USEC_PER_HOUR) >= 0);
        check(hold.n > 0 && hold.n <= HOLD_REVERTS_MAX);
        check(hold_load(fuzz_folder(), "boot", &again) >= 0);
        check(again.n >= hold.n); /* old ones are on disk until there is something to note */
}

static void try_repairs(void) {
        Repairs repairs, again;
        KnobRef ref = {.knob = knob_find("vm.swappiness")};
        int r = repairs_load(fuzz_folder(), "boot", &repairs);

        check(r >= 0 || is_refused(r));
        check(repairs.n <= REPAIRS_MAX);
        if (r < 0)
                return;
        check(repairs_note(&repairs, fuzz_folder(), ref, USEC_PER_HOUR, NULL) >= 0);
        check(repairs.n > 0 && repairs.n <= REPAIRS_MAX && !repairs.guards);
        check(repairs_load(fuzz_folder(), "boot", &again) >= 0 && again.n == repairs.n);
        check(repairs_count(&again, ref, USEC_PER_HOUR) > 0);
}

static void try_report(void) {
        _cleanup_(report_freep) Report *report = NULL;
        int r = reports_load(fuzz_folder(), 7, &report);

        check(r >= 0 || (is_refused(r) && !report));
}

static int take_event(Event *event, void *userdata) {
        _cleanup_(event_freep) Event *owned = event;
        uint64_t *n = userdata;

        check(owned->message && event_type_to_string(owned->type));
        check(owned->n_fields <= EVENT_FIELDS_MAX);
        (*n)++;
        return 0;
}

static void try_events(void) {
        _cleanup_(events_freep) Events *events = NULL;
        EventsFile file;
        uint64_t n = 0;

        events_file_init(&file, fuzz_folder());
        check(events_file_read(&file, 0, UINT64_MAX, 10, take_event, &n, NULL) == 0 && n <= 10);
        check(events_new(fuzz_folder(), &events) >= 0);
}

static void try_reserved(void) {
        EventsFile file;

        events_file_init(&file, fuzz_folder());
        (void) events_file_reserved(&file);
}

static const struct {
        const char *file;
        void (*try)(void);
} tries[] = {
        {JOURNAL_PENDING, try_journal},
        {QUARANTINE_FILE, try_quarantine},
        {"report-7", try_report},
        {"events", try_events},
        {"events.last", try_reserved},
        {BOOT_GUARD_FILE, try_boot_guard},
        {HOLD_FILE, try_hold},
        {REPAIRS_FILE, try_repairs},
};

/* Each line that is an object in JSON becomes a record. */
static void write_records(const char *file, char *text) {
        char *rest = NULL;
        bool first = true;

        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                _cleanup_(json_putp) json_object *record = json_tokener_parse(line);
                if (!json_object_is_type(record, json_type_object))
                        continue;
                int r = first ? state_replace(fuzz_folder(), file, record)
                              : state_append(fuzz_folder(), file, record, false);
                check(r >= 0);
                first = false;
        }
        if (first)
                fuzz_write(fuzz_folder(), file, "", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        fuzz_silence();
        if (size == 0)
                return 0;
        size_t i = data[0] / 2 % ELEMENTSOF(tries);
        if (data[0] % 2) {
                _cleanup_(freep) char *text = fuzz_text(data + 1, size - 1);
                write_records(tries[i].file, text);
        } else
                fuzz_write(fuzz_folder(), tries[i].file, data + 1, size - 1);
        tries[i].try();
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/json.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"
#include "daemon/oom-log.h"
#include "daemon/reports.h"

/* What the kernel said of the kills since a change. */
struct Account {
        uint64_t id; /* the transaction */
        char *profile;
        OomLog *log; /* being read; NULL: it is known */
        json_object *events;
        char *note;
};

static const char note_reading[] = "what the kernel said of it was not read yet";

static Account *account_free(Account *account) {
        if (!account)
                return NULL;
        oom_log_free(account->log);
        (void) json_object_put(account->events);
        free(account->profile);
        free(account->note);
        free(account);
        return NULL;
}
DEFINE_CLEANUP(Account *, account_free)

void manager_forget_account(Manager *manager) {
        account_freep(&manager->account);
}

static void put_into(const Account *account, Report *report) {
        report_set_oom(report,
                       json_object_get(account->events),
                       account->note ? strdup(account->note) : NULL);
}

void manager_report_kills(const Manager *manager, Report *report) {
        const Account *account = manager->account;

        if (report->oom.killed == 0)
                return;
        if (account && account->id == report->id && !account->log)
                put_into(account, report);
        else
                report_set_oom(report, NULL, strdup(note_reading));
}

/* The report of a change that has ended lies on disk. */
static void complete_report(const Manager *manager, const Account *account) {
        _cleanup_(report_freep) Report *report = NULL;

        int r = reports_load(manager->state_fd, account->id, &report);
        if (r >= 0) {
                put_into(account, report);
                r = reports_store(manager->state_fd, report);
        }
        if (r < 0)
                log_warning("cannot put what the kernel said of its kills into the report of "
                            "transaction %lu: %s",
                            (unsigned long) account->id,
                            strerror(-r));
}

/* "mysqld (4711) at the limit of /a: The cgroup ..." */
static char *describe_kill(json_object *object) {
        json_object *victim = json_object_object_get(object, "victim");
        const char *comm = json_get_string(victim, "comm");
        const char *memcg = json_get_string(object, "oom_memcg");
        const char *why = json_get_string(json_object_object_get(object, "diagnosis"), "sentence");
        size_t n = why ? strlen(why) : 0;

        return text_format("%s (%lu)%s%s%s%.*s",
                           comm ? comm : "?",
                           (unsigned long) json_get_uint64(victim, "pid"),
                           memcg ? " at the limit of " : "",
                           memcg ? memcg : "",
                           why ? ": " : "",
                           (int) (n > 0 && why[n - 1] == '.' ? n - 1 : n),
                           why ? why : "");
}

/* The newest is told: the others were, when they were it. */
static char *describe_account(const Account *account) {
        size_t n = account->events ? json_object_array_length(account->events) : 0;
        const char *note = account->note ? account->note : "";
        const char *end = account->note ? "." : "";

        if (n == 0)
                return text_format("Of the kills: %s%s", note, end);
        _cleanup_(freep) char *last =
                describe_kill(json_object_array_get_idx(account->events, n - 1));
        return text_format("The kernel killed %s.%s%s%s",
                           last ? last : "?",
                           account->note ? " Of all kills: " : "",
                           note,
                           end);
}

static void tell_account(Manager *manager, const Account *account) {
        _cleanup_(freep) char *text = describe_account(account);
        Event *event = event_new(EVENT_OOM_KILL, account->profile, account->id);

        if (event && text) {
                (void) event_set_message(event,
                                         "%s 'memctl report %lu' has all of it.",
                                         text,
                                         (unsigned long) account->id);
                if (account->note)
                        (void) event_add(event, "note", "%s", account->note);
        }
        events_emit(manager->events, event);
}

static void on_read(json_object *events, char *note, void *userdata) {
        Manager *manager = userdata;
        Account *account = manager->account;

        oom_log_freep(&account->log);
        account->events = events;
        account->note = note;
        tell_account(manager, account);
        if (!manager->probation || manager->pending->id != account->id)
                complete_report(manager, account);
}

static int begin_account(Manager *manager,
                         uint64_t id,
                         const char *profile,
                         const char *cgroup,
                         usec_t since_usec,
                         uint64_t killed) {
        _cleanup_(account_freep) Account *account = calloc(1, sizeof(*account));

        if (!account || !(account->profile = strdup(profile)))
                return -ENOMEM;
        account->id = id;
        int r = oom_log_new(&(OomLogOptions){.root = manager->root,
                                             .event = manager->event,
                                             .cgroup = cgroup,
                                             .since_usec = since_usec,
                                             .killed = killed,
                                             .read = kill_log_read,
                                             .done = on_read,
                                             .userdata = manager},
                            &account->log);
        if (r < 0)
                return r;
        account_freep(&manager->account);
        manager->account = TAKE_PTR(account);
        return 0;
}

/* Since the change: what a process before us read, too. */
static void read_account(Manager *manager) {
        const Journal *journal = manager->pending;
        usec_t passed = manager_boottime() - journal->started_usec;

        int r = begin_account(manager,
                              journal->id,
                              journal->profile,
                              probation_cgroup(manager->probation),
                              manager_realtime() - passed,
                              journal->kills.killed);
        if (r < 0)
                log_warning("cannot have the kernel's log read: %s", strerror(-r));
}

/* The process before us ended while the log was read for a change that had ended. */
static int resume_account(Manager *manager, const Report *report) {
        _cleanup_(freep) char *cgroup = NULL;

        int r = sample_find_cgroup(manager->root, report->scope, &cgroup);
        return r < 0 ? r
                     : begin_account(manager,
                                     report->id,
                                     report->profile,
                                     cgroup,
                                     report->realtime_usec,
                                     report->oom.killed);
}

/* In this boot: of another one the log is not read. */
static bool is_to_be_resumed(const Report *report) {
        return report->oom.note && streq(report->oom.note, note_reading) && report->profile &&
               report->realtime_usec >= manager_realtime() - manager_boottime();
}

void manager_recall_kills(Manager *manager) {
        _cleanup_(report_freep) Report *report = NULL;

        if (manager->probation) {
                if (manager->pending->kills.killed > 0)
                        read_account(manager);
                return;
        }
        int r = reports_load(manager->state_fd, 0, &report);
        if (r >= 0 && is_to_be_resumed(report))
                r = resume_account(manager, report);
        if (r < 0 && r != -ENOENT)
                log_warning("cannot have the kernel's log read: %s", strerror(-r));
}

static Event *kills_event(const Journal *journal) {
        const char *scope = journal->pressure_of ? journal->pressure_of : "system";
        unsigned long n = journal->kills.killed - journal->kills_told;
        Event *event = event_new(EVENT_OOM_KILL, journal->profile, journal->id);

        if (!event)
                return NULL;
        (void) event_set_message(event,
                                 "The kernel killed %lu %s in %s for want of memory, %lu since %s "
                                 "was applied.",
                                 n,
                                 n == 1 ? "process" : "processes",
                                 scope,
                                 (unsigned long) journal->kills.killed,
                                 journal->profile);
        (void) event_add(event, "scope", "%s", scope);
        (void) event_add(event, "killed", "%lu", (unsigned long) journal->kills.killed);
        if (journal->oom_limit > 0)
                (void) event_add(
                        event, "limit", "oom-kill %lu", (unsigned long) journal->oom_limit);
        return event;
}

void manager_tell_kills(Manager *manager) {
        Journal *journal = manager->pending;

        if (journal->kills.killed <= journal->kills_told)
                return;
        Event *event = kills_event(journal);
        journal->kills_told = journal->kills.killed;
        int r = journal_append_kills(manager->state_fd, JOURNAL_PENDING, journal);
        if (r < 0)
                log_warning("cannot record the kills since %s was applied: %s",
                            journal->profile,
                            strerror(-r));
        events_emit(manager->events, event);
        if (manager->probation)
                read_account(manager);
}

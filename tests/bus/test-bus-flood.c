/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An ordinary user who wants to bring the daemon down, or to make it use what the machine needs.
 * Each test says what the daemon spent, as a TAP comment.
 */

#include <fcntl.h>
#include <poll.h>

#include "core/event.h"
#include "daemon/bus-meter.h"
#include "tests/bus/flood.h"
#include "tests/support/tree.h"

/* Of one processor: the share of all callers, and what errors for the others cost. */
#define CPU_MAX_PERCENT 90
#define GROWTH_MAX_KB 4096
#define PEAK_MAX_KB (32 * 1024)

/* So many that both files of events are full, as after years. */
static void fill_events(const House *house) {
        _cleanup_(freep) char *text = NULL;
        const char *const names[] = {"events.1", "events"};
        uint64_t seq = 1;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(freep) char *path = text_format("var/lib/memctl/%s", names[i]);
                size_t size = 0;
                FILE *out = open_memstream(&text, &size);
                assert_non_null(out);
                while (ftell(out) < 1000 * 1000)
                        (void) fprintf(out,
                                       "{\"seq\":%lu,\"realtime-usec\":1,\"type\":\"problem\","
                                       "\"message\":\"%0900d\"}\n",
                                       (unsigned long) seq++,
                                       0);
                assert_int_equal(fclose(out), 0);
                assert_int_equal(tree_write(house->tree, path, text), 0);
                free(TAKE_PTR(text));
        }
}

static int with_house(void **state) {
        House *house = calloc(1, sizeof(*house));

        assert_non_null(house);
        house_init(house);
        house_profile(house, "redis", "profile: redis\nsummary: R\nsysctl: {vm.swappiness: 1}\n");
        fill_events(house);
        assert_int_equal(
                tree_write(house->tree, "etc/memctl/memctld.conf", "[Daemon]\nLogLevel=err\n"), 0);
        *state = house;
        return 0;
}

static int without_house(void **state) {
        House *house = *state;

        house_stop_daemon(house);
        house_done(house);
        free(house);
        return 0;
}

/* How long each flood lasts: $MEMCTL_FLOOD_SECONDS, for those who want to measure. */
static usec_t during(void) {
        const char *text = getenv("MEMCTL_FLOOD_SECONDS");
        return (text ? strtoull(text, NULL, 10) : 2) * USEC_PER_SEC;
}

static unsigned long per_second(uint64_t n, const Watching *watching) {
        usec_t usec = watching->after.at_usec - watching->before.at_usec;
        return (unsigned long) (n * USEC_PER_SEC / usec);
}

static void say(const char *what, const Watching *watching, const FloodCount *count) {
        print_message("# %s: %lu calls in all, %lu/s, %lu/s answered, %lu/s refused; memctld: %u%% "
                      "of a processor, RSS %lu kB before, %lu kB at most; root waited %lu us "
                      "(median), %lu us (worst)\n",
                      what,
                      (unsigned long) count->n_sent,
                      per_second(count->n_sent, watching),
                      per_second(count->n_answers, watching),
                      per_second(count->n_limits + count->n_many + count->n_errors, watching),
                      watching_cpu_percent(watching),
                      (unsigned long) watching->before.high_kb,
                      (unsigned long) watching->after.high_kb,
                      (unsigned long) watching->median_usec,
                      (unsigned long) watching->worst_usec);
}

/* The worst wait says how busy the machine is rather than what the daemon does; half of them had
 * less than the median. */
static void assert_bounded(const Watching *watching) {
        assert_in_range(watching_growth_kb(watching), 0, PEAK_MAX_KB);
        assert_in_range(watching_cpu_percent(watching), 0, CPU_MAX_PERCENT);
        assert_in_range(watching->median_usec, 0, USEC_PER_SEC / 2);
        assert_in_range(watching->worst_usec, 0, 5 * USEC_PER_SEC);
}

/* What the broker still holds of a flood comes first, and how long that takes says more of the
 * machine than of the daemon. */
#define RECOVERY_MAX_USEC (90 * USEC_PER_SEC)

/* Memory is back, and an ordinary client is answered again. */
static void assert_recovers(const House *house, const Watching *watching) {
        usec_t begin = flood_now_usec();

        for (;;) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                sd_bus *bus = house_connect_bus(house);
                int r = call(bus, &error, NULL, "Plan", "s", "redis");
                sd_bus_flush_close_unref(bus);
                if (r >= 0)
                        break;
                assert_true(flood_now_usec() < begin + RECOVERY_MAX_USEC);
                (void) poll(NULL, 0, 100);
        }
        Usage now = usage_read(house->daemon);
        print_message("# an ordinary caller is answered %lu ms later; RssAnon %lu kB\n",
                      (unsigned long) ((flood_now_usec() - begin) / USEC_PER_MSEC),
                      (unsigned long) now.anon_kb);
        assert_in_range(now.anon_kb, 0, watching->before.anon_kb + GROWTH_MAX_KB);
        assert_in_range(now.n_fds, 0, watching->before.n_fds + 1);
}

static void warm_up(const House *house) {
        Flood flood = flood_start(house, FLOOD_READS, 1, 1);

        (void) poll(NULL, 0, 300);
        (void) flood_stop(&flood);
}

static void begin(House *house, const char *polkit_answer) {
        house_start_polkit(house, polkit_answer);
        house_start_daemon(house);
        house_await_name(house);
        warm_up(house);
}

static FloodCount run_flood(House *house,
                            FloodKind kind,
                            size_t n_processes,
                            size_t n_connections,
                            uint64_t n_sent,
                            Watching *ret_watching) {
        Flood flood = flood_start(house, kind, n_processes, n_connections);

        *ret_watching = flood_watch(house, &flood, n_sent, during());
        return flood_stop(&flood);
}

static usec_t used_usec(const Watching *watching) {
        return watching->after.cpu_usec - watching->before.cpu_usec;
}

/* What all callers have saved up, and their share of the time. */
static usec_t allowed_usec(const Watching *watching) {
        usec_t elapsed_usec = watching->after.at_usec - watching->before.at_usec;

        return METER_ALL_SAVED_USEC + elapsed_usec * METER_ALL_PERCENT / 100;
}

static void test_reading_at_full_speed_is_bounded(void **state) {
        House *house = *state;
        Watching watching;

        begin(house, "no");
        FloodCount count = run_flood(house, FLOOD_READS, 4, 16, 1, &watching);
        say("reads", &watching, &count);
        assert_bounded(&watching);
        assert_true(count.n_answers > 0);
        /* On a busy machine they may not come to ask for more than they may have. */
        assert_true(count.n_limits > 0 || used_usec(&watching) <= allowed_usec(&watching));
        assert_recovers(house, &watching);
}

static void test_answers_that_nobody_reads_do_not_pile_up(void **state) {
        House *house = *state;
        Watching watching;

        begin(house, "no");
        FloodCount count = run_flood(house, FLOOD_UNREAD, 4, 16, 1, &watching);
        say("unread", &watching, &count);
        assert_bounded(&watching);
        assert_recovers(house, &watching);
}

static void test_ten_thousand_clients_leave_nothing_behind(void **state) {
        House *house = *state;
        Watching watching;

        begin(house, "no");
        FloodCount count = run_flood(house, FLOOD_NEWCOMERS, 4, 1, 10000, &watching);
        say("newcomers", &watching, &count);
        assert_bounded(&watching);
        assert_recovers(house, &watching);
}

static void test_questions_to_polkit_are_bounded(void **state) {
        House *house = *state;
        Watching watching;

        begin(house, "never");
        FloodCount count = run_flood(house, FLOOD_APPLIES, 4, 16, 1, &watching);
        say("half-open authorizations", &watching, &count);
        assert_bounded(&watching);
        assert_true(count.n_answers == 0 && count.n_many > 0);
        _cleanup_(freep) char *log = house_polkit_log(house);
        size_t n_asked = 0;
        for (const char *p = log; (p = strstr(p, "check ")); p++)
                n_asked++;
        assert_in_range(n_asked, 1, 8);
        assert_recovers(house, &watching);
}

static void test_subscribers_that_do_not_read_a_storm_of_events(void **state) {
        House *house = *state;
        FloodCount count = {0};

        begin(house, "no");
        sd_bus *peer = house_connect_private(house);
        Flood flood = flood_start(house, FLOOD_SUBSCRIBER, 1, 64);
        usage_forget_high(house->daemon);
        Watching watching = {.before = usage_read(house->daemon)};
        for (usec_t end = flood_now_usec() + during(); flood_now_usec() < end;) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                usec_t asked = flood_now_usec();
                assert_ok(call(peer, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
                assert_ok(call(peer, &error, NULL, "Revert", "ts", (uint64_t) 0, ""), &error);
                watching.worst_usec = MAX_OF(watching.worst_usec, flood_now_usec() - asked);
                watching.median_usec = flood_now_usec() - asked; /* any will do */
                count.n_sent += 2;
                count.n_answers += 2;
        }
        watching.after = usage_read(house->daemon);
        sd_bus_flush_close_unref(peer);
        (void) flood_stop(&flood);
        say("storm of events", &watching, &count);
        assert_in_range(watching_growth_kb(&watching), 0, GROWTH_MAX_KB);
        assert_recovers(house, &watching);
}

/* Huge arguments */

static void send_huge(sd_bus *bus, const char *method, const char *types, const char *text) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_new_method_call(
                bus, &message, MEMCTL_BUS_NAME, MEMCTL_OBJECT_PATH, MEMCTL_INTERFACE, method);

        if (r >= 0 && streq(types, "s"))
                r = sd_bus_message_append(message, "s", text);
        else if (r >= 0 && streq(types, "ts"))
                r = sd_bus_message_append(message, "ts", (uint64_t) 0, text);
        else if (r >= 0)
                r = sd_bus_message_append(message, "sa{sv}", "redis", 1, text, "t", (uint64_t) 1);
        assert_true(r >= 0);
        assert_true(sd_bus_call(bus, message, 20 * USEC_PER_SEC, &error, NULL) < 0);
        assert_string_equal(error.name, MEMCTL_ERROR_INVALID_ARGUMENT);
}

static void send_many_options(sd_bus *bus, size_t n) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_new_method_call(
                bus, &message, MEMCTL_BUS_NAME, MEMCTL_OBJECT_PATH, MEMCTL_INTERFACE, "Apply");

        assert_true(r >= 0);
        assert_true(sd_bus_message_append(message, "s", "redis") >= 0);
        assert_true(sd_bus_message_open_container(message, 'a', "{sv}") >= 0);
        for (size_t i = 0; i < n; i++)
                assert_true(sd_bus_message_append(
                                    message, "{sv}", "probation", "t", (uint64_t) 2000000) >= 0);
        assert_true(sd_bus_message_close_container(message) >= 0);
        assert_true(sd_bus_call(bus, message, 20 * USEC_PER_SEC, &error, NULL) < 0);
        assert_string_equal(error.name, MEMCTL_ERROR_INVALID_ARGUMENT);
}

static void test_huge_arguments_are_refused_and_forgotten(void **state) {
        const size_t size = 16 * 1024 * 1024;
        _cleanup_(freep) char *text = malloc(size + 1);
        House *house = *state;
        sd_bus *bus;

        begin(house, "no");
        assert_non_null(text);
        memset(text, 'a', size);
        text[size] = '\0';
        usage_forget_high(house->daemon);
        Watching watching = {.before = usage_read(house->daemon)};
        for (int i = 0; i < 3; i++) {
                bus = house_connect_bus(house);
                send_huge(bus, "Plan", "s", text);
                send_huge(bus, "Revert", "ts", text);
                send_huge(bus, "Apply", "sa{sv}", text);
                send_many_options(bus, 100000);
                sd_bus_flush_close_unref(bus);
        }
        Usage after = usage_read(house->daemon);
        print_message("# huge arguments: %lu us of processor time each, RSS %lu kB before, %lu kB "
                      "at most; RssAnon %lu kB before, %lu kB after\n",
                      (unsigned long) ((after.cpu_usec - watching.before.cpu_usec) / 12),
                      (unsigned long) watching.before.high_kb,
                      (unsigned long) after.high_kb,
                      (unsigned long) watching.before.anon_kb,
                      (unsigned long) after.anon_kb);
        assert_recovers(house, &watching);
}

/* What one call costs */

static void call_one(sd_bus *peer, const char *method) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        if (streq(method, "GetAll"))
                assert_ok(sd_bus_call_method(peer,
                                             MEMCTL_BUS_NAME,
                                             MEMCTL_OBJECT_PATH,
                                             "org.freedesktop.DBus.Properties",
                                             "GetAll",
                                             &error,
                                             &reply,
                                             "s",
                                             MEMCTL_INTERFACE),
                          &error);
        else if (streq(method, "ListProfiles"))
                assert_ok(call(peer, &error, &reply, method, NULL), &error);
        else if (streq(method, "ListEvents") || streq(method, "GetReport"))
                assert_ok(call(peer, &error, &reply, method, "t", (uint64_t) 0), &error);
        else
                assert_ok(call(peer, &error, &reply, method, "s", "redis"), &error);
}

static void test_no_call_costs_more_than_a_moment(void **state) {
        static const char *const methods[] = {
                "GetAll", "ListProfiles", "GetProfile", "Plan", "ListEvents", "GetReport"};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const int n = 40;
        House *house = *state;

        begin(house, "no");
        sd_bus *peer = house_connect_private(house);
        assert_ok(call(peer, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                Usage before = usage_read(house->daemon);
                for (int j = 0; j < n; j++)
                        call_one(peer, methods[i]);
                usec_t cost = (usage_read(house->daemon).cpu_usec - before.cpu_usec) / (usec_t) n;
                print_message("# %s costs %lu us\n", methods[i], (unsigned long) cost);
                assert_in_range(cost, 1, 100 * USEC_PER_MSEC);
        }
        sd_bus_flush_close_unref(peer);
}

/* The watch goes on */

static bool is_reverted(const House *house) {
        _cleanup_(freep) char *path = text_format("%s/proc/sys/vm/swappiness", house->tree);
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_(freep) char *value = NULL;

        assert_true(fd >= 0 && read_all(fd, 64, &value, NULL) >= 0);
        return !streq(value, "1\n");
}

static usec_t revert_lateness(House *house) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *peer = house_connect_private(house);
        usec_t asked = flood_now_usec();

        assert_ok(call(peer,
                       &error,
                       NULL,
                       "Apply",
                       "sa{sv}",
                       "redis",
                       1,
                       "confirm-within",
                       "t",
                       2 * USEC_PER_SEC),
                  &error);
        usec_t applied = flood_now_usec();
        while (!is_reverted(house)) {
                assert_true(flood_now_usec() < asked + 20 * USEC_PER_SEC);
                (void) poll(NULL, 0, 2);
        }
        sd_bus_flush_close_unref(peer);
        usec_t passed = flood_now_usec() - applied;
        return passed > 2 * USEC_PER_SEC ? passed - 2 * USEC_PER_SEC : 0;
}

/* The deadline may wait for a second to share a wakeup. */
static void test_a_revert_comes_in_time_while_everything_floods(void **state) {
        House *house = *state;

        begin(house, "never");
        usec_t quiet = revert_lateness(house);
        Flood reads = flood_start(house, FLOOD_READS, 3, 16);
        Flood unread = flood_start(house, FLOOD_UNREAD, 1, 16);
        Flood applies = flood_start(house, FLOOD_APPLIES, 1, 16);
        (void) poll(NULL, 0, 500);
        usec_t flooded = revert_lateness(house);
        (void) flood_stop(&applies);
        (void) flood_stop(&unread);
        (void) flood_stop(&reads);
        print_message("# revert at a deadline: %lu ms late in quiet, %lu ms late under floods\n",
                      (unsigned long) (quiet / USEC_PER_MSEC),
                      (unsigned long) (flooded / USEC_PER_MSEC));
        assert_in_range(flooded, 0, quiet + 1500 * USEC_PER_MSEC);
}

#define ON_A_BUS(test) cmocka_unit_test_setup_teardown(test, with_house, without_house)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_BUS(test_no_call_costs_more_than_a_moment),
                ON_A_BUS(test_reading_at_full_speed_is_bounded),
                ON_A_BUS(test_answers_that_nobody_reads_do_not_pile_up),
                ON_A_BUS(test_ten_thousand_clients_leave_nothing_behind),
                ON_A_BUS(test_questions_to_polkit_are_bounded),
                ON_A_BUS(test_subscribers_that_do_not_read_a_storm_of_events),
                ON_A_BUS(test_huge_arguments_are_refused_and_forgotten),
                ON_A_BUS(test_a_revert_comes_in_time_while_everything_floods),
        };

        return house_skip() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}

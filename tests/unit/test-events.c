/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/events.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "tests/support/tree.h"

typedef struct Life {
        char *folder;
        int state_fd;
        Events *events;
} Life;

static void begin(Life *life) {
        assert_int_equal(events_new(life->state_fd, &life->events), 0);
}

static void restart(Life *life) {
        life->events = events_free(life->events);
        begin(life);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(tree_copy(NULL, &life->folder), 0);
        life->state_fd = open(life->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(life->state_fd >= 0);
        log_set_level(LOG_EMERG); /* TAP is enough to read */
        begin(life);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        events_free(life->events);
        (void) close(life->state_fd);
        tree_remove(life->folder);
        free(life);
        return 0;
}

static void emit(Life *life, const char *message) {
        Event *event = event_new(EVENT_APPLIED, "redis", 7);

        assert_non_null(event);
        assert_int_equal(event_set_message(event, "%s", message), 0);
        assert_int_equal(event_add(event, "a-key", "%s", "a value"), 0);
        events_emit(life->events, event);
}

static off_t file_size(const Life *life, const char *name) {
        struct stat st;
        return fstatat(life->state_fd, name, &st, 0) < 0 ? -1 : st.st_size;
}

static void append_raw(const Life *life, const char *text) {
        _cleanup_(closep) int fd =
                openat(life->state_fd, "events", O_WRONLY | O_APPEND | O_CREAT, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Collecting */

typedef struct Seen {
        size_t n;
        uint64_t first;
        uint64_t last;
        bool rises;
        char text[256]; /* messages, one after the other, as far as they fit */
} Seen;

static int see(const Event *event, void *userdata) {
        Seen *seen = userdata;
        size_t n = strlen(seen->text);

        if (seen->n == 0)
                *seen = (Seen){.first = event->seq, .rises = true};
        else
                seen->rises = seen->rises && event->seq > seen->last;
        seen->last = event->seq;
        seen->n++;
        (void) snprintf(seen->text + n, sizeof(seen->text) - n, "%s;", event->message);
        return 0;
}

static Seen visit(const Life *life, uint64_t since, size_t max) {
        Seen seen = {0};

        assert_int_equal(events_visit(life->events, since, max, see, &seen), 0);
        return seen;
}

/* The tests */

static void test_numbers_rise_from_one(void **state) {
        Life *life = *state;

        assert_int_equal(events_last(life->events), 0);
        emit(life, "a");
        emit(life, "b");
        assert_int_equal(events_last(life->events), 2);
        Seen seen = visit(life, 0, 10);
        assert_string_equal(seen.text, "a;b;");
        assert_int_equal(seen.first, 1);
}

static void on_event(const Event *event, void *userdata) {
        Event *copy = userdata;

        copy->seq = event->seq;
        copy->realtime_usec = event->realtime_usec;
}

static void test_the_listener_hears_number_and_time(void **state) {
        Life *life = *state;
        Event heard = {0};

        events_set_listener(life->events, on_event, &heard);
        emit(life, "a");
        assert_int_equal(heard.seq, 1);
        assert_true(heard.realtime_usec > 1600000000 * USEC_PER_SEC);
        events_set_listener(life->events, NULL, NULL);
        emit(life, "b");
        assert_int_equal(heard.seq, 1);
}

static void test_a_restart_goes_on_where_it_ended(void **state) {
        Life *life = *state;

        emit(life, "a");
        emit(life, "b");
        restart(life);
        assert_int_equal(events_last(life->events), 2);
        emit(life, "c");
        assert_string_equal(visit(life, 0, 10).text, "a;b;c;");
        assert_string_equal(visit(life, 1, 10).text, "b;c;");
        assert_string_equal(visit(life, 0, 1).text, "c;");
        assert_int_equal(visit(life, 3, 10).n, 0);
        assert_int_equal(visit(life, UINT64_MAX, 10).n, 0);
        assert_int_equal(visit(life, 0, 0).n, 0);
}

static void test_an_event_comes_back_whole(void **state) {
        Life *life = *state;
        Seen seen;

        emit(life, "with \"quotes\",\na newline and \xc3\xa4");
        restart(life);
        seen = visit(life, 0, 10);
        assert_string_equal(seen.text, "with \"quotes\",\na newline and \xc3\xa4;");
}

static void test_older_ones_come_from_the_file(void **state) {
        Life *life = *state;
        Seen seen;

        for (int i = 0; i < 3 * EVENTS_RING; i++)
                emit(life, "x");
        seen = visit(life, 0, 1000);
        assert_int_equal(seen.n, 3 * EVENTS_RING);
        assert_int_equal(seen.first, 1);
        assert_true(seen.rises);
        seen = visit(life, 10, 1000);
        assert_int_equal(seen.first, 11);
        assert_int_equal(seen.n, 3 * EVENTS_RING - 10);
        seen = visit(life, 0, EVENTS_RING + 5);
        assert_int_equal(seen.n, EVENTS_RING + 5);
        assert_int_equal(seen.last, 3 * EVENTS_RING);
        assert_true(seen.rises);
}

static int stop_at_three(const Event *event, void *userdata) {
        return event->seq == 3 ? -ECANCELED : 0;
}

static void test_a_visitor_may_end_it_in_file_and_memory(void **state) {
        Life *life = *state;

        for (int i = 0; i < 5; i++)
                emit(life, "x");
        assert_int_equal(events_visit(life->events, 0, 10, stop_at_three, NULL), -ECANCELED);
        for (int i = 0; i < EVENTS_RING; i++)
                emit(life, "x");
        assert_int_equal(events_visit(life->events, 0, 1000, stop_at_three, NULL), -ECANCELED);
}

static void test_a_full_file_is_put_aside_once(void **state) {
        Life *life = *state;
        char message[8192];
        Seen seen;

        memset(message, 'x', sizeof(message) - 1);
        message[sizeof(message) - 1] = '\0';
        for (int i = 0; i < 300; i++)
                emit(life, message);
        assert_true(file_size(life, "events.1") <= (off_t) EVENTS_FILE_MAX);
        assert_true(file_size(life, "events.1") > (off_t) EVENTS_FILE_MAX - 10000);
        assert_true(file_size(life, "events") > 0);
        assert_true(file_size(life, "events") <= (off_t) EVENTS_FILE_MAX);
        seen = visit(life, 0, 1000);
        assert_true(seen.n > 128 && seen.n < 300);
        assert_int_equal(seen.last, 300);
        assert_int_equal(seen.first, 300 - seen.n + 1);
        restart(life);
        assert_int_equal(events_last(life->events), 300);
}

static void test_numbers_go_on_when_only_the_older_file_is_left(void **state) {
        Life *life = *state;

        emit(life, "a");
        emit(life, "b");
        assert_int_equal(renameat(life->state_fd, "events", life->state_fd, "events.1"), 0);
        restart(life);
        emit(life, "c");
        assert_int_equal(events_last(life->events), 3);
        assert_string_equal(visit(life, 0, 10).text, "a;b;c;");
}

static void test_a_torn_line_is_passed_over_and_ended(void **state) {
        Life *life = *state;

        emit(life, "a");
        append_raw(life, "{\"seq\":2,\"realt");
        restart(life);
        emit(life, "b");
        emit(life, "c");
        restart(life);
        assert_string_equal(visit(life, 0, 10).text, "a;b;c;");
}

static void test_a_line_that_lacks_only_its_newline_counts(void **state) {
        Life *life = *state;

        emit(life, "a");
        emit(life, "b");
        _cleanup_(closep) int fd = openat(life->state_fd, "events", O_WRONLY);
        assert_int_equal(ftruncate(fd, file_size(life, "events") - 1), 0);
        restart(life);
        assert_int_equal(events_last(life->events), 2);
        emit(life, "c");
        restart(life);
        assert_string_equal(visit(life, 0, 10).text, "a;b;c;");
}

static void test_rubbish_in_the_file_is_passed_over(void **state) {
        Life *life = *state;

        append_raw(life, "\n\n[]\nnull\n{}\n{\"seq\":99}\n\xff\xfe\n");
        emit(life, "a");
        append_raw(life, "{\"seq\":-3}\n");
        restart(life);
        assert_int_equal(events_last(life->events), 1);
        assert_string_equal(visit(life, 0, 10).text, "a;");
}

static void set_file_limit(rlim_t limit) {
        struct rlimit rlimit;

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &rlimit), 0);
        rlimit.rlim_cur = limit == RLIM_INFINITY ? rlimit.rlim_max : limit;
        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &rlimit), 0);
}

static void test_a_full_disk_hides_nothing_and_reuses_no_number(void **state) {
        Life *life = *state;

        emit(life, "a");
        /* The next line is cut in its middle, as a full disk does it; later ones do not begin. */
        set_file_limit((rlim_t) file_size(life, "events") + 20);
        emit(life, "b");
        emit(life, "c");
        assert_string_equal(visit(life, 0, 10).text, "a;b;c;");
        restart(life);
        set_file_limit(RLIM_INFINITY);
        assert_int_equal(events_last(life->events), 3);
        emit(life, "d");
        assert_int_equal(events_last(life->events), 4);
        restart(life);
        assert_string_equal(visit(life, 0, 10).text, "a;d;");
}

static void test_without_a_folder_memory_serves(void **state) {
        Life *life = *state;

        events_free(life->events);
        assert_int_equal(events_new(-1, &life->events), 0);
        for (int i = 0; i < EVENTS_RING + 6; i++)
                emit(life, "x");
        assert_int_equal(visit(life, 0, 1000).first, 7);
        assert_int_equal(visit(life, 0, 1000).n, EVENTS_RING);
}

static void test_a_missing_event_is_survived(void **state) {
        Life *life = *state;

        events_emit(life->events, NULL);
        assert_int_equal(events_last(life->events), 0);
}

static void test_a_trap_in_the_place_of_the_file_is_survived(void **state) {
        Life *life = *state;

        assert_int_equal(symlinkat("/dev/full", life->state_fd, "events"), 0);
        emit(life, "a");
        assert_int_equal(unlinkat(life->state_fd, "events", 0), 0);
        assert_int_equal(mkfifoat(life->state_fd, "events", 0600), 0);
        restart(life);
        assert_true(text_starts_with(visit(life, 0, 10).text, "1 of the places where events are"));
        emit(life, "b");
        assert_string_equal(visit(life, 2, 10).text, "b;");
        assert_int_equal(events_last(life->events), 3);
        restart(life);
        assert_string_equal(visit(life, 2, 10).text, "b;");
        assert_int_equal(events_last(life->events), 3);
}

#define WITH_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_LIFE(test_numbers_rise_from_one),
                WITH_LIFE(test_the_listener_hears_number_and_time),
                WITH_LIFE(test_a_restart_goes_on_where_it_ended),
                WITH_LIFE(test_an_event_comes_back_whole),
                WITH_LIFE(test_older_ones_come_from_the_file),
                WITH_LIFE(test_a_visitor_may_end_it_in_file_and_memory),
                WITH_LIFE(test_a_full_file_is_put_aside_once),
                WITH_LIFE(test_numbers_go_on_when_only_the_older_file_is_left),
                WITH_LIFE(test_a_torn_line_is_passed_over_and_ended),
                WITH_LIFE(test_a_line_that_lacks_only_its_newline_counts),
                WITH_LIFE(test_rubbish_in_the_file_is_passed_over),
                WITH_LIFE(test_a_full_disk_hides_nothing_and_reuses_no_number),
                WITH_LIFE(test_without_a_folder_memory_serves),
                WITH_LIFE(test_a_missing_event_is_survived),
                WITH_LIFE(test_a_trap_in_the_place_of_the_file_is_survived),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}

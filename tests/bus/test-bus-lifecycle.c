/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections that come, go, hang and misbehave; a system bus that does the same. */

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "daemon/hold.h"
#include "daemon/state.h"
#include "tests/bus/house.h"
#include "tests/support/tree.h"

static int with_house(void **state) {
        House *house = calloc(1, sizeof(*house));

        assert_non_null(house);
        house_init(house);
        *state = house;
        return 0;
}

static int with_daemon(void **state) {
        (void) with_house(state);
        house_start_daemon(*state);
        return 0;
}

static int without_house(void **state) {
        House *house = *state;

        house_stop_daemon(house);
        house_done(house);
        free(house);
        return 0;
}

static usec_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static int ping(sd_bus *bus) {
        return sd_bus_call_method(bus,
                                  MEMCTL_BUS_NAME,
                                  MEMCTL_OBJECT_PATH,
                                  "org.freedesktop.DBus.Peer",
                                  "Ping",
                                  NULL,
                                  NULL,
                                  NULL);
}

static void assert_serves(const House *house) {
        sd_bus *peer = house_connect_private(house);

        assert_true(ping(peer) >= 0);
        sd_bus_flush_close_unref(peer);
}

static size_t count_descriptors(const House *house) {
        _cleanup_(freep) char *path = text_format("/proc/%d/fd", house->daemon);
        _cleanup_(closedirp) DIR *dir = opendir(path);
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        return n;
}

static int connect_raw(const House *house) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", house->socket);
        assert_true(fd >= 0);
        assert_int_equal(connect(fd, (const struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

/* True when the other side closes within the time. */
static bool is_closed_within(int fd, int msec) {
        struct pollfd pollfd = {.fd = fd, .events = POLLRDHUP};
        return poll(&pollfd, 1, msec) > 0 && (pollfd.revents & (POLLRDHUP | POLLHUP));
}

/* After a hold */

/* Three reverts a minute ago, as the process before has noted them. */
static void hold(const House *house) {
        _cleanup_(freep) char *folder = text_format("%s/var/lib/memctl", house->tree);
        _cleanup_(freep) char *boot_id = NULL;
        _cleanup_(hold_done) Hold hold = {0};
        _cleanup_(root_closep) Root *root = NULL;
        struct timespec ts;

        assert_int_equal(root_open(house->tree, &root), 0);
        assert_int_equal(root_read(root, "proc/sys/kernel/random/boot_id", &boot_id), 0);
        (void) snprintf(hold.boot_id, sizeof(hold.boot_id), "%s", text_strip(boot_id));
        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        _cleanup_(closep) int fd = state_open(folder);
        assert_true(fd >= 0);
        for (uint64_t id = 7; id < 10; id++)
                assert_int_equal(hold_note(&hold,
                                           fd,
                                           id,
                                           "redis",
                                           "memory.some rose",
                                           ((usec_t) ts.tv_sec - 60) * USEC_PER_SEC),
                                 0);
}

static size_t read_hold(sd_bus *bus, usec_t *ret_left) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t until, now;
        const char *text;
        size_t n = 0;

        assert_ok(sd_bus_get_property(bus,
                                      MEMCTL_BUS_NAME,
                                      MEMCTL_OBJECT_PATH,
                                      MEMCTL_INTERFACE,
                                      "Hold",
                                      &error,
                                      &reply,
                                      "a{sv}"),
                  &error);
        assert_int_equal(sd_bus_message_enter_container(reply, 'a', "{sv}"), 1);
        if (sd_bus_message_enter_container(reply, 'e', "sv") <= 0)
                return 0;
        assert_int_equal(sd_bus_message_read(reply, "s", &text), 1);
        assert_string_equal(text, "reverts");
        assert_int_equal(sd_bus_message_enter_container(reply, 'v', "as"), 1);
        assert_int_equal(sd_bus_message_enter_container(reply, 'a', "s"), 1);
        for (; sd_bus_message_read(reply, "s", &text) > 0; n++)
                assert_non_null(strstr(text, "): memory.some rose"));
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        assert_true(sd_bus_message_exit_container(reply) >= 0);
        assert_true(sd_bus_message_read(reply, "{sv}", &text, "t", &until) > 0);
        assert_string_equal(text, "until-usec");
        assert_true(sd_bus_message_read(reply, "{sv}", &text, "t", &now) > 0);
        *ret_left = until - now;
        return n;
}

static void test_a_hold_outlives_the_daemon_and_ends_when_somebody_says_so(void **state) {
        static const char profile[] = "profile: redis\nsummary: R\nsysctl: {vm.swappiness: 1}\n";
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        House *house = *state;
        usec_t left = 0;

        house_profile(house, "redis", profile);
        hold(house);
        house_start_daemon(house);
        sd_bus *bus = house_connect_private(house);
        assert_int_equal(read_hold(bus, &left), 3);
        assert_true(left <= 59 * USEC_PER_MINUTE && left > 57 * USEC_PER_MINUTE);
        call(bus, &error, NULL, "Apply", "sa{sv}", "redis", 0);
        assert_error(&error, MEMCTL_ERROR_HELD, NULL);
        assert_non_null(strstr(error.message, "redis (transaction 9): memory.some rose"));
        assert_non_null(strstr(error.message, "'memctl release' without a name"));
        sd_bus_error_free(&error);
        assert_ok(call(bus, &error, NULL, "ReleaseHold", NULL), &error);
        assert_int_equal(read_hold(bus, &left), 0);
        assert_ok(call(bus, &error, NULL, "Apply", "sa{sv}", "redis", 0), &error);
        sd_bus_flush_close_unref(bus);
}

/* The private socket */

static void test_many_clients_one_after_the_other_leave_nothing_behind(void **state) {
        House *house = *state;

        house_await_name(house);
        assert_serves(house);
        size_t before = count_descriptors(house);
        for (int i = 0; i < 200; i++)
                assert_serves(house);
        /* The daemon may see the first one, or the last one, leave a little later. */
        for (int i = 0; i < 100 && count_descriptors(house) > before; i++)
                (void) usleep(20000);
        assert_true(count_descriptors(house) <= before);
}

static void test_of_200_at_once_those_above_the_limit_are_turned_away(void **state) {
        House *house = *state;
        sd_bus *peers[200] = {0};
        size_t n_served = 0;

        for (size_t i = 0; i < ELEMENTSOF(peers); i++) {
                /* One that is turned away may see it at once or at its first call. */
                n_served += house_try_private(house, &peers[i]) >= 0 && ping(peers[i]) >= 0;
        }
        assert_int_equal(n_served, MEMCTL_CLIENTS_MAX);
        for (size_t i = 0; i < MEMCTL_CLIENTS_MAX; i++)
                assert_true(ping(peers[i]) >= 0);
        sd_bus_close(peers[0]);
        for (int i = 0; i < 100; i++) {
                sd_bus *late = house_connect_private(house);
                int r = ping(late);
                sd_bus_close_unref(late);
                if (r >= 0)
                        break;
                assert_int_not_equal(i, 99);
                (void) usleep(20000);
        }
        for (size_t i = 0; i < ELEMENTSOF(peers); i++)
                sd_bus_close_unref(peers[i]);
}

static void test_a_client_that_says_nothing_or_rubbish_hurts_nobody(void **state) {
        static const char rubbish[] = "GET / HTTP/1.1\r\nHost: memctl\r\n\r\n";
        House *house = *state;

        int silent = connect_raw(house);
        int loud = connect_raw(house);
        assert_int_equal(send(loud, rubbish, sizeof(rubbish) - 1, MSG_NOSIGNAL),
                         sizeof(rubbish) - 1);
        assert_true(is_closed_within(loud, 10000));
        assert_false(is_closed_within(silent, 0));
        assert_serves(house);
        (void) close(loud);
        (void) close(silent);
}

static void test_a_broken_message_closes_only_its_own_connection(void **state) {
        House *house = *state;
        static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
        char broken[64];

        int fd = connect_raw(house);
        assert_int_equal(send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL), sizeof(hello) - 1);
        assert_true(recv(fd, broken, sizeof(broken), 0) > 0);
        memset(broken, 'x', sizeof(broken));
        assert_int_equal(send(fd, broken, sizeof(broken), MSG_NOSIGNAL), sizeof(broken));
        assert_true(is_closed_within(fd, 10000));
        assert_serves(house);
        (void) close(fd);
}

/* Without one, sd-bus would tell the daemon that no answer is wanted. */
static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return 0;
}

static void test_a_client_that_does_not_read_is_disconnected(void **state) {
        House *house = *state;
        char text[64 * 1024];
        size_t n = (size_t) snprintf(
                text,
                sizeof(text),
                "profile: big\nsummary: B\nsysctl: {vm.swappiness: 1}\ndescription: |\n");

        while (n < sizeof(text) - 80)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "  %060d\n", 0);
        house_profile(house, "big", text);
        sd_bus *peer = house_connect_private(house);
        assert_true(ping(peer) >= 0);
        for (int i = 0; i < 200; i++)
                if (sd_bus_call_method_async(peer,
                                             NULL,
                                             MEMCTL_BUS_NAME,
                                             MEMCTL_OBJECT_PATH,
                                             MEMCTL_INTERFACE,
                                             "GetProfile",
                                             on_answer,
                                             NULL,
                                             "s",
                                             "big") < 0)
                        break;
        assert_true(is_closed_within(sd_bus_get_fd(peer), 20000));
        sd_bus_close_unref(peer);
        assert_serves(house);
}

static void test_a_reader_that_keeps_up_gets_every_answer(void **state) {
        House *house = *state;
        sd_bus *peer = house_connect_private(house);

        for (int i = 0; i < 1000; i++)
                assert_true(ping(peer) >= 0);
        sd_bus_flush_close_unref(peer);
}

static void test_an_old_socket_is_replaced_and_ours_goes_at_the_end(void **state) {
        House *house = *state;
        struct stat st;

        assert_serves(house);
        house_stop_daemon(house);
        assert_int_equal(lstat(house->socket, &st), -1);
        assert_int_equal(tree_write(house->tree, MEMCTL_PRIVATE_SOCKET, "in the way"), 0);
        house_start_daemon(house);
        for (int i = 0; i < 500 && (lstat(house->socket, &st) < 0 || !S_ISSOCK(st.st_mode)); i++)
                (void) usleep(20000);
        assert_serves(house);
}

static void test_the_socket_of_a_successor_is_left_alone(void **state) {
        House *house = *state;
        House successor = *house;
        struct stat before, after;

        assert_int_equal(stat(house->socket, &before), 0);
        house_start_daemon(&successor);
        for (int i = 0; i < 500; i++) {
                if (stat(house->socket, &after) == 0 && after.st_ino != before.st_ino)
                        break;
                (void) usleep(20000);
        }
        house_stop_daemon(house);
        assert_serves(&successor);
        house_stop_daemon(&successor);
        house_start_daemon(house);
}

static void test_a_path_that_no_socket_can_have_is_said(void **state) {
        House *house = *state;
        char folder[128] = "/tmp/";
        int status = 0;

        memset(folder + 5, 'x', 100);
        pid_t pid = fork();
        if (pid == 0) {
                (void) execl(getenv("MEMCTLD_TREE"),
                             "memctld-tree",
                             "--root",
                             house->tree,
                             "--runtime",
                             folder,
                             NULL);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), EXIT_CODE_FAILED);
        assert_int_equal(access(folder, F_OK), -1);
}

/* The system bus */

static void test_a_bus_that_comes_late_is_joined(void **state) {
        House *house = *state;
        _cleanup_(freep) char *socket = text_format("%s/bus", house->tree);

        house_stop_bus(house);
        (void) unlink(socket);
        house_start_daemon(house);
        assert_serves(house);
        /* It is seen to come: one that tries again after 1, 3 and 7 seconds would be late. */
        (void) sleep(4);
        house_start_bus(house);
        usec_t start = now_usec();
        house_await_name(house);
        assert_true(now_usec() - start < 2 * USEC_PER_SEC);
}

static void test_a_bus_that_dies_is_joined_again(void **state) {
        House *house = *state;

        house_await_name(house);
        for (int i = 0; i < 2; i++) {
                house_stop_bus(house);
                assert_serves(house);
                house_start_bus(house);
                house_await_name(house);
        }
}

static void test_a_name_that_is_taken_is_waited_for(void **state) {
        House *house = *state;

        sd_bus *rival = house_connect_bus(house);
        assert_true(sd_bus_request_name(rival, MEMCTL_BUS_NAME, 0) >= 0);
        house_start_daemon(house);
        assert_serves(house);
        sd_bus_flush_close_unref(rival);
        house_await_name(house);
}

static void test_an_address_that_is_none_leaves_the_private_socket(void **state) {
        House *house = *state;

        free(house->bus_address);
        house->bus_address = strdup("this is no address");
        house_start_daemon(house);
        assert_serves(house);
}

#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, with_house, without_house)
#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, with_daemon, without_house)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_a_hold_outlives_the_daemon_and_ends_when_somebody_says_so,
                        with_house,
                        without_house),
                WITH_DAEMON(test_many_clients_one_after_the_other_leave_nothing_behind),
                WITH_DAEMON(test_of_200_at_once_those_above_the_limit_are_turned_away),
                WITH_DAEMON(test_a_client_that_says_nothing_or_rubbish_hurts_nobody),
                WITH_DAEMON(test_a_broken_message_closes_only_its_own_connection),
                WITH_DAEMON(test_a_client_that_does_not_read_is_disconnected),
                WITH_DAEMON(test_a_reader_that_keeps_up_gets_every_answer),
                WITH_DAEMON(test_an_old_socket_is_replaced_and_ours_goes_at_the_end),
                WITH_DAEMON(test_the_socket_of_a_successor_is_left_alone),
                WITH_DAEMON(test_a_path_that_no_socket_can_have_is_said),
                IN_HOUSE(test_a_bus_that_comes_late_is_joined),
                WITH_DAEMON(test_a_bus_that_dies_is_joined_again),
                IN_HOUSE(test_a_name_that_is_taken_is_waited_for),
                IN_HOUSE(test_an_address_that_is_none_leaves_the_private_socket),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return cmocka_run_group_tests_name("bus-lifecycle", tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When the service manager hears that the daemon is ready: whoever asks next finds it on the bus.
 */

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/bus.h"
#include "tests/bus/house.h"

/* Far from BUS_READY_USEC on both sides. */
#define SOON_MSEC (int) (BUS_READY_USEC / 2 / 1000)
#define LATE_MSEC (int) (4 * BUS_READY_USEC / 1000)

typedef struct Service {
        House house;
        int notified; /* what the service manager reads */
} Service;

static int with_house(void **state) {
        Service *service = calloc(1, sizeof(*service));
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_non_null(service);
        house_init(&service->house);
        (void) snprintf(
                address.sun_path, sizeof(address.sun_path), "%s/notify", service->house.tree);
        service->notified = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(service->notified >= 0);
        assert_int_equal(
                bind(service->notified, (const struct sockaddr *) &address, sizeof(address)), 0);
        *state = service;
        return 0;
}

static int without_house(void **state) {
        Service *service = *state;

        house_stop_daemon(&service->house);
        house_done(&service->house);
        (void) close(service->notified);
        free(service);
        return 0;
}

/* dbus-daemon would tell that it is ready, too. */
static void start_daemon(Service *service) {
        _cleanup_(freep) char *path = text_format("%s/notify", service->house.tree);

        assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
        house_start_daemon(&service->house);
        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

static bool is_ready_within(const Service *service, int msec) {
        struct pollfd pollfd = {.fd = service->notified, .events = POLLIN};
        char text[256] = "";

        if (poll(&pollfd, 1, msec) <= 0)
                return false;
        assert_true(recv(service->notified, text, sizeof(text) - 1, 0) > 0);
        assert_non_null(strstr(text, "READY=1"));
        return true;
}

static bool has_name(const House *house) {
        sd_bus *bus = house_connect_bus(house);
        int r = sd_bus_get_name_creds(bus, MEMCTL_BUS_NAME, 0, NULL);

        sd_bus_flush_close_unref(bus);
        return r >= 0;
}

static void assert_serves(const House *house) {
        sd_bus *peer = house_connect_private(house);

        sd_bus_message_unref(house_get(peer, "State", "s"));
        sd_bus_flush_close_unref(peer);
}

static void test_bus_that_answers_late(void **state) {
        Service *service = *state;

        assert_int_equal(kill(service->house.bus, SIGSTOP), 0);
        start_daemon(service);
        assert_false(is_ready_within(service, 500));
        assert_serves(&service->house);
        assert_int_equal(kill(service->house.bus, SIGCONT), 0);
        assert_true(is_ready_within(service, SOON_MSEC));
        assert_true(has_name(&service->house));
}

static void test_bus_that_does_not_answer(void **state) {
        Service *service = *state;

        assert_int_equal(kill(service->house.bus, SIGSTOP), 0);
        start_daemon(service);
        assert_false(is_ready_within(service, SOON_MSEC));
        assert_true(is_ready_within(service, LATE_MSEC));
        assert_serves(&service->house);
        assert_int_equal(kill(service->house.bus, SIGCONT), 0);
        house_await_name(&service->house);
        assert_false(is_ready_within(service, 100)); /* said once */
}

static void test_bus_that_goes_while_it_is_awaited(void **state) {
        Service *service = *state;

        assert_int_equal(kill(service->house.bus, SIGSTOP), 0);
        start_daemon(service);
        house_stop_bus(&service->house);
        assert_true(is_ready_within(service, SOON_MSEC));
}

/* As early in boot: its socket comes later. */
static void test_no_bus(void **state) {
        Service *service = *state;
        _cleanup_(freep) char *path = text_format("%s/bus", service->house.tree);

        house_stop_bus(&service->house);
        assert_int_equal(unlink(path), 0);
        start_daemon(service);
        assert_true(is_ready_within(service, SOON_MSEC));
        house_start_bus(&service->house);
        house_await_name(&service->house);
        assert_false(is_ready_within(service, 100));
}

static void test_socket_that_a_bus_left_behind(void **state) {
        Service *service = *state;

        house_stop_bus(&service->house);
        start_daemon(service);
        assert_true(is_ready_within(service, SOON_MSEC));
        house_start_bus(&service->house);
        house_await_name(&service->house);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, with_house, without_house)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_bus_that_answers_late),
                TEST(test_bus_that_does_not_answer),
                TEST(test_bus_that_goes_while_it_is_awaited),
                TEST(test_no_bus),
                TEST(test_socket_that_a_bus_left_behind),
        };

        if (house_skip())
                return 0;
        return cmocka_run_group_tests(tests, NULL, NULL);
}

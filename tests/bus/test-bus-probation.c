/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the bus tells of a probation. */

#include "tests/bus/house.h"

static House house;
static sd_bus *client;

/* A file cannot be waited on as the kernel's pressure files can: this one leads to the live kernel,
 * where it has one. Reading it and arming a trigger changes nothing. */
static const char live_pressure[] = "/proc/pressure/memory";

static int house_up(void **state) {
        house_init(&house);
        house_profile(&house,
                      "limited",
                      "profile: limited\nsummary: L\nsysctl: {vm.swappiness: 1}\n"
                      "watch: {limits: {memory.full: 90% over 2s}}\n");
        _cleanup_(freep) char *pressure = text_format("%s/proc/pressure/memory", house.tree);
        if (access(live_pressure, R_OK | W_OK) == 0)
                assert_true(unlink(pressure) == 0 && symlink(live_pressure, pressure) == 0);
        house_start_daemon(&house);
        house_await_name(&house);
        client = house_connect_private(&house);
        return 0;
}

static int house_down(void **state) {
        client = sd_bus_flush_close_unref(client);
        house_stop_daemon(&house);
        house_done(&house);
        return 0;
}

static uint64_t read_time(sd_bus_message *message, const char *key) {
        const char *found;
        uint64_t time;

        assert_int_equal(sd_bus_message_enter_container(message, 'e', "sv"), 1);
        assert_true(sd_bus_message_read(message, "s", &found) >= 0);
        assert_string_equal(found, key);
        assert_true(sd_bus_message_read(message, "v", "t", &time) >= 0);
        assert_true(sd_bus_message_exit_container(message) >= 0);
        return time;
}

/* The only one, or "". */
static char *read_limit(sd_bus_message *message) {
        const char *key, *limit = "";

        assert_int_equal(sd_bus_message_enter_container(message, 'e', "sv"), 1);
        assert_true(sd_bus_message_read(message, "s", &key) >= 0);
        assert_string_equal(key, "limits");
        assert_int_equal(sd_bus_message_enter_container(message, 'v', "as"), 1);
        assert_int_equal(sd_bus_message_enter_container(message, 'a', "s"), 1);
        if (sd_bus_message_at_end(message, false) == 0)
                assert_true(sd_bus_message_read(message, "s", &limit) >= 0);
        for (int i = 0; i < 3; i++)
                assert_true(sd_bus_message_exit_container(message) >= 0);
        return strdup(limit);
}

/* The default: three metrics, and what becomes of a rise; a tree's pressure stands still. */
static void assert_judgement(sd_bus_message *message) {
        const char *key, *metrics[3], *text;
        uint32_t n_blocks;
        double evidence;

        assert_int_equal(sd_bus_message_enter_container(message, 'e', "sv"), 1);
        assert_true(sd_bus_message_read(message, "s", &key) >= 0);
        assert_string_equal(key, "regressions");
        assert_true(sd_bus_message_read(
                            message, "v", "as", 3, &metrics[0], &metrics[1], &metrics[2]) >= 0);
        assert_string_equal(metrics[0], "memory.some");
        assert_int_equal(sd_bus_message_exit_container(message), 1);
        assert_true(sd_bus_message_read(message, "{sv}", &key, "s", &text) >= 0);
        assert_string_equal(key, "on-regression");
        assert_string_equal(text, "revert");
        assert_true(sd_bus_message_read(message, "{sv}", &key, "u", &n_blocks) >= 0);
        assert_string_equal(key, "baseline-blocks");
        assert_true(sd_bus_message_read(message, "{sv}", &key, "d", &evidence) >= 0);
        assert_string_equal(key, "evidence");
        assert_true(n_blocks == 0 && evidence <= 1);
}

static void assert_shares(sd_bus_message *message, const char *name) {
        const char *key, *metric;
        uint32_t permyriad;

        assert_int_equal(sd_bus_message_enter_container(message, 'e', "sv"), 1);
        assert_true(sd_bus_message_read(message, "s", &key) >= 0);
        assert_string_equal(key, name);
        assert_int_equal(sd_bus_message_enter_container(message, 'v', "a{su}"), 1);
        assert_int_equal(sd_bus_message_enter_container(message, 'a', "{su}"), 1);
        while (sd_bus_message_read(message, "{su}", &metric, &permyriad) > 0) {
                assert_non_null(strchr(metric, '.'));
                assert_in_range(permyriad, 0, 10000);
        }
        for (int i = 0; i < 3; i++)
                assert_true(sd_bus_message_exit_container(message) >= 0);
}

static void test_probation_tells_deadline_limits_and_pressure(void **state) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *limit = NULL;
        const char *key;
        uint64_t killed;
        int confirm;

        assert_ok(call(client,
                       &error,
                       NULL,
                       "Apply",
                       "sa{sv}",
                       "limited",
                       1,
                       "confirm-within",
                       "t",
                       MEMCTL_TIME_MAX_USEC),
                  &error);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *probation =
                house_get(client, "Probation", "a{sv}");
        assert_int_equal(sd_bus_message_enter_container(probation, 'a', "{sv}"), 1);
        uint64_t started = read_time(probation, "started-usec");
        uint64_t deadline = read_time(probation, "deadline-usec");
        uint64_t now = read_time(probation, "now-usec");
        assert_true(started <= now && now < deadline);
        assert_true(deadline - now <= MEMCTL_TIME_MAX_USEC);
        assert_true(deadline - now > MEMCTL_TIME_MAX_USEC - USEC_PER_MINUTE);
        assert_true(sd_bus_message_read(probation, "{sv}", &key, "b", &confirm) >= 0);
        assert_string_equal(key, "confirm");
        assert_true(confirm);
        limit = read_limit(probation);
        assert_string_equal(
                limit, access(live_pressure, R_OK | W_OK) == 0 ? "memory.full 90% over 2s" : "");
        assert_judgement(probation);
        assert_shares(probation, "pressure");
        assert_shares(probation, "before"); /* not known yet, so there are none */
        assert_true(sd_bus_message_read(probation, "{sv}", &key, "t", &killed) >= 0);
        assert_string_equal(key, "oom-kills");
        assert_true(killed == 0);
        assert_int_equal(sd_bus_message_at_end(probation, false), 1);
        assert_ok(call(client, &error, NULL, "Revert", "ts", (uint64_t) 0, ""), &error);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_probation_tells_deadline_limits_and_pressure),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (house_skip())
                return 0;
        return cmocka_run_group_tests_name("bus-probation", tests, house_up, house_down);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/house.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/support/tree.h"

#define PATIENCE_USEC (20 * USEC_PER_SEC)
#define NOBODY 65534

static void nap(void) {
        const struct timespec ts = {.tv_nsec = 10 * 1000 * 1000};
        (void) nanosleep(&ts, NULL);
}

static usec_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static void await_file(const char *path) {
        usec_t end = now_usec() + PATIENCE_USEC;

        while (access(path, F_OK) < 0) {
                if (now_usec() > end)
                        fail_msg("%s does not appear", path);
                nap();
        }
}

bool house_skip(void) {
        if (access("/usr/bin/dbus-daemon", X_OK) == 0)
                return false;
        (void) puts("1..0 # SKIP there is no dbus-daemon");
        return true;
}

static int connect_to(const char *address, bool is_bus, sd_bus **ret) {
        sd_bus *bus;
        int r = sd_bus_new(&bus);

        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, is_bus);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_close_unref(bus);
                return r;
        }
        *ret = bus;
        return 0;
}

/* Programs */

/* A program that outlives the test would keep Meson waiting: it dies with us. */
static pid_t start(const House *house, const char *const *argv) {
        pid_t parent = getpid();
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || setenv("DBUS_SYSTEM_BUS_ADDRESS", house->bus_address, 1) < 0 ||
            dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
                _exit(126);
        (void) execv(argv[0], (char *const *) argv);
        _exit(127);
}

static int stop(pid_t *pid, int signal) {
        int status = 0;

        if (*pid <= 0)
                return 0;
        (void) kill(*pid, signal);
        while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
                ;
        *pid = 0;
        return status;
}

void house_start_bus(House *house) {
        _cleanup_(freep) char *config = text_format("--config-file=%s/bus.conf", house->tree);
        _cleanup_(freep) char *socket = text_format("%s/bus", house->tree);
        /* It says a line for each message that it refuses: not to our stderr. */
        _cleanup_(freep) char *command =
                text_format("exec /usr/bin/dbus-daemon --nofork --nopidfile %s 2>%s/bus.log",
                            config,
                            house->tree);
        const char *argv[] = {"/bin/sh", "-c", command, NULL};
        sd_bus *bus = NULL;

        (void) unlink(socket);
        house->bus = start(house, argv);
        /* The file is there before anyone listens. */
        for (usec_t end = now_usec() + PATIENCE_USEC;
             connect_to(house->bus_address, true, &bus) < 0;
             nap())
                assert_true(now_usec() < end);
        sd_bus_flush_close_unref(bus);
}

void house_stop_bus(House *house) {
        (void) stop(&house->bus, SIGKILL);
}

void house_set_answer(const House *house, const char *answer) {
        assert_int_equal(tree_write(house->tree, "polkit.answer", answer), 0);
}

void house_start_polkit(House *house, const char *answer) {
        const char *argv[] = {getenv("FAKE_POLKIT"), house->answers, house->polkit_log, NULL};
        usec_t end = now_usec() + PATIENCE_USEC;
        sd_bus *bus = house_connect_bus(house);

        house_set_answer(house, answer);
        house->polkit = start(house, argv);
        while (sd_bus_get_name_creds(bus, "org.freedesktop.PolicyKit1", 0, NULL) < 0) {
                assert_true(now_usec() < end);
                nap();
        }
        sd_bus_flush_close_unref(bus);
}

void house_stop_polkit(House *house) {
        (void) stop(&house->polkit, SIGKILL);
}

void house_start_daemon(House *house) {
        const char *argv[] = {getenv("MEMCTLD_TREE"), "--root", house->tree, NULL};

        house->daemon = start(house, argv);
        await_file(house->socket);
}

void house_start_hasty_daemon(House *house) {
        const char *argv[] = {getenv("BUS_SERVE"), house->tree, house->socket, NULL};

        house->daemon = start(house, argv);
        await_file(house->socket);
}

void house_stop_daemon(House *house) {
        int status = stop(&house->daemon, SIGTERM);

        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail_msg("memctld ended with wait status %d", status);
}

/* The house */

static const char bus_config[] =
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\" "
        "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
        "<busconfig><type>system</type><listen>unix:path=%s/bus</listen>"
        "<auth>EXTERNAL</auth>"
        "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
        "<allow send_type=\"method_call\"/><allow send_type=\"signal\"/>"
        "<allow send_requested_reply=\"true\" send_type=\"method_return\"/>"
        "<allow send_requested_reply=\"true\" send_type=\"error\"/>"
        "<allow receive_type=\"method_call\"/><allow receive_type=\"signal\"/>"
        "<allow receive_type=\"method_return\"/><allow receive_type=\"error\"/>"
        "</policy></busconfig>\n";

void house_init(House *house) {
        *house = (House){0};
        assert_int_equal(tree_copy("x86-24g-6.18", &house->tree), 0);
        assert_int_equal(chmod(house->tree, 0755), 0);
        house->bus_address = text_format("unix:path=%s/bus", house->tree);
        house->socket = text_format("%s/" MEMCTL_PRIVATE_SOCKET, house->tree);
        house->answers = text_format("%s/polkit.answer", house->tree);
        house->polkit_log = text_format("%s/polkit.log", house->tree);
        _cleanup_(freep) char *config = text_format(bus_config, house->tree);
        assert_int_equal(tree_write(house->tree, "bus.conf", config), 0);
        house_start_bus(house);
}

void house_done(House *house) {
        (void) stop(&house->daemon, SIGKILL);
        (void) stop(&house->polkit, SIGKILL);
        (void) stop(&house->bus, SIGKILL);
        free(house->bus_address);
        free(house->socket);
        free(house->answers);
        free(house->polkit_log);
        tree_remove(house->tree);
}

void house_profile(const House *house, const char *name, const char *text) {
        _cleanup_(freep) char *path = text_format("etc/memctl/profiles/%s.yaml", name);

        assert_int_equal(tree_write(house->tree, path, text), 0);
}

char *house_polkit_log(const House *house) {
        char *text = NULL;
        _cleanup_(closep) int fd = open(house->polkit_log, O_RDONLY | O_CLOEXEC);

        return fd < 0 || read_all(fd, 65536, &text, NULL) < 0 ? strdup("") : text;
}

/* Clients */

sd_bus *house_connect_bus(const House *house) {
        sd_bus *bus = NULL;

        assert_true(connect_to(house->bus_address, true, &bus) >= 0);
        return bus;
}

int house_try_private(const House *house, sd_bus **ret) {
        _cleanup_(freep) char *address = text_format("unix:path=%s", house->socket);
        return connect_to(address, false, ret);
}

sd_bus *house_connect_private(const House *house) {
        sd_bus *bus = NULL;

        assert_int_equal(house_try_private(house, &bus), 0);
        return bus;
}

void house_await_name(const House *house) {
        usec_t end = now_usec() + PATIENCE_USEC;
        sd_bus *bus = house_connect_bus(house);

        while (sd_bus_get_name_creds(bus, MEMCTL_BUS_NAME, 0, NULL) < 0) {
                assert_true(now_usec() < end);
                nap();
        }
        sd_bus_flush_close_unref(bus);
}

int call(sd_bus *bus,
         sd_bus_error *error,
         sd_bus_message **reply,
         const char *method,
         const char *types,
         ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r = sd_bus_message_new_method_call(
                bus, &message, MEMCTL_BUS_NAME, MEMCTL_OBJECT_PATH, MEMCTL_INTERFACE, method);
        va_list ap;

        va_start(ap, types);
        if (r >= 0 && types)
                r = sd_bus_message_appendv(message, types, ap);
        va_end(ap);
        sd_bus_error_free(error);
        return r < 0 ? r : sd_bus_call(bus, message, PATIENCE_USEC, error, reply);
}

int house_as_nobody(const House *house,
                    int (*function)(sd_bus *bus, const void *data),
                    const void *data) {
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                sd_bus *bus = NULL;
                if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
                        _exit(101);
                if (connect_to(house->bus_address, true, &bus) < 0)
                        _exit(102);
                _exit(function(bus, data));
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

void assert_ok_at(int r, const sd_bus_error *error, const char *file, int line) {
        if (r >= 0)
                return;
        print_error("%s: %s (%s)\n",
                    error->name ? error->name : "no error",
                    error->message ? error->message : "",
                    strerror(-r));
        _fail(file, line);
}

void assert_error_at(
        const sd_bus_error *error, const char *name, const char *text, const char *file, int line) {
        if (error->name && streq(error->name, name) && (!text || streq(error->message, text)))
                return;
        print_error("the error is\n%s: %s\nexpected was\n%s: %s\n",
                    error->name ? error->name : "none",
                    error->message ? error->message : "",
                    name,
                    text ? text : "(any)");
        _fail(file, line);
}

sd_bus_message *house_get(sd_bus *bus, const char *property, const char *type) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;

        assert_ok(sd_bus_get_property(bus,
                                      MEMCTL_BUS_NAME,
                                      MEMCTL_OBJECT_PATH,
                                      MEMCTL_INTERFACE,
                                      property,
                                      &error,
                                      &reply,
                                      type),
                  &error);
        return reply;
}

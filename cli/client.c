/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/client.h"

#include <ctype.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <systemd/sd-bus.h>

#include "cli/agent.h"
#include "cli/client-value.h"
#include "cli/print.h"

/* A person may have to type a password before the answer comes. */
#define ANSWER_TIMEOUT_USEC (2 * USEC_PER_MINUTE)
#define READ_TIMEOUT_USEC (25 * USEC_PER_SEC)

struct Client {
        sd_bus *bus;
        bool is_private;
        Agent agent;
        ClientEventFn on_event;
        void *userdata;
};

static bool quiet;

void client_set_quiet(bool value) {
        quiet = value;
}

/* What the error names of core/protocol.h, of the bus and of polkit mean for the exit code. */
static ExitCode code_of_error(const char *name) {
        static const struct {
                const char *name;
                ExitCode code;
        } codes[] = {
                {MEMCTL_ERROR_INVALID_PROFILE, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_NOT_APPLICABLE, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_QUARANTINED, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_HELD, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_BUSY, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_REFUSED, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_NOTHING, EXIT_CODE_REFUSED},
                {MEMCTL_ERROR_NOT_AUTHORIZED, EXIT_CODE_NOT_AUTHORIZED},
                {SD_BUS_ERROR_ACCESS_DENIED, EXIT_CODE_NOT_AUTHORIZED},
                {SD_BUS_ERROR_AUTH_FAILED, EXIT_CODE_NOT_AUTHORIZED},
                {SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_CODE_NOT_AUTHORIZED},
                {SD_BUS_ERROR_SERVICE_UNKNOWN, EXIT_CODE_NO_DAEMON},
                {SD_BUS_ERROR_NAME_HAS_NO_OWNER, EXIT_CODE_NO_DAEMON},
                {SD_BUS_ERROR_NO_REPLY, EXIT_CODE_NO_DAEMON},
                {SD_BUS_ERROR_DISCONNECTED, EXIT_CODE_NO_DAEMON},
        };

        for (size_t i = 0; i < ELEMENTSOF(codes); i++)
                if (streq(codes[i].name, name))
                        return codes[i].code;
        if (text_starts_with(name, "org.freedesktop.DBus.Error.Spawn."))
                return EXIT_CODE_NO_DAEMON;
        return EXIT_CODE_FAILED;
}

static bool errno_is_lost(int r) {
        return r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE || r == -ECONNREFUSED ||
               r == -ESHUTDOWN;
}

/* The daemon's own text is for the person, as it is. */
static ExitCode client_fail(const sd_bus_error *error, int r) {
        ExitCode code = EXIT_CODE_FAILED;

        if (sd_bus_error_is_set(error))
                code = code_of_error(error->name);
        if (code == EXIT_CODE_FAILED && errno_is_lost(r))
                code = EXIT_CODE_NO_DAEMON;
        if (quiet)
                return code;
        if (code == EXIT_CODE_NO_DAEMON && arg_host)
                print_error("no memctld answers on %s", arg_host);
        else if (code == EXIT_CODE_NO_DAEMON)
                print_error("memctld does not run (or went away just now); "
                            "start it with: systemctl start memctld");
        else if (r == -ETIMEDOUT)
                print_error("memctld did not answer in time; see: systemctl status memctld");
        else if (sd_bus_error_is_set(error) && error->message)
                print_error("%s", error->message);
        else
                print_error("%s", strerror(-r));
        return code;
}

/* A D-Bus address keeps few characters as they are. */
static char *address_escape(const char *path) {
        char *address = malloc(strlen("unix:path=") + 3 * strlen(path) + 1);
        char *p = address;

        if (!address)
                return NULL;
        p += sprintf(p, "unix:path=");
        for (; *path; path++)
                if (isalnum((unsigned char) *path) || strchr("-_/.*", *path))
                        *p++ = *path;
                else
                        p += sprintf(p, "%%%02x", (unsigned char) *path);
        *p = '\0';
        return address;
}

/* Whoever made the socket must be root, or ourselves on a tree of ours. */
static int check_peer(sd_bus *bus) {
        struct ucred peer;
        socklen_t size = sizeof(peer);

        int fd = sd_bus_get_fd(bus);
        if (fd < 0)
                return fd;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        return peer.uid == 0 || peer.uid == geteuid() ? 0 : -EPERM;
}

static int open_private(sd_bus **ret) {
        _cleanup_(freep) char *path =
                text_format("%s/%s", streq(arg_root, "/") ? "" : arg_root, MEMCTL_PRIVATE_SOCKET);
        _cleanup_(freep) char *address = path ? address_escape(path) : NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

        if (!address)
                return -ENOMEM;
        int r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        /* No bus is behind it, so there is nobody to say hello to. */
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                r = check_peer(bus);
        if (r >= 0)
                *ret = TAKE_PTR(bus);
        return r;
}

static ExitCode open_failed(int r) {
        bool is_forbidden = !arg_host && (r == -EACCES || r == -EPERM);

        if (quiet)
                return is_forbidden ? EXIT_CODE_NOT_AUTHORIZED : EXIT_CODE_NO_DAEMON;
        if (arg_host)
                print_error("cannot reach %s: %s", arg_host, strerror(-r));
        else if (is_forbidden)
                print_error("not allowed to talk to memctld: %s", strerror(-r));
        else if (!streq(arg_root, "/"))
                print_error("no memctld serves %s (%s/%s: %s)",
                            arg_root,
                            arg_root,
                            MEMCTL_PRIVATE_SOCKET,
                            strerror(-r));
        else
                print_error("memctld does not run and there is no system bus (%s); "
                            "start it with: systemctl start memctld",
                            strerror(-r));
        return is_forbidden ? EXIT_CODE_NOT_AUTHORIZED : EXIT_CODE_NO_DAEMON;
}

ExitCode client_open(Client **ret) {
        _cleanup_(client_closep) Client *client = calloc(1, sizeof(*client));
        int r = -ENOENT;

        if (!client)
                return print_errno(-ENOMEM, "connection");
        if (arg_host)
                r = sd_bus_open_system_remote(&client->bus, arg_host);
        else {
                bool on_tree = !streq(arg_root, "/");
                if (on_tree || geteuid() == 0)
                        r = open_private(&client->bus);
                client->is_private = r >= 0;
                /* Never the running machine's daemon when a tree was meant. */
                if (r < 0 && !on_tree)
                        r = sd_bus_open_system(&client->bus);
        }
        if (r < 0)
                return open_failed(r);
        *ret = TAKE_PTR(client);
        return EXIT_CODE_DONE;
}

Client *client_close(Client *client) {
        if (!client)
                return NULL;
        agent_stop(&client->agent);
        (void) sd_bus_flush_close_unref(client->bus);
        free(client);
        return NULL;
}

typedef enum CallKind {
        CALL_READING,  /* open to everyone; must not start a daemon that somebody has stopped */
        CALL_CHANGING, /* may ask the person for a password */
} CallKind;

static int send_call(Client *client,
                     CallKind kind,
                     sd_bus_message *m,
                     sd_bus_error *error,
                     sd_bus_message **ret) {
        int r;

        if (kind == CALL_READING) {
                r = sd_bus_message_set_auto_start(m, false);
                return r < 0 ? r : sd_bus_call(client->bus, m, READ_TIMEOUT_USEC, error, ret);
        }
        if (!client->is_private && !arg_host)
                agent_start(&client->agent);
        r = sd_bus_message_set_allow_interactive_authorization(m, true);
        return r < 0 ? r : sd_bus_call(client->bus, m, ANSWER_TIMEOUT_USEC, error, ret);
}

/* Arguments as for sd_bus_message_append; *ret is the answer to read from. */
static ExitCode call(Client *client,
                     CallKind kind,
                     sd_bus_message **ret,
                     const char *interface,
                     const char *method,
                     const char *types,
                     ...) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;

        int r = sd_bus_message_new_method_call(client->bus,
                                               &m,
                                               client->is_private ? NULL : MEMCTL_BUS_NAME,
                                               MEMCTL_OBJECT_PATH,
                                               interface,
                                               method);
        va_start(ap, types);
        if (r >= 0)
                r = sd_bus_message_appendv(m, types, ap);
        va_end(ap);
        if (r >= 0)
                r = send_call(client, kind, m, &error, ret);
        return r < 0 ? client_fail(&error, r) : EXIT_CODE_DONE;
}

typedef struct TimeOption {
        const char *key;
        usec_t usec;
} TimeOption;

ExitCode client_apply(Client *client,
                      const char *name,
                      usec_t confirm_within_usec,
                      usec_t probation_usec,
                      uint64_t *ret_id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        TimeOption options[2] = {0};
        int n = 0;

        if (confirm_within_usec > 0)
                options[n++] = (TimeOption){"confirm-within", confirm_within_usec};
        if (probation_usec > 0)
                options[n++] = (TimeOption){"probation", probation_usec};
        /* Of the dictionary only the first n entries are taken. */
        ExitCode code = call(client,
                             CALL_CHANGING,
                             &reply,
                             MEMCTL_INTERFACE,
                             "Apply",
                             "sa{sv}",
                             name,
                             n,
                             options[0].key,
                             "t",
                             options[0].usec,
                             options[1].key,
                             "t",
                             options[1].usec);
        if (code != EXIT_CODE_DONE)
                return code;
        int r = sd_bus_message_read(reply, "t", ret_id);
        return r < 0 ? client_fail(NULL, r) : EXIT_CODE_DONE;
}

ExitCode client_start_trial(Client *client,
                            const char *name,
                            const char *against,
                            const char *metric,
                            usec_t duration_usec,
                            usec_t block_usec,
                            usec_t washout_usec,
                            uint64_t *ret_id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        ExitCode code = call(client,
                             CALL_CHANGING,
                             &reply,
                             MEMCTL_INTERFACE,
                             "StartTrial",
                             "sssttt",
                             name,
                             against,
                             metric,
                             duration_usec,
                             block_usec,
                             washout_usec);
        if (code != EXIT_CODE_DONE)
                return code;
        int r = sd_bus_message_read(reply, "t", ret_id);
        return r < 0 ? client_fail(NULL, r) : EXIT_CODE_DONE;
}

ExitCode client_stop_trial(Client *client, uint64_t id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        return call(client, CALL_CHANGING, &reply, MEMCTL_INTERFACE, "StopTrial", "t", id);
}

ExitCode client_keep(Client *client, uint64_t id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        return call(client, CALL_CHANGING, &reply, MEMCTL_INTERFACE, "Keep", "t", id);
}

ExitCode client_revert(Client *client, uint64_t id, const char *reason) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        return call(client, CALL_CHANGING, &reply, MEMCTL_INTERFACE, "Revert", "ts", id, reason);
}

ExitCode client_release(Client *client, const char *name) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        return call(client, CALL_CHANGING, &reply, MEMCTL_INTERFACE, "Release", "s", name);
}

ExitCode client_release_hold(Client *client) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        return call(client, CALL_CHANGING, &reply, MEMCTL_INTERFACE, "ReleaseHold", "");
}

ExitCode client_reload(Client *client) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        return call(client, CALL_CHANGING, &reply, MEMCTL_INTERFACE, "Reload", "");
}

/* A copy of the one text of an answer. */
static ExitCode copy_text(sd_bus_message *reply, char **ret) {
        const char *text = NULL;

        int r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_fail(NULL, r);
        *ret = strdup(text);
        return *ret ? EXIT_CODE_DONE : client_fail(NULL, -ENOMEM);
}

ExitCode client_plan(Client *client, const char *name, char **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        ExitCode code = call(client, CALL_READING, &reply, MEMCTL_INTERFACE, "Plan", "s", name);
        return code == EXIT_CODE_DONE ? copy_text(reply, ret) : code;
}

ExitCode client_report(Client *client, uint64_t id, char **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        ExitCode code = call(client, CALL_READING, &reply, MEMCTL_INTERFACE, "GetReport", "t", id);
        return code == EXIT_CODE_DONE ? copy_text(reply, ret) : code;
}

ExitCode client_properties(Client *client, json_object **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        ExitCode code = call(client,
                             CALL_READING,
                             &reply,
                             "org.freedesktop.DBus.Properties",
                             "GetAll",
                             "s",
                             MEMCTL_INTERFACE);
        if (code != EXIT_CODE_DONE)
                return code;
        int r = client_value_read(reply, ret);
        return r < 0 ? client_fail(NULL, r) : EXIT_CODE_DONE;
}

/* A newer daemon may tell of things this command does not know: those are passed over. */
static void deliver(const char *text, ClientEventFn on_event, void *userdata) {
        json_object *object = json_tokener_parse(text);
        _cleanup_(event_freep) Event *event = NULL;

        if (object && event_from_json(object, &event) >= 0)
                on_event(event, userdata);
        json_object_put(object);
}

ExitCode
client_list_events(Client *client, uint64_t since, ClientEventFn on_event, void *userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text = NULL;

        ExitCode code =
                call(client, CALL_READING, &reply, MEMCTL_INTERFACE, "ListEvents", "t", since);
        if (code != EXIT_CODE_DONE)
                return code;
        int r = sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(reply, "s", &text)) > 0)
                deliver(text, on_event, userdata);
        return r < 0 ? client_fail(NULL, r) : EXIT_CODE_DONE;
}

static int on_event_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Client *client = userdata;
        const char *text = NULL;

        if (sd_bus_message_read(m, "s", &text) >= 0)
                deliver(text, client->on_event, client->userdata);
        return 0;
}

ExitCode client_subscribe(Client *client, ClientEventFn on_event, void *userdata) {
        client->on_event = on_event;
        client->userdata = userdata;
        int r = sd_bus_match_signal(client->bus,
                                    NULL,
                                    client->is_private ? NULL : MEMCTL_BUS_NAME,
                                    MEMCTL_OBJECT_PATH,
                                    MEMCTL_INTERFACE,
                                    "Event",
                                    on_event_signal,
                                    client);
        return r < 0 ? client_fail(NULL, r) : EXIT_CODE_DONE;
}

int client_process(Client *client, usec_t timeout_usec) {
        int r;

        while ((r = sd_bus_process(client->bus, NULL)) > 0)
                ;
        if (r < 0 || timeout_usec == 0)
                return r;
        r = sd_bus_wait(client->bus, timeout_usec);
        if (r < 0)
                return r;
        while ((r = sd_bus_process(client->bus, NULL)) > 0)
                ;
        return r;
}

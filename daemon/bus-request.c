/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus-request.h"

#include "daemon/bus-text.h"
#include "daemon/log.h"

/* How long the broker may take to say who a caller is. */
#define IDENTIFY_USEC (10 * USEC_PER_SEC)
/* Of MEMCTL_AUTHORIZATIONS_MAX, so that one user's unanswered dialogs do not shut out the others.
 */
#define AUTHORIZATIONS_PER_USER_MAX 8
/* Of MEMCTL_AUTHORIZATIONS_MAX that the broker was asked about, for the same reason. */
#define IDENTIFYING_PER_SENDER_MAX 8

struct Request {
        Request *next;
        Connection *connection;
        sd_bus_message *call;
        const Verb *verb;
        Arguments arguments; /* strings borrowed from call */
        sd_bus_slot *slot;   /* the question to the broker */
        bool asks_polkit;
        uid_t uid;
};

/* Carrying out */

static int reply_refusal(sd_bus_message *call, int error, const Refusal *refusal) {
        if (!refusal->name || !refusal->text)
                return sd_bus_reply_method_errorf(
                        call, MEMCTL_ERROR_FAILED, "%s", strerror(-error));
        bus_text_clean(refusal->text);
        return sd_bus_reply_method_errorf(call, refusal->name, "%s", refusal->text);
}

static int carry_out(Connection *connection,
                     sd_bus_message *call,
                     const Verb *verb,
                     const Arguments *arguments,
                     uid_t uid) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(refusal_done) Refusal refusal = {0};
        _cleanup_(freep) char *by = bus_caller_format(connection, uid);
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r < 0)
                return r;
        r = verb->carry_out(connection->owner->manager, arguments, by, reply, &refusal);
        if (r < 0 && !refusal.name)
                return r; /* it is done, and only the answer could not be made */
        if (r < 0)
                return reply_refusal(call, r, &refusal);
        return sd_bus_send(NULL, reply, NULL);
}

/* Requests */

static Request *request_free(Request *request) {
        if (!request)
                return NULL;
        sd_bus_slot_unref(request->slot);
        sd_bus_message_unref(request->call);
        free(request);
        return NULL;
}
DEFINE_CLEANUP(Request *, request_free)

/* Out of the list, for the caller to free. */
static Request *take_request(Request *request) {
        Request **link = &request->connection->owner->requests;

        while (*link && *link != request)
                link = &(*link)->next;
        if (*link)
                *link = request->next;
        return request;
}

void bus_requests_drop(Bus *bus) {
        /* Its questions went through the connection that is gone. */
        if (bus->polkit)
                polkit_drop(bus->polkit);
        while (bus->requests)
                request_free(take_request(bus->requests));
}

static const char *sender_of(sd_bus_message *call) {
        const char *sender = sd_bus_message_get_sender(call);
        return sender ? sender : "";
}

/* Of one sender, or of all when it is NULL. */
static size_t count_identifying(const Bus *bus, const char *sender) {
        size_t n = 0;

        for (const Request *request = bus->requests; request; request = request->next)
                n += !request->asks_polkit && (!sender || streq(sender, sender_of(request->call)));
        return n;
}

static size_t count_asking(const Bus *bus, uid_t uid) {
        size_t n = 0;

        for (const Request *request = bus->requests; request; request = request->next)
                n += request->asks_polkit && request->uid == uid;
        return n;
}

/* The answer of polkit */

static int reply_unauthorized(const Request *request, int answer) {
        if (answer == -ENOENT)
                return sd_bus_reply_method_errorf(request->call,
                                                  MEMCTL_ERROR_NOT_AUTHORIZED,
                                                  "only root may %s: polkit, which could allow it "
                                                  "to others, does not run here",
                                                  request->verb->name);
        if (answer == -ENOKEY)
                return sd_bus_reply_method_errorf(
                        request->call,
                        MEMCTL_ERROR_NOT_AUTHORIZED,
                        "%s needs authentication, and the caller does not allow to ask for it; "
                        "allow interactive authorization or call as root",
                        request->verb->action);
        if (answer == -ETIMEDOUT)
                return sd_bus_reply_method_errorf(request->call,
                                                  MEMCTL_ERROR_NOT_AUTHORIZED,
                                                  "polkit gave no answer on %s; nothing is changed",
                                                  request->verb->action);
        if (answer < 0)
                return sd_bus_reply_method_errorf(request->call,
                                                  MEMCTL_ERROR_NOT_AUTHORIZED,
                                                  "polkit could not decide on %s, the journal of "
                                                  "memctld says why; nothing is changed",
                                                  request->verb->action);
        return sd_bus_reply_method_errorf(request->call,
                                          MEMCTL_ERROR_NOT_AUTHORIZED,
                                          "polkit does not allow %s to uid %u; only root may %s",
                                          request->verb->action,
                                          request->uid,
                                          request->verb->name);
}

static void log_reply(int r) {
        if (r < 0 && r != -ENOTCONN && r != -ECONNRESET && r != -EPIPE)
                log_warning("An answer cannot be sent: %s.", strerror(-r));
}

static void on_polkit(sd_bus_message *call, int answer, void *userdata) {
        _cleanup_(request_freep) Request *request = take_request(userdata);

        if (answer <= 0)
                log_reply(reply_unauthorized(request, answer));
        else
                log_reply(carry_out(request->connection,
                                    request->call,
                                    request->verb,
                                    &request->arguments,
                                    request->uid));
}

/* The answer of the broker */

static int ask_polkit(Request *request) {
        Bus *bus = request->connection->owner;

        if (count_asking(bus, request->uid) >= AUTHORIZATIONS_PER_USER_MAX)
                return -EBUSY;
        int r = polkit_check(bus->polkit, request->call, request->verb->action, on_polkit, request);
        if (r >= 0)
                request->asks_polkit = true;
        return r;
}

static int on_identified(sd_bus_message *answer, void *userdata, sd_bus_error *error) {
        Request *request = userdata;
        uint32_t uid = UINT32_MAX;

        if (sd_bus_message_is_method_error(answer, NULL) ||
            sd_bus_message_read(answer, "u", &uid) < 0) {
                _cleanup_(request_freep) Request *taken = take_request(request);
                log_reply(sd_bus_reply_method_errorf(taken->call,
                                                     MEMCTL_ERROR_NOT_AUTHORIZED,
                                                     "the bus does not say who calls"));
                return 0;
        }
        request->uid = uid;
        if (uid == 0) {
                _cleanup_(request_freep) Request *taken = take_request(request);
                log_reply(carry_out(
                        taken->connection, taken->call, taken->verb, &taken->arguments, uid));
                return 0;
        }
        int r = ask_polkit(request);
        if (r >= 0)
                return 0;
        _cleanup_(request_freep) Request *taken = take_request(request);
        if (r == -EBUSY)
                log_reply(sd_bus_reply_method_errorf(taken->call,
                                                     MEMCTL_ERROR_TOO_MANY,
                                                     "too many authorizations are under way; try "
                                                     "again when they are answered"));
        else
                log_reply(reply_unauthorized(taken, r));
        return 0;
}

static int identify(Request *request) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL;
        sd_bus *broker = request->connection->bus;
        int r = sd_bus_message_new_method_call(broker,
                                               &question,
                                               "org.freedesktop.DBus",
                                               "/org/freedesktop/DBus",
                                               "org.freedesktop.DBus",
                                               "GetConnectionUnixUser");

        if (r >= 0)
                r = sd_bus_message_append(question, "s", sd_bus_message_get_sender(request->call));
        if (r >= 0)
                r = sd_bus_call_async(
                        broker, &request->slot, question, on_identified, request, IDENTIFY_USEC);
        return r;
}

static int wait_for_authorization(Connection *connection,
                                  sd_bus_message *call,
                                  const Verb *verb,
                                  const Arguments *arguments,
                                  sd_bus_error *error) {
        Bus *bus = connection->owner;

        if (count_identifying(bus, NULL) >= MEMCTL_AUTHORIZATIONS_MAX ||
            count_identifying(bus, sender_of(call)) >= IDENTIFYING_PER_SENDER_MAX)
                return sd_bus_error_setf(error,
                                         MEMCTL_ERROR_TOO_MANY,
                                         "too many calls wait for the bus; try again in a moment");
        _cleanup_(request_freep) Request *request = calloc(1, sizeof(*request));
        if (!request)
                return -ENOMEM;
        *request = (Request){
                .connection = connection,
                .call = sd_bus_message_ref(call),
                .verb = verb,
                .arguments = *arguments,
        };
        int r = identify(request);
        if (r < 0)
                return r;
        request->next = bus->requests;
        bus->requests = TAKE_PTR(request);
        return 1;
}

int request_start(Connection *connection,
                  sd_bus_message *call,
                  const Verb *verb,
                  sd_bus_error *error) {
        Arguments arguments = {0};
        int r = verb->decode(call, &arguments, error);

        if (connection->is_private) {
                r = r < 0 ? sd_bus_reply_method_errno(call, r, error)
                          : carry_out(connection, call, verb, &arguments, connection->uid);
                if (r < 0)
                        connection_hang_up(connection, r);
                return 1;
        }
        if (r < 0)
                return r;
        return wait_for_authorization(connection, call, verb, &arguments, error);
}

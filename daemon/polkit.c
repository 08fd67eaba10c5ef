/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/polkit.h"

#include "core/protocol.h"
#include "daemon/log.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* CheckAuthorizationFlags */
#define ALLOW_USER_INTERACTION 1u

typedef struct Question {
        Polkit *owner; /* NULL: the place is free */
        sd_bus_message *call;
        sd_bus_slot *slot;
        bool interactive;
        char cancellation_id[32];
        PolkitCallback callback;
        void *userdata;
} Question;

struct Polkit {
        usec_t limit_usec;
        uint64_t n_asked;
        Question questions[MEMCTL_AUTHORIZATIONS_MAX];
};

static void question_done(Question *question) {
        sd_bus_slot_unref(question->slot);
        sd_bus_message_unref(question->call);
        *question = (Question){0};
}

Polkit *polkit_new(usec_t limit_usec) {
        Polkit *polkit = calloc(1, sizeof(*polkit));

        if (polkit)
                polkit->limit_usec = limit_usec;
        return polkit;
}

void polkit_drop(Polkit *polkit) {
        for (size_t i = 0; i < ELEMENTSOF(polkit->questions); i++)
                if (polkit->questions[i].owner)
                        question_done(&polkit->questions[i]);
}

Polkit *polkit_free(Polkit *polkit) {
        if (!polkit)
                return NULL;
        polkit_drop(polkit);
        free(polkit);
        return NULL;
}

/* Else the dialog stays on the person's screen, and answering it does nothing. */
static void cancel(const Question *question) {
        (void) sd_bus_call_method_async(sd_bus_message_get_bus(question->call),
                                        NULL,
                                        POLKIT_NAME,
                                        POLKIT_PATH,
                                        POLKIT_INTERFACE,
                                        "CancelCheckAuthorization",
                                        NULL,
                                        NULL,
                                        "s",
                                        question->cancellation_id);
}

static int read_error(const sd_bus_error *error) {
        if (sd_bus_error_has_names(error,
                                   SD_BUS_ERROR_SERVICE_UNKNOWN,
                                   SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                   "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
                                   "org.freedesktop.systemd1.NoSuchUnit",
                                   "org.freedesktop.systemd1.UnitMasked"))
                return -ENOENT;
        if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT))
                return -ETIMEDOUT;
        log_warning("polkit could not decide: %s", error->message);
        return -EIO;
}

static int read_answer(sd_bus_message *reply, bool interactive) {
        int authorized, challenge;

        if (sd_bus_message_is_method_error(reply, NULL))
                return read_error(sd_bus_message_get_error(reply));
        int r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r < 0)
                return r;
        if (authorized)
                return 1;
        return challenge && !interactive ? -ENOKEY : 0;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Question *question = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = sd_bus_message_ref(question->call);
        PolkitCallback callback = question->callback;
        void *callback_userdata = question->userdata;
        int answer = read_answer(reply, question->interactive);

        if (answer == -ETIMEDOUT)
                cancel(question);
        /* First, so that the callback may ask again. */
        question_done(question);
        callback(call, answer, callback_userdata);
        return 0;
}

static Question *find_free(Polkit *polkit) {
        for (size_t i = 0; i < ELEMENTSOF(polkit->questions); i++)
                if (!polkit->questions[i].owner)
                        return &polkit->questions[i];
        return NULL;
}

static int ask(Question *question, const char *action) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        sd_bus *bus = sd_bus_message_get_bus(question->call);
        int r = sd_bus_message_new_method_call(
                bus, &message, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization");

        if (r >= 0)
                r = sd_bus_message_append(message,
                                          "(sa{sv})sa{ss}us",
                                          "system-bus-name",
                                          1,
                                          "name",
                                          "s",
                                          sd_bus_message_get_sender(question->call),
                                          action,
                                          0,
                                          question->interactive ? ALLOW_USER_INTERACTION : 0u,
                                          question->cancellation_id);
        if (r >= 0)
                r = sd_bus_call_async(bus,
                                      &question->slot,
                                      message,
                                      on_answer,
                                      question,
                                      question->owner->limit_usec);
        return r;
}

int polkit_check(Polkit *polkit,
                 sd_bus_message *call,
                 const char *action,
                 PolkitCallback callback,
                 void *userdata) {
        Question *question = find_free(polkit);

        if (!question)
                return -EBUSY;
        *question = (Question){
                .owner = polkit,
                .call = sd_bus_message_ref(call),
                .interactive = sd_bus_message_get_allow_interactive_authorization(call) > 0,
                .callback = callback,
                .userdata = userdata,
        };
        (void) snprintf(question->cancellation_id,
                        sizeof(question->cancellation_id),
                        "memctl-%llu",
                        (unsigned long long) ++polkit->n_asked);
        int r = ask(question, action);
        if (r < 0)
                question_done(question);
        return r < 0 ? r : 0;
}

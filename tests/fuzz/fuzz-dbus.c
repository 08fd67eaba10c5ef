/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any arguments of the methods, of any type and in any order: what is taken lies within what is
 * documented; what is not is told why, in one line that a terminal may show. The bytes are a
 * program: the first says which method reads, the others what the caller appends.
 */

#include "tests/fuzz/fuzz.h"

#include <sys/socket.h>

#include "daemon/bus-arguments.h"

#define TEXT_MAX 600 /* more than any argument may have */
#define DEPTH_MAX 4

typedef struct Input {
        const uint8_t *data;
        size_t size;
} Input;

static uint8_t take_byte(Input *input) {
        if (input->size == 0)
                return 0;
        input->size--;
        return *input->data++;
}

static uint64_t take_number(Input *input) {
        uint64_t number = 0;

        for (unsigned n = take_byte(input) % 9; n > 0; n--)
                number = number << 8 | take_byte(input);
        return number;
}

/* As long as the next byte says; a NUL ends it. */
static const char *take_text(Input *input, char text[static TEXT_MAX]) {
        size_t n = 3 * (size_t) take_byte(input);

        n = MIN_OF(n, MIN_OF(input->size, (size_t) TEXT_MAX - 1));
        memcpy(text, input->data, n);
        text[n] = '\0';
        input->data += n;
        input->size -= n;
        return text;
}

/* What a caller sends */

static int append(sd_bus_message *message, Input *input, unsigned depth);

static int append_variant(sd_bus_message *message, Input *input, unsigned depth) {
        static const char *const types[] = {"t", "s", "u", "b", "d", "v", "as", "(tt)"};
        const char *type = types[take_byte(input) % ELEMENTSOF(types)];
        char text[TEXT_MAX];
        int r = sd_bus_message_open_container(message, 'v', type);

        if (r < 0)
                return r;
        if (streq(type, "t"))
                r = sd_bus_message_append(message, "t", take_number(input));
        else if (streq(type, "s"))
                r = sd_bus_message_append(message, "s", take_text(input, text));
        else if (streq(type, "u") || streq(type, "b"))
                r = sd_bus_message_append(message, type, (uint32_t) take_number(input));
        else if (streq(type, "d"))
                r = sd_bus_message_append(message, "d", (double) take_number(input));
        else if (streq(type, "v"))
                r = depth < DEPTH_MAX ? append_variant(message, input, depth + 1) : -ELOOP;
        else if (streq(type, "as"))
                r = sd_bus_message_append(message, "as", 1, take_text(input, text));
        else
                r = sd_bus_message_append(message, "(tt)", take_number(input), take_number(input));
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static const char *take_key(Input *input, char text[static TEXT_MAX]) {
        static const char *const keys[] = {"confirm-within", "probation"};
        uint8_t which = take_byte(input);

        return which % 4 < ELEMENTSOF(keys) ? keys[which % 4] : take_text(input, text);
}

static int append_options(sd_bus_message *message, Input *input, unsigned depth) {
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        for (unsigned n = take_byte(input) % 8; n > 0 && r >= 0; n--) {
                char text[TEXT_MAX];
                r = sd_bus_message_open_container(message, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(message, "s", take_key(input, text));
                if (r >= 0)
                        r = append_variant(message, input, depth);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append(sd_bus_message *message, Input *input, unsigned depth) {
        char text[TEXT_MAX];

        switch (take_byte(input) % 5) {
        case 0:
        case 1:
                return sd_bus_message_append(message, "s", take_text(input, text));
        case 2:
                return sd_bus_message_append(message, "t", take_number(input));
        case 3:
                return append_options(message, input, depth);
        default:
                return append_variant(message, input, depth);
        }
}

/* What the daemon makes of it */

static bool is_time(usec_t usec, bool may_be_missing) {
        return (may_be_missing && usec == 0) ||
               (usec >= MEMCTL_TIME_MIN_USEC && usec <= MEMCTL_TIME_MAX_USEC);
}

static int read_apply(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = arguments_read_name(call, arguments, error);
        if (r >= 0)
                r = arguments_read_options(call, arguments, error);
        if (r < 0)
                return r;
        const ApplyOptions *options = &arguments->options;
        check(profile_name_is_valid(arguments->name) && !options->unwatched);
        check(is_time(options->confirm_within_usec, true));
        check(is_time(options->probation_usec, true));
        check(options->confirm_within_usec == 0 || options->probation_usec == 0);
        return r;
}

static int read_revert(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = arguments_read_id(call, arguments, error);
        if (r >= 0)
                r = arguments_read_reason(call, arguments, error);
        if (r < 0)
                return r;
        check(strlen(arguments->reason) <= MEMCTL_REASON_MAX);
        for (const char *p = arguments->reason; *p; p++)
                check((unsigned char) *p >= ' ' && *p != 0x7f);
        return r;
}

static int read_trial(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        int r = arguments_read_name(call, arguments, error);
        if (r >= 0)
                r = arguments_read_trial(call, arguments, error);
        if (r < 0)
                return r;
        const TrialOptions *trial = &arguments->trial;
        check(profile_name_is_valid(arguments->name));
        check(!arguments->against[0] || profile_name_is_valid(arguments->against));
        check(trial->metric < _METRIC_MAX);
        check(is_time(trial->duration_usec, true) && is_time(trial->block_usec, true));
        check(is_time(trial->washout_usec, true));
        return r;
}

static int read_keep(sd_bus_message *call, Arguments *arguments, sd_bus_error *error) {
        return arguments_read_id(call, arguments, error);
}

static void check_error(const sd_bus_error *error) {
        if (!sd_bus_error_is_set(error))
                return; /* a wrong type: sd-bus has an answer for that */
        check(streq(error->name, MEMCTL_ERROR_INVALID_ARGUMENT));
        check(strlen(error->message) < 1024);
        for (const char *p = error->message; *p; p++)
                check((unsigned char) *p >= ' ' && *p != 0x7f);
}

/* Never spoken over: messages can be made as soon as it is started. */
static sd_bus *any_bus(void) {
        static sd_bus *bus;
        int fds[2];

        if (bus)
                return bus;
        check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) >= 0);
        check(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
        check(sd_bus_start(bus) >= 0);
        return bus;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static int (*const reads[])(sd_bus_message *, Arguments *, sd_bus_error *) = {
                read_apply, read_revert, read_trial, read_keep};
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Input input = {data, size};
        Arguments arguments = {0};

        size_t which = take_byte(&input) % ELEMENTSOF(reads);
        check(sd_bus_message_new_method_call(any_bus(),
                                             &message,
                                             MEMCTL_BUS_NAME,
                                             MEMCTL_OBJECT_PATH,
                                             MEMCTL_INTERFACE,
                                             "Apply") >= 0);
        for (unsigned i = 0; i < 8 && input.size > 0; i++)
                if (append(message, &input, 0) < 0)
                        return 0; /* no UTF-8, say: libsystemd lets nobody send it */
        if (sd_bus_message_seal(message, 1, 0) < 0 || sd_bus_message_rewind(message, true) < 0)
                return 0;
        if (reads[which](message, &arguments, &error) < 0)
                check_error(&error);
        return 0;
}

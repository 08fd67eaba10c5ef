/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks memctld over the system bus as fast as it can: "ask SECONDS". Says how many calls were
 * answered and how many refused. */

#include <stdio.h>
#include <time.h>

#include <systemd/sd-bus.h>

#include "core/base/util.h"
#include "core/protocol.h"

#define WINDOW 32

typedef struct Count {
        unsigned long n_answers;
        unsigned long n_limits;
        unsigned long n_others;
        unsigned n_waiting;
} Count;

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Count *count = userdata;

        count->n_waiting--;
        if (!sd_bus_message_is_method_error(reply, NULL))
                count->n_answers++;
        else if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_LIMITS_EXCEEDED))
                count->n_limits++;
        else
                count->n_others++;
        return 0;
}

static int ask(sd_bus *bus, Count *count) {
        int r = sd_bus_call_method_async(bus,
                                         NULL,
                                         MEMCTL_BUS_NAME,
                                         MEMCTL_OBJECT_PATH,
                                         MEMCTL_INTERFACE,
                                         "ListProfiles",
                                         on_reply,
                                         count,
                                         NULL);
        if (r >= 0)
                count->n_waiting++;
        return r;
}

int main(int argc, char **argv) {
        time_t end = time(NULL) + (argc == 2 ? strtol(argv[1], NULL, 10) : 1);
        Count count = {0};
        sd_bus *bus = NULL;
        int r = sd_bus_open_system(&bus);

        while (r >= 0 && time(NULL) < end) {
                while (r >= 0 && count.n_waiting < WINDOW)
                        r = ask(bus, &count);
                while (r >= 0 && (r = sd_bus_process(bus, NULL)) > 0)
                        ;
                if (r >= 0)
                        r = sd_bus_wait(bus, USEC_PER_SEC);
        }
        (void) printf("answered: %lu\nLimitsExceeded: %lu\nother errors: %lu\n",
                      count.n_answers,
                      count.n_limits,
                      count.n_others);
        sd_bus_close_unref(bus);
        return r < 0;
}

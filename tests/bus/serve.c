/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * memctld on a copied tree whose polkit must answer within a second: "serve TREE SOCKET". Nobody
 * has two minutes for a test.
 */

#include <signal.h>

#include "daemon/bus.h"
#include "daemon/log.h"
#include "tests/support/fake-kernel.h"

static int serve(const Root *root, sd_event *event, const char *tree, const char *socket) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(bus_freep) Bus *bus = NULL;
        _cleanup_(freep) char *state = text_format("%s/var/lib/memctl", tree);
        int r = manager_new(
                &(ManagerOptions){
                        .root = root,
                        .event = event,
                        .state_dir = state,
                        .config = config_default(),
                },
                &manager);

        if (r >= 0)
                r = bus_new(
                        &(BusOptions){
                                .manager = manager,
                                .socket_path = socket,
                                .system_bus = true,
                                .authorize_usec = USEC_PER_SEC,
                        },
                        &bus);
        if (r >= 0)
                r = manager_start(manager);
        return r < 0 ? r : sd_event_loop(event);
}

int main(int argc, char **argv) {
        _cleanup_(root_closep) Root *root = NULL;
        sd_event *event = NULL;
        sigset_t set;

        if (argc != 3)
                return 2;
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        int r = root_open(argv[1], &root);
        if (r >= 0)
                r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0) {
                root_set_write_hook(root, fake_kernel_write);
                r = serve(root, event, argv[1], argv[2]);
        }
        sd_event_unref(event);
        return r < 0;
}

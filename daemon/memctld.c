/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/memctld.h"

#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "core/protocol.h"
#include "daemon/bus.h"
#include "daemon/check.h"
#include "daemon/lock.h"
#include "daemon/log.h"
#include "daemon/manager.h"
#include "daemon/priority.h"

typedef struct Options {
        const char *root;
        const char *state_dir;   /* or NULL: below the root */
        const char *runtime_dir; /* or NULL: below the root */
        const char *config_file; /* or NULL: searched */
        bool check;
} Options;

static void print_help(void) {
        puts("memctld [OPTIONS]\n"
             "\n"
             "Applies memory profiles, watches the pressure they cause, and takes them back.\n"
             "\n"
             "      --check        check the configuration and all profiles, then exit\n"
             "      --config FILE  read this file instead of searching\n"
             "      --root DIR     work on a recorded machine instead of this one\n"
             "      --state DIR    where originals are recorded (/var/lib/memctl)\n"
             "      --runtime DIR  where the private socket is made (/run/memctl)\n"
             "  -h, --help         show this help\n"
             "      --version      show the version\n"
             "\n"
             "SIGHUP reads the configuration again. SIGTERM stops: a profile on probation is\n"
             "reverted. SIGUSR1 leaves everything in force for the next process.");
}

/* 1: go on; 0: done, exit well; negative: usage. */
static int parse_options(int argc, char **argv, Options *ret) {
        enum {
                ARG_CHECK = 256,
                ARG_CONFIG,
                ARG_ROOT,
                ARG_STATE,
                ARG_RUNTIME,
                ARG_VERSION
        };
        static const struct option options[] = {
                {"check", no_argument, NULL, ARG_CHECK},
                {"config", required_argument, NULL, ARG_CONFIG},
                {"root", required_argument, NULL, ARG_ROOT},
                {"state", required_argument, NULL, ARG_STATE},
                {"runtime", required_argument, NULL, ARG_RUNTIME},
                {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, ARG_VERSION},
                {NULL, 0, NULL, 0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case ARG_CHECK:
                        ret->check = true;
                        break;
                case ARG_CONFIG:
                        ret->config_file = optarg;
                        break;
                case ARG_ROOT:
                        ret->root = optarg;
                        break;
                case ARG_STATE:
                        ret->state_dir = optarg;
                        break;
                case ARG_RUNTIME:
                        ret->runtime_dir = optarg;
                        break;
                case 'h':
                        print_help();
                        return 0;
                case ARG_VERSION:
                        puts("memctld " MEMCTL_VERSION);
                        return 0;
                default:
                        (void) fputs("memctld: see 'memctld --help'\n", stderr);
                        return -EINVAL;
                }
        if (optind < argc) {
                (void) fprintf(stderr,
                               "memctld: unexpected argument \"%s\"; see 'memctld --help'\n",
                               argv[optind]);
                return -EINVAL;
        }
        return 1;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Manager *manager = userdata;

        (void) sd_notify(false, "STOPPING=1");
        manager_stop(manager);
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_leave(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Manager *manager = userdata;

        (void) sd_notify(false, "STOPPING=1");
        manager_leave(manager);
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        Manager *manager = userdata;
        Refusal refusal = {0};

        if (manager_reload(manager, "SIGHUP", &refusal) < 0)
                log_error("%s", refusal.text ? refusal.text : "out of memory");
        refusal_done(&refusal);
        return 0;
}

/* Blocked first, so that none is lost before the loop runs. */
static int add_signals(sd_event *event, Manager *manager) {
        static const struct {
                int signal;
                sd_event_signal_handler_t handler;
        } signals[] = {
                {SIGTERM, on_stop},
                {SIGINT, on_stop},
                {SIGUSR1, on_leave},
                {SIGHUP, on_reload},
        };

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                _cleanup_(sd_event_source_unrefp) sd_event_source *source = NULL;
                int r = sd_event_add_signal(
                        event, &source, signals[i].signal, signals[i].handler, manager);
                if (r >= 0)
                        r = sd_event_source_set_priority(source, PRIORITY_SIGNAL);
                if (r >= 0)
                        r = sd_event_source_set_floating(source, true);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int block_signals(void) {
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGINT);
        (void) sigaddset(&set, SIGUSR1);
        (void) sigaddset(&set, SIGHUP);
        (void) signal(SIGPIPE, SIG_IGN);
        return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

/* "DIR/var/lib/memctl" of a tree, else what was asked for or systemd says; the caller frees. */
static char *
make_path(const Root *root, const char *asked, const char *variable, const char *fallback) {
        const char *given = asked ? asked : root_is_live(root) ? getenv(variable) : NULL;
        return given ? strdup(given) : text_format("%s/%s", root_prefix(root), fallback);
}

/* Unheard, the service manager would take a daemon at work for one that hangs at its start. */
static void on_ready(void *userdata) {
        int r = sd_notify(false, "READY=1");

        if (r < 0)
                (void) sd_event_exit(userdata, r);
}

static int open_bus(const Root *root, const char *socket, Manager *manager, Bus **ret) {
        return bus_new(
                &(BusOptions){
                        .manager = manager,
                        .socket_path = socket,
                        /* A tree has no business on this machine's bus, unless a test has one for
                           it. */
                        .system_bus = root_is_live(root) || getenv("DBUS_SYSTEM_BUS_ADDRESS"),
                },
                ret);
}

/* Not by a person's hand with a small limit, nor on a tree: there is nothing to save. */
static int lock(const Root *root, sd_event *event) {
        int r = lock_reserve_loop(event);
        if (r < 0)
                return r;
        r = root_is_live(root) ? lock_memory() : 0;
        if (r < 0)
                log_warning("cannot lock the memory of memctld: %s; a thrashing machine may slow "
                            "down its reverting (LimitMEMLOCK= of the service)",
                            strerror(-r));
        return 0;
}

static int run(const Root *root, const Options *options, const Config *config, sd_event *event) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(bus_freep) Bus *bus = NULL;
        _cleanup_(freep) char *state =
                make_path(root, options->state_dir, "STATE_DIRECTORY", MEMCTL_STATE_DIR);
        _cleanup_(freep) char *runtime =
                make_path(root, options->runtime_dir, "RUNTIME_DIRECTORY", MEMCTL_RUNTIME_DIR);

        _cleanup_(freep) char *socket = runtime ? text_format("%s/private", runtime) : NULL;
        if (!state || !socket)
                return -ENOMEM;
        int r = bus_check_socket_path(socket);
        if (r < 0)
                return r;
        r = manager_new(
                &(ManagerOptions){
                        .root = root,
                        .event = event,
                        .state_dir = state,
                        .runtime_dir = runtime,
                        .config_file = options->config_file,
                        .config = *config,
                },
                &manager);
        if (r >= 0)
                r = add_signals(event, manager);
        if (r >= 0)
                r = open_bus(root, socket, manager, &bus);
        if (r >= 0)
                r = manager_start(manager);
        if (r >= 0)
                r = lock(root, event);
        if (r < 0)
                return r;
        (void) sd_event_set_watchdog(event, true);
        r = bus_when_ready(bus, on_ready, event);
        return r < 0 ? r : sd_event_loop(event);
}

static int prepare_and_run(const Root *root, const Options *options) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        sd_event *event = NULL;
        Config config;

        if (options->check)
                return check_all(root, options->config_file);
        int r = config_load(root, options->config_file, &problems, &config);
        if (problems.n > 0) {
                _cleanup_(freep) char *text = problems_format(&problems);
                log_error("%s", text ? text : strerror(-r));
        }
        if (r < 0)
                return r;
        log_set_level(config.log_level);
        r = block_signals();
        if (r >= 0)
                r = sd_event_default(&event);
        if (r >= 0)
                r = run(root, options, &config, event);
        (void) sd_event_unref(event);
        return r;
}

int memctld_run(int argc, char **argv, RootWriteHook hook) {
        _cleanup_(root_closep) Root *root = NULL;
        Options options = {.root = "/"};

        (void) umask(0077);
        lock_bound_heap();
        int r = parse_options(argc, argv, &options);
        if (r <= 0)
                return r < 0 ? EXIT_CODE_USAGE : EXIT_CODE_DONE;
        r = root_open(options.root, &root);
        if (r < 0) {
                log_error("cannot open %s: %s", options.root, strerror(-r));
                return EXIT_CODE_FAILED;
        }
        if (!root_is_live(root))
                root_set_write_hook(root, hook);
        r = prepare_and_run(root, &options);
        if (r < 0 && r != -EINVAL)
                log_error("memctld ends: %s", strerror(-r));
        return r < 0 ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

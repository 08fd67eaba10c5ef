/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/flood.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define NOBODY 65534
#define CONNECTIONS_MAX 256
/* In flight for each connection, so that the broker's own limits do not end it. */
#define WINDOW 32
#define LOOKS_MAX 100000

usec_t flood_now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* The flooder */

static sd_bus *connect_or_exit(const House *house) {
        sd_bus *bus = NULL;

        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, house->bus_address) < 0 ||
            sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0)
                _exit(3);
        return bus;
}

static void count_reply(FloodCount *count, sd_bus_message *reply) {
        if (!sd_bus_message_is_method_error(reply, NULL))
                count->n_answers++;
        else if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_LIMITS_EXCEEDED))
                count->n_limits++;
        else if (sd_bus_message_is_method_error(reply, MEMCTL_ERROR_TOO_MANY))
                count->n_many++;
        else
                count->n_errors++;
}

static sd_bus_message *make_call(sd_bus *bus, FloodKind kind, uint64_t n) {
        static const char *const members[] = {
                "GetAll", "ListEvents", "Get", "GetReport", "Plan", "ListProfiles", "GetProfile"};
        sd_bus_message *message = NULL;
        const char *member = kind == FLOOD_APPLIES ? "Apply" : members[n % ELEMENTSOF(members)];
        bool is_property = text_starts_with(member, "Get") &&
                           (streq(member, "Get") || streq(member, "GetAll"));
        int r = sd_bus_message_new_method_call(bus,
                                               &message,
                                               MEMCTL_BUS_NAME,
                                               MEMCTL_OBJECT_PATH,
                                               is_property ? "org.freedesktop.DBus.Properties"
                                                           : MEMCTL_INTERFACE,
                                               member);

        if (r >= 0 && streq(member, "Apply"))
                r = sd_bus_message_append(message, "sa{sv}", "redis", 0);
        else if (r >= 0 && streq(member, "Get"))
                r = sd_bus_message_append(message, "ss", MEMCTL_INTERFACE, "Drift");
        else if (r >= 0 && streq(member, "GetAll"))
                r = sd_bus_message_append(message, "s", MEMCTL_INTERFACE);
        else if (r >= 0 && (streq(member, "ListEvents") || streq(member, "GetReport")))
                r = sd_bus_message_append(message, "t", (uint64_t) 0);
        else if (r >= 0 && !streq(member, "ListProfiles"))
                r = sd_bus_message_append(message, "s", "redis");
        if (r < 0)
                _exit(4);
        return message;
}

/* One of a flooder's connections. */
typedef struct Client {
        sd_bus *bus;
        FloodCount *count;
        uint64_t n_waiting; /* for an answer */
} Client;

/* A filter, since no slot waits for the answers. */
static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Client *client = userdata;
        uint8_t type = 0;

        if (sd_bus_message_get_type(reply, &type) < 0 || type == SD_BUS_MESSAGE_SIGNAL)
                return 0;
        if (client->n_waiting > 0)
                client->n_waiting--;
        count_reply(client->count, reply);
        return 1;
}

static void push(Client *client, FloodKind kind, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *message =
                        make_call(client->bus, kind, client->count->n_sent);
                uint64_t cookie;
                if (sd_bus_send(client->bus, message, &cookie) < 0)
                        return;
                client->count->n_sent++;
                client->n_waiting++;
        }
}

static void
open_clients(const House *house, size_t n, FloodCount *count, Client *clients, struct pollfd *fds) {
        for (size_t i = 0; i < n; i++) {
                clients[i] = (Client){.bus = connect_or_exit(house), .count = count};
                (void) sd_bus_add_filter(clients[i].bus, NULL, on_reply, &clients[i]);
                fds[i] = (struct pollfd){.fd = sd_bus_get_fd(clients[i].bus), .events = POLLIN};
        }
}

/* Each connection has its window full all the time. */
static void flood_reading(const House *house, FloodKind kind, size_t n, FloodCount *count) {
        Client clients[CONNECTIONS_MAX];
        struct pollfd fds[CONNECTIONS_MAX];

        open_clients(house, n, count, clients, fds);
        for (;;) {
                for (size_t i = 0; i < n; i++) {
                        if (clients[i].n_waiting <= WINDOW / 2)
                                push(&clients[i], kind, WINDOW - clients[i].n_waiting);
                        while (sd_bus_process(clients[i].bus, NULL) > 0)
                                ;
                }
                (void) poll(fds, n, 10);
        }
}

/* Flushing writes and does not read: what is answered stays with the broker. */
static void flood_unread(const House *house, size_t n, FloodCount *count) {
        Client clients[CONNECTIONS_MAX];
        struct pollfd fds[CONNECTIONS_MAX];

        open_clients(house, n, count, clients, fds);
        for (;;) {
                for (size_t i = 0; i < n; i++) {
                        push(&clients[i], FLOOD_UNREAD, WINDOW);
                        if (sd_bus_flush(clients[i].bus) < 0)
                                _exit(5);
                }
                (void) poll(NULL, 0, 5);
        }
}

static void flood_newcomers(const House *house, FloodCount *count) {
        for (;;) {
                sd_bus *bus = connect_or_exit(house);
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *message =
                        make_call(bus, FLOOD_READS, 0);
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                count->n_sent++;
                if (sd_bus_call(bus, message, 0, &error, &reply) >= 0)
                        count->n_answers++;
                else if (sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED))
                        count->n_limits++;
                else
                        count->n_errors++;
                sd_bus_close_unref(bus);
        }
}

static void subscribe(const House *house, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (sd_bus_add_match(connect_or_exit(house), NULL, "type='signal'", NULL, NULL) < 0)
                        _exit(6);
        for (;;)
                (void) pause();
}

_Noreturn static void
run(const House *house, FloodKind kind, size_t n_connections, FloodCount *count) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (geteuid() == 0 &&
            (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0))
                _exit(2);
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL); /* forgotten when the user changed */
        switch (kind) {
        case FLOOD_READS:
        case FLOOD_APPLIES:
                flood_reading(house, kind, n_connections, count);
                break;
        case FLOOD_UNREAD:
                flood_unread(house, n_connections, count);
                break;
        case FLOOD_NEWCOMERS:
                flood_newcomers(house, count);
                break;
        case FLOOD_SUBSCRIBER:
                subscribe(house, n_connections);
                break;
        }
        _exit(0);
}

Flood flood_start(const House *house, FloodKind kind, size_t n_processes, size_t n_connections) {
        Flood flood = {.n = n_processes};

        assert_true(n_processes <= FLOODERS_MAX && n_connections <= CONNECTIONS_MAX);
        flood.counts = mmap(NULL,
                            sizeof(FloodCount) * n_processes,
                            PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS,
                            -1,
                            0);
        assert_ptr_not_equal(flood.counts, MAP_FAILED);
        for (size_t i = 0; i < n_processes; i++) {
                flood.pids[i] = fork();
                assert_true(flood.pids[i] >= 0);
                if (flood.pids[i] == 0)
                        run(house, kind, n_connections, &flood.counts[i]);
        }
        return flood;
}

FloodCount flood_stop(Flood *flood) {
        FloodCount sum = {0};

        for (size_t i = 0; i < flood->n; i++) {
                int status = 0;
                (void) kill(flood->pids[i], SIGKILL);
                while (waitpid(flood->pids[i], &status, 0) < 0 && errno == EINTR)
                        ;
                if (!WIFSIGNALED(status))
                        fail_msg("a flooder ended by itself with status %d", WEXITSTATUS(status));
                sum.n_sent += flood->counts[i].n_sent;
                sum.n_answers += flood->counts[i].n_answers;
                sum.n_limits += flood->counts[i].n_limits;
                sum.n_many += flood->counts[i].n_many;
                sum.n_errors += flood->counts[i].n_errors;
        }
        (void) munmap(flood->counts, sizeof(FloodCount) * flood->n);
        return sum;
}

/* What it costs */

/* The first number after a word. */
static uint64_t read_number(pid_t pid, const char *file, const char *word) {
        _cleanup_(freep) char *path = text_format("/proc/%d/%s", pid, file);
        _cleanup_(fclosep) FILE *in = fopen(path, "re");
        char text[8192];

        assert_non_null(in);
        text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
        const char *at = strstr(text, word);
        assert_non_null(at);
        return strtoull(at + strlen(word), NULL, 10);
}

static size_t count_fds(pid_t pid) {
        _cleanup_(freep) char *path = text_format("/proc/%d/fd", pid);
        _cleanup_(closedirp) DIR *dir = opendir(path);
        size_t n = 0;

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        return n;
}

Usage usage_read(pid_t pid) {
        return (Usage){
                .anon_kb = read_number(pid, "status", "RssAnon:"),
                .high_kb = read_number(pid, "status", "VmHWM:"),
                /* In nanoseconds. */
                .cpu_usec = read_number(pid, "schedstat", "") / 1000,
                .n_fds = count_fds(pid),
                .at_usec = flood_now_usec(),
        };
}

void usage_forget_high(pid_t pid) {
        _cleanup_(freep) char *path = text_format("/proc/%d/clear_refs", pid);
        _cleanup_(fclosep) FILE *out = fopen(path, "we");

        assert_true(out && fputs("5", out) >= 0 && fflush(out) == 0);
}

static uint64_t count_sent(const Flood *flood) {
        uint64_t sum = 0;

        for (size_t i = 0; i < flood->n; i++)
                sum += *(volatile uint64_t *) &flood->counts[i].n_sent;
        return sum;
}

static int compare(const void *a, const void *b) {
        const usec_t *x = a, *y = b;
        return (*x > *y) - (*x < *y);
}

static void ask_version(sd_bus *peer) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_ok(sd_bus_get_property(peer,
                                      MEMCTL_BUS_NAME,
                                      MEMCTL_OBJECT_PATH,
                                      MEMCTL_INTERFACE,
                                      "Version",
                                      &error,
                                      &reply,
                                      "s"),
                  &error);
}

Watching flood_watch(const House *house, const Flood *flood, uint64_t n_sent, usec_t during_usec) {
        _cleanup_(freep) usec_t *waits = calloc(LOOKS_MAX, sizeof(*waits));
        sd_bus *peer = house_connect_private(house);
        size_t n = 0;

        assert_non_null(waits);
        usage_forget_high(house->daemon);
        Watching watching = {.before = usage_read(house->daemon)};
        usec_t end = watching.before.at_usec + during_usec;
        while ((flood_now_usec() < end || count_sent(flood) < n_sent) && n < LOOKS_MAX) {
                usec_t asked = flood_now_usec();
                ask_version(peer);
                waits[n++] = flood_now_usec() - asked;
                (void) poll(NULL, 0, 5);
        }
        watching.after = usage_read(house->daemon);
        sd_bus_flush_close_unref(peer);
        qsort(waits, n, sizeof(*waits), compare);
        watching.median_usec = waits[n / 2];
        watching.worst_usec = waits[n - 1];
        return watching;
}

uint64_t watching_growth_kb(const Watching *watching) {
        /* The kernel's own count may be some pages off at each look. */
        return MAX_OF(watching->after.high_kb, watching->before.high_kb) - watching->before.high_kb;
}

unsigned watching_cpu_percent(const Watching *watching) {
        return (unsigned) (100 * (watching->after.cpu_usec - watching->before.cpu_usec) /
                           (watching->after.at_usec - watching->before.at_usec));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/bus-internal.h"
#include "daemon/log.h"
#include "daemon/state.h"

#define SOCKET_BACKLOG 32
#define ACCEPT_PAUSE_USEC USEC_PER_SEC
/* The socket is made under this name and moved into place, so that no client meets one that nobody
 * listens on yet. */
#define NEW_SUFFIX ".new"

/* Peers */

static Connection *peer_free(Connection *peer) {
        if (!peer)
                return NULL;
        peer->bus = sd_bus_close_unref(peer->bus);
        free(peer);
        return NULL;
}
DEFINE_CLEANUP(Connection *, peer_free)

void bus_socket_reap(Bus *bus) {
        size_t n = 0;

        for (size_t i = 0; i < bus->n_peers; i++)
                if (bus->peers[i]->doomed)
                        peer_free(bus->peers[i]);
                else
                        bus->peers[n++] = bus->peers[i];
        bus->n_peers = n;
}

/* After the start, where sd-bus sets its own. */
static void limit_buffer(const Connection *peer) {
        const int size = PEER_BUFFER_BYTES;

        (void) setsockopt(sd_bus_get_fd(peer->bus), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Freeing a bus to which an object could only be half added ends the process by an assertion
 * (bus_node_allocate() and bus_free() of sd-bus 252): some memory is lost rather. */
static void abandon_bus(Connection *peer) {
        sd_bus_close(peer->bus);
        peer->bus = NULL;
}

/* Takes fd over. */
static int start_peer(Connection *peer, int fd) {
        _cleanup_(closep) int owned = fd;
        sd_id128_t id;
        int r = sd_bus_new(&peer->bus);

        if (r < 0)
                return r;
        r = sd_bus_set_fd(peer->bus, owned, owned);
        if (r < 0)
                return r;
        (void) TAKE_FD(owned);
        r = sd_id128_randomize(&id);
        if (r >= 0)
                r = sd_bus_set_server(peer->bus, true, id);
        if (r >= 0)
                r = sd_bus_set_sender(peer->bus, MEMCTL_BUS_NAME);
        if (r >= 0)
                r = sd_bus_negotiate_fds(peer->bus, false);
        if (r >= 0)
                r = sd_bus_set_close_on_exit(peer->bus, false);
        if (r >= 0) {
                r = connection_serve(peer);
                if (r == -ENOMEM)
                        abandon_bus(peer);
        }
        if (r >= 0)
                r = sd_bus_start(peer->bus);
        if (r >= 0)
                r = sd_bus_attach_event(peer->bus, peer->owner->event, PRIORITY_PEER);
        if (r < 0)
                return r;
        limit_buffer(peer);
        peer->ready = true;
        return 0;
}

/* Takes fd over. */
static int add_peer(Bus *bus, int fd, uid_t uid) {
        _cleanup_(peer_freep) Connection *peer = calloc(1, sizeof(*peer));

        if (!peer) {
                (void) close(fd);
                return -ENOMEM;
        }
        *peer = (Connection){.owner = bus, .is_private = true, .uid = uid};
        int r = start_peer(peer, fd);
        if (r < 0)
                return r;
        bus->peers[bus->n_peers++] = TAKE_PTR(peer);
        return 0;
}

static bool peer_is_welcome(Bus *bus, int fd, uid_t *ret_uid) {
        struct ucred cred;
        socklen_t size = sizeof(cred);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
                return false;
        if (cred.uid != 0 && cred.uid != geteuid()) {
                log_debug("uid %u is turned away from the private socket.", cred.uid);
                return false;
        }
        if (bus->n_peers >= MEMCTL_CLIENTS_MAX) {
                if (!bus->was_full)
                        log_warning("%d clients are connected; more are turned away.",
                                    MEMCTL_CLIENTS_MAX);
                bus->was_full = true;
                return false;
        }
        bus->was_full = false;
        *ret_uid = cred.uid;
        return true;
}

/* Listening */

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata) {
        Bus *bus = userdata;

        bus->pause = sd_event_source_disable_unref(bus->pause);
        (void) sd_event_source_set_enabled(bus->listener, SD_EVENT_ON);
        return 0;
}

/* Without a free descriptor the connection stays in the backlog, and the loop would spin on it. */
static void pause_listening(Bus *bus, int error) {
        log_warning("The private socket cannot take a client: %s.", strerror(error));
        if (sd_event_add_time_relative(bus->event,
                                       &bus->pause,
                                       CLOCK_MONOTONIC,
                                       ACCEPT_PAUSE_USEC,
                                       0,
                                       on_pause_over,
                                       bus) >= 0)
                (void) sd_event_source_set_enabled(bus->listener, SD_EVENT_OFF);
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Bus *bus = userdata;
        uid_t uid;
        _cleanup_(closep) int peer_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (peer_fd < 0) {
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                        pause_listening(bus, errno);
                return 0;
        }
        if (!peer_is_welcome(bus, peer_fd, &uid))
                return 0;
        int r = add_peer(bus, TAKE_FD(peer_fd), uid);
        if (r < 0)
                log_warning("A client of the private socket cannot be served: %s.", strerror(-r));
        return 0;
}

static int on_turn(sd_event_source *source, void *userdata) {
        bus_settle(userdata);
        return 0;
}

/* Binds and listens at path + NEW_SUFFIX, then moves it to path. */
static int bind_at(Bus *bus, const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct stat st;

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s" NEW_SUFFIX, path);
        if (unlink(address.sun_path) < 0 && errno != ENOENT)
                return -errno;
        mode_t mask = umask(0177);
        int r = bind(bus->listen_fd, (const struct sockaddr *) &address, sizeof(address));
        int saved_errno = errno;
        (void) umask(mask);
        if (r < 0)
                return -saved_errno;
        if (listen(bus->listen_fd, SOCKET_BACKLOG) < 0 || rename(address.sun_path, path) < 0 ||
            lstat(path, &st) < 0) {
                saved_errno = errno;
                (void) unlink(address.sun_path);
                return -saved_errno;
        }
        bus->socket_dev = st.st_dev;
        bus->socket_ino = st.st_ino;
        return 0;
}

int bus_check_socket_path(const char *path) {
        size_t max = sizeof(((struct sockaddr_un *) NULL)->sun_path) - sizeof(NEW_SUFFIX);

        if (strlen(path) <= max)
                return 0;
        log_error("%s: the path of the private socket has %zu bytes; at most %zu fit.",
                  path,
                  strlen(path),
                  max);
        return -ENAMETOOLONG;
}

int bus_socket_open(Bus *bus, const char *path) {
        int r = bus_check_socket_path(path);
        if (r >= 0)
                r = state_make_parents(path);
        if (r >= 0) {
                bus->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                r = bus->listen_fd < 0 ? -errno : bind_at(bus, path);
        }
        if (r < 0) {
                log_error("%s: the private socket cannot be made: %s.", path, strerror(-r));
                return r;
        }
        bus->socket_path = strdup(path);
        if (!bus->socket_path)
                return -ENOMEM;
        r = sd_event_add_io(bus->event, &bus->listener, bus->listen_fd, EPOLLIN, on_connect, bus);
        if (r >= 0)
                r = sd_event_source_set_priority(bus->listener, PRIORITY_PEER);
        /* At each turn of the loop, so that nobody pays for what others do. */
        if (r >= 0)
                r = sd_event_source_set_prepare(bus->listener, on_turn);
        return r;
}

void bus_socket_close(Bus *bus) {
        struct stat st;

        bus->pause = sd_event_source_disable_unref(bus->pause);
        bus->listener = sd_event_source_disable_unref(bus->listener);
        closep(&bus->listen_fd);
        bus->listen_fd = -1;
        /* A daemon that started meanwhile has put its own there. */
        if (bus->socket_path && lstat(bus->socket_path, &st) >= 0 && st.st_dev == bus->socket_dev &&
            st.st_ino == bus->socket_ino)
                (void) unlink(bus->socket_path);
        free(bus->socket_path);
        bus->socket_path = NULL;
        for (size_t i = 0; i < bus->n_peers; i++)
                peer_free(bus->peers[i]);
        bus->n_peers = 0;
}

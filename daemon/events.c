/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/events.h"

#include <fcntl.h>
#include <time.h>

#include "daemon/events-file.h"
#include "daemon/events-journal.h"
#include "daemon/log.h"

struct Events {
        EventsFile file;
        uint64_t last;
        Event *ring[EVENTS_RING]; /* the newest, without gaps in their numbers */
        size_t first;
        size_t n;
        EventsListener listener;
        void *userdata;
};

static Event *ring_at(const Events *events, size_t i) {
        return events->ring[(events->first + i) % EVENTS_RING];
}

static void ring_push(Events *events, Event *event) {
        if (events->n == EVENTS_RING) {
                event_free(events->ring[events->first]);
                events->first = (events->first + 1) % EVENTS_RING;
                events->n--;
        }
        events->ring[(events->first + events->n) % EVENTS_RING] = event;
        events->n++;
}

static usec_t now_realtime(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_REALTIME, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* The newest of the last life, so that a client that asks for what it missed costs no reading. */
static int refill(Event *event, void *userdata) {
        Events *events = userdata;

        events->last = MAX_OF(events->last, event->seq);
        ring_push(events, event);
        return 0;
}

static void tell_aside(Events *events) {
        Event *event = events->file.n_aside > 0 ? event_new(EVENT_PROBLEM, NULL, 0) : NULL;

        if (!event)
                return;
        (void) event_set_message(event,
                                 "%zu of the places where events are stored held no regular file, "
                                 "and what lay there was set aside: see 'memctl status'. Earlier "
                                 "events may be missing.",
                                 events->file.n_aside);
        events_emit(events, event);
}

int events_new(int state_fd, Events **ret) {
        _cleanup_(events_freep) Events *events = calloc(1, sizeof(*events));

        if (!events)
                return -ENOMEM;
        events_file_init(&events->file, state_fd);
        bool incomplete = false;
        int r = events_file_read(
                &events->file, 0, UINT64_MAX, EVENTS_RING, refill, events, &incomplete);
        if (r == -ENOMEM)
                return r;
        events->last = MAX_OF(events->last, events_file_reserved(&events->file));
        if (incomplete)
                /* A number that no event has had: one a second have there never been. */
                events->last = MAX_OF(events->last, now_realtime() / USEC_PER_SEC);
        tell_aside(events);
        *ret = TAKE_PTR(events);
        return 0;
}

Events *events_free(Events *events) {
        if (!events)
                return NULL;
        for (size_t i = 0; i < events->n; i++)
                event_free(ring_at(events, i));
        free(events);
        return NULL;
}

void events_set_listener(Events *events, EventsListener listener, void *userdata) {
        events->listener = listener;
        events->userdata = userdata;
}

void events_emit(Events *events, Event *event) {
        if (!event) {
                log_error("An event is lost: out of memory.");
                return;
        }
        event->seq = ++events->last;
        event->realtime_usec = now_realtime();
        events_file_append(&events->file, event);
        events_journal_send(event);
        ring_push(events, event);
        if (events->listener)
                events->listener(event, events->userdata);
}

typedef struct Borrow {
        EventsVisitor visitor;
        void *userdata;
} Borrow;

static int visit_stored(Event *event, void *userdata) {
        _cleanup_(event_freep) Event *owned = event;
        const Borrow *borrow = userdata;
        return borrow->visitor(owned, borrow->userdata);
}

int events_visit(
        Events *events, uint64_t since, size_t max, EventsVisitor visitor, void *userdata) {
        Borrow borrow = {.visitor = visitor, .userdata = userdata};
        size_t skip = 0;

        while (skip < events->n && ring_at(events, skip)->seq <= since)
                skip++;
        if (events->n - skip > max)
                skip = events->n - max;
        if (skip == 0 && events->n > 0 && events->n < max) {
                int r = events_file_read(&events->file,
                                         since,
                                         ring_at(events, 0)->seq,
                                         max - events->n,
                                         visit_stored,
                                         &borrow,
                                         NULL);
                if (r != 0)
                        return r;
        }
        for (size_t i = skip; i < events->n; i++) {
                int r = visitor(ring_at(events, i), userdata);
                if (r != 0)
                        return r;
        }
        return 0;
}

uint64_t events_last(const Events *events) {
        return events->last;
}

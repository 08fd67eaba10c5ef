/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Something that happened, told once and the same everywhere: in the daemon's ring, the events
 * file, the journal, on the bus and in "memctl events".
 */

#include <json-c/json.h>

#include "core/base/util.h"

typedef enum EventType {
        EVENT_STARTED, /* the daemon runs */
        EVENT_STOPPED, /* the daemon ends */
        EVENT_ADOPTED, /* the daemon found a transaction in force and took it over, writing nothing
                        */
        EVENT_RECOVERED, /* an interrupted transaction was undone or finished at start */
        EVENT_APPLIED,   /* a profile is in force, on probation */
        EVENT_REFUSED,   /* an apply that did not happen, and why */
        EVENT_EXTENDED,  /* the deadline of a confirmation moved */
        EVENT_LIMIT,     /* a pressure limit was exceeded */
        EVENT_OOM_KILL,  /* the kernel killed a process for want of memory; or who it was and why */
        EVENT_REGRESSION,  /* stalls rose above what they were before, and it was to be told only */
        EVENT_TRIAL,       /* a trial began, or ended with what it found */
        EVENT_KEPT,        /* probation ended well, or a person kept it */
        EVENT_REVERTED,    /* taken back */
        EVENT_LEFT_ALONE,  /* a knob changed from outside was not restored */
        EVENT_DRIFT,       /* a knob in force was changed from outside, or is as it was set again */
        EVENT_REPAIRED,    /* such a knob was set again */
        EVENT_YIELDED,     /* such a knob was let go */
        EVENT_QUARANTINED, /* a profile is not applied again until released */
        EVENT_HELD,        /* nothing is applied for a while, after too many reverts */
        EVENT_RELEASED,    /* from quarantine, or the hold is over */
        EVENT_RELOADED,
        EVENT_PROBLEM, /* something a person must look at */
        _EVENT_TYPE_MAX,
        _EVENT_TYPE_INVALID = -EINVAL,
} EventType;

const char *event_type_to_string(EventType type);
EventType event_type_from_string(const char *name);
/* 128-bit journal message id in hex; the catalog in systemd/ has the same ids. */
const char *event_type_message_id(EventType type);
/* syslog priority: 6 for the ordinary, 4 for what a person should see, 3 for failures. */
int event_type_priority(EventType type);

/* Evidence: one named fact. */
typedef struct EventField {
        char *key; /* [A-Za-z0-9._-]+: a word, a knob's or a metric's name */
        char *value;
} EventField;

#define EVENT_FIELDS_MAX 64

typedef struct Event {
        uint64_t seq; /* counts up, never reused on this machine */
        usec_t realtime_usec;
        EventType type;
        uint64_t transaction; /* 0 when it concerns none */
        char *profile;        /* or NULL */
        char *message;        /* one or more plain sentences */
        EventField *fields;
        size_t n_fields;
} Event;

Event *event_new(EventType type, const char *profile, uint64_t transaction);
Event *event_free(Event *event);
DEFINE_CLEANUP(Event *, event_free)

/* Sets the message. -ENOMEM. */
int event_set_message(Event *event, const char *format, ...) _printf_(2, 3);
/* Adds evidence. -ENOMEM; -E2BIG past EVENT_FIELDS_MAX. */
int event_add(Event *event, const char *key, const char *format, ...) _printf_(3, 4);
const char *event_field(const Event *event, const char *key);

json_object *event_to_json(const Event *event);
/* -EBADMSG when it is no event. */
int event_from_json(json_object *object, Event **ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/events-journal.h"

#include <ctype.h>
#include <sys/uio.h>

#include <systemd/sd-journal.h>

#include "daemon/log.h"

#define FIXED_FIELDS 8
#define FIELD_PREFIX "MEMCTL_FIELD_"

typedef struct Entry {
        struct iovec parts[FIXED_FIELDS + EVENT_FIELDS_MAX];
        int n;
} Entry;

static void entry_done(Entry *entry) {
        for (int i = 0; i < entry->n; i++)
                free(entry->parts[i].iov_base);
}

/* Takes the text over. What memory was too short for is left out. */
static void entry_add(Entry *entry, char *text) {
        if (text)
                entry->parts[entry->n++] =
                        (struct iovec){.iov_base = text, .iov_len = strlen(text)};
}

/* "some-key" becomes MEMCTL_FIELD_SOME_KEY, "vm.swappiness" MEMCTL_FIELD_VM_SWAPPINESS. */
static char *format_field(const EventField *field) {
        char *text = text_format(FIELD_PREFIX "%s=%s", field->key, field->value);

        for (char *p = text; p && *p != '='; p++)
                *p = isalnum((unsigned char) *p) ? (char) toupper((unsigned char) *p) : '_';
        return text;
}

static const char *event_text(const Event *event) {
        return event->message[0] ? event->message : event_type_to_string(event->type);
}

static int send_entry(const Event *event) {
        _cleanup_(entry_done) Entry entry = {0};

        entry_add(&entry, text_format("MESSAGE=%s", event_text(event)));
        entry_add(&entry, text_format("MESSAGE_ID=%s", event_type_message_id(event->type)));
        entry_add(&entry, text_format("PRIORITY=%d", event_type_priority(event->type)));
        entry_add(&entry, text_format("MEMCTL_EVENT=%s", event_type_to_string(event->type)));
        entry_add(&entry, text_format("MEMCTL_SEQ=%llu", (unsigned long long) event->seq));
        if (event->profile)
                entry_add(&entry, text_format("MEMCTL_PROFILE=%s", event->profile));
        if (event->transaction != 0)
                entry_add(&entry,
                          text_format("MEMCTL_TRANSACTION=%llu",
                                      (unsigned long long) event->transaction));
        for (size_t i = 0; i < event->n_fields && i < EVENT_FIELDS_MAX; i++)
                entry_add(&entry, format_field(&event->fields[i]));
        return sd_journal_sendv(entry.parts, entry.n);
}

void events_journal_send(const Event *event) {
        if (log_is_journal() && send_entry(event) >= 0)
                return;
        log_print(event_type_priority(event->type),
                  "%s: %s",
                  event_type_to_string(event->type),
                  event_text(event));
}

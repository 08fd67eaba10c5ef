/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kernel-log-boot.h"

typedef struct Boot {
        sd_id128_t id;
        usec_t last_usec;
} Boot;

typedef struct Boots {
        Boot *items;
        size_t n;
} Boots;

static void boots_done(Boots *boots) {
        free(boots->items);
}

static int match_boot(sd_journal *journal, sd_id128_t id) {
        char match[sizeof("_BOOT_ID=") + 32] = "_BOOT_ID=";

        sd_id128_to_string(id, match + strlen(match));
        return sd_journal_add_match(journal, match, 0);
}

static int add_boot(sd_journal *journal, const char *data, size_t n, Boots *boots) {
        char text[SD_ID128_STRING_MAX] = "";
        Boot boot;

        if (n != strlen("_BOOT_ID=") + 32)
                return 0;
        memcpy(text, data + n - 32, 32);
        if (sd_id128_from_string(text, &boot.id) < 0)
                return 0;
        int r = array_grow(&boots->items, boots->n, sizeof(Boot));
        if (r < 0)
                return r;
        boot.last_usec = 0;
        boots->items[boots->n++] = boot;
        return 0;
}

/* By the last entry: the clock of the first may be of before the time was known. */
static int date_boot(sd_journal *journal, Boot *boot) {
        sd_journal_flush_matches(journal);
        int r = match_boot(journal, boot->id);
        if (r >= 0)
                r = sd_journal_seek_tail(journal);
        if (r >= 0)
                r = sd_journal_previous(journal);
        if (r > 0)
                r = sd_journal_get_realtime_usec(journal, &boot->last_usec);
        sd_journal_flush_matches(journal);
        return r < 0 ? r : 0;
}

static int compare_boots(const void *a, const void *b) {
        const Boot *first = a, *second = b;

        return (first->last_usec > second->last_usec) - (first->last_usec < second->last_usec);
}

static int list_boots(sd_journal *journal, Boots *boots) {
        const void *data;
        size_t n;
        int r = sd_journal_query_unique(journal, "_BOOT_ID");

        while (r >= 0 && (r = sd_journal_enumerate_unique(journal, &data, &n)) > 0)
                r = add_boot(journal, data, n, boots);
        for (size_t i = 0; r >= 0 && i < boots->n; i++)
                r = date_boot(journal, &boots->items[i]);
        if (r >= 0 && boots->n > 0)
                qsort(boots->items, boots->n, sizeof(Boot), compare_boots);
        return r < 0 ? r : 0;
}

static int running_boot(const Root *root, sd_id128_t *ret) {
        _cleanup_(freep) char *text = NULL;

        int r = root_read(root, "proc/sys/kernel/random/boot_id", &text);
        return r < 0 ? r : sd_id128_from_string(text_strip(text), ret);
}

static int find_boot(sd_journal *journal, const KernelLogRange *range, sd_id128_t *ret) {
        _cleanup_(boots_done) Boots boots = {0};
        int64_t at;

        int r = list_boots(journal, &boots);
        if (r < 0)
                return r;
        at = range->boot_offset > 0 ? 0 : (int64_t) boots.n;
        if (!sd_id128_is_null(range->boot_id)) {
                for (at = 0; at < (int64_t) boots.n; at++)
                        if (sd_id128_equal(boots.items[at].id, range->boot_id))
                                break;
                if (at == (int64_t) boots.n)
                        return -ENXIO;
                at++;
        }
        if (range->boot_offset > (int64_t) boots.n || range->boot_offset < -(int64_t) boots.n)
                return -ENXIO;
        at += range->boot_offset - 1;
        if (at < 0 || at >= (int64_t) boots.n)
                return -ENXIO;
        *ret = boots.items[at].id;
        return 0;
}

int kernel_log_match_boot(sd_journal *journal, const Root *root, const KernelLogRange *range) {
        bool running = sd_id128_is_null(range->boot_id) && range->boot_offset == 0;
        sd_id128_t id;

        /* The running boot need not be in the journal, nor be its last. */
        int r = running && root_is_live(root) ? running_boot(root, &id)
                                              : find_boot(journal, range, &id);
        return r < 0 ? r : match_boot(journal, id);
}

/* "-1", "+2", "3" */
static int parse_offset(const char *text, int64_t *ret) {
        bool negative = *text == '-';
        uint64_t value;

        text += *text == '-' || *text == '+';
        if (parse_uint64(text, &value) < 0 || value > INT32_MAX)
                return -EINVAL;
        *ret = negative ? -(int64_t) value : (int64_t) value;
        return 0;
}

int kernel_log_parse_boot(const char *text, KernelLogRange *range) {
        KernelLogRange parsed = *range;
        char id[SD_ID128_STRING_MAX] = "";

        parsed.all_boots = streq(text, "all");
        parsed.boot_id = SD_ID128_NULL;
        parsed.boot_offset = 0;
        if (strspn(text, "0123456789abcdefABCDEF") >= 32) {
                memcpy(id, text, 32);
                text += 32;
                if (sd_id128_from_string(id, &parsed.boot_id) < 0 ||
                    (*text && *text != '-' && *text != '+'))
                        return -EINVAL;
        }
        if (*text && !parsed.all_boots && parse_offset(text, &parsed.boot_offset) < 0)
                return -EINVAL;
        *range = parsed;
        return 0;
}

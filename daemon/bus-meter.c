/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus-meter.h"

/* Of MeterAccount: a percent of a microsecond, so that nothing is lost however often it is filled.
 */
static int64_t units(usec_t usec) {
        return (int64_t) usec * 100;
}

static void fill(MeterAccount *account, usec_t now_usec, unsigned percent, usec_t saved_usec) {
        usec_t passed = now_usec > account->at_usec ? now_usec - account->at_usec : 0;

        passed = MIN_OF(passed, USEC_PER_MINUTE); /* which fills it, whatever it owes */
        account->left = MIN_OF(account->left + (int64_t) (passed * percent), units(saved_usec));
        account->at_usec = MAX_OF(account->at_usec, now_usec);
}

void meter_init(Meter *meter, usec_t now_usec) {
        *meter = (Meter){.all = {.left = units(METER_ALL_SAVED_USEC), .at_usec = now_usec}};
}

static bool is_of(const Meter *meter, int account, const char *sender) {
        return meter->accounts[account].at_usec > 0 &&
               strncmp(meter->senders[account], sender, METER_SENDER_SIZE - 1) == 0;
}

/* The sender's, or the one that was used longest ago, which is its own from now on. */
static int find_account(Meter *meter, const char *sender, usec_t now_usec) {
        int oldest = 0;

        for (int i = 0; i < METER_SENDERS_MAX; i++) {
                if (is_of(meter, i, sender))
                        return i;
                if (meter->accounts[i].at_usec < meter->accounts[oldest].at_usec)
                        oldest = i;
        }
        meter->accounts[oldest] =
                (MeterAccount){.left = units(METER_SENDER_SAVED_USEC), .at_usec = now_usec};
        (void) snprintf(meter->senders[oldest], METER_SENDER_SIZE, "%s", sender);
        return oldest;
}

int meter_admit(Meter *meter, const char *sender, usec_t now_usec) {
        int i = find_account(meter, sender, now_usec);

        fill(&meter->accounts[i], now_usec, METER_SENDER_PERCENT, METER_SENDER_SAVED_USEC);
        fill(&meter->all, now_usec, METER_ALL_PERCENT, METER_ALL_SAVED_USEC);
        return meter->accounts[i].left > 0 && meter->all.left > 0 ? i : -EBUSY;
}

/* A debt is paid off within a few seconds, however large the call was. */
static void take(MeterAccount *account, usec_t cost_usec, usec_t saved_usec) {
        int64_t left = account->left - units(MIN_OF(cost_usec, USEC_PER_MINUTE));
        account->left = MAX_OF(left, -units(saved_usec));
}

void meter_charge(Meter *meter, int account, usec_t cost_usec) {
        take(&meter->accounts[account], cost_usec, METER_SENDER_SAVED_USEC);
        take(&meter->all, cost_usec, METER_ALL_SAVED_USEC);
}

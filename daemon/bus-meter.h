/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the callers on the system bus may cost. Each sender has an account in processor time that
 * fills slowly, and all of them together have another one. A call is answered while both hold
 * something, and what it cost is taken off afterwards; so a program that asks now and then never
 * notices, and one that asks at full speed gets errors that cost next to nothing. The private
 * socket is not metered: only root reaches it.
 *
 * Time is handed in, so that this can be tested.
 */

#include "core/base/util.h"

#define METER_SENDERS_MAX 64 /* remembered; the one that was heard longest ago is forgotten */
/* ":1.4294967295" and room; what is longer is compared by its start. */
#define METER_SENDER_SIZE 32

/* Of one processor; and how much may be saved up. */
#define METER_SENDER_PERCENT 10
#define METER_SENDER_SAVED_USEC (USEC_PER_SEC / 2)
#define METER_ALL_PERCENT 25
#define METER_ALL_SAVED_USEC USEC_PER_SEC

typedef struct MeterAccount {
        int64_t left;   /* in 1/100 microsecond; below 0: the last call cost more than there was */
        usec_t at_usec; /* when that was so; 0: nobody's */
} MeterAccount;

typedef struct Meter {
        MeterAccount all;
        MeterAccount accounts[METER_SENDERS_MAX];
        char senders[METER_SENDERS_MAX][METER_SENDER_SIZE];
} Meter;

void meter_init(Meter *meter, usec_t now_usec);

/* The account of a sender, for meter_charge(); negative: it must wait, or all must. */
int meter_admit(Meter *meter, const char *sender, usec_t now_usec);
/* What the call of that account has cost. */
void meter_charge(Meter *meter, int account, usec_t cost_usec);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A house with the profile "redis" and a user "alice", and who calls there. */

#include "tests/bus/house.h"

/* *state is the House. */
int callers_init(void **state);
int callers_done(void **state);
#define IN_HOUSE(test) cmocka_unit_test_setup_teardown(test, callers_init, callers_done)

/* polkit, unless NULL, and the daemon, with its name. */
void begin(House *house, const char *polkit_answer);

/* Somebody who is not root: "nobody" when the tests run as root, else whoever runs them. */
int as_ordinary(const House *house,
                int (*function)(sd_bus *bus, const void *data),
                const void *data);
uid_t ordinary_uid(void);

/* What the process of the other user may say: 0 as expected, 1 not, with a line on stderr. */
typedef struct Expected {
        const char *method;
        const char *types;
        const char *error; /* NULL: none */
        const char *text;
        bool interactive;
} Expected;

int expect(sd_bus *bus, const void *expected);

void assert_state(const House *house, const char *expected);

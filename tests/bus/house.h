/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a bus test lives in: a copied machine, a private dbus-daemon on it as the system bus, a fake
 * polkit, and memctld. Whatever cannot be set up fails the test that asked for it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <sys/types.h>

#include <systemd/sd-bus.h>

#include <cmocka.h>

#include "core/base/util.h"
#include "core/protocol.h"

typedef struct House {
        char *tree;
        char *bus_address;
        char *socket;
        char *answers;    /* of the fake polkit */
        char *polkit_log; /* of the fake polkit */
        pid_t bus;
        pid_t polkit;
        pid_t daemon;
} House;

/* True, having said so in TAP, when there is no dbus-daemon: the program then returns 0. */
bool house_skip(void);

/* Machine and bus. */
void house_init(House *house);
void house_done(House *house);

void house_start_bus(House *house);
void house_stop_bus(House *house);
/* The answer is a word of fake-polkit.c, and may be changed while it runs. */
void house_set_answer(const House *house, const char *answer);
void house_start_polkit(House *house, const char *answer);
void house_stop_polkit(House *house);
/* The real daemon; patience as it has it, two minutes for polkit. */
void house_start_daemon(House *house);
/* The same with one second for polkit. */
void house_start_hasty_daemon(House *house);
/* Fails the test when it does not end well: a leak, an invalid access. */
void house_stop_daemon(House *house);

void house_profile(const House *house, const char *name, const char *text);
/* What the fake polkit was asked; the caller frees. */
char *house_polkit_log(const House *house);

/* Clients. The caller unreferences *ret with sd_bus_flush_close_unref(). */
sd_bus *house_connect_bus(const House *house);
sd_bus *house_connect_private(const House *house);
/* -errno instead of a failure. */
int house_try_private(const House *house, sd_bus **ret);
/* Waits until the daemon has its name on the bus. */
void house_await_name(const House *house);

/*
 * Calls a method of the interface. types and what follows as in sd_bus_call_method(). 0, or
 * negative with the error's name and text in error.
 */
int call(sd_bus *bus,
         sd_bus_error *error,
         sd_bus_message **reply,
         const char *method,
         const char *types,
         ...);

/* Runs the function in a process of another user, with a connection of its own to the bus, and
 * returns what it returned (0 to 100). Needs root. */
int house_as_nobody(const House *house,
                    int (*function)(sd_bus *bus, const void *data),
                    const void *data);

#define assert_ok(r, error) assert_ok_at((r), (error), __FILE__, __LINE__)
void assert_ok_at(int r, const sd_bus_error *error, const char *file, int line);
#define assert_error(error, name, text) assert_error_at((error), (name), (text), __FILE__, __LINE__)
void assert_error_at(
        const sd_bus_error *error, const char *name, const char *text, const char *file, int line);

/* A property, of that type; the caller unrefs. */
sd_bus_message *house_get(sd_bus *bus, const char *property, const char *type);

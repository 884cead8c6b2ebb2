/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the broker share: the broker with a host of fakes, and
 * the test as the sandbox.  It writes what a guest would write, and what none
 * would.
 */
#ifndef XC_BROKER_FIXTURE_H
#define XC_BROKER_FIXTURE_H

#include "lib/test-host.h"
#include "sandbox/broker.h"
#include "sandbox/calls.h"
#include "services/cache/cache.h"
#include "services/database/database.h"

#define AREA 65536

extern struct xc_channel channel;
extern struct xc_channel_guest guest;
extern struct xc_broker broker;
extern struct xc_request req;
extern struct xc_database database;
extern struct xc_cache cache;

/* Of the call that was made last. */
extern struct xc_call_writer args;
extern struct xc_call_reader result;

/* What was done without permission. */
extern unsigned n_denied;
extern char denied[300];

/* For each test: with a cache, without a database. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

/* Gives the host a database that goes through these steps. */
void use_database(const struct xc_fake_step *steps, size_t n);

/* Empties the arguments; they go into what is returned, which is args. */
struct xc_call_writer *call_begin(void);

/* Makes the call with the arguments as they are: what xc_broker_serve()
 * returns. */
enum xc_err call_serve(uint32_t call);

/* As that, and it must be served: what the guest gets. */
enum xc_err call_finish(uint32_t call);

#endif

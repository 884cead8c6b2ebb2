/* SPDX-License-Identifier: MIT */
/*
 * The worker's desk: the services that know users, with what they need, and
 * what the worker itself adds: plugins and health.
 *
 * Without a key ring nobody can be logged in: then host.auth is absent, so
 * that what asks for it answers 503, and why says why.  It is looked for again
 * once a second, so `xcorectl keys init` needs no restart.
 */
#ifndef XC_WORKER_DESK_H
#define XC_WORKER_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "lib/errbuf.h"
#include "services/auth/auth.h"
#include "services/desk/desk.h"
#include "services/security/service.h"
#include "worker/scoreboard.h"

struct json_object;
struct xc_admin;
struct xc_cache;
struct xc_otp;
struct xc_worker;

/* What was found out of the site, kept for a second. */
struct xc_health {
	struct json_object *report;	/* {status, down, parts}; or NULL */
	uint64_t until_ms;
};

struct xc_staff {
	struct xc_worker *worker;
	const struct xc_settings *settings;
	struct xc_scoreboard *board;
	struct xc_cache *cache;
	struct xc_store *store;		/* NULL: no account for it, see why */
	struct xc_hasher *hasher;
	struct xc_security security;	/* of the two */
	struct xc_keyring *ring;	/* NULL: see why */
	struct xc_otp *otp;
	struct xc_auth *auth;		/* NULL: nobody can be logged in */
	struct xc_admin *admin;
	struct xc_desk users;		/* of those that need a ring */
	struct xc_desk own;
	uint64_t keys_ms;		/* when the ring's file is looked at */
	bool complained;
	char why[1024];			/* no auth: the reason */
	struct xc_health health;
};

/* Sets host.desk and, with a ring, host.auth.  That services are not to be had
 * is no error. */
enum xc_err xc_staff_open(struct xc_worker *worker, struct xc_errbuf *errbuf);
void xc_staff_close(struct xc_worker *worker);

/* Looks at the ring's file, once a second at most. */
void xc_staff_tend(struct xc_staff *staff);

/* operator.c: "plugin.*"; service is the struct xc_staff. */
extern const struct xc_desk_row xc_operator_rows[];
xc_desk_fn xc_operator_logs;
xc_desk_fn xc_operator_stats;

/* health.c: "site.health". */
extern const struct xc_desk_row xc_health_rows[];

/* What the manager says, "data" of its answer, a new reference; else NULL and
 * *code_r, the exit code of a tool, or 0 if it cannot be asked.  Takes
 * request. */
struct json_object *xc_staff_ask_manager(const struct xc_staff *staff,
    struct json_object *request, int timeout_ms, int *code_r,
    struct xc_errbuf *errbuf);

/* The name of a plugin in args ("name"), else a refusal stands. */
enum xc_err xc_staff_plugin(struct json_object *args, const char **name_r,
    struct xc_refusal *refusal_r);

#endif

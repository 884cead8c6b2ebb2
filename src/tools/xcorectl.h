/* SPDX-License-Identifier: MIT */
/* The parts of xcorectl(8). */
#ifndef XC_XCORECTL_H
#define XC_XCORECTL_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/errbuf.h"

struct json_object;
struct xc_settings;

/* Options of the commands about users and keys; NULL: not given. */
enum ctl_option {
	CTL_NAME, CTL_EMAIL, CTL_DISPLAY, CTL_ROLES, CTL_PASSWORD_FILE,
	CTL_GENERATE, CTL_NO_PASSWORD, CTL_REASON, CTL_STATE, CTL_SEARCH,
	CTL_SORT, CTL_PAGE, CTL_PER_PAGE, CTL_DESCRIPTION, CTL_PERMISSIONS,
	CTL_INCLUDES, CTL_ACTOR, CTL_ACTION, CTL_NEXT, CTL_ACTIVATE,
	CTL_FORCE,
	CTL__OPTIONS
};

extern const char *const ctl_option_names[CTL__OPTIONS];

struct xc_ctl {
	const char *config;	/* NULL: the built-in place */
	const char *control;	/* NULL: as the configuration says */
	bool json;
	bool wait;
	const char *plugin;	/* of migrate; or NULL */
	const char *dir;	/* of migrate new; or NULL */
	bool dry_run;		/* of migrate */
	bool yes;		/* of migrate */
	const char *without;	/* layers, for the doctor; or NULL */
	const char *options[CTL__OPTIONS];	/* "" for one without value */
	struct xc_settings *settings;	/* NULL until ctl_settings() */
	int argc;		/* the words behind the command */
	char **argv;
};

/* The configuration; says what is wrong and returns the exit status. */
int ctl_settings(struct xc_ctl *ctl);

/*
 * Asks the manager.  On 0 *data_r is the answer's data, a new reference; else
 * the failure has been said and it is the exit status.
 */
int ctl_ask(struct xc_ctl *ctl, struct json_object *request,
    struct json_object **data_r);

/* {"command":NAME}, a new reference. */
struct json_object *ctl_request(const char *name);

/* Says what failed, on stderr or as the one JSON object; returns code. */
int ctl_fail(const struct xc_ctl *ctl, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The end of a command that did it: with --json the object with data (of
 * which it takes the reference; NULL for none), else the sentence, if any,
 * on stderr.  Returns 0. */
int ctl_done(const struct xc_ctl *ctl, struct json_object *data,
    const char *sentence);

/* The one JSON object of a command that found out, with the exit status that
 * this means; takes the reference of data.  Returns code. */
int ctl_found(int code, struct json_object *data);

bool ctl_wants_colour(void);

/* xcorectl-doctor.c */
int ctl_doctor(struct xc_ctl *ctl);

/* xcorectl-user.c */
int ctl_user(struct xc_ctl *ctl);
int ctl_role(struct xc_ctl *ctl);
int ctl_permission(struct xc_ctl *ctl);
int ctl_explain(struct xc_ctl *ctl);

/* xcorectl-cache.c */
int ctl_cache(struct xc_ctl *ctl);

/* xcorectl-keys.c */
int ctl_keys(struct xc_ctl *ctl);

/* xcorectl-audit.c */
int ctl_audit(struct xc_ctl *ctl);

/* xcorectl-middleware.c: for people. */
void ctl_print_middleware(struct json_object *figures, FILE *out);

/* xcorectl-status.c: for people. */
void ctl_print_status(struct json_object *data, FILE *out, bool colour);

#endif

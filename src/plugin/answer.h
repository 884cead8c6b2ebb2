/* SPDX-License-Identifier: MIT */
/* How the tools end: exit codes, and the one object of --json. */
#ifndef XC_ANSWER_H
#define XC_ANSWER_H

#include "lib/errbuf.h"

struct json_object;

enum xc_exit {
	XC_EXIT_DONE = 0,	/* or already so */
	XC_EXIT_FAILED = 1,
	XC_EXIT_USAGE = 2,
	XC_EXIT_NOT_FOUND = 3,
	XC_EXIT_CONFLICT = 4,	/* dependency or conflict */
	XC_EXIT_POLICY = 5,	/* signature or policy */
	XC_EXIT_INVALID = 6,
	XC_EXIT_NOT_APPLIED = 7,	/* not everywhere in time */
	XC_EXIT_ROLLED_BACK = 8
};

/* The exit code for what a function of the registry returned. */
enum xc_exit xc_exit_of(enum xc_err err);

/* A few words for a code, static: "not valid". */
const char *xc_exit_title(enum xc_exit code);

/*
 * Prints {"ok","code","error":{"type","title","detail"},"data"} and a newline
 * to stdout.  detail is used unless code is 0; data (may be NULL) stays the
 * caller's.
 */
void xc_answer_json(enum xc_exit code, const char *detail,
    struct json_object *data);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The tests of a plugin that are data: tests/NAME.json in its folder, each an
 * array of requests and what is expected of them.  The format is described
 * in xcore-plugin(7).
 */
#ifndef XC_KIT_CASES_H
#define XC_KIT_CASES_H

#include <stddef.h>

#include "lib/errbuf.h"

struct json_object;

struct xc_case {
	const char *file;	/* "list.json" */
	const char *name;
	struct json_object *json;	/* the whole, checked */
};

struct xc_cases {
	struct xc_case *rows;	/* in the order of files and inside them */
	size_t n;
	char **files;		/* their names, sorted */
	struct json_object **documents;
	size_t n_files;
};

/*
 * Reads FOLDER/tests.  No such folder, or nothing in it: no cases, XC_OK.
 * XC_ERR_INVALID with "tests/NAME.json: /pointer: what".
 */
enum xc_err xc_cases_read(const char *folder, struct xc_cases *cases_r,
    struct xc_errbuf *errbuf);
void xc_cases_free(struct xc_cases *cases);

#endif

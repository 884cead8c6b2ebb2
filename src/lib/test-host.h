/* SPDX-License-Identifier: MIT */
/* A host with a log that tests can read, and a plugin on it. */
#ifndef XC_TEST_HOST_H
#define XC_TEST_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "plugin-private.h"
#include "request-private.h"

struct test_log {
	unsigned n;		/* records so far */
	enum xc_log_level level;	/* of the last */
	enum xc_log_level up_to;	/* what is enabled */
	char name[64];
	char id[80];
	char text[4200];
};

extern struct test_log test_log;
extern struct xc_host test_host;
extern struct xc_plugin test_plugin;	/* "todo", both permissions */

/* Makes the host, the plugin and the log new, and the request empty. */
void test_begin(struct xc_request *req);

/* Frees the request. */
void test_end(struct xc_request *req);

/* Parses a GET of uri and binds it to the plugin at "/app/todo". */
void test_get(struct xc_request *req, const char *uri);

#endif

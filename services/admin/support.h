/* SPDX-License-Identifier: MIT */
/* What the tests of this folder share: a site's tables in a MariaDB of their
 * own (tests/services/run-identity), and the service on them. */
#ifndef XC_ADMIN_SUPPORT_H
#define XC_ADMIN_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "admin-private.h"

extern struct xc_settings settings;
extern struct xc_identity identity;
extern struct xc_admin *admin;
extern struct xc_desk desk;
extern struct xc_caller root;
extern struct xc_refusal refusal;
extern struct json_object *result;	/* of the last ask(); put by the next */

/* A store of this process; what a test has begun with is thrown away. */
bool open_service(void);
void close_service(void);
int set_up(void **state);
int tear_down(void **state);

/* Asks as somebody.  args is a format of JSON with ' for ". */
enum xc_err ask(const struct xc_caller *caller, const char *operation,
    const char *args, ...) __attribute__((format(printf, 3, 4)));

/* Asks and gives the status of the refusal; 0: it was done. */
#define refused(...)	(ask(__VA_ARGS__) == XC_OK ? 0 : refusal.status != 0 ? \
	refusal.status : refusal.pointer[0] != '\0' ? 422 : -1)

/* "id" of the last result. */
int64_t got_id(void);
/* The result as text, or a member of it. */
const char *got(const char *pointer);

/* A user with these roles (a JSON array), and it as a caller. */
int64_t make_user(const char *name, const char *roles);
struct xc_caller as_user(int64_t id);

void must(const char *sql, ...) __attribute__((format(printf, 1, 2)));
int64_t number(const char *sql, ...) __attribute__((format(printf, 1, 2)));

#endif

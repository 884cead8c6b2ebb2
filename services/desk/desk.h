/* SPDX-License-Identifier: MIT */
/*
 * The desk: where plugins ask the services auth, user, admin and otp for
 * something, by a name and an object.  It is asked through libxcore
 * (<xcore/auth.h>, <xcore/admin.h>, ...), from a sandbox through its broker,
 * and by xcorectl(8) as it is.
 *
 * Each service has a table of operations.  Two see to who may ask: the host of
 * a plugin, that the plugin has the permission of the row; the desk, that the
 * user who sends the request has the grant.  So a plugin that is wrong about
 * its user cannot do more than the user may.
 */
#ifndef XC_DESK_H
#define XC_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/host.h"

struct json_object;
struct xc_request;

/* Who asks.  Texts are NUL-terminated, never NULL, "" for nothing; they live
 * until the call returns. */
struct xc_caller {
	int64_t user_id;	/* 0: nobody is logged in */
	const char *name;	/* of the user; of xcorectl "user@host" */
	const char *session;	/* 32 hex digits */
	const char *grants;	/* as struct xc_auth_verdict has them */
	const char *address;	/* of the client */
	const char *agent;	/* User-Agent, cut */
	const char *request_id;
	bool root;		/* xcorectl: has every grant */
	const char *plugin;	/* that asks; NULL: xcorectl */
	/* What it asks for, with all that the client has sent; NULL: none. */
	const struct xc_request *request;
};

/*
 * One operation.  args is an object, borrowed.  On XC_OK *result_r is a new
 * reference (NULL is null).  Else refusal_r says what the client may know;
 * one that is left empty gets the words of the code (see xcore/error.h).
 * Nothing in it may be SQL, a path or a secret.
 */
typedef enum xc_err xc_desk_fn(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r);

struct xc_desk_row {
	const char *name;	/* "auth.login" */
	const char *permission;	/* of the plugin: "auth", "admin" */
	const char *grant;	/* of the user: "admin:user:read"; "": any who
				 * is logged in; NULL: nobody need be */
	xc_desk_fn *fn;
};

#define XC_DESK_TABLES_MAX 16

struct xc_desk_table {
	const struct xc_desk_row *rows;	/* the last has a NULL name */
	void *service;
};

/* Zero is an empty one. */
struct xc_desk {
	struct xc_desk_table tables[XC_DESK_TABLES_MAX];
	size_t n;
};

/* rows must outlive the desk.  XC_ERR_TOO_LARGE: there are too many. */
enum xc_err xc_desk_add(struct xc_desk *desk, const struct xc_desk_row *rows,
    void *service);

/*
 * Asks.  XC_ERR_DENIED with 403, or with 401 where somebody should log in
 * first; XC_ERR_UNSUPPORTED: there is no such operation.
 */
enum xc_err xc_desk_ask(const struct xc_desk *desk,
    const struct xc_caller *caller, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r);

/* The row of an operation; NULL. */
const struct xc_desk_row *xc_desk_find(const struct xc_desk *desk,
    const char *operation);

/* For operations: fills a refusal (any member may be 0 or NULL) and gives
 * err.  detail is a format for the client. */
enum xc_err xc_refuse(struct xc_refusal *refusal_r, enum xc_err err,
    int status, const char *code, const char *detail, ...)
    __attribute__((format(printf, 5, 6)));

/* ... the same for a value of the request's body: 422, with "errors". */
enum xc_err xc_refuse_at(struct xc_refusal *refusal_r, const char *pointer,
    const char *code, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));

/* What a scripted desk expects next, and what it answers. */
struct xc_desk_step {
	const char *operation;
	const char *args;	/* JSON; NULL: any */
	enum xc_err err;
	struct xc_refusal refusal;	/* of an error */
	const char *result;	/* JSON; NULL: null */
};

struct xc_desk_fake {
	const struct xc_desk_step *steps;
	size_t n;
	size_t at;		/* zero at first */
	char why[256];		/* what was asked wrongly; "" */
};

/* Tables of host.desk: from a script (ctx is a struct xc_desk_fake), and one
 * that fails each call with the enum xc_err that ctx points to. */
extern const struct xc_desk_ops xc_desk_fake_ops;
extern const struct xc_desk_ops xc_desk_failing_ops;

#endif

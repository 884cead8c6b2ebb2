/* SPDX-License-Identifier: MIT */
/*
 * What the process that hosts plugins gives to libxcore: one table for each
 * service.  The worker fills it with the real drivers, a test with fakes, a
 * sandbox with stubs that ask its worker.  The front doors (<xcore/db.h>, ...)
 * check their arguments and the plugin's permissions, then call these.
 */
#ifndef XC_HOST_H
#define XC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xcore/db.h>
#include <xcore/error.h>
#include <xcore/log.h>
#include <xcore/site.h>

struct json_object;
struct xc_cell;
struct xc_plugin;

/*
 * A database.  schema is the plugin's own.  rows_r gets a new reference,
 * the caller's to put.  A driver logs why it failed.
 */
struct xc_db_ops {
	enum xc_err (*rows)(void *ctx, const char *schema, const char *sql,
	    const struct xc_value *args, size_t n_args, size_t max_rows,
	    struct json_object **rows_r);
	enum xc_err (*exec)(void *ctx, const char *schema, const char *sql,
	    const struct xc_value *args, size_t n_args,
	    struct xc_db_result *result_r);
	enum xc_err (*begin)(void *ctx, const char *schema);
	enum xc_err (*commit)(void *ctx);	/* may be XC_ERR_UNCERTAIN */
	void (*rollback)(void *ctx);
	/* The request has ended: undo what it left open. */
	void (*release)(void *ctx);
	/* The calls to come, until release, end by then (CLOCK_MONOTONIC in
	 * us; 0: no end is known).  May be NULL. */
	void (*until)(void *ctx, uint64_t end_us);
	/* Rows one by one: between open and end no other call is taken but
	 * rollback and release, which end it too.  next: XC_ERR_NOT_FOUND
	 * behind the last; cells live until the next call. */
	enum xc_err (*open)(void *ctx, const char *schema, const char *sql,
	    const struct xc_value *args, size_t n_args);
	enum xc_err (*next)(void *ctx, const struct xc_cell **cells_r,
	    size_t *n_r);
	void (*end)(void *ctx);
	/* The first row, an object, or XC_ERR_NOT_FOUND.  May be NULL: then
	 * rows is called for one. */
	enum xc_err (*row)(void *ctx, const char *schema, const char *sql,
	    const struct xc_value *args, size_t n_args,
	    struct json_object **row_r);
};

/* One of many values. */
struct xc_cache_got {
	char *value;		/* malloc'ed, with a NUL behind it; or NULL */
	size_t len;
	enum xc_err err;
};

struct xc_cache_put {
	const char *key;
	const void *value;
	size_t len;
	uint32_t ttl_s;
	enum xc_err err;	/* out */
};

/* What computes a value, see xc_cache_compute(). */
enum xc_cache_state {
	XC_CACHE_FRESH,		/* here is the value */
	XC_CACHE_STALE,		/* here is an old one; another computes */
	XC_CACHE_MINE,		/* compute, then fill */
	XC_CACHE_WAIT,		/* another computes: ask again */
	XC_CACHE__MAX
};

struct xc_cache_wish {
	uint32_t lease_ms;	/* how long the one that computes has */
	uint32_t local_ms;	/* a copy of this process may be so old */
	bool stale;		/* an old value is welcome */
};

/* The driver's; of use for one fill. */
struct xc_cache_token {
	uint64_t words[4];
};

struct xc_cache_claim {
	enum xc_cache_state state;
	char *value;		/* of FRESH and STALE: malloc'ed, with a NUL
				 * behind it */
	size_t len;
	struct xc_cache_token token;	/* of MINE */
};

struct xc_cache_fill {
	const void *value;
	size_t len;
	uint32_t ttl_s;
	uint32_t stale_s;	/* kept so long behind that */
	uint32_t local_ms;	/* not 0: keep a copy in this process */
};

/*
 * A cache.  space is the plugin's namespace.  *value_r is malloc'ed, with a
 * NUL behind it, the caller's to free.  Arguments have been checked.
 */
struct xc_cache_ops {
	enum xc_err (*get)(void *ctx, const char *space, const char *key,
	    char **value_r, size_t *len_r);
	enum xc_err (*set)(void *ctx, const char *space, const char *key,
	    const void *value, size_t len, uint32_t ttl_s);
	enum xc_err (*add)(void *ctx, const char *space, const char *key,
	    const void *value, size_t len, uint32_t ttl_s);
	enum xc_err (*del)(void *ctx, const char *space, const char *key);
	enum xc_err (*incr)(void *ctx, const char *space, const char *key,
	    uint64_t delta, uint64_t initial, uint32_t ttl_s,
	    uint64_t *value_r);
	enum xc_err (*decr)(void *ctx, const char *space, const char *key,
	    uint64_t delta, uint64_t *value_r);
	enum xc_err (*touch)(void *ctx, const char *space, const char *key,
	    uint32_t ttl_s);
	/* group NULL: all of the namespace. */
	enum xc_err (*flush)(void *ctx, const char *space,
	    const char *group);
	/* Fills all n of got_r; an error is one for all, and then none has a
	 * value. */
	enum xc_err (*get_many)(void *ctx, const char *space,
	    const char *const *keys, size_t n, uint32_t local_ms,
	    struct xc_cache_got *got_r);
	/* The first error of any. */
	enum xc_err (*set_many)(void *ctx, const char *space,
	    struct xc_cache_put *puts, size_t n);
	/* XC_ERR_UNAVAILABLE: everyone computes for himself. */
	enum xc_err (*claim)(void *ctx, const char *space, const char *key,
	    const struct xc_cache_wish *wish,
	    struct xc_cache_claim *claim_r);
	/* Stores what was computed if nothing has happened to the key since
	 * the claim, XC_OK if something has; fill NULL: it failed, another
	 * one may try. */
	enum xc_err (*fill)(void *ctx, const char *space, const char *key,
	    const struct xc_cache_token *token,
	    const struct xc_cache_fill *fill);
};

struct xc_log_ops {
	bool (*enabled)(void *ctx, const char *name, enum xc_log_level level);
	/* request_id may be NULL; text is NUL-terminated, unescaped. */
	void (*write)(void *ctx, const char *name, enum xc_log_level level,
	    const char *request_id, const char *text);
};

/* Where the bytes of a streamed reply go. */
struct xc_stream_ops {
	/* Sends the head that stands in the request's reply block. */
	enum xc_err (*begin)(void *ctx, struct xc_request *req);
	enum xc_err (*write)(void *ctx, struct xc_request *req,
	    const void *data, size_t len);
};

/* A request to another server, as <xcore/http.h> has it, checked and allowed.
 * All is NUL-terminated but the body; headers are "Name: value" lines. */
struct xc_http_ask {
	const char *method;
	const char *url;
	const char *const *headers;
	size_t n_headers;
	const void *body;
	size_t body_len;
	uint32_t timeout_ms;
	uint32_t reply_max;	/* bytes of the answer's body */
	bool named;		/* the permission names the host: it may lie in
				 * a private network, or, as localhost or by
				 * its address, be this machine */
};

/* Its answer; what it points to is one malloc'ed block, memory. */
struct xc_http_got {
	void *memory;
	int status;
	const char *const *headers;	/* "name: value", names in lower case */
	size_t n_headers;
	const char *body;	/* with a NUL behind it */
	size_t body_len;
};

struct xc_http_ops {
	enum xc_err (*ask)(void *ctx, const struct xc_http_ask *ask,
	    struct xc_http_got *got_r);
};

/* Events are queued in the worker and handled after the reply.  XC_ERR_INVALID:
 * data has no JSON text.  XC_ERR_TOO_LARGE, XC_ERR_BUSY: the queue is full. */
struct xc_event_ops {
	enum xc_err (*emit)(void *ctx, struct xc_plugin *from,
	    const char *name, struct json_object *data);
};

/* A way to show who one is (OpenAPI 3.1, 4.8.27), and what is asked of it. */
enum xc_auth_kind {
	XC_AUTH_HTTP,		/* Authorization: scheme ("bearer", "basic") */
	XC_AUTH_API_KEY,	/* a value in a header, query or cookie */
	XC_AUTH_OAUTH2,		/* as bearer */
	XC_AUTH_OPENID,		/* as bearer */
	XC_AUTH_TLS		/* a client's certificate */
};

struct xc_auth_scheme {
	const char *name;	/* in components/securitySchemes */
	enum xc_auth_kind kind;
	const char *scheme;	/* of XC_AUTH_HTTP, in lower case */
	const char *in;		/* of XC_AUTH_API_KEY */
	const char *param;	/* ... its name */
	const char *const *scopes;	/* scopes, or roles, that are needed */
	size_t n_scopes;
};

/* One requirement of an operation: all its schemes must be satisfied. */
struct xc_auth_need {
	const struct xc_auth_scheme *schemes;
	size_t n;
	/* Seconds within which a second factor must have been shown; 0: none
	 * need be (x-xcore-step-up of the operation). */
	uint32_t step_up_s;
};

/* What was found; texts are NUL-terminated, "" for nothing. */
struct xc_auth_verdict {
	char subject[128];	/* of XC_OK: the user's id */
	char name[72];		/* ... the user's name */
	char session[40];	/* ... 32 hex digits */
	/* ... what the user may: permissions with a blank between, for example
	 * "todo:item:read admin:*:*"; NULL for none.  Lives until the next
	 * check. */
	const char *grants;
	char challenge[256];	/* of 401: a value for WWW-Authenticate */
	char detail[256];	/* for the client: of 401 and 403 */
};

/*
 * Who may do what: the contract asks before a handler runs, for one
 * requirement after the other until one is satisfied.  XC_OK; XC_ERR_INVALID:
 * no credentials, or not valid ones (401); XC_ERR_DENIED: valid ones that do
 * not suffice (403); else nobody can tell (503).  req is bound.
 */
struct xc_auth_ops {
	enum xc_err (*check)(void *ctx, struct xc_request *req,
	    const struct xc_auth_need *need,
	    struct xc_auth_verdict *verdict_r);
};

/* Why a service did not do what it was asked, for the client; all of it may be
 * 0 or "", then the error's code speaks. */
struct xc_refusal {
	int status;		/* 400 to 599 */
	char code[32];		/* a word for programs: "last_admin" */
	char pointer[64];	/* into the body: "/password"; then 422 */
	char detail[256];
	char challenge[256];	/* of 401: a value for WWW-Authenticate */
	uint32_t retry_s;	/* Retry-After */
};

/*
 * The desk: the services that know users, asked by the name of an operation
 * and an object (services/desk/desk.h).  args is borrowed; *result_r is a new
 * reference.  req says which plugin asks and for which user.
 */
struct xc_desk_ops {
	enum xc_err (*ask)(void *ctx, struct xc_request *req,
	    const char *operation, struct json_object *args,
	    struct json_object **result_r, struct xc_refusal *refusal_r);
	/* The permission that a plugin needs for it ("admin"); NULL: none, or
	 * there is no such operation.  May be absent where another process
	 * looks at it. */
	const char *(*permission)(void *ctx, const char *operation);
};

/* Bytes of the file that parts of a request lie in; XC_OK with *got_r 1 to len.
 * What is asked for lies within a part. */
struct xc_part_ops {
	enum xc_err (*read)(void *ctx, struct xc_request *req,
	    uint64_t offset, void *buf, size_t len, size_t *got_r);
};

/* The site's OpenAPI document, see contract/compose.h: a text that begins
 * with "{", into which "servers" is put right there. */
struct xc_site_doc {
	uint64_t size;
	char etag[64];		/* with its quotes */
};

struct xc_site_ops {
	/* XC_ERR_UNAVAILABLE: there is none. */
	enum xc_err (*openapi)(void *ctx, enum xc_openapi version,
	    struct xc_site_doc *doc_r);
	/* Bytes of the document that openapi() has named in this request.
	 * *got_r is less than len only at its end. */
	enum xc_err (*read)(void *ctx, enum xc_openapi version,
	    uint64_t offset, void *buf, size_t len, size_t *got_r);
};

/* An absent table (NULL) means that the service is not there. */
struct xc_host {
	const struct xc_db_ops *db;
	void *db_ctx;
	const struct xc_cache_ops *cache;
	void *cache_ctx;
	const struct xc_log_ops *log;
	void *log_ctx;
	const struct xc_stream_ops *stream;
	void *stream_ctx;
	const struct xc_http_ops *http;
	void *http_ctx;
	const struct xc_event_ops *event;
	void *event_ctx;
	const struct xc_auth_ops *auth;
	void *auth_ctx;
	const struct xc_desk_ops *desk;
	void *desk_ctx;
	const struct xc_part_ops *part;
	void *part_ctx;
	const struct xc_site_ops *site;
	void *site_ctx;
	/* Counts that a plugin asked for what it has no permission for; may be
	 * NULL. */
	void (*denied)(void *ctx, struct xc_plugin *plugin, const char *what);
	void *denied_ctx;
};

#endif

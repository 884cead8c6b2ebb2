/* SPDX-License-Identifier: MIT */
/* What the fakes share. */
#ifndef XC_KIT_FAKES_PRIVATE_H
#define XC_KIT_FAKES_PRIVATE_H

#include "kit/fakes.h"
#include "services/cache/cache.h"
#include "services/database/database.h"
#include "services/desk/desk.h"

/* Text that grows. */
struct xc_text_pile {
	char *text;
	size_t len;
	size_t cap;
};

struct xc_fakes {
	struct xc_host host;
	struct json_object *uses;
	struct json_object *events;
	struct xc_text_pile log;
	struct xc_text_pile stream;
	struct xc_cache cache;
	struct xc_database database;
	struct xc_fake_step *steps;	/* of the database */
	size_t n_steps;
	struct xc_desk_step *desk_steps;
	struct xc_desk_fake desk;
	char grants[4096];		/* of the sender */
	struct json_object *auth;	/* borrowed: who sends it; or NULL */
	struct json_object *http;	/* borrowed: the script */
	size_t http_at;
	struct xc_errbuf http_wrong;	/* the first thing that was; "" */
};

extern const struct xc_db_ops xc_fakes_db_ops;
extern const struct xc_cache_ops xc_fakes_cache_ops;
extern const struct xc_http_ops xc_fakes_http_ops;
extern const struct xc_auth_ops xc_fakes_auth_ops;
extern const struct xc_desk_ops xc_fakes_desk_ops;

/* Each takes a script (NULL: nothing is expected), checks it and borrows it
 * until the end. */
enum xc_err xc_fakes_db_open(struct xc_fakes *fakes,
    struct json_object *script, struct xc_errbuf *errbuf);
enum xc_err xc_fakes_db_end(struct xc_fakes *fakes,
    struct xc_errbuf *errbuf);
void xc_fakes_db_close(struct xc_fakes *fakes);
enum xc_err xc_fakes_desk_open(struct xc_fakes *fakes,
    struct json_object *script, struct xc_errbuf *errbuf);
enum xc_err xc_fakes_desk_end(struct xc_fakes *fakes,
    struct xc_errbuf *errbuf);
void xc_fakes_desk_close(struct xc_fakes *fakes);
enum xc_err xc_fakes_http_open(struct xc_fakes *fakes,
    struct json_object *script, struct xc_errbuf *errbuf);
enum xc_err xc_fakes_auth_open(struct xc_fakes *fakes,
    struct json_object *auth, struct xc_errbuf *errbuf);
enum xc_err xc_fakes_http_end(struct xc_fakes *fakes,
    struct xc_errbuf *errbuf);

/* "busy": the code of a step's "error"; false: there is none of that name. */
bool xc_fakes_error(const char *name, enum xc_err *err_r);

#endif

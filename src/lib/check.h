/* SPDX-License-Identifier: MIT */
/*
 * What may be asked of a service: the front doors check it, and the host of a
 * sandbox once more, since whoever is in a sandbox need not come through
 * the front door.  XC_OK, or an error with a sentence.
 */
#ifndef XC_CHECK_H
#define XC_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/db.h>

#include "errbuf.h"

struct xc_http_ask;
struct xc_url;

#define XC_ROWS_MAX 100000	/* of one statement */
#define XC_STATEMENT_MAX (256 * 1024)	/* bytes of its text */
#define XC_HTTP_TIMEOUT_MS 5000
#define XC_HTTP_TIMEOUT_MAX_MS 60000
#define XC_HTTP_REPLY (1024 * 1024)
#define XC_HTTP_REPLY_MAX (8 * 1024 * 1024)
#define XC_HTTP_BODY_MAX (8 * 1024 * 1024)
#define XC_EVENT_DATA_MAX (64 * 1024)	/* as text */

enum xc_err xc_check_statement(const char *sql, const struct xc_value *args,
    size_t n_args, struct xc_errbuf *errbuf);

enum xc_err xc_check_key(const char *key, uint32_t ttl_s,
    struct xc_errbuf *errbuf);

/* NULL is all groups. */
enum xc_err xc_check_group(const char *group, struct xc_errbuf *errbuf);

/* With the defaults filled in; *url_r is what its URL says. */
enum xc_err xc_check_ask(const struct xc_http_ask *ask, struct xc_url *url_r,
    struct xc_errbuf *errbuf);

enum xc_err xc_check_event(const char *name, struct xc_errbuf *errbuf);

#endif

/* SPDX-License-Identifier: MIT */
/* Limits by name, as plugin.json, the operator and a snapshot give them. */
#ifndef XC_LIMIT_H
#define XC_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/limits.h"

struct json_object;

/*
 * Sets the limit of that name.  XC_ERR_NOT_FOUND: there is none, errbuf names
 * the nearest.  XC_ERR_INVALID: it is not in the range that xcore.json(5) has
 * for it; 0 is taken for each, as "not said".
 */
enum xc_err xc_limit_set(struct xc_limits *limits, const char *name,
    int64_t value, struct xc_errbuf *errbuf);

/* Whether 0 says "none" for it where an operator sets it. */
bool xc_limit_may_be_none(const char *name);

/* Lays the members of an object over limits; what is not a limit in its range
 * is left out, since rows may have been edited.  NULL: none. */
void xc_limits_lay(struct xc_limits *limits, struct json_object *object);

/* {"cpu_ms":N,...}, all of them; a new reference. */
struct json_object *xc_limits_json(const struct xc_limits *limits);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef XC_PARAMETERS_PRIVATE_H
#define XC_PARAMETERS_PRIVATE_H

#include "contract/field.h"
#include "contract/parameters.h"

enum xc_place {
	XC_PLACE_PATH, XC_PLACE_QUERY, XC_PLACE_HEADER, XC_PLACE_COOKIE,
	XC_PLACES
};

struct xc_parameters {
	struct xc_fields places[XC_PLACES];
	uint32_t n;
	struct xc_block text;	/* of the defaults: a JSON array */
	struct xc_block tokens;
	struct xc_tape defaults;
	size_t size;
};

/* field-style.c: "style" and "explode", or what the place has without.  Refuses
 * what it does not have. */
enum xc_err xc_read_style(struct xc_plan *plan,
    const struct xc_plan_node *node, enum xc_place place,
    struct xc_field *field);

/* A member that is true or false; else *value_r stays, or there is a fault. */
enum xc_err xc_read_bool(struct xc_plan *plan,
    const struct xc_plan_node *node, const char *name, bool *value_r);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef XC_BUNDLE_PRIVATE_H
#define XC_BUNDLE_PRIVATE_H

#include <stdint.h>

#include "contract/bundle.h"

struct xc_tape;

/* What a name of a component may hold (OpenAPI 3.1, 4.8.7). */
#define XC_BUNDLE_NAME_CHARS "abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* A bundle while it is made. */
struct bundling {
	struct xc_bundle *bundle;
	struct json_object *schemas;	/* of components; borrowed */
	struct json_object *places;	/* see places.h */
	struct xc_errbuf *errbuf;
};

/* How many values a tape has. */
uint32_t xc_bundle_values(const struct xc_tape *tape);

/* Lets all references to schemas lead to where these stand now. */
enum xc_err xc_bundle_lead(struct bundling *bundling);

#endif

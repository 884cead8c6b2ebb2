/* SPDX-License-Identifier: MIT */
/* The schemas of dist/schemas, which are also installed, in the binary. */
#ifndef XC_EMBEDDED_H
#define XC_EMBEDDED_H

#include <stddef.h>

/* Made by dist/schemas/embed.awk; ends with a row without a name. */
struct xc_embedded {
	const char *name;	/* "openapi" of openapi.schema.json */
	const char *json;
};

extern const struct xc_embedded xc_embedded[];

#endif

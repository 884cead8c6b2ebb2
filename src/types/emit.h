/* SPDX-License-Identifier: MIT */
/* What is written for the types, part by part. */
#ifndef XC_TYPES_EMIT_H
#define XC_TYPES_EMIT_H

#include <stdio.h>

#include "types/type.h"

struct xc_emit {
	FILE *out;
	const char *prefix;	/* "todo" */
	char guard[128];
};

/* The top of the file with the helpers, and its end. */
void xc_emit_begin(struct xc_emit *emit, const char *plugin);
void xc_emit_end(struct xc_emit *emit);

/* Definition; prototypes; functions. */
void xc_emit_type(struct xc_emit *emit, const struct xc_type_def *def);
void xc_emit_prototypes(struct xc_emit *emit, const struct xc_type_def *def);
void xc_emit_reader(struct xc_emit *emit, const struct xc_type_def *def);
void xc_emit_writer(struct xc_emit *emit, const struct xc_type_def *def);
void xc_emit_enum(struct xc_emit *emit, const struct xc_type_def *def);

#endif

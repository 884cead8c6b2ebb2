/* SPDX-License-Identifier: MIT */
/* What the checks of a manifest's members share, for manifest*.c. */
#ifndef XC_MANIFEST_PRIVATE_H
#define XC_MANIFEST_PRIVATE_H

#include "plugin/manifest.h"

/* The manifest and what it owns besides its JSON. */
struct xc_manifest_owner {
	struct xc_manifest manifest;
	char prefix[64];	/* that was not said */
	const char *prefixes[XC_PREFIXES_MAX];
};

/* Gathers faults: the author should see all of them at once. */
struct xc_check {
	struct xc_manifest *manifest;
	struct xc_manifest_owner *owner;
	struct xc_errbuf *errbuf;
	char faults[sizeof(((struct xc_errbuf *)0)->text)];
	size_t used;
	bool nomem;
};

void xc_check_fault(struct xc_check *check, const char *pointer,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A string without NUL and control characters; NULL, with a fault, if not. */
const char *xc_check_text(struct xc_check *check, const char *pointer,
    struct json_object *value, size_t max);

/* manifest-prefix.c; the second when all members were looked at. */
void xc_check_prefix(struct xc_check *check, struct json_object *value);
void xc_check_place(struct xc_check *check);

/* manifest-sandbox.c: one for each member. */
void xc_check_isolation(struct xc_check *check, struct json_object *value);
void xc_check_limits(struct xc_check *check, struct json_object *value);
void xc_check_require(struct xc_check *check, struct json_object *value);
void xc_check_permissions(struct xc_check *check, struct json_object *value);
void xc_check_events(struct xc_check *check, struct json_object *value);

#endif

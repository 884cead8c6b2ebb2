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
	uint32_t misshapen;	/* members, as xc_manifest_field() counts */
	bool nomem;
};

/* The members that have checks of their own. */
extern const size_t xc_manifest_n_fields;
const char *xc_manifest_field(size_t i);

/* Faults of settings, as they are told. */
struct xc_config_faults {
	char text[sizeof(((struct xc_errbuf *)0)->text)];
	size_t used;
};

void xc_config_fault(struct xc_config_faults *faults, const char *pointer,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* manifest-schema.c: runs a schema on settings that were filled in. */
enum xc_err xc_config_validate(struct json_object *schema,
    struct json_object *config, struct xc_config_faults *faults);

/* manifest-shape.c: adds the faults that the schema finds in the text of the
 * manifest, and marks the members that have them. */
void xc_check_shape(struct xc_check *check, const char *text, size_t len);

void xc_check_fault(struct xc_check *check, const char *pointer,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A string without NUL and control characters; NULL, with a fault, if not. */
const char *xc_check_text(struct xc_check *check, const char *pointer,
    struct json_object *value, size_t max);

/* manifest-prefix.c; the second when all members were looked at. */
void xc_check_prefix(struct xc_check *check, struct json_object *value);
void xc_check_place(struct xc_check *check);

/* manifest-actions.c */
void xc_check_actions(struct xc_check *check, struct json_object *value);

/* manifest-middleware.c; the second when all members were looked at. */
void xc_check_middleware(struct xc_check *check, struct json_object *value);
void xc_check_steps(struct xc_check *check);

/* manifest-sandbox.c: one for each member. */
void xc_check_isolation(struct xc_check *check, struct json_object *value);
void xc_check_limits(struct xc_check *check, struct json_object *value);
void xc_check_require(struct xc_check *check, struct json_object *value);
void xc_check_permissions(struct xc_check *check, struct json_object *value);
void xc_check_events(struct xc_check *check, struct json_object *value);

#endif

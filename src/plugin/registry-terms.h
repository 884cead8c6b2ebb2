/* SPDX-License-Identifier: MIT */
/*
 * The terms on which a plugin runs: what it asks for in plugin.json, what the
 * configuration has for those that do not ask, and what the operator decided
 * of this one, which goes before both.
 */
#ifndef XC_REGISTRY_TERMS_H
#define XC_REGISTRY_TERMS_H

#include "lib/limits.h"
#include "plugin/registry.h"

struct xc_terms {
	enum xc_isolation isolation;
	const char *why;	/* whose word the level is, in words; static */
	struct xc_limits limits;	/* complete */
};

/* manifest is that of the version that is to run, of the plugin's own or of
 * the one before it. */
void xc_terms_of(const struct xc_settings *settings,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct xc_terms *terms_r);

/* Whether the operator has said yes to that permission; a core plugin's are
 * those of xcore. */
bool xc_terms_allow(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, const char *permission);

/*
 * Of subscription i of the manifest: whether it is in force.  What happens in
 * the plugin itself it may always hear of; what others say may be as secret as
 * what they keep, so that needs a yes as a permission does.  accepts_r, or
 * NULL, gets what is accepted then: "hears:NAME"; "" for an event of its own.
 */
#define XC_TERMS_HEARS_SIZE 80
bool xc_terms_hears(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, size_t i,
    char accepts_r[XC_TERMS_HEARS_SIZE]);

/* Those of the manifest that are accepted, an array; a new reference. */
struct json_object *xc_terms_permissions(
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest);

/* The subscriptions in force, {NAME: OPERATION}; a new reference. */
struct json_object *xc_terms_events(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest);

/* The steps in force, as in the manifest: those of scope "site" need a yes;
 * a new reference. */
struct json_object *xc_terms_steps(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest);

#endif

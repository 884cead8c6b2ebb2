/* SPDX-License-Identifier: MIT */
/*
 * plugin.json: what a plugin says of itself.  See xcore-plugin(7).
 */
#ifndef XC_MANIFEST_H
#define XC_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"
#include "lib/limits.h"
#include "plugin/steps.h"

struct json_object;

struct xc_requirement {
	const char *name;	/* of a plugin */
	const char *range;	/* semver range, for example "^1.2" */
};

struct xc_subscription {
	const char *event;	/* "todo.created" */
	const char *operation;	/* that handles it */
};

/* What a user may be allowed: the permission "<plugin>:<name>". */
struct xc_action {
	const char *name;	/* "item:write" */
	const char *description;
	bool everyone;		/* each user has it */
};

#define XC_PREFIXES_MAX 8

struct xc_manifest {
	const char *name;
	const char *version;	/* semver 2.0.0 */
	const char *author;
	const char *description;
	const char *license;	/* SPDX expression */
	const char *prefix;	/* "/app/<name>" unless said; the first */
	const char *const *prefixes;	/* more than one: of a core plugin */
	size_t n_prefixes;
	const char *isolation;	/* "inprocess", "pool", "request"; NULL: as
				 * sandbox.isolation of the configuration */
	struct xc_limits limits;	/* 0: as the configuration's */
	uint32_t require;	/* layers: bits of enum xc_layer */
	const char *requires_xcore;	/* range, or NULL */
	struct xc_requirement *requires;
	size_t n_requires;
	bool core;
	const char **permissions;	/* each as xc_permission_check() has it */
	size_t n_permissions;
	bool may_database;
	bool may_cache;
	bool may_openapi;
	struct xc_subscription *events;
	size_t n_events;
	struct xc_action *actions;
	size_t n_actions;
	struct xc_steps steps;	/* of "middleware" */
	struct json_object *config;	/* JSON Schema with defaults; or NULL */
	struct json_object *json;	/* the whole document */
};

/*
 * Parses and checks a manifest.  On XC_OK the caller frees *manifest_r, which
 * owns all strings.  XC_ERR_INVALID with each fault in errbuf as
 * "plugin.json: /pointer: what, and what to do".
 */
enum xc_err xc_manifest_parse(const char *text, size_t len,
    struct xc_manifest **manifest_r, struct xc_errbuf *errbuf);
void xc_manifest_free(struct xc_manifest **manifest);

/* The defaults of "config" with the operator's settings (may be NULL) over
 * them, a new reference; checked against the types that the schema names. */
enum xc_err xc_manifest_config(const struct xc_manifest *manifest,
    struct json_object *settings, struct json_object **config_r,
    struct xc_errbuf *errbuf);

bool xc_plugin_name_ok(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/* What a struct xc_plugin is, for those who host plugins. */
#ifndef XC_PLUGIN_PRIVATE_H
#define XC_PLUGIN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include <xcore/plugin.h>

#include "limits.h"

struct json_object;
struct xc_host;

#define XC_PLUGIN_HANDLE_MAGIC UINT32_C(0x67756c70)

/* One loaded version.  Whoever loads it owns it and its strings. */
struct xc_plugin {
	uint32_t magic;
	char *name;
	char *version;
	char *prefix;		/* "/app/todo" */
	char *schema;		/* of its database, for example "xcore_todo" */
	char *logger;		/* "plugin.todo" */
	struct json_object *config;	/* may be NULL */
	bool may_database;	/* permissions of the manifest */
	bool may_cache;
	bool may_openapi;
	bool may_all;		/* each one, for a look at what it asks for */
	/* All permissions that are one word, ended with NULL; NULL: none. */
	char **words;
	/* Hosts of the permissions "http:HOST[:PORT]" and names of "event:NAME",
	 * each ended with NULL; NULL: none. */
	char **http_hosts;
	char **emits;
	/* In a sandbox: its host judges by the permissions, and counts. */
	bool host_judges;
	uint64_t denied_ms;	/* the host's: when it last told of a denial */
	enum xc_isolation isolation;
	struct xc_limits limits;	/* complete */
	void *board;		/* the worker's: its row of the scoreboard */
	const struct xc_host *host;
	void *data;		/* xc_plugin_set_data() */
};

#endif

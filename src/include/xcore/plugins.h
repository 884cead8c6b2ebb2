/* SPDX-License-Identifier: MIT */
/*
 * The site's plugins, for a page that manages them.  Needs the permission
 * "plugins" in plugin.json, and of the user who sends the request
 * "admin:plugin:read", to act "admin:plugin:write".
 *
 * All return XC_OK and *result_r, which belongs to the request; or an error,
 * and a problem+json reply stands already: the handler returns the error.
 * result_r may be NULL.
 */
#ifndef XCORE_PLUGINS_H
#define XCORE_PLUGINS_H

#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/* A page of a list; 0 and NULL where the client has said nothing. */
struct xc_plugins_query {
	int64_t page;		/* from 1 */
	int64_t per_page;	/* at most 100 */
	const char *q;		/* a part of the name or the description */
	const char *sort;	/* name, version, state, changed_at; "-name" */
};

/* {items, pagination}; an item is {name, version, description, core, state,
 * isolation, prefixes, changed_at, changed_by, serving, reason}. */
enum xc_err xc_plugins_list(struct xc_request *req,
    const struct xc_plugins_query *query, struct json_object **result_r);

/* One item with {permissions, previous_version, versions, history, hosts}
 * besides. */
enum xc_err xc_plugins_info(struct xc_request *req, const char *name,
    struct json_object **result_r);

/*
 * verb is "reload", "enable", "disable" or "rollback".  *result_r is {name,
 * verb, version, generation, changed, message}: the change is made, and the
 * workers of all hosts take it in a moment.  The plugins that log
 * administrators in are not disabled: 409.
 */
enum xc_err xc_plugins_act(struct xc_request *req, const char *name,
    const char *verb, struct json_object **result_r);

/* {kept, items}: the last records that the plugin has logged on this host,
 * oldest first, each {time, level, text, request_id}; kept is false where the
 * log is no file. */
enum xc_err xc_plugins_logs(struct xc_request *req, const char *name,
    int64_t lines, struct json_object **result_r);

/* What this host counts of it since xcored was started: {requests, errors,
 * faults, restarts, latency, sandboxes}. */
enum xc_err xc_plugins_stats(struct xc_request *req, const char *name,
    struct json_object **result_r);

#ifdef __cplusplus
}
#endif
#endif

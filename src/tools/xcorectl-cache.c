/* SPDX-License-Identifier: MIT */
/* Memcached for xcorectl(8): how its servers are, and forgetting what plugins
 * have put there. */
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "config/settings.h"
#include "manager/manager.h"
#include "services/admin/audit.h"
#include "services/cache/cache.h"
#include "tools/xcorectl-identity.h"

static int
open_cache(struct ctl_site *site, struct xc_cache *cache_r)
{
	struct xc_errbuf errbuf = { "" };

	if (xc_cache_open(&site->ctl->settings->cache, cache_r, &errbuf) !=
	    XC_OK)
		return ctl_fail(site->ctl, XC_EXIT_FAILED, "%s", errbuf.text);
	if (cache_r->ops == NULL)
		return ctl_fail(site->ctl, XC_EXIT_NOT_FOUND,
		    "the site has no cache: cache.servers is empty");
	return XC_EXIT_OK;
}

/* ---- status ------------------------------------------------------------- */

static void
add_number(struct json_object *object, const char *name, uint64_t value)
{
	json_object_object_add(object, name, json_object_new_uint64(value));
}

static struct json_object *
figures_json(const struct xc_cache_figures *figures)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "server",
	    json_object_new_string(figures->server));
	json_object_object_add(object, "up",
	    json_object_new_boolean(figures->up));
	if (!figures->up)
		return object;
	json_object_object_add(object, "version",
	    json_object_new_string(figures->version));
	add_number(object, "uptime_s", figures->uptime_s);
	add_number(object, "items", figures->items);
	add_number(object, "bytes", figures->bytes);
	add_number(object, "bytes_max", figures->bytes_max);
	add_number(object, "hits", figures->hits);
	add_number(object, "misses", figures->misses);
	add_number(object, "evictions", figures->evictions);
	return object;
}

static void
print_figures(const struct xc_cache_figures *figures)
{
	uint64_t gets = figures->hits + figures->misses;

	ctl_print_text(figures->server, 32);
	if (!figures->up) {
		puts(" does not answer");
		return;
	}
	printf(" %s, %llu items, %llu of %llu MiB, ", figures->version,
	    (unsigned long long)figures->items,
	    (unsigned long long)(figures->bytes >> 20),
	    (unsigned long long)(figures->bytes_max >> 20));
	if (gets > 0)
		printf("%.1f %% of %llu gets found, ",
		    100.0 * (double)figures->hits / (double)gets,
		    (unsigned long long)gets);
	printf("%llu evicted\n", (unsigned long long)figures->evictions);
}

/* Of each server; how many do not answer. */
static unsigned
add_servers(const struct ctl_site *site, struct xc_cache *cache, bool print,
    struct json_object *list)
{
	struct xc_cache_figures figures;
	unsigned down = 0;

	for (size_t i = 0; xc_cache_figures(cache, i, &figures) == XC_OK; i++) {
		json_object_array_add(list, figures_json(&figures));
		down += !figures.up;
		if (print && !site->ctl->json)
			print_figures(&figures);
	}
	return down;
}

static int
show(struct ctl_site *site)
{
	struct json_object *data, *list;
	struct xc_cache cache;
	unsigned down;
	int status = open_cache(site, &cache);

	if (status != XC_EXIT_OK)
		return status;
	data = json_object_new_object();
	list = json_object_new_array();
	json_object_object_add(data, "servers", list);
	down = add_servers(site, &cache, true, list);
	xc_cache_close(&cache);
	if (down == 0)
		return ctl_done(site->ctl, data, NULL);
	if (site->ctl->json)
		return ctl_found(XC_EXIT_FAILED, data);
	json_object_put(data);
	return XC_EXIT_FAILED;
}

/* ---- flush -------------------------------------------------------------- */

/* The names of all plugins that there ever were: what one that was removed
 * has left would come back with it. */
static int
find_plugins(struct ctl_site *site, const char *name,
    struct json_object **names_r)
{
	struct json_object *rows;
	enum xc_err err = xc_store_rows(site->identity.store, &rows,
	    "SELECT n.name FROM (SELECT name FROM xc_plugin UNION SELECT name"
	    " FROM xc_plugin_history) n WHERE ? IS NULL OR n.name = ?"
	    " ORDER BY n.name", XC_ARGS(xc_text(name), xc_text(name)));

	if (err != XC_OK)
		return ctl_store_failed(site, err);
	*names_r = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(*names_r, json_object_get(
		    xc_json_member(json_object_array_get_idx(rows, i),
		    "name")));
	json_object_put(rows);
	if (name == NULL || json_object_array_length(*names_r) > 0)
		return XC_EXIT_OK;
	json_object_put(*names_r);
	return ctl_fail(site->ctl, XC_EXIT_NOT_FOUND,
	    "there is no plugin '%s'", name);
}

struct flush {
	struct ctl_site *site;
	struct json_object *after;
	char target[64];
};

static enum xc_err
note(struct xc_store *store, void *ctx)
{
	const struct flush *flush = ctx;
	const struct xc_audit_entry entry = { .action = "cache.flush",
		.target = flush->target, .after = flush->after };

	return xc_audit_add(store, flush->site->identity.ring,
	    &flush->site->caller, &entry);
}

/* Moves on each namespace; a server that does not answer keeps its part. */
static bool
flush_all(struct xc_cache *cache, struct json_object *names)
{
	bool all = true;

	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (cache->ops->flush(cache->ctx, json_object_get_string(
		    json_object_array_get_idx(names, i)), NULL) != XC_OK)
			all = false;
	return all;
}

static int
say_missed(struct ctl_site *site, struct json_object *servers)
{
	struct json_object *server;
	const char *name = "one";

	for (size_t i = 0; i < json_object_array_length(servers); i++) {
		server = json_object_array_get_idx(servers, i);
		if (!json_object_get_boolean(xc_json_member(server, "up")))
			name = xc_json_string(server, "server");
	}
	return ctl_fail(site->ctl, XC_EXIT_FAILED, "cache server %s does not "
	    "answer, so that its part is not flushed; do it again when it is "
	    "back", name);
}

static int
flush_names(struct ctl_site *site, struct xc_cache *cache, const char *name,
    struct json_object *names)
{
	struct json_object *servers = json_object_new_array();
	struct flush flush = { .site = site,
		.after = json_object_new_object() };
	bool all = flush_all(cache, names);
	enum xc_err err;
	int status;

	snprintf(flush.target, sizeof(flush.target), "cache:%s",
	    name != NULL ? name : "*");
	(void)add_servers(site, cache, false, servers);
	json_object_object_add(flush.after, "plugins",
	    json_object_get(names));
	json_object_object_add(flush.after, "whole",
	    json_object_new_boolean(all));
	err = xc_store_transaction(site->identity.store, note, &flush);
	if (err != XC_OK)
		status = ctl_store_failed(site, err);
	else if (!all)
		status = say_missed(site, servers);
	else
		status = ctl_done(site->ctl, json_object_get(flush.after),
		    "what these plugins had in the cache is forgotten");
	json_object_put(flush.after);
	json_object_put(servers);
	return status;
}

static int
flush(struct ctl_site *site)
{
	const char *name = site->ctl->argc > 0 ? site->ctl->argv[0] : NULL;
	struct json_object *names = NULL;
	struct xc_cache cache;
	int status = open_cache(site, &cache);

	if (status != XC_EXIT_OK)
		return status;
	status = find_plugins(site, name, &names);
	if (status == XC_EXIT_OK) {
		status = flush_names(site, &cache, name, names);
		json_object_put(names);
	}
	xc_cache_close(&cache);
	return status;
}

int
ctl_cache(struct xc_ctl *ctl)
{
	static const struct ctl_verb verbs[] = {
		{ "status", show, 0, 0, 0, "cache status" },
		{ "flush", flush, 0, 1, 0, "cache flush [PLUGIN]" },
		{ NULL, NULL, 0, 0, 0, NULL }
	};

	return ctl_verbs(ctl, verbs);
}

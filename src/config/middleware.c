/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "middleware-check.h"
#include "middleware-private.h"
#include "near.h"

/*
 * Limits that hold unless the configuration has others for the prefix: for
 * what can be used to guess passwords and codes, or to fill the table of users;
 * and for bodies that are read before it is known who sends them.
 */
static const char built_in[] =
    "{\"/auth\":{\"body\":{\"max\":65536}},"
    "\"/auth/login\":{\"rate\":[{\"limit\":20,\"window_s\":60}]},"
    "\"/auth/refresh\":{\"rate\":[{\"limit\":60,\"window_s\":60}]},"
    "\"/auth/otp\":{\"rate\":[{\"limit\":20,\"window_s\":60}]},"
    "\"/user/register\":{\"body\":{\"max\":65536},\"rate\":[{\"limit\":20,\"window_s\":3600}]}}";

struct reader {
	const struct xc_middleware_config *config;
	struct xc_middleware *middleware;
	struct json_object *built_in;
	struct xc_errbuf *errbuf;
};

static enum xc_err
no_memory(const struct reader *reader)
{
	return xc_fail(reader->errbuf, XC_ERR_NOMEM, "out of memory");
}

/* --- values -------------------------------------------------------------- */

/* A new reference to the list "a,b". */
static struct json_object *
list_of(const char *text)
{
	struct json_object *list = json_object_new_array();
	size_t len;

	for (; list != NULL && *text != '\0'; text += len + (text[len] != 0)) {
		len = strcspn(text, ",");
		json_object_array_add(list,
		    json_object_new_string_len(text, (int)len));
	}
	return list;
}

/* The list of a row's default, made once. */
static struct json_object *
own_list(const struct reader *reader, const struct xc_part_row *row)
{
	struct json_object *own = reader->middleware->own, *list = NULL;
	char name[64];

	if (row->initial[0] == '\0')
		return NULL;
	snprintf(name, sizeof(name), "%s.%s", row->part, row->key);
	if (json_object_object_get_ex(own, name, &list))
		return list;
	list = list_of(row->initial);
	json_object_object_add(own, name, list);
	return list;
}

static void
set_initial(const struct reader *reader, const struct xc_part_row *row,
    void *slot)
{
	switch (row->type) {
	case XC_NUMBER:
		*(int64_t *)slot = strtoll(row->initial, NULL, 10);
		break;
	case XC_SWITCH:
		*(bool *)slot = strcmp(row->initial, "true") == 0;
		break;
	case XC_LIST:
		*(struct json_object **)slot = own_list(reader, row);
		break;
	case XC_MAP:
		*(struct json_object **)slot = NULL;
		break;
	default:
		*(const char **)slot = row->initial;
		break;
	}
}

static void
set_value(const struct xc_part_row *row, void *slot,
    struct json_object *value)
{
	switch (row->type) {
	case XC_NUMBER:
		*(int64_t *)slot = json_object_get_int64(value);
		break;
	case XC_SWITCH:
		*(bool *)slot = json_object_get_boolean(value);
		break;
	case XC_LIST:
	case XC_MAP:
		*(struct json_object **)slot = value;
		break;
	default:
		*(const char **)slot = json_object_get_string(value);
		break;
	}
}

/* Lays the object of a part over what stands in its struct; with fresh the
 * defaults under it first. */
static void
lay(const struct reader *reader, const char *part, struct json_object *object,
    void *to, bool fresh)
{
	const struct xc_part_row *row = xc_part_rows;
	struct json_object *value;
	void *slot;

	for (; row < xc_part_rows + xc_part_rows_len; row++) {
		if (strcmp(row->part, part) != 0)
			continue;
		slot = (char *)to + row->offset;
		if (fresh)
			set_initial(reader, row, slot);
		if (object != NULL &&
		    json_object_object_get_ex(object, row->key, &value))
			set_value(row, slot, value);
	}
}

static void
lay_rates(const struct reader *reader, struct json_object *list,
    struct xc_chain_settings *chain)
{
	size_t i, n = list == NULL ? 0 : json_object_array_length(list);
	struct xc_rate_settings *rate;

	chain->n_rates = n < XC_RATES_MAX ? n : XC_RATES_MAX;
	for (i = 0; i < chain->n_rates; i++) {
		rate = &chain->rates[i];
		lay(reader, "rate", json_object_array_get_idx(list, i), rate,
		    true);
		if (rate->name[0] == '\0')
			rate->name = rate->by;
	}
}

/* --- prefixes ------------------------------------------------------------ */

static void
lay_parts(const struct reader *reader, struct json_object *parts,
    struct xc_chain_settings *chain)
{
	json_object_object_foreach(parts, part, value) {
		if (strcmp(part, "log") == 0)
			lay(reader, part, value, &chain->log, false);
		else if (strcmp(part, "timing") == 0)
			lay(reader, part, value, &chain->timing, false);
		else if (strcmp(part, "body") == 0)
			lay(reader, part, value, &chain->body, false);
		else if (strcmp(part, "cors") == 0)
			lay(reader, part, value, &chain->cors, false);
		else if (strcmp(part, "headers") == 0)
			lay(reader, part, value, &chain->headers, false);
		else if (strcmp(part, "rate") == 0)
			lay_rates(reader, value, chain);
		else if (strcmp(part, "plugins") == 0)
			chain->plugins = value;
	}
}

static void
lay_base(const struct reader *reader, struct xc_chain_settings *base)
{
	const struct xc_middleware_config *config = reader->config;

	base->prefix = "";
	lay(reader, "log", config->log, &base->log, true);
	lay(reader, "timing", config->timing, &base->timing, true);
	lay(reader, "body", config->body, &base->body, true);
	lay(reader, "cors", config->cors, &base->cors, true);
	lay(reader, "headers", config->headers, &base->headers, true);
	lay_rates(reader, config->rate, base);
	base->plugins = config->plugins;
}

static int
by_length(const void *a, const void *b)
{
	const struct xc_chain_settings *one = a, *other = b;
	size_t n = strlen(one->prefix), m = strlen(other->prefix);

	return n != m ? (n < m ? -1 : 1) :
	    strcmp(one->prefix, other->prefix);
}

static bool
is_within(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(path, prefix, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

/* What holds for a prefix is what holds for the longest one around it, and
 * what is said of it alone. */
static void
fill_chain(const struct reader *reader, size_t at)
{
	struct xc_chain_settings *chains = reader->middleware->chains;
	const char *prefix = chains[at].prefix;
	struct json_object *parts = NULL;
	size_t around = at;

	while (around-- > 1)
		if (is_within(prefix, chains[around].prefix))
			break;
	chains[at] = chains[around];
	chains[at].prefix = prefix;
	if (json_object_object_get_ex(reader->built_in, prefix, &parts))
		lay_parts(reader, parts, &chains[at]);
	if (json_object_object_get_ex(reader->config->prefixes, prefix,
	    &parts))
		lay_parts(reader, parts, &chains[at]);
}

/* The names of the built-in prefixes and of those in the file. */
static enum xc_err
name_prefixes(struct reader *reader)
{
	struct xc_middleware *middleware = reader->middleware;
	struct json_object *config = reader->config->prefixes;
	size_t n = 1, named = config == NULL ? 0 :
	    (size_t)json_object_object_length(config);

	middleware->chains = calloc(1 +
	    (size_t)json_object_object_length(reader->built_in) +
	    named,
	    sizeof(*middleware->chains));
	if (middleware->chains == NULL)
		return no_memory(reader);
	if (config != NULL) {
		json_object_object_foreach(config, name, parts) {
			(void)parts;
			middleware->chains[n++].prefix = name;
		}
	}
	json_object_object_foreach(reader->built_in, known, rest) {
		(void)rest;
		if (!json_object_object_get_ex(config, known, NULL))
			middleware->chains[n++].prefix = known;
	}
	middleware->n_chains = n;
	return XC_OK;
}

static enum xc_err
read_prefixes(struct reader *reader)
{
	struct xc_middleware *middleware = reader->middleware;
	enum xc_err err;
	size_t n, i;

	reader->built_in = json_tokener_parse(built_in);
	if (reader->built_in == NULL || json_object_object_add(
	    middleware->own, "", reader->built_in) != 0)
		return no_memory(reader);
	err = name_prefixes(reader);
	if (err != XC_OK)
		return err;
	n = middleware->n_chains;
	qsort(middleware->chains + 1, n - 1, sizeof(*middleware->chains),
	    by_length);
	lay_base(reader, &middleware->chains[0]);
	for (i = 0; i < n && err == XC_OK; i++) {
		if (i > 0)
			fill_chain(reader, i);
		err = xc_check_of_prefix(&middleware->chains[i],
		    reader->errbuf);
		if (err != XC_OK)
			return xc_fail_prefix(reader->errbuf, err,
			    "middleware%s%s", i > 0 ? ".prefixes: " : "",
			    middleware->chains[i].prefix);
	}
	return XC_OK;
}

/* --- the chain ----------------------------------------------------------- */

static enum xc_err
unknown_part(const char *name, struct xc_errbuf *errbuf)
{
	struct xc_near near;
	int i;

	xc_near_init(&near, name);
	for (i = 0; i < XC_PART__MAX; i++)
		xc_near_try(&near, xc_mw_part_name((enum xc_mw_part)i), 0);
	if (near.word == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "middleware.chain: "
		    "there is no \"%.64s\"; see xcore-middleware(7)", name);
	return xc_fail(errbuf, XC_ERR_INVALID, "middleware.chain: there is no "
	    "\"%.64s\"; did you mean \"%s\"?", name, near.word);
}

/* Settings that are of no file need not name it. */
static enum xc_err
whole_chain(struct xc_middleware *middleware)
{
	int i;

	for (i = 0; i < XC_PART__MAX; i++)
		middleware->order[middleware->n_order++] =
		    (enum xc_mw_part)i;
	return XC_OK;
}

static enum xc_err
read_chain(struct reader *reader)
{
	struct xc_middleware *middleware = reader->middleware;
	struct json_object *list = reader->config->chain;
	enum xc_mw_part part;
	const char *name;
	size_t i;

	if (list == NULL)
		return whole_chain(middleware);
	for (i = 0; i < json_object_array_length(list); i++) {
		name = json_object_get_string(
		    json_object_array_get_idx(list, i));
		part = xc_mw_part_find(name, strlen(name));
		if (part == XC_PART__MAX)
			return unknown_part(name, reader->errbuf);
		if (xc_middleware_has(middleware, part))
			return xc_fail(reader->errbuf, XC_ERR_INVALID,
			    "middleware.chain: \"%s\" stands in it twice",
			    name);
		middleware->order[middleware->n_order++] = part;
	}
	return xc_check_chain(middleware, reader->errbuf);
}

static enum xc_err
read_all(struct reader *reader)
{
	struct xc_middleware *middleware = reader->middleware;
	enum xc_err err;

	middleware->own = json_object_new_object();
	if (middleware->own == NULL)
		return no_memory(reader);
	lay(reader, "request_id", reader->config->request_id,
	    &middleware->request_id, true);
	lay(reader, "proxy", reader->config->proxy, &middleware->proxy, true);
	err = read_chain(reader);
	if (err == XC_OK)
		err = xc_check_ends(middleware, reader->errbuf);
	if (err == XC_OK)
		err = read_prefixes(reader);
	return err;
}

enum xc_err
xc_middleware_read(const struct xc_middleware_config *config,
    struct xc_middleware **middleware_r, struct xc_errbuf *errbuf)
{
	struct xc_middleware *middleware = calloc(1, sizeof(*middleware));
	struct reader reader = { config, middleware, NULL, errbuf };
	enum xc_err err;

	*middleware_r = NULL;
	if (middleware == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = read_all(&reader);
	if (err == XC_OK)
		*middleware_r = middleware;
	else
		xc_middleware_free(&middleware);
	return err;
}

void
xc_middleware_free(struct xc_middleware **middleware)
{
	struct xc_middleware *old = *middleware;

	*middleware = NULL;
	if (old == NULL)
		return;
	free(old->chains);
	json_object_put(old->own);
	free(old);
}

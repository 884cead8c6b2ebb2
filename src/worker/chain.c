/* SPDX-License-Identifier: MIT */
/* The chains are put together, and requests sent through them. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <json-c/json.h>

#include "worker/chain-private.h"

/* --- put together --------------------------------------------------------- */

static enum xc_err
make_proxies(struct xc_chains *chains)
{
	const struct xc_proxy_settings *proxy = &chains->settings->proxy;
	size_t i, n = proxy->trusted != NULL ?
	    json_object_array_length(proxy->trusted) : 0;

	chains->trusted = calloc(n + 1, sizeof(*chains->trusted));
	if (chains->trusted == NULL)
		return XC_ERR_NOMEM;
	for (i = 0; i < n; i++)
		(void)xc_network_read(json_object_get_string(
		    json_object_array_get_idx(proxy->trusted, i)),
		    &chains->trusted[i]);
	chains->hops_header = proxy->header;
	chains->proxies = (struct xc_proxies){ .trusted = chains->trusted,
		.n = n, .hops_max = (size_t)proxy->hops_max,
		.by = strcmp(proxy->header, "forwarded") == 0 ?
		    XC_BY_FORWARDED :
		    strcmp(proxy->header, "x-real-ip") == 0 ?
		    XC_BY_REAL_IP : XC_BY_FORWARDED_FOR };
	return XC_OK;
}

static void
make_limits(const struct xc_chain_settings *settings, struct xc_chain *chain)
{
	struct xc_limit limit;
	size_t i;

	for (i = 0; i < settings->n_rates; i++) {
		xc_limit_make(&settings->rates[i], settings->prefix, &limit);
		if (limit.by == XC_RATE_USER)
			chain->users[chain->n_users++] = limit;
		else
			chain->limits[chain->n_limits++] = limit;
	}
}

/* What of a part's way in there is; NULL: nothing. */
static xc_step_fn *
step_of(const struct xc_chains *chains, const struct xc_chain *chain,
    enum xc_mw_part part)
{
	switch (part) {
	case XC_PART_REQUEST_ID:
		return strcmp(chains->settings->request_id.trace, "off") != 0
		    ? xc_step_trace : NULL;
	case XC_PART_PROXY:
		return chains->proxies.n > 0 ? xc_step_proxy : NULL;
	case XC_PART_BODY:
		return chain->body_max != UINT32_MAX ? xc_step_body : NULL;
	case XC_PART_CORS:
		return chain->cors != NULL ? xc_step_cors : NULL;
	case XC_PART_RATE:
		return chain->n_limits > 0 ? xc_step_rate : NULL;
	default:
		return NULL;
	}
}

static void
make_steps(const struct xc_chains *chains, struct xc_chain *chain)
{
	const struct xc_middleware *settings = chains->settings;
	xc_step_fn *fn;
	size_t i;

	for (i = 0; i < settings->n_order; i++) {
		fn = step_of(chains, chain, settings->order[i]);
		if (fn != NULL)
			chain->steps[chain->n_steps++] = (struct xc_step){
				fn, settings->order[i] };
	}
}

/* Prefixes that choose nothing have the list of the one around them. */
static void
make_choice(struct xc_chains *chains, struct json_object *plugins,
    struct xc_chain *chain)
{
	size_t i;

	for (i = 0; i < chains->n_choices; i++)
		if (chains->choices[i] == plugins)
			break;
	if (i == chains->n_choices)
		chains->choices[chains->n_choices++] = plugins;
	chain->choice = (uint32_t)i;
}

static enum xc_err
make_chain(struct xc_chains *chains, const struct xc_chain_settings *settings,
    struct xc_chain *chain)
{
	const struct xc_middleware *all = chains->settings;
	enum xc_err err;

	chain->prefix = settings->prefix;
	chain->prefix_len = strlen(settings->prefix);
	chain->body_max = UINT32_MAX;
	if (xc_middleware_has(all, XC_PART_BODY) && settings->body.max > 0)
		chain->body_max = (uint32_t)settings->body.max;
	chains->limit_bodies |= chain->body_max != UINT32_MAX;
	chain->timing = xc_middleware_has(all, XC_PART_TIMING) &&
	    settings->timing.header;
	chain->logs = xc_middleware_has(all, XC_PART_LOG) &&
	    xc_log_level_parse(settings->log.level, &chain->level);
	chain->logs_query = settings->log.query;
	if (xc_middleware_has(all, XC_PART_RATE))
		make_limits(settings, chain);
	err = xc_lines_make(xc_middleware_has(all, XC_PART_HEADERS) ?
	    &settings->headers : NULL,
	    xc_middleware_has(all, XC_PART_REQUEST_ID) ?
	    all->request_id.header : "", &chain->lines);
	if (err == XC_OK && xc_middleware_has(all, XC_PART_CORS))
		err = xc_cors_make(&settings->cors, &chain->cors);
	make_steps(chains, chain);
	make_choice(chains, settings->plugins, chain);
	return err;
}

static enum xc_err
make_all(struct xc_chains *chains, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_middleware_read(chains->options.config,
	    &chains->settings, errbuf);
	size_t i;

	if (err != XC_OK)
		return err;
	chains->n = chains->settings->n_chains;
	chains->rows = calloc(chains->n, sizeof(*chains->rows));
	chains->choices = calloc(chains->n, sizeof(struct json_object *));
	chains->rates = xc_rates_create();
	chains->access = (struct xc_logger)XC_LOGGER("access");
	chains->starts_trace =
	    strcmp(chains->settings->request_id.trace, "start") == 0;
	if (chains->rows == NULL || chains->choices == NULL ||
	    chains->rates == NULL ||
	    getrandom(&chains->seed, sizeof(chains->seed), 0) !=
	    (ssize_t)sizeof(chains->seed))
		err = XC_ERR_NOMEM;
	if (err == XC_OK)
		err = make_proxies(chains);
	for (i = 0; i < chains->n && err == XC_OK; i++)
		err = make_chain(chains, &chains->settings->chains[i],
		    &chains->rows[i]);
	if (err == XC_OK)
		err = xc_chain_index_make(&chains->index, chains->rows,
		    chains->n);
	return err == XC_OK ? err :
	    xc_fail(errbuf, err, "middleware: out of memory");
}

enum xc_err
xc_chains_create(const struct xc_chains_options *options,
    struct xc_chains **chains_r, struct xc_errbuf *errbuf)
{
	struct xc_chains *chains = calloc(1, sizeof(*chains));
	enum xc_err err;

	*chains_r = NULL;
	if (chains == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	chains->options = *options;
	err = make_all(chains, errbuf);
	if (err == XC_OK)
		*chains_r = chains;
	else
		xc_chains_free(&chains);
	return err;
}

void
xc_chains_free(struct xc_chains **chains)
{
	struct xc_chains *old = *chains;
	size_t i;

	*chains = NULL;
	if (old == NULL)
		return;
	for (i = 0; old->rows != NULL && i < old->n; i++) {
		xc_cors_free(&old->rows[i].cors);
		xc_lines_free(&old->rows[i].lines);
	}
	free(old->rows);
	free(old->choices);
	free(old->index.cells);
	free(old->trusted);
	xc_rates_free(&old->rates);
	xc_middleware_free(&old->settings);
	free(old);
}

/* --- steps of plugins ----------------------------------------------------- */

size_t
xc_chains_choices(const struct xc_chains *chains)
{
	return chains->n_choices;
}

static bool
names(const char *text, const char *plugin, const char *operation)
{
	size_t len = strlen(plugin);

	if (strcmp(text, "*") == 0)
		return true;
	return strncmp(text, plugin, len) == 0 && (text[len] == '\0' ||
	    (text[len] == ':' && strcmp(text + len + 1, operation) == 0));
}

bool
xc_chains_has_chosen(const struct xc_chains *chains, size_t choice,
    const char *plugin, const char *operation)
{
	struct json_object *list = chains->choices[choice];
	size_t n = list != NULL ? json_object_array_length(list) : 0, i;

	for (i = 0; i < n; i++)
		if (names(json_object_get_string(
		    json_object_array_get_idx(list, i)), plugin, operation))
			return true;
	return list == NULL;
}

/* --- requests ------------------------------------------------------------- */

/* By segments, as the router finds what is asked: an encoded slash divides
 * none, or it would choose the prefix of others' requests. */
static const struct xc_chain *
find(const struct xc_chains *chains, const struct xc_request *req)
{
	const char *const *segments;
	size_t n = xc_request_segments(req, &segments);
	const struct xc_chain *found = xc_chain_index_find(&chains->index,
	    segments, n);

	return found != NULL ? found : &chains->rows[0];
}

uint32_t
xc_chains_body_max(const struct xc_chains *chains,
    const struct xc_request *req)
{
	return find(chains, req)->body_max;
}

bool
xc_chains_limit_bodies(const struct xc_chains *chains)
{
	return chains->limit_bodies;
}

static void
enter(struct xc_passage *passage, const struct xc_chain *chain)
{
	passage->chain = chain;
	passage->lines = &chain->lines;
	passage->says_time = chain->timing;
	passage->choice = chain->choice;
}

void
xc_chain_begin(struct xc_chains *chains, struct xc_passage *passage)
{
	enter(passage, &chains->rows[0]);
	xc_log_trace(NULL);
	passage->https = false;
	passage->cors_len = passage->late_len = 0;
	passage->measured = chains->options.row != NULL &&
	    chains->turn++ % XC_CHAIN_SAMPLE == 0;
	passage->began_ns = passage->measured ? xc_now_ns() : 0;
}

/* One writer, so no locked instruction is needed. */
static void
add(_Atomic(uint64_t) *word, uint64_t n)
{
	atomic_store_explicit(word, atomic_load_explicit(word,
	    memory_order_relaxed) + n, memory_order_relaxed);
}

static void
note(const struct xc_chains *chains, enum xc_mw_part part, uint64_t since,
    bool refused)
{
	struct xc_part_figures *figures;

	if (chains->options.row == NULL)
		return;
	figures = &chains->options.row->parts[part];
	add(&figures->runs, 1);
	if (refused)
		add(&figures->refused, 1);
	if (since == 0)
		return;
	add(&figures->samples, 1);
	add(&figures->ns, xc_now_ns() - since);
}

static bool
run(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req, const struct xc_step *step)
{
	uint64_t since = passage->measured ? xc_now_ns() : 0;
	bool on = step->fn(chains, passage, req);

	/* A preflight is answered, not refused. */
	note(chains, step->part, since, !on && step->part != XC_PART_CORS);
	return on;
}

void
xc_chain_refused(struct xc_chains *chains, struct xc_passage *passage,
    const struct xc_request *req)
{
	enter(passage, find(chains, req));
	passage->https = strcmp(xc_request_scheme(req), "https") == 0;
	if (passage->chain->cors != NULL)
		xc_chain_say_cors(passage, xc_request_header(req, "origin"),
		    false);
}

bool
xc_chain_in(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req, size_t body_len)
{
	const struct xc_chain *chain = find(chains, req);
	size_t i;
	bool on = true;

	enter(passage, chain);
	passage->body_len = body_len;
	if (passage->began_ns == 0 && (chain->logs || chain->timing))
		passage->began_ns = xc_now_ns();
	for (i = 0; i < chain->n_steps && on; i++)
		on = run(chains, passage, req, &chain->steps[i]);
	passage->https = strcmp(xc_request_scheme(req), "https") == 0;
	return on;
}

bool
xc_chain_user(struct xc_chains *chains, struct xc_passage *passage,
    struct xc_request *req)
{
	const struct xc_chain *chain = passage->chain;
	uint64_t since;
	bool on;

	if (chain == NULL || chain->n_users == 0)
		return true;
	since = passage->measured ? xc_now_ns() : 0;
	on = xc_chain_count(chains, passage, req, chain->users,
	    chain->n_users);
	if (chains->options.wait != NULL)
		chains->options.wait(chains->options.ctx, XC_WAIT_WITHIN);
	note(chains, XC_PART_RATE, since, !on);
	return on;
}

uint64_t
xc_chain_clock(const struct xc_passage *passage)
{
	return passage->measured ? xc_now_ns() : 0;
}

void
xc_chain_authed(struct xc_chains *chains, const struct xc_passage *passage,
    uint64_t since, bool refused)
{
	(void)passage;
	note(chains, XC_PART_AUTH, since, refused);
}

static void
write_record(struct xc_chains *chains, const struct xc_passage *passage,
    const struct xc_request *req, const char *plugin)
{
	const struct xc_request_head *head = (const void *)req->in.base;
	const char *query = passage->chain->logs_query ?
	    xc_request_query_string(req) : "";
	const char *subject = xc_block_text(&req->in, head->subject);
	const char *trace = xc_request_traceparent(req);
	const char *agent = xc_request_header(req, "user-agent");
	uint64_t took = xc_now_ns() - passage->began_ns;

	xc_logf_request(&chains->access, passage->chain->level,
	    xc_request_id(req), "%s %s \"%s %s%s%s\" %u %u %.3f ms %s "
	    "trace=%.32s \"%s\"", xc_request_remote(req),
	    subject[0] != '\0' ? subject : "-", xc_request_method_name(req),
	    xc_request_path(req), query[0] != '\0' ? "?" : "", query,
	    (unsigned)xc_request_reply(req)->status,
	    (unsigned)xc_request_reply(req)->body.len, (double)took / 1e6,
	    plugin != NULL ? plugin : "-",
	    trace[0] != '\0' ? trace + 3 : "-", agent != NULL ? agent : "-");
}

static void
note_latency(struct xc_worker_row *row, uint64_t took_ns)
{
	uint64_t us = took_ns / 1000;
	unsigned i = 0;

	while (i + 1 < XC_TOOK__MAX && us > UINT64_C(1) << i)
		i++;
	add(&row->took[i], 1);
}

void
xc_chain_out(struct xc_chains *chains, struct xc_passage *passage,
    const struct xc_request *req, const char *plugin)
{
	uint64_t since;

	if (passage->measured)
		note_latency(chains->options.row,
		    xc_now_ns() - passage->began_ns);
	if (!passage->chain->logs)
		return;
	since = passage->measured ? xc_now_ns() : 0;
	write_record(chains, passage, req, plugin);
	note(chains, XC_PART_LOG, since, false);
}

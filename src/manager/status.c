/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "manager/manager-private.h"

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void
add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key,
	    json_object_new_int64((int64_t)number));
}

/* List, or an empty one; a new reference. */
static struct json_object *
list_or_empty(struct json_object *list)
{
	return list == NULL ? json_object_new_array() :
	    json_object_get(list);
}

static struct json_object *
generation_json(const struct xc_manager *m)
{
	struct json_object *object = json_object_new_object();
	uint64_t published = atomic_load(&m->pool.board->generation);
	uint32_t serving, applied;
	uint64_t lowest;

	xc_pool_count(m, &serving, &applied, &lowest);
	add_number(object, "desired", m->link.generation > published ?
	    m->link.generation : published);
	add_number(object, "published", published);
	add_number(object, "applied", lowest);
	add_number(object, "sequence",
	    atomic_load(&m->pool.board->sequence));
	add_number(object, "serving", serving);
	add_number(object, "pending", serving - applied);
	add_number(object, "last_apply_ms", m->apply.last_ms);
	return object;
}

static struct json_object *
registry_json(const struct xc_manager *m)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "reachable",
	    json_object_new_boolean(m->link.reachable));
	add_text(object, "reason", m->link.known ? m->link.reason :
	    "not heard of yet");
	add_number(object, "follower", (uint64_t)m->link.pid);
	return object;
}

static struct json_object *
worker_json(const struct xc_manager *m, const struct xc_pool_row *row)
{
	const struct xc_worker_row *b = xc_row_board(m, row);
	struct json_object *object = json_object_new_object();
	uint64_t now = xc_now_ms(), since = atomic_load(&b->since_ms);
	uint64_t started = atomic_load(&b->started_ms);
	struct xc_row_work work;

	xc_row_work(b, &work);
	add_number(object, "worker", row->index);
	add_number(object, "pid", (uint64_t)row->pid);
	add_text(object, "state", row->pid == 0 ? "waiting" :
	    xc_worker_state_name(atomic_load(&b->state)));
	json_object_object_add(object, "ready",
	    json_object_new_boolean(row->ready));
	json_object_object_add(object, "retired",
	    json_object_new_boolean(row->retired));
	json_object_object_add(object, "trial",
	    json_object_new_boolean(row->extra));
	json_object_object_add(object, "fresh", json_object_new_boolean(
	    !row->stale && row->epoch == m->pool.epoch));
	add_number(object, "generation", atomic_load(&b->generation));
	add_number(object, "sequence", atomic_load(&b->sequence));
	add_number(object, "requests", atomic_load(&b->requests));
	add_number(object, "errors", atomic_load(&b->errors));
	add_number(object, "connections", atomic_load(&b->connections));
	add_text(object, "plugin", work.plugin);
	if (row->sandboxes != NULL)
		json_object_object_add(object, "sandboxes",
		    json_object_get(row->sandboxes));
	add_number(object, "since_ms", now > since ? now - since : 0);
	add_number(object, "uptime_ms",
	    row->pid != 0 && now > started ? now - started : 0);
	return object;
}

static struct json_object *
workers_json(const struct xc_manager *m)
{
	struct json_object *list = json_object_new_array();
	const struct xc_pool_row *row;

	for (uint32_t i = 0; i < m->pool.n_rows; i++) {
		row = &m->pool.rows[i];
		if (row->pid != 0 || row->not_before != 0)
			json_object_array_add(list, worker_json(m, row));
	}
	return list;
}

static struct json_object *
part_json(const struct xc_scoreboard *board, enum xc_mw_part part)
{
	struct json_object *object = json_object_new_object();
	uint64_t runs = 0, refused = 0, samples = 0, ns = 0;

	for (uint32_t i = 0; i < board->n_workers; i++) {
		const struct xc_part_figures *figures =
		    &board->workers[i].parts[part];

		runs += atomic_load(&figures->runs);
		refused += atomic_load(&figures->refused);
		samples += atomic_load(&figures->samples);
		ns += atomic_load(&figures->ns);
	}
	add_text(object, "name", xc_mw_part_name(part));
	add_number(object, "runs", runs);
	add_number(object, "refused", refused);
	add_number(object, "samples", samples);
	add_number(object, "ns_each", samples > 0 ? ns / samples : 0);
	return object;
}

static struct json_object *
step_json(const struct xc_step_row *row)
{
	struct json_object *object = json_object_new_object();
	uint64_t samples = atomic_load(&row->samples);

	add_text(object, "name", row->name);
	add_number(object, "runs", atomic_load(&row->runs));
	add_number(object, "refused", atomic_load(&row->stopped));
	add_number(object, "failed", atomic_load(&row->failed));
	add_number(object, "samples", samples);
	add_number(object, "ns_each",
	    samples > 0 ? atomic_load(&row->ns) / samples : 0);
	return object;
}

/* Those of plugins that there have been since the board was made. */
static struct json_object *
steps_json(struct xc_scoreboard *board)
{
	struct json_object *list = json_object_new_array();
	const struct xc_step_row *row;

	for (uint32_t i = 0; i < XC_STEP_ROWS_MAX; i++) {
		row = xc_scoreboard_step_at(board, i);
		if (row != NULL)
			json_object_array_add(list, step_json(row));
	}
	return list;
}

/* The bound in microseconds that a share of the requests is within. */
static uint64_t
bound_us(const uint64_t took[static XC_TOOK__MAX], uint64_t all,
    unsigned percent)
{
	uint64_t seen = 0;
	unsigned i;

	for (i = 0; i < XC_TOOK__MAX - 1; i++) {
		seen += took[i];
		if (seen * 100 >= all * percent)
			break;
	}
	return all > 0 ? UINT64_C(1) << i : 0;
}

/* What the parts of the chain cost and refused, in all workers. */
static struct json_object *
middleware_json(const struct xc_manager *m)
{
	const struct xc_scoreboard *board = m->pool.board;
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	uint64_t took[XC_TOOK__MAX] = { 0 }, all = 0;

	for (int i = 0; i < XC_PART__MAX; i++)
		json_object_array_add(list,
		    part_json(board, (enum xc_mw_part)i));
	for (uint32_t i = 0; i < board->n_workers; i++)
		for (unsigned k = 0; k < XC_TOOK__MAX; k++)
			took[k] += atomic_load(&board->workers[i].took[k]);
	for (unsigned k = 0; k < XC_TOOK__MAX; k++)
		all += took[k];
	json_object_object_add(object, "parts", list);
	json_object_object_add(object, "steps", steps_json(m->pool.board));
	add_number(object, "samples", all);
	add_number(object, "p50_us", bound_us(took, all, 50));
	add_number(object, "p90_us", bound_us(took, all, 90));
	add_number(object, "p99_us", bound_us(took, all, 99));
	return object;
}

static const char *
phase_text(const struct xc_manager *m)
{
	switch (m->phase) {
	case XC_PHASE_RUNNING:
		return "running";
	case XC_PHASE_DRAINING:
		return "draining";
	default:
		return "starting";
	}
}

static void
add_manager(struct json_object *object, const struct xc_manager *m)
{
	char text[320];
	struct tm tm;

	add_number(object, "pid", (uint64_t)getpid());
	add_text(object, "version", m->options->version);
	gmtime_r(&m->started, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	add_text(object, "started", text);
	add_number(object, "uptime_ms", xc_now_ms() - m->started_ms);
	add_text(object, "state", phase_text(m));
	json_object_object_add(object, "safe",
	    json_object_new_boolean(m->options->safe));
	add_text(object, "config", m->settings->file);
	xc_listen_describe(&m->listen, text, sizeof(text));
	add_text(object, "listen", text);
	add_number(object, "upgrades", m->upgrade.done);
	json_object_object_add(object, "upgrading",
	    json_object_new_boolean(m->upgrade.pid != 0 || m->upgrade.go));
}

struct json_object *
xc_status_json(const struct xc_manager *m)
{
	struct json_object *object = json_object_new_object();

	add_manager(object, m);
	json_object_object_add(object, "generation", generation_json(m));
	json_object_object_add(object, "registry", registry_json(m));
	json_object_object_add(object, "spawner", xc_spawner_json(m));
	add_number(object, "workers_target", m->pool.target);
	json_object_object_add(object, "workers", workers_json(m));
	json_object_object_add(object, "plugins", xc_status_plugins(m));
	json_object_object_add(object, "middleware", middleware_json(m));
	json_object_object_add(object, "rejected",
	    list_or_empty(m->link.rejected));
	json_object_object_add(object, "quarantined",
	    list_or_empty(m->link.quarantined));
	json_object_object_add(object, "crashes",
	    list_or_empty(m->crashes.list));
	add_number(object, "crashes_total", m->crashes.total);
	return object;
}

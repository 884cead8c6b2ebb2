/* SPDX-License-Identifier: MIT */
/* The database and the cache of a plugin under test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "kit/fakes-private.h"

bool
xc_fakes_error(const char *name, enum xc_err *err_r)
{
	static const struct {
		const char *name;
		enum xc_err err;
	} errors[] = {
		{ "invalid", XC_ERR_INVALID }, { "exists", XC_ERR_EXISTS },
		{ "not found", XC_ERR_NOT_FOUND },
		{ "denied", XC_ERR_DENIED },
		{ "too large", XC_ERR_TOO_LARGE }, { "busy", XC_ERR_BUSY },
		{ "unavailable", XC_ERR_UNAVAILABLE },
		{ "timeout", XC_ERR_TIMEOUT },
		{ "uncertain", XC_ERR_UNCERTAIN },
		{ "failed", XC_ERR_FAILED }, { "state", XC_ERR_STATE },
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0) {
			*err_r = errors[i].err;
			return true;
		}
	}
	return false;
}

/* ---- the script --------------------------------------------------------- */

static bool
take_call(struct json_object *row, struct xc_fake_step *step)
{
	static const char *const calls[] = { "rows", "exec", "begin",
		"commit", "rollback" };
	const char *call = xc_json_string(row, "call");

	step->call = xc_json_member(row, "rows") != NULL ? XC_FAKE_ROWS :
	    XC_FAKE_EXEC;
	if (call == NULL)
		return true;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i], call) == 0) {
			step->call = (enum xc_fake_call)i;
			return true;
		}
	}
	return false;
}

static enum xc_err
take_step(struct json_object *row, size_t number, struct xc_fake_step *step,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows = xc_json_member(row, "rows");
	struct json_object *args = xc_json_member(row, "args");
	const char *error = xc_json_string(row, "error");
	int64_t value = 0;

	if (!take_call(row, step))
		return xc_fail(errbuf, XC_ERR_INVALID, "/database/%zu/call: "
		    "must be rows, exec, begin, commit or rollback", number);
	if (error != NULL && !xc_fakes_error(error, &step->err))
		return xc_fail(errbuf, XC_ERR_INVALID, "/database/%zu/error: "
		    "there is no error \"%.40s\"", number, error);
	step->sql = xc_json_string(row, "sql");
	if (args != NULL)
		step->args = json_object_to_json_string(args);
	if (rows != NULL)
		step->rows = json_object_to_json_string(rows);
	if (xc_json_int(row, "affected", &value) && value >= 0)
		step->result.affected = (uint64_t)value;
	value = 0;
	if (xc_json_int(row, "last_id", &value) && value >= 0)
		step->result.last_id = (uint64_t)value;
	return XC_OK;
}

void
xc_fakes_db_close(struct xc_fakes *fakes)
{
	xc_database_close(&fakes->database);
	free(fakes->steps);
	fakes->steps = NULL;
	fakes->n_steps = 0;
}

enum xc_err
xc_fakes_db_open(struct xc_fakes *fakes, struct json_object *script,
    struct xc_errbuf *errbuf)
{
	size_t n = script != NULL ? json_object_array_length(script) : 0;

	xc_fakes_db_close(fakes);
	fakes->steps = calloc(n + 1, sizeof(*fakes->steps));
	if (fakes->steps == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	fakes->n_steps = n;
	for (size_t i = 0; i < n; i++) {
		enum xc_err err = take_step(json_object_array_get_idx(script,
		    i), i, &fakes->steps[i], errbuf);

		if (err != XC_OK)
			return err;
	}
	if (xc_database_fake(fakes->steps, n, &fakes->database) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	return XC_OK;
}

enum xc_err
xc_fakes_db_end(struct xc_fakes *fakes, struct xc_errbuf *errbuf)
{
	struct xc_errbuf why = { "" };

	/* What is left open is found by the release, and said. */
	fakes->database.ops->release(fakes->database.ctx);
	if (xc_database_fake_done(&fakes->database, &why))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_STATE, "database: %s", why.text);
}

/* ---- the calls ---------------------------------------------------------- */

static struct xc_database *
use_database(void *ctx)
{
	struct xc_fakes *fakes = ctx;

	xc_fakes_note_use(fakes, "database");
	return &fakes->database;
}

static enum xc_err
db_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	struct xc_database *db = use_database(ctx);

	return db->ops->rows(db->ctx, schema, sql, args, n_args, max_rows,
	    rows_r);
}

static enum xc_err
db_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct xc_db_result *result_r)
{
	struct xc_database *db = use_database(ctx);

	return db->ops->exec(db->ctx, schema, sql, args, n_args, result_r);
}

static enum xc_err
db_begin(void *ctx, const char *schema)
{
	struct xc_database *db = use_database(ctx);

	return db->ops->begin(db->ctx, schema);
}

static enum xc_err
db_commit(void *ctx)
{
	struct xc_fakes *fakes = ctx;

	return fakes->database.ops->commit(fakes->database.ctx);
}

static void
db_rollback(void *ctx)
{
	struct xc_fakes *fakes = ctx;

	fakes->database.ops->rollback(fakes->database.ctx);
}

static void
db_release(void *ctx)
{
	struct xc_fakes *fakes = ctx;

	fakes->database.ops->release(fakes->database.ctx);
}

static enum xc_err
db_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_database *db = use_database(ctx);

	return db->ops->open(db->ctx, schema, sql, args, n_args);
}

static enum xc_err
db_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	struct xc_fakes *fakes = ctx;

	return fakes->database.ops->next(fakes->database.ctx, cells_r, n_r);
}

static void
db_end(void *ctx)
{
	struct xc_fakes *fakes = ctx;

	fakes->database.ops->end(fakes->database.ctx);
}

const struct xc_db_ops xc_fakes_db_ops = { .rows = db_rows, .exec = db_exec,
	.begin = db_begin, .commit = db_commit, .rollback = db_rollback,
	.release = db_release,
	.open = db_open, .next = db_next, .end = db_end };

static struct xc_cache *
use_cache(void *ctx)
{
	struct xc_fakes *fakes = ctx;

	xc_fakes_note_use(fakes, "cache");
	return &fakes->cache;
}

static enum xc_err
cache_get(void *ctx, const char *space, const char *key, char **value_r,
    size_t *len_r)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->get(cache->ctx, space, key, value_r, len_r);
}

static enum xc_err
cache_set(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->set(cache->ctx, space, key, value, len, ttl_s);
}

static enum xc_err
cache_add(void *ctx, const char *space, const char *key, const void *value,
    size_t len, uint32_t ttl_s)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->add(cache->ctx, space, key, value, len, ttl_s);
}

static enum xc_err
cache_del(void *ctx, const char *space, const char *key)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->del(cache->ctx, space, key);
}

static enum xc_err
cache_incr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t initial, uint32_t ttl_s, uint64_t *value_r)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->incr(cache->ctx, space, key, delta, initial, ttl_s,
	    value_r);
}

static enum xc_err
cache_decr(void *ctx, const char *space, const char *key, uint64_t delta,
    uint64_t *value_r)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->decr(cache->ctx, space, key, delta, value_r);
}

static enum xc_err
cache_touch(void *ctx, const char *space, const char *key, uint32_t ttl_s)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->touch(cache->ctx, space, key, ttl_s);
}

static enum xc_err
cache_flush(void *ctx, const char *space, const char *group)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->flush(cache->ctx, space, group);
}

static enum xc_err
cache_get_many(void *ctx, const char *space, const char *const *keys,
    size_t n, uint32_t local_ms, struct xc_cache_got *got_r)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->get_many(cache->ctx, space, keys, n, local_ms,
	    got_r);
}

static enum xc_err
cache_set_many(void *ctx, const char *space, struct xc_cache_put *puts,
    size_t n)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->set_many(cache->ctx, space, puts, n);
}

static enum xc_err
cache_claim(void *ctx, const char *space, const char *key,
    const struct xc_cache_wish *wish, struct xc_cache_claim *claim_r)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->claim(cache->ctx, space, key, wish, claim_r);
}

static enum xc_err
cache_fill(void *ctx, const char *space, const char *key,
    const struct xc_cache_token *token, const struct xc_cache_fill *fill)
{
	struct xc_cache *cache = use_cache(ctx);

	return cache->ops->fill(cache->ctx, space, key, token, fill);
}

const struct xc_cache_ops xc_fakes_cache_ops = { .get = cache_get,
	.set = cache_set, .add = cache_add, .del = cache_del,
	.incr = cache_incr, .decr = cache_decr, .touch = cache_touch,
	.flush = cache_flush, .get_many = cache_get_many,
	.set_many = cache_set_many, .claim = cache_claim,
	.fill = cache_fill };

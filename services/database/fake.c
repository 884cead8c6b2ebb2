/* SPDX-License-Identifier: MIT */
/* A database that goes through a script. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "database.h"

struct fake {
	const struct xc_fake_step *steps;
	size_t n_steps;
	size_t at;
	bool transaction;
	bool released;		/* since the last call */
	struct xc_errbuf wrong;	/* the first thing that was; "" */
};

static const char *const call_names[] = { "rows", "exec", "begin", "commit",
	"rollback" };

static struct json_object *
value_json(const struct xc_value *value)
{
	switch (value->type) {
	case XC_VALUE_INT:
		return json_object_new_int64(value->integer);
	case XC_VALUE_REAL:
		return json_object_new_double(value->real);
	case XC_VALUE_TEXT:
	case XC_VALUE_BLOB:
		return json_object_new_string_len(value->data == NULL ? "" :
		    value->data, (int)value->len);
	default:
		return NULL;
	}
}

/* Whether the values are those of the JSON array in text. */
static bool
args_match(const char *text, const struct xc_value *args, size_t n_args,
    struct xc_errbuf *wrong)
{
	struct json_object *want = json_tokener_parse(text);
	struct json_object *got = json_object_new_array();
	bool same;
	size_t i;

	for (i = 0; got != NULL && i < n_args; i++)
		json_object_array_add(got, value_json(&args[i]));
	same = want != NULL && got != NULL && json_object_equal(want, got);
	if (!same)
		xc_fail(wrong, XC_ERR_STATE, "values %s expected, %s given",
		    text, got == NULL ? "none" : json_object_to_json_string(
		    got));
	json_object_put(want);
	json_object_put(got);
	return same;
}

/* What a call brings with it. */
struct asked {
	enum xc_fake_call call;
	const char *sql;
	const struct xc_value *args;
	size_t n_args;
};

/* The step for this call, or NULL: then it is noted what was wrong. */
static const struct xc_fake_step *
step_for(struct fake *fake, const struct asked *asked)
{
	const struct xc_fake_step *step = &fake->steps[fake->at];

	fake->released = false;
	if (fake->wrong.text[0] != '\0')
		return NULL;
	if (fake->at == fake->n_steps) {
		xc_fail(&fake->wrong, XC_ERR_STATE,
		    "%s after the last step: %s", call_names[asked->call],
		    asked->sql);
		return NULL;
	}
	if (step->call != asked->call) {
		xc_fail(&fake->wrong, XC_ERR_STATE,
		    "step %zu: %s expected, %s asked: %s", fake->at + 1,
		    call_names[step->call], call_names[asked->call],
		    asked->sql);
		return NULL;
	}
	if (step->sql != NULL && strcmp(step->sql, asked->sql) != 0) {
		xc_fail(&fake->wrong, XC_ERR_STATE,
		    "step %zu: \"%s\" expected, \"%s\" asked", fake->at + 1,
		    step->sql, asked->sql);
		return NULL;
	}
	if (step->args != NULL && !args_match(step->args, asked->args,
	    asked->n_args, &fake->wrong))
		return NULL;
	fake->at++;
	return step;
}

/* The first max_rows of the script's rows; NULL if they are no array. */
static struct json_object *
script_rows(const char *text, size_t max_rows)
{
	struct json_object *rows = text == NULL ? json_object_new_array() :
	    json_tokener_parse(text);
	size_t len;

	if (!json_object_is_type(rows, json_type_array)) {
		json_object_put(rows);
		return NULL;
	}
	len = json_object_array_length(rows);
	if (max_rows != 0 && len > max_rows)
		json_object_array_del_idx(rows, max_rows, len - max_rows);
	return rows;
}

static enum xc_err
fake_rows(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, size_t max_rows,
    struct json_object **rows_r)
{
	struct asked asked = { XC_FAKE_ROWS, sql, args, n_args };
	const struct xc_fake_step *step = step_for(ctx, &asked);
	struct fake *fake = ctx;

	(void)schema;
	*rows_r = NULL;
	if (step == NULL)
		return XC_ERR_STATE;
	if (step->err != XC_OK)
		return step->err;
	*rows_r = script_rows(step->rows, max_rows);
	if (*rows_r == NULL)
		return xc_fail(&fake->wrong, XC_ERR_STATE,
		    "step %zu: its rows are no JSON array", fake->at);
	return XC_OK;
}

static enum xc_err
fake_exec(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args, struct xc_db_result *result_r)
{
	struct asked asked = { XC_FAKE_EXEC, sql, args, n_args };
	const struct xc_fake_step *step = step_for(ctx, &asked);

	(void)schema;
	if (result_r != NULL)
		memset(result_r, 0, sizeof(*result_r));
	if (step == NULL)
		return XC_ERR_STATE;
	if (step->err == XC_OK && result_r != NULL)
		*result_r = step->result;
	return step->err;
}

static enum xc_err
fake_begin(void *ctx, const char *schema)
{
	struct asked asked = { XC_FAKE_BEGIN, "BEGIN", NULL, 0 };
	const struct xc_fake_step *step = step_for(ctx, &asked);
	struct fake *fake = ctx;

	(void)schema;
	if (step == NULL)
		return XC_ERR_STATE;
	fake->transaction = step->err == XC_OK;
	return step->err;
}

static enum xc_err
fake_commit(void *ctx)
{
	struct asked asked = { XC_FAKE_COMMIT, "COMMIT", NULL, 0 };
	const struct xc_fake_step *step = step_for(ctx, &asked);
	struct fake *fake = ctx;

	fake->transaction = false;
	return step == NULL ? XC_ERR_STATE : step->err;
}

static void
fake_rollback(void *ctx)
{
	struct asked asked = { XC_FAKE_ROLLBACK, "ROLLBACK", NULL, 0 };
	struct fake *fake = ctx;

	/* Nothing open: nothing that a script would tell of. */
	if (!fake->transaction)
		return;
	step_for(fake, &asked);
	fake->transaction = false;
}

static void
fake_release(void *ctx)
{
	struct fake *fake = ctx;

	if (fake->transaction && fake->wrong.text[0] == '\0')
		xc_fail(&fake->wrong, XC_ERR_STATE,
		    "released with a transaction open");
	fake->transaction = false;
	fake->released = true;
}

static const struct xc_db_ops fake_ops = {
	.rows = fake_rows,
	.exec = fake_exec,
	.begin = fake_begin,
	.commit = fake_commit,
	.rollback = fake_rollback,
	.release = fake_release,
};

enum xc_err
xc_database_fake(const struct xc_fake_step *steps, size_t n_steps,
    struct xc_database *database)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	memset(database, 0, sizeof(*database));
	if (fake == NULL)
		return XC_ERR_NOMEM;
	fake->steps = steps;
	fake->n_steps = n_steps;
	fake->released = true;
	database->ops = &fake_ops;
	database->ctx = fake;
	database->close = free;
	return XC_OK;
}

bool
xc_database_fake_done(const struct xc_database *database,
    struct xc_errbuf *why_r)
{
	const struct fake *fake = database->ctx;

	*why_r = fake->wrong;
	if (why_r->text[0] == '\0' && fake->at < fake->n_steps)
		xc_fail(why_r, XC_ERR_STATE, "step %zu (%s) was not asked "
		    "for", fake->at + 1, call_names[fake->steps[fake->at].
		    call]);
	if (why_r->text[0] == '\0' && !fake->released)
		xc_fail(why_r, XC_ERR_STATE, "the request was not released");
	return why_r->text[0] == '\0';
}

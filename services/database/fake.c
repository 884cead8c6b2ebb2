/* SPDX-License-Identifier: MIT */
/* A database that goes through a script. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "database.h"

#define CELLS_MAX 256

struct fake {
	const struct xc_fake_step *steps;
	size_t n_steps;
	size_t at;
	bool transaction;
	bool released;		/* since the last call */
	struct json_object *rows;	/* that are being read; NULL: none */
	size_t row;
	struct xc_cell cells[CELLS_MAX];
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
	case XC_VALUE_UINT:
		return json_object_new_uint64((uint64_t)value->integer);
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
fake_open(void *ctx, const char *schema, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct fake *fake = ctx;

	if (fake->rows != NULL)
		return XC_ERR_STATE;
	fake->row = 0;
	return fake_rows(ctx, schema, sql, args, n_args, 0, &fake->rows);
}

static struct xc_cell
cell_of(const char *name, struct json_object *value)
{
	const struct xc_value v = xc_value_of_json(value);
	struct xc_cell cell = { .name = name, .integer = v.integer,
		.real = v.real, .data = "" };

	switch (v.type) {
	case XC_VALUE_INT:
		cell.type = XC_CELL_INT;
		break;
	case XC_VALUE_UINT:
		cell.type = XC_CELL_UINT;
		break;
	case XC_VALUE_REAL:
		cell.type = XC_CELL_REAL;
		break;
	case XC_VALUE_TEXT:
		cell.type = XC_CELL_TEXT;
		cell.data = v.data;
		cell.len = v.len;
		break;
	default:
		cell.type = XC_CELL_NULL;
	}
	return cell;
}

static enum xc_err
fake_next(void *ctx, const struct xc_cell **cells_r, size_t *n_r)
{
	struct fake *fake = ctx;
	struct json_object *row;

	*cells_r = fake->cells;
	*n_r = 0;
	if (fake->rows == NULL)
		return XC_ERR_STATE;
	if (fake->row >= json_object_array_length(fake->rows))
		return XC_ERR_NOT_FOUND;
	row = json_object_array_get_idx(fake->rows, fake->row++);
	if (!json_object_is_type(row, json_type_object))
		return xc_fail(&fake->wrong, XC_ERR_STATE,
		    "step %zu: a row is no object", fake->at);
	json_object_object_foreach(row, name, value) {
		if (*n_r < CELLS_MAX)
			fake->cells[(*n_r)++] = cell_of(name, value);
	}
	return XC_OK;
}

static void
fake_end(void *ctx)
{
	struct fake *fake = ctx;

	json_object_put(fake->rows);
	fake->rows = NULL;
}

static void
fake_close(void *ctx)
{
	fake_end(ctx);
	free(ctx);
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
	.open = fake_open,
	.next = fake_next,
	.end = fake_end,
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
	database->close = fake_close;
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

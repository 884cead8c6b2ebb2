/* SPDX-License-Identifier: MIT */
/* Rows one by one, and all that can happen on the way. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared.h"

struct tour {
	struct xc_request *req;
	int64_t rows;		/* so many were seen */
	int64_t sum;		/* of their numbers */
	int64_t bytes;		/* of their texts */
	int64_t at;		/* at this row something is done */
	enum xc_err inside;	/* how it went */
};

static enum xc_err
other_row(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	(void)ctx;
	(void)cells;
	(void)n_cells;
	return XC_OK;
}

static enum xc_err
nothing(struct xc_request *req, void *data)
{
	(void)req;
	(void)data;
	return XC_OK;
}

/* What another service gives, the rows being read: its own answer. */
static enum xc_err
use_cache(struct xc_request *req)
{
	const void *value;
	size_t len;
	enum xc_err err = xc_cache_set(req, "walked", "here", 4, 60);

	if (err == XC_OK)
		err = xc_cache_get(req, "walked", &value, &len);
	return err == XC_OK && (len != 4 || memcmp(value, "here", 4) != 0) ?
	    XC_ERR_FAILED : err;
}

static enum xc_err
do_inside(struct xc_request *req, const char *what)
{
	struct json_object *rows;

	if (strcmp(what, "each") == 0)
		return xc_db_each(req, other_row, NULL, "SELECT 1 AS n",
		    XC_NO_ARGS);
	if (strcmp(what, "rows") == 0)
		return xc_db_rows(req, &rows, "SELECT 1 AS n", XC_NO_ARGS);
	if (strcmp(what, "exec") == 0)
		return xc_db_exec(req, NULL, "DELETE FROM note", XC_NO_ARGS);
	if (strcmp(what, "begin") == 0)
		return xc_db_transaction(req, nothing, NULL);
	if (strcmp(what, "cache") == 0)
		return use_cache(req);
	if (strcmp(what, "crash") == 0)
		abort();
	while (strcmp(what, "hang") == 0)
		(void)sleep(1);
	return XC_OK;
}

static enum xc_err
see(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct tour *tour = ctx;
	const char *then = query(tour->req, "then");

	if (n_cells != 2 || strcmp(cells[0].name, "n") != 0 ||
	    strcmp(cells[1].name, "t") != 0 ||
	    strlen(cells[1].data) != cells[1].len)
		return XC_ERR_FAILED;
	tour->rows++;
	tour->sum += cells[0].integer;
	tour->bytes += (int64_t)cells[1].len;
	if (tour->rows != tour->at)
		return XC_OK;
	tour->inside = do_inside(tour->req, then);
	return strcmp(then, "stop") == 0 ? XC_ERR_DENIED : XC_OK;
}

/* len of the text; from the row bad on, the server cannot give it. */
static enum xc_err
go(struct xc_request *req, void *data)
{
	return xc_db_each(req, see, data, "SELECT seq AS n, IF(seq = ?, "
	    "(SELECT seq FROM seq_1_to_2), REPEAT('x', ?)) AS t FROM "
	    "seq_1_to_100000000 LIMIT ?",
	    XC_ARGS(xc_int(query_number(req, "bad")),
	    xc_int(query_number(req, "len")),
	    xc_int(query_number(req, "rows"))));
}

static void
add(struct json_object *object, const char *name, int64_t value)
{
	json_object_object_add(object, name, json_object_new_int64(value));
}

/* "after": how the next statement of the same request went. */
enum xc_err
walk(struct xc_request *req)
{
	struct tour tour = { .req = req, .at = query_number(req, "at") };
	struct json_object *object = json_object_new_object(), *rows;
	enum xc_err err;

	err = strcmp(query(req, "in"), "transaction") == 0 ?
	    xc_db_transaction(req, go, &tour) : go(req, &tour);
	add(object, "rows", tour.rows);
	add(object, "sum", tour.sum);
	add(object, "bytes", tour.bytes);
	json_object_object_add(object, "inside",
	    json_object_new_string(words(tour.inside)));
	json_object_object_add(object, "after", json_object_new_string(words(
	    xc_db_rows(req, &rows, "SELECT COUNT(*) AS n FROM note",
	    XC_NO_ARGS))));
	return answer(req, err, "walk", object);
}

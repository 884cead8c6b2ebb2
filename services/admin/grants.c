/* SPDX-License-Identifier: MIT */
/* What users and roles may. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin-private.h"

/* The roles of a user, or one role, with all that they include.  UNION drops
 * what was seen before, so that it ends even if rows were made that refer to
 * themselves. */
#define CLOSURE								\
	"UNION SELECT i.included_id FROM xc_role_include i"		\
	" JOIN r ON i.role_id = r.id)"

static const char user_grants[] =
    "WITH RECURSIVE r (id) AS (SELECT role_id FROM xc_user_role"
    " WHERE user_id = ? " CLOSURE
    " SELECT p.permission FROM r JOIN xc_role_permission p"
    " ON p.role_id = r.id UNION SELECT name FROM xc_permission"
    " WHERE everyone = 1 AND gone = 0 ORDER BY 1";

static const char role_grants[] =
    "WITH RECURSIVE r (id) AS (SELECT CAST(? AS UNSIGNED) " CLOSURE
    " SELECT DISTINCT p.permission FROM r JOIN xc_role_permission p"
    " ON p.role_id = r.id ORDER BY 1";

struct words {
	char *text;
	size_t len;
	size_t size;
};

static enum xc_err
add_word(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct words *words = ctx;
	size_t need = words->len + cells[0].len + 2;

	(void)n_cells;
	if (need > words->size) {
		size_t size = need * 2 + 256;
		char *text = realloc(words->text, size);

		if (text == NULL)
			return XC_ERR_NOMEM;
		words->text = text;
		words->size = size;
	}
	if (words->len > 0)
		words->text[words->len++] = ' ';
	memcpy(words->text + words->len, cells[0].data, cells[0].len);
	words->len += cells[0].len;
	words->text[words->len] = '\0';
	return XC_OK;
}

static enum xc_err
gather(struct xc_store *store, const char *sql, int64_t id, char **grants_r)
{
	struct words words = { 0 };
	enum xc_err err;

	*grants_r = NULL;
	err = xc_store_each(store, add_word, &words, sql,
	    XC_ARGS(xc_int(id)));
	if (err == XC_OK && words.text == NULL) {
		words.text = strdup("");
		if (words.text == NULL)
			err = XC_ERR_NOMEM;
	}
	if (err != XC_OK) {
		free(words.text);
		return err;
	}
	*grants_r = words.text;
	return XC_OK;
}

enum xc_err
xc_user_grants(struct xc_store *store, int64_t user_id, char **grants_r)
{
	return gather(store, user_grants, user_id, grants_r);
}

enum xc_err
xc_role_grants(struct xc_store *store, int64_t role_id, char **grants_r)
{
	return gather(store, role_grants, role_id, grants_r);
}

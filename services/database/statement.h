/* SPDX-License-Identifier: MIT */
/* Prepared statements: kept, bound, run, their rows taken apart. */
#ifndef XC_STATEMENT_H
#define XC_STATEMENT_H

#include <mysql.h>

#include "connection-private.h"

/* A value of a fixed size, where the library finds it. */
struct xc_fixed {
	int64_t integer;
	double real;
};

/* A statement that is prepared, and the room for its values. */
struct xc_prepared {
	struct xc_prepared *newer, *older;	/* by their last use */
	struct xc_prepared *next;	/* in its bucket */
	uint64_t hash;
	char *schema;		/* "" for none */
	char *sql;
	MYSQL_STMT *stmt;
	struct xc_statement_kind kind;
	MYSQL_BIND *params;
	struct xc_fixed *fixed;	/* for each of params */
	size_t n_params;
	bool bound;		/* stmt reads all of its values from fixed */
	struct xc_columns *columns;	/* NULL until it gave rows */
};

struct xc_statement_cache *xc_statement_cache_new(void);
void xc_statement_cache_free(struct xc_statement_cache **cache);

/* Closes all statements. */
void xc_statement_cache_flush(struct xc_statement_cache *cache);

/* Forgets them without a word to the server; leaks the library's part. */
void xc_statement_cache_forget(struct xc_statement_cache *cache);

size_t xc_statement_cache_count(const struct xc_statement_cache *cache);

/* NULL if there is none; else it is now the one used last. */
struct xc_prepared *xc_statement_cache_get(struct xc_statement_cache *cache,
    const struct xc_statement *statement);

/*
 * Keeps stmt, which then belongs to the cache, for the statement; the one
 * longest unused makes room.  NULL without memory: then stmt is closed.
 */
struct xc_prepared *xc_statement_cache_put(struct xc_statement_cache *cache,
    const struct xc_statement *statement, MYSQL_STMT *stmt);

/* Closes one. */
void xc_statement_cache_drop(struct xc_statement_cache *cache,
    struct xc_prepared *prepared);

/*
 * columns.c: binds the columns of the result that stmt was executed for.
 * *columns (which may be of an earlier run) is made to fit.  *stale_r is set
 * if a column has another name than when stmt was prepared: then stmt must be
 * prepared anew before it is run again.
 */
enum xc_err xc_columns_bind(struct xc_columns **columns, MYSQL_STMT *stmt,
    bool *stale_r);

/* Makes the fetched row's cells; XC_ERR_NOMEM, or XC_ERR_FAILED with the
 * statement's error. */
enum xc_err xc_columns_cells(struct xc_columns *columns, MYSQL_STMT *stmt,
    const struct xc_cell **cells_r, size_t *n_cells_r);

/* Whether the names of the cells stay when the statement is gone, and no two
 * are the same: then they can be a JSON object's keys as they are. */
bool xc_columns_lasting(const struct xc_columns *columns);

/* The same of the row that is being read. */
bool xc_connection_names_last(const struct xc_connection *connection);

/* Gives back what a long value took. */
void xc_columns_trim(struct xc_columns *columns);
void xc_columns_free(struct xc_columns **columns);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The tables of the services that know users: a connection under their own
 * account (or the core's, for xcorectl), in the core's schema.
 */
#ifndef XC_STORE_H
#define XC_STORE_H

#include <stdint.h>

#include "services/database/connection.h"

struct xc_store;

/*
 * Makes a store without connecting.  Statements end after 5 s at most.  In a
 * cluster they see what was committed on any of its servers.  XC_OK, else *store_r is
 * NULL and errbuf says why.
 */
enum xc_err xc_store_new(const struct xc_database_settings *settings,
    enum xc_account account, struct xc_store **store_r,
    struct xc_errbuf *errbuf);
void xc_store_free(struct xc_store **store);

struct xc_connection *xc_store_connection(struct xc_store *store);

/* As xc_connection_exec(), xc_connection_rows() and xc_connection_each(), in
 * the core's schema.  What failed is logged. */
enum xc_err xc_store_exec(struct xc_store *store,
    struct xc_db_result *result_r, const char *sql,
    const struct xc_value *args, size_t n_args);
enum xc_err xc_store_rows(struct xc_store *store,
    struct json_object **rows_r, const char *sql,
    const struct xc_value *args, size_t n_args);
enum xc_err xc_store_each(struct xc_store *store, xc_row_fn *fn, void *ctx,
    const char *sql, const struct xc_value *args, size_t n_args);

/* Calls fn for the first row; XC_ERR_NOT_FOUND if there is none. */
enum xc_err xc_store_one(struct xc_store *store, xc_row_fn *fn, void *ctx,
    const char *sql, const struct xc_value *args, size_t n_args);

/* The first column of the first row, a number; XC_ERR_NOT_FOUND if there is
 * none, with *number_r as it was. */
enum xc_err xc_store_number(struct xc_store *store, int64_t *number_r,
    const char *sql, const struct xc_value *args, size_t n_args);

/*
 * Runs body(store, ctx) in a transaction: commits if it returns XC_OK, else
 * rolls back and returns what it returned.  After a deadlock, a lock wait or a
 * refused certification it is run again, up to 3 times in all, after a random
 * pause.  XC_ERR_UNCERTAIN if the connection was lost during the commit,
 * XC_ERR_STATE inside another transaction.
 */
typedef enum xc_err xc_store_body(struct xc_store *store, void *ctx);
enum xc_err xc_store_transaction(struct xc_store *store, xc_store_body *body,
    void *ctx);

#endif

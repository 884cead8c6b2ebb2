/* SPDX-License-Identifier: MIT */
/*
 * Takes an SQL script apart into its statements.  It knows quotes, comments
 * and backticks; it knows no client commands (DELIMITER, SOURCE) and no
 * compound statements, which need one.
 */
#ifndef XC_MIGRATE_SPLIT_H
#define XC_MIGRATE_SPLIT_H

#include <stddef.h>

#include "lib/errbuf.h"

#define XC_SQL_STATEMENTS_MAX 10000

/* text points into the script; it is not NUL-terminated and has neither the
 * semicolon nor comments and blanks around it. */
struct xc_sql_statement {
	const char *text;
	size_t len;
	unsigned line;		/* where it begins, from 1 */
};

/*
 * XC_OK: *statements_r (the caller's to free(), NULL if there are none) and
 * *n_r.  XC_ERR_INVALID: a quote or comment that does not end, a NUL, a
 * statement that a migration cannot have (DELIMITER, transactions, USE,
 * compound statements), too many; errbuf names the line.
 */
enum xc_err xc_sql_split(const char *text, size_t len,
    struct xc_sql_statement **statements_r, size_t *n_r,
    struct xc_errbuf *errbuf);

/*
 * What a plugin's migration may do: work on its own tables, which it names
 * without a schema.  XC_ERR_DENIED for accounts, grants, databases, files,
 * server settings, views and stored programs, engines other than InnoDB, and
 * any dot between names ("schema.table" as well as "table.column").
 * XC_ERR_INVALID for a quote or comment without an end.
 */
enum xc_err xc_sql_check_plugin(const struct xc_sql_statement *statement,
    struct xc_errbuf *errbuf);

#endif

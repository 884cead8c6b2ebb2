/* SPDX-License-Identifier: MIT */
/* The migrator's inside: its journal. */
#ifndef XC_MIGRATE_PRIVATE_H
#define XC_MIGRATE_PRIVATE_H

#include "plugin/digest.h"
#include "plugin/migrate-split.h"
#include "plugin/migrate.h"

struct xc_connection;

/* The rows of the scope by number, each with all columns of xc_migration and
 * "moment", the text of changed_at; a new reference. */
enum xc_err xc_journal_read(const struct xc_migrator *migrator,
    struct json_object **rows_r, struct xc_errbuf *errbuf);

/* The same, and an empty array where no journal was made yet. */
enum xc_err xc_journal_look(const struct xc_migrator *migrator,
    struct json_object **rows_r, struct xc_errbuf *errbuf);

/* The row of that number, or NULL; it belongs to rows. */
struct json_object *xc_journal_find(struct json_object *rows,
    unsigned number);

/* row may be NULL, which is in no state. */
bool xc_journal_is(const struct json_object *row, const char *state);

/* Whether it failed or was interrupted, on its way up or down. */
bool xc_journal_is_half(const struct json_object *row);

/* SHA-256 over the first n statements. */
enum xc_err xc_journal_sum(const struct xc_sql_statement *statements,
    size_t n, char hex_r[XC_DIGEST_SIZE]);

struct xc_journal_entry {
	const struct xc_migration *row;
	const char *done_sum;
	size_t done;
	size_t n;
	const char *state;
	const char *note;	/* the column "error" */
};

/* Writes it, in whatever transaction is open on connection. */
enum xc_err xc_journal_write(const struct xc_migrator *migrator,
    struct xc_connection *connection, const struct xc_journal_entry *entry,
    struct xc_errbuf *errbuf);

/* NULL: there is none of that number. */
const struct xc_migration *xc_migration_find(
    const struct xc_migration_set *set, unsigned number);

#endif

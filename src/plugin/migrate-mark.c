/* SPDX-License-Identifier: MIT */
/* For an operator who repaired by hand what a script could not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/migrate-private.h"
#include "plugin/registry-private.h"

static enum xc_err
write_applied(const struct xc_migrator *migrator,
    const struct xc_migration *row, const char *note,
    struct xc_errbuf *errbuf)
{
	struct xc_sql_statement *statements = NULL;
	char sum[XC_DIGEST_SIZE] = "";
	struct xc_journal_entry entry = { .row = row, .done_sum = sum,
		.state = "applied", .note = note };
	enum xc_err err;

	err = xc_sql_split(row->up, row->up_len, &statements, &entry.n,
	    errbuf);
	if (err != XC_OK)
		return xc_fail_prefix(errbuf, err, "%s.up.sql", row->name);
	entry.done = entry.n;
	err = xc_journal_sum(statements, entry.n, sum);
	free(statements);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "out of memory");
	return xc_journal_write(migrator, migrator->registry->connection,
	    &entry, errbuf);
}

static enum xc_err
write_reverted(const struct xc_migrator *migrator, unsigned number,
    const char *note, struct xc_errbuf *errbuf)
{
	return xc_registry_exec(migrator->registry, "writing the journal",
	    "UPDATE xc_migration SET state = 'reverted', statement_no = 0,"
	    " done_sum = SHA2('', 256), error = ?, changed_by = ?,"
	    " changed_at = UTC_TIMESTAMP(3) WHERE scope = ? AND number = ?",
	    XC_ARGS(xc_text(note), xc_text(xc_registry_actor()),
	    xc_text(migrator->scope), xc_int(number)), NULL, errbuf);
}

/* What the journal keeps of the state before. */
static void
describe(const struct json_object *seen, char *buf, size_t size)
{
	if (seen == NULL)
		snprintf(buf, size, "marked by hand, it was pending");
	else
		snprintf(buf, size, "marked by hand, it was %s (%llu of %llu "
		    "statements done)", xc_registry_text(seen, "state"),
		    (unsigned long long)xc_registry_number(seen,
		    "statement_no"), (unsigned long long)
		    xc_registry_number(seen, "statements"));
}

static bool
stands_so(const struct json_object *seen, const struct xc_migration *row,
    bool applied)
{
	if (!applied)
		return xc_journal_is(seen, "reverted");
	return xc_journal_is(seen, "applied") &&
	    strcmp(xc_registry_text(seen, "checksum"), row->checksum) == 0;
}

enum xc_err
xc_migrate_mark(const struct xc_migrator *migrator,
    const struct xc_migration_set *set, unsigned number, bool applied,
    bool *changed_r, struct xc_errbuf *errbuf)
{
	const struct xc_migration *row = xc_migration_find(set, number);
	struct json_object *rows, *seen;
	char note[200];
	enum xc_err err;

	*changed_r = false;
	err = migrator->show != NULL ?
	    xc_journal_look(migrator, &rows, errbuf) :
	    xc_journal_read(migrator, &rows, errbuf);
	if (err != XC_OK)
		return err;
	seen = xc_journal_find(rows, number);
	if (applied && row == NULL)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "there is no migration %04u", number);
	else if (!applied && seen == NULL)
		err = xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "migration %04u is not recorded: there is nothing to "
		    "mark as reverted", number);
	*changed_r = err == XC_OK && !stands_so(seen, row, applied);
	describe(seen, note, sizeof(note));
	if (*changed_r && migrator->show == NULL)
		err = applied ? write_applied(migrator, row, note, errbuf) :
		    write_reverted(migrator, number, note, errbuf);
	json_object_put(rows);
	return err;
}

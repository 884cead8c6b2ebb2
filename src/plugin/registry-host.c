/* SPDX-License-Identifier: MIT */
/* The hosts' rows: what each has seen, what its workers serve. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/text.h"
#include "plugin/registry-private.h"

static enum xc_err
write_host(struct xc_registry *registry, const struct xc_registry_host *host,
    const char *rejected, struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "writing the host's row",
	    "INSERT INTO xc_host (id, name, pid, started_at, heartbeat,"
	    " desired, applied, sequence, workers, pending, rejected)"
	    " VALUES (?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3),"
	    " ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE"
	    " name = VALUES(name), started_at ="
	    " IF(pid = VALUES(pid), started_at, VALUES(started_at)),"
	    " pid = VALUES(pid), heartbeat = VALUES(heartbeat),"
	    " desired = VALUES(desired), applied = VALUES(applied),"
	    " sequence = VALUES(sequence), workers = VALUES(workers),"
	    " pending = VALUES(pending), rejected = VALUES(rejected)",
	    XC_ARGS(xc_text(host->id), xc_text(host->name),
	    xc_int(getpid()), xc_int((int64_t)host->desired),
	    xc_int((int64_t)host->applied), xc_int((int64_t)host->sequence),
	    xc_int(host->workers), xc_int(host->pending),
	    xc_text(rejected)), NULL, errbuf);
}

/* The reasons may hold a plugin's own words, and MariaDB refuses the whole
 * row for a byte that is no UTF-8: the host would seem dead. */
enum xc_err
xc_registry_heartbeat(struct xc_registry *registry,
    const struct xc_registry_host *host, struct xc_errbuf *errbuf)
{
	const char *json = "[]";
	char *rejected;
	enum xc_err err;

	if (host->rejected != NULL)
		json = json_object_to_json_string_ext(host->rejected,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	rejected = json != NULL ? strdup(json) : NULL;
	if (rejected == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	xc_utf8_tidy(rejected);
	err = write_host(registry, host, rejected, errbuf);
	free(rejected);
	return err;
}

enum xc_err
xc_registry_leave(struct xc_registry *registry, const char *id,
    struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "removing the host's row",
	    "DELETE FROM xc_host WHERE id = ? AND pid = ?",
	    XC_ARGS(xc_text(id), xc_int(getpid())), NULL, errbuf);
}

/* The column is text: an edited one counts as none. */
static void
parse_rejected(struct json_object *row)
{
	const char *text = xc_registry_text(row, "rejected");
	struct json_object *list = NULL;

	if (xc_json_parse(text, strlen(text), &list, NULL, 0) != XC_OK ||
	    !json_object_is_type(list, json_type_array)) {
		json_object_put(list);
		list = json_object_new_array();
	}
	json_object_object_add(row, "rejected", list);
}

/*
 * UTC_TIMESTAMP() is the time at which a statement began, but it sees what was
 * written until it reads: a heartbeat of that moment lies in its future.
 */
enum xc_err
xc_registry_hosts(struct xc_registry *registry, struct json_object **rows_r,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_registry_rows(registry, "reading the hosts",
	    "SELECT id, name, pid, desired, applied, sequence, workers,"
	    " pending, rejected, DATE_FORMAT(heartbeat,"
	    " '%Y-%m-%dT%H:%i:%sZ') AS heartbeat,"
	    " ABS(TIMESTAMPDIFF(MICROSECOND, xc_host.heartbeat,"
	    " UTC_TIMESTAMP(3))) DIV 1000 AS age_ms"
	    " FROM xc_host ORDER BY name, id", XC_NO_ARGS, rows_r, errbuf);
	if (err != XC_OK)
		return err;
	for (size_t i = 0; i < json_object_array_length(*rows_r); i++)
		parse_rejected(json_object_array_get_idx(*rows_r, i));
	return XC_OK;
}

enum xc_err
xc_registry_forget_hosts(struct xc_registry *registry, int64_t older_ms,
    bool dry_run, size_t *n_r, struct xc_errbuf *errbuf)
{
	struct xc_value age = xc_int(older_ms * 1000);
	struct xc_db_result result = { .affected = 0 };
	struct json_object *rows;
	enum xc_err err;

	*n_r = 0;
	if (!dry_run) {
		err = xc_registry_exec(registry, "removing old hosts",
		    "DELETE FROM xc_host WHERE heartbeat <"
		    " UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND",
		    &age, 1, &result, errbuf);
		*n_r = (size_t)result.affected;
		return err;
	}
	err = xc_registry_rows(registry, "counting old hosts",
	    "SELECT id FROM xc_host WHERE heartbeat <"
	    " UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND", &age, 1, &rows,
	    errbuf);
	if (err != XC_OK)
		return err;
	*n_r = json_object_array_length(rows);
	json_object_put(rows);
	return XC_OK;
}

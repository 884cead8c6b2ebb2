/* SPDX-License-Identifier: MIT */
/* Keys and the tables of the site: the audit log, and what depends on a key. */
#include <string.h>
#include <time.h>

#include <xcore/db.h>

#include "config/settings.h"
#include "plugin/registry.h"
#include "services/database/store.h"
#include "tools/xcorectl-keys.h"

/* Keys can be changed while MariaDB is away. */
#define WAIT_MS 2000

#define ER_NO_SUCH_TABLE 1146
#define ER_BAD_DB 1049

/* Sealed things begin with a byte for their form, and the key's name. */
#define FACTORS								\
	"SELECT COUNT(*) FROM xc_otp WHERE confirmed_at IS NOT NULL "	\
	"AND SUBSTR(secret, 2, ?) = ?"

/* Nothing says which key made a code: those of users who set up their second
 * factor while it was in use, or before. */
#define CODES								\
	"SELECT COUNT(*) FROM xc_otp o WHERE o.created_at < "		\
	"'1970-01-01' + INTERVAL ? SECOND AND EXISTS (SELECT 1 FROM "	\
	"xc_otp_recovery r WHERE r.user_id = o.user_id AND "		\
	"r.used_at IS NULL)"

#define SESSIONS							\
	"SELECT COUNT(*) FROM xc_session WHERE expires_at > "		\
	"UTC_TIMESTAMP(3) AND created_at < '1970-01-01' + "		\
	"INTERVAL ? SECOND"

#define HEADS "SELECT COUNT(*) FROM xc_audit_head WHERE key_id = ?"

enum xc_err
ctl_keys_store(const struct xc_settings *settings, struct xc_store **store_r,
    struct xc_errbuf *errbuf)
{
	struct xc_database_settings database = settings->database;

	if (database.connect_timeout_ms > WAIT_MS)
		database.connect_timeout_ms = WAIT_MS;
	if (database.read_timeout_ms > WAIT_MS)
		database.read_timeout_ms = WAIT_MS;
	return xc_store_new(&database, XC_ACCOUNT_CORE, store_r, errbuf);
}

static bool
is_missing(struct xc_store *store)
{
	unsigned number = xc_connection_error(
	    xc_store_connection(store))->number;

	return number == ER_NO_SUCH_TABLE || number == ER_BAD_DB;
}

static enum xc_err
take_number(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	(void)n_cells;
	*(int64_t *)ctx = cells[0].integer;
	return XC_OK;
}

static enum xc_err
count(struct xc_store *store, int64_t *n_r, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	enum xc_err err = xc_store_one(store, take_number, n_r, sql, args,
	    n_args);

	return err != XC_OK && is_missing(store) ? XC_OK : err;
}

static enum xc_err
count_factors(struct xc_store *store, const struct xc_key *key, int64_t *n_r)
{
	unsigned char head[sizeof(key->id)];
	size_t len = strlen(key->id);

	head[0] = (unsigned char)len;
	memcpy(head + 1, key->id, len);
	return count(store, n_r, FACTORS, XC_ARGS(xc_int((int64_t)len + 1),
	    xc_blob(head, len + 1)));
}

enum xc_err
ctl_keys_count(struct xc_store *store, const struct xc_key *key,
    struct ctl_keys_users *users_r, struct xc_errbuf *errbuf)
{
	int64_t until = key->since > 0 ? key->since : (int64_t)time(NULL);
	enum xc_err err = XC_OK;

	memset(users_r, 0, sizeof(*users_r));
	if (key->state == XC_KEY_NEXT)
		return XC_OK;
	if (strcmp(key->purpose, "seal") == 0)
		err = count_factors(store, key, &users_r->factors);
	if (strcmp(key->purpose, "hash") == 0) {
		err = count(store, &users_r->codes, CODES,
		    XC_ARGS(xc_int(until + 1)));
		if (err == XC_OK)
			err = count(store, &users_r->sessions, SESSIONS,
			    XC_ARGS(xc_int(until + 1)));
	}
	if (err != XC_OK)
		xc_connection_fail(xc_store_connection(store), errbuf, err,
		    "asking MariaDB");
	return err;
}

enum xc_err
ctl_keys_signs(struct xc_store *store, const struct xc_key *key,
    bool *signs_r, struct xc_errbuf *errbuf)
{
	int64_t n = 0;
	enum xc_err err = count(store, &n, HEADS, XC_ARGS(xc_text(key->id)));

	*signs_r = n > 0;
	if (err != XC_OK)
		xc_connection_fail(xc_store_connection(store), errbuf, err,
		    "asking MariaDB");
	return err;
}

struct note {
	const struct xc_keyring *ring;
	const struct xc_audit_entry *entry;
};

static enum xc_err
add_note(struct xc_store *store, void *ctx)
{
	const struct xc_caller caller = { .name = xc_registry_actor(),
		.session = "", .grants = "", .address = "",
		.agent = "xcorectl", .request_id = "", .root = true };
	const struct note *note = ctx;

	return xc_audit_add(store, note->ring, &caller, note->entry);
}

enum xc_err
ctl_keys_note(const struct xc_settings *settings,
    const struct xc_keyring *ring, const struct xc_audit_entry *entry,
    struct xc_errbuf *errbuf)
{
	struct note note = { .ring = ring, .entry = entry };
	struct xc_store *store;
	enum xc_err err = ctl_keys_store(settings, &store, errbuf);

	if (err != XC_OK)
		return err;
	err = xc_store_transaction(store, add_note, &note);
	if (err != XC_OK && is_missing(store))
		xc_fail(errbuf, err, "its tables are not there yet; run: "
		    "xcorectl migrate up");
	else if (err != XC_OK)
		xc_connection_fail(xc_store_connection(store), errbuf, err,
		    "MariaDB");
	xc_store_free(&store);
	return err;
}

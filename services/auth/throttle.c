/* SPDX-License-Identifier: MIT */
/*
 * Failed logins, counted by three things: an account from one address, one
 * address whatever the account, and one account wherever from.  Who has failed
 * often must wait, each time twice as long, never longer than
 * auth.login_delay_max_s; nothing stays locked.
 *
 * Others' failures at an account do not delay an address that has logged in to
 * it before, nor a browser that has, wherever it is now: a stranger cannot keep
 * its owner out.  Such a browser's own failures are counted by its cookie in
 * place of the account, so one that was stolen is good for no more tries than
 * an address is.
 *
 * A try counts as a failure when it begins.  The row that counts it says in
 * the same statement whether there was room for it, so a hundred tries at once
 * are no more than a hundred one after the other.
 */
#include "auth-private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Tries by an address, and at an account, for one of an account from an
 * address: behind one address there may be a whole office. */
#define BY_ADDRESS 10
#define BY_ACCOUNT 4
#define KNOWN_DAYS "30"
#define DELAY_POWER_MAX 20	/* 2^20 s is over any setting */
#define ADDRESS_SIZE 72

enum scope { ADDRESS, ACCOUNT, PAIR, DEVICE, KNOWN, N_SCOPES };

static const struct {
	const char *name;
	int64_t times;		/* auth.login_failures */
} scopes[N_SCOPES] = {
	[ADDRESS] = { "address", BY_ADDRESS },
	[ACCOUNT] = { "account", BY_ACCOUNT },
	[PAIR] = { "pair", 1 },
	[DEVICE] = { "device", 1 },
	[KNOWN] = { "known", 0 },
};

struct keys {
	unsigned char of[N_SCOPES][XC_DIGEST_LEN];
};

/* Who has one IPv6 address has its whole /64. */
static void
network_of(const char *address, char network_r[ADDRESS_SIZE])
{
	struct in6_addr six;

	if (inet_pton(AF_INET6, address, &six) != 1) {
		snprintf(network_r, ADDRESS_SIZE, "%s", address);
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(&six)) {
		inet_ntop(AF_INET, &six.s6_addr[12], network_r, ADDRESS_SIZE);
		return;
	}
	memset(&six.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &six, network_r, ADDRESS_SIZE);
}

/* An account that there is not is counted like one that there is. */
static void
account_of(const struct xc_attempt *attempt, char *text_r, size_t size)
{
	char key[256];

	if (attempt->user_id != 0) {
		snprintf(text_r, size, "user:%lld",
		    (long long)attempt->user_id);
		return;
	}
	(void)xc_name_key(attempt->name, key, sizeof(key));
	snprintf(text_r, size, "name:%s", key);
}

static enum xc_err
make_keys(const struct xc_attempt *attempt, struct keys *keys_r)
{
	char text[512];
	char account[280];
	char network[ADDRESS_SIZE];
	const char *device = attempt->device != NULL ? attempt->device : "";
	enum xc_err err = XC_OK;
	int i, len;

	account_of(attempt, account, sizeof(account));
	network_of(attempt->address, network);
	for (i = 0; i < N_SCOPES && err == XC_OK; i++) {
		len = snprintf(text, sizeof(text), "%s\n%s\n%s",
		    scopes[i].name, i != ADDRESS ? account : "",
		    i == DEVICE ? device : i != ACCOUNT ? network : "");
		err = xc_sha256(text, (size_t)len, keys_r->of[i]);
	}
	return err;
}

/* Whether a try is counted there. */
static bool
counts(const struct xc_attempt *attempt, enum scope scope)
{
	switch (scope) {
	case ADDRESS:
		return true;
	case ACCOUNT:
		return attempt->device == NULL && !attempt->known;
	case PAIR:
		return attempt->device == NULL;
	case DEVICE:
		return attempt->device != NULL;
	default:
		return false;
	}
}

/* --- whether there is room ----------------------------------------------- */

struct look {
	bool known;
	int64_t wait_ms[N_SCOPES];
};

static enum xc_err
read_look(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct look *look = ctx;
	int i;

	(void)n_cells;
	for (i = 0; i < N_SCOPES; i++)
		if (strcmp(cells[0].data, scopes[i].name) == 0)
			look->wait_ms[i] = cells[1].integer;
	if (strcmp(cells[0].data, scopes[KNOWN].name) == 0)
		look->known = true;
	return XC_OK;
}

static enum xc_err
look_up(struct xc_auth *auth, const struct keys *keys, struct look *look_r)
{
	*look_r = (struct look){ .known = false };
	return xc_store_each(auth->of.store, read_look, look_r,
	    "SELECT scope, COALESCE(TIMESTAMPDIFF(MICROSECOND, "
	    "UTC_TIMESTAMP(3), until_at) DIV 1000, 0) FROM xc_throttle "
	    "WHERE expires_at > UTC_TIMESTAMP(3) AND ("
	    "(scope = 'address' AND hash = ?) OR "
	    "(scope = 'account' AND hash = ?) OR "
	    "(scope = 'pair' AND hash = ?) OR "
	    "(scope = 'device' AND hash = ?) OR "
	    "(scope = 'known' AND hash = ?))",
	    XC_ARGS(xc_blob(keys->of[ADDRESS], XC_DIGEST_LEN),
	    xc_blob(keys->of[ACCOUNT], XC_DIGEST_LEN),
	    xc_blob(keys->of[PAIR], XC_DIGEST_LEN),
	    xc_blob(keys->of[DEVICE], XC_DIGEST_LEN),
	    xc_blob(keys->of[KNOWN], XC_DIGEST_LEN)));
}

/* The longest wait, in seconds, rounded up. */
static uint32_t
wait_of(const struct look *look, const struct xc_attempt *attempt)
{
	int64_t wait_ms = 0;
	int scope;

	for (scope = 0; scope < N_SCOPES; scope++)
		if (counts(attempt, (enum scope)scope) &&
		    look->wait_ms[scope] > wait_ms)
			wait_ms = look->wait_ms[scope];
	return (uint32_t)((wait_ms + 999) / 1000);
}

/* --- counting ------------------------------------------------------------ */

struct counting {
	const struct xc_auth_settings *settings;
	const struct xc_attempt *attempt;
	const struct keys *keys;
	bool full;
};

/* Members are set from left to right: what follows sees the new ones.  A row
 * whose time has not come is left as it is, and then no row was affected. */
#define OPEN "(until_at IS NULL OR until_at <= UTC_TIMESTAMP(3))"
static const char count_sql[] =
	"INSERT INTO xc_throttle (scope, hash, failures, first_at, until_at, "
	"expires_at) VALUES (?, ?, 1, UTC_TIMESTAMP(3), NULL, "
	"UTC_TIMESTAMP(3) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE "
	"first_at = IF(expires_at <= UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), "
	"first_at), "
	"failures = IF(" OPEN ", IF(expires_at <= UTC_TIMESTAMP(3), 1, "
	"failures + 1), failures), "
	"expires_at = IF(" OPEN ", UTC_TIMESTAMP(3) + INTERVAL ? SECOND, "
	"expires_at), "
	"until_at = IF(" OPEN ", IF(failures >= ?, UTC_TIMESTAMP(3) + "
	"INTERVAL LEAST(?, POW(2, LEAST(failures - ?, ?))) SECOND, NULL), "
	"until_at)";

static enum xc_err
count_one(struct xc_store *store, const struct counting *counting,
    enum scope scope, bool *full_r)
{
	const struct xc_auth_settings *settings = counting->settings;
	int64_t limit = settings->login_failures * scopes[scope].times;
	int64_t life_s = settings->login_window_s +
	    settings->login_delay_max_s;
	struct xc_db_result result;
	enum xc_err err;

	err = xc_store_exec(store, &result, count_sql,
	    XC_ARGS(xc_text(scopes[scope].name),
	    xc_blob(counting->keys->of[scope], XC_DIGEST_LEN), xc_int(life_s),
	    xc_int(life_s), xc_int(limit), xc_int(settings->login_delay_max_s),
	    xc_int(limit), xc_int(DELAY_POWER_MAX)));
	*full_r = err == XC_OK && result.affected == 0;
	return err;
}

/* In one order always, so that no two wait for each other. */
static enum xc_err
count_all(struct xc_store *store, void *ctx)
{
	struct counting *counting = ctx;
	enum xc_err err = XC_OK;
	int scope;

	counting->full = false;
	for (scope = 0; scope < N_SCOPES && err == XC_OK; scope++) {
		if (!counts(counting->attempt, (enum scope)scope))
			continue;
		err = count_one(store, counting, (enum scope)scope,
		    &counting->full);
		/* Undoes what was counted before it. */
		if (counting->full)
			err = XC_ERR_BUSY;
	}
	return err;
}

enum xc_err
xc_login_enter(struct xc_auth *auth, struct xc_attempt *attempt,
    uint32_t *retry_s_r)
{
	struct keys keys;
	struct counting counting = { .settings = &auth->of.settings->auth,
		.attempt = attempt, .keys = &keys };
	struct look look;
	enum xc_err err;

	*retry_s_r = 0;
	err = make_keys(attempt, &keys);
	if (err == XC_OK)
		err = look_up(auth, &keys, &look);
	if (err != XC_OK)
		return err;
	attempt->known = look.known;
	*retry_s_r = wait_of(&look, attempt);
	if (*retry_s_r > 0)
		return XC_ERR_BUSY;
	err = xc_store_transaction(auth->of.store, count_all, &counting);
	if (err == XC_ERR_BUSY)
		*retry_s_r = 1;
	return err;
}

/* --- taking back --------------------------------------------------------- */

static enum xc_err
take_back(struct xc_store *store, const struct counting *counting,
    enum scope scope)
{
	int64_t limit = counting->settings->login_failures *
	    scopes[scope].times;

	return xc_store_exec(store, NULL, "UPDATE xc_throttle SET "
	    "failures = IF(failures > 0, failures - 1, 0), "
	    "until_at = IF(failures < ?, NULL, until_at) "
	    "WHERE scope = ? AND hash = ?", XC_ARGS(xc_int(limit),
	    xc_text(scopes[scope].name),
	    xc_blob(counting->keys->of[scope], XC_DIGEST_LEN)));
}

static enum xc_err
take_all_back(struct xc_store *store, void *ctx)
{
	struct counting *counting = ctx;
	enum xc_err err = XC_OK;
	int scope;

	for (scope = 0; scope < N_SCOPES && err == XC_OK; scope++)
		if (counts(counting->attempt, (enum scope)scope))
			err = take_back(store, counting, (enum scope)scope);
	return err;
}

static enum xc_err
forget(struct xc_store *store, const struct keys *keys, enum scope scope)
{
	return xc_store_exec(store, NULL, "DELETE FROM xc_throttle WHERE "
	    "scope = ? AND hash = ?", XC_ARGS(xc_text(scopes[scope].name),
	    xc_blob(keys->of[scope], XC_DIGEST_LEN)));
}

/* The failures of this account from this address, and of this browser, are
 * forgotten; those of others are not, they go on guessing. */
static enum xc_err
remember(struct xc_store *store, void *ctx)
{
	struct counting *counting = ctx;
	const struct keys *keys = counting->keys;
	enum xc_err err;

	err = take_all_back(store, ctx);
	if (err == XC_OK)
		err = forget(store, keys, PAIR);
	if (err == XC_OK && counting->attempt->device != NULL)
		err = forget(store, keys, DEVICE);
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "INSERT INTO xc_throttle "
		    "(scope, hash, failures, first_at, expires_at) VALUES "
		    "('known', ?, 0, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + "
		    "INTERVAL " KNOWN_DAYS " DAY) ON DUPLICATE KEY UPDATE "
		    "expires_at = VALUES(expires_at)",
		    XC_ARGS(xc_blob(keys->of[KNOWN], XC_DIGEST_LEN)));
	return err;
}

/* What cannot be written now is logged by the store, and the login holds. */
static void
settle(struct xc_auth *auth, const struct xc_attempt *attempt,
    xc_store_body *body)
{
	struct keys keys;
	struct counting counting = { .settings = &auth->of.settings->auth,
		.attempt = attempt, .keys = &keys };

	if (make_keys(attempt, &keys) == XC_OK)
		(void)xc_store_transaction(auth->of.store, body, &counting);
}

void
xc_login_pass(struct xc_auth *auth, const struct xc_attempt *attempt)
{
	settle(auth, attempt, remember);
}

void
xc_login_undo(struct xc_auth *auth, const struct xc_attempt *attempt)
{
	settle(auth, attempt, take_all_back);
}

/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

struct xc_settings settings;
struct xc_identity identity;
struct xc_auth *auth;
struct xc_store *store;
struct xc_caller caller;
struct json_object *result;
struct xc_refusal refusal;
unsigned n_hashes;
int64_t enrolled_id;
unsigned n_mailed;
static struct xc_desk desk;

/* --- what hashes are counted by (see --wrap in local.mk) ------------------ */

enum xc_err __real_xc_password_verify(struct xc_hasher *hasher,
    const char *phc, const void *password, size_t len);
enum xc_err __wrap_xc_password_verify(struct xc_hasher *hasher,
    const char *phc, const void *password, size_t len);
enum xc_err __real_xc_password_hash(struct xc_hasher *hasher,
    const void *password, size_t len, char phc_r[XC_PHC_SIZE]);
enum xc_err __wrap_xc_password_hash(struct xc_hasher *hasher,
    const void *password, size_t len, char phc_r[XC_PHC_SIZE]);

enum xc_err
__wrap_xc_password_verify(struct xc_hasher *hasher, const char *phc,
    const void *password, size_t len)
{
	n_hashes++;
	return __real_xc_password_verify(hasher, phc, password, len);
}

enum xc_err
__wrap_xc_password_hash(struct xc_hasher *hasher, const void *password,
    size_t len, char phc_r[XC_PHC_SIZE])
{
	n_hashes++;
	return __real_xc_password_hash(hasher, password, len, phc_r);
}

/* --- a second factor ------------------------------------------------------ */

enum xc_err
xc_otp_enrolled(struct xc_otp *otp, int64_t user_id, bool *enrolled_r)
{
	(void)otp;
	*enrolled_r = user_id == enrolled_id;
	return XC_OK;
}

enum xc_err
xc_otp_methods(struct xc_otp *otp, int64_t user_id,
    struct json_object **methods_r)
{
	(void)otp;
	*methods_r = json_tokener_parse(user_id == enrolled_id
	    ? "[\"app\"]" : "[]");
	return XC_OK;
}

enum xc_err
xc_otp_take(struct xc_otp *otp, int64_t user_id, const char *purpose,
    const char *code, struct xc_refusal *refusal_r)
{
	(void)otp;
	(void)refusal_r;
	assert_string_equal(purpose, "login");
	assert_int_equal(user_id, enrolled_id);
	return strcmp(code, CODE) == 0 || strcmp(code, MAILED_CODE) == 0
	    ? XC_OK : XC_ERR_DENIED;
}

bool
xc_otp_steps_up(const char *code)
{
	return strcmp(code, MAILED_CODE) != 0;
}

enum xc_err
xc_otp_send(struct xc_otp *otp, int64_t user_id, const char *purpose,
    struct xc_refusal *refusal_r)
{
	(void)otp;
	(void)user_id;
	(void)refusal_r;
	assert_string_equal(purpose, "login");
	n_mailed++;
	return XC_OK;
}

/* --- the service ---------------------------------------------------------- */

bool
find_server(void)
{
	return getenv("XCORE_TEST_DB_SOCKET") != NULL;
}

static void
make_settings(void)
{
	memset(&settings, 0, sizeof(settings));
	settings.database = (struct xc_database_settings){
		.socket = getenv("XCORE_TEST_DB_SOCKET"),
		.host = "", .name = "xcore_test", .port = 3306,
		.user = getenv("XCORE_TEST_DB_USER"), .password_file = "",
		.plugin_user = getenv("XCORE_TEST_DB_USER"),
		.plugin_password_file = "", .plugin_schema_prefix = "xcore_",
		.tls_ca = "", .connect_timeout_ms = 1000,
		.read_timeout_ms = 5000, .write_timeout_ms = 5000,
	};
	settings.auth = (struct xc_auth_settings){
		.issuer = "xcore", .audience = "xcore", .algorithm = "ES256",
		.keys = "", .access_s = 900, .refresh_s = 1209600,
		.session_s = 2592000, .cookie_idle_s = 1800,
		.cookie_s = 43200, .login_failures = 5,
		.login_window_s = 900, .login_delay_max_s = 300,
	};
	/* As little as is allowed: the tests make many. */
	settings.security = (struct xc_security_settings){
		.argon2_kb = 8192, .argon2_passes = 1, .argon2_lanes = 1,
		.hashes_max = 4, .hash_wait_ms = 5000, .password_min = 8,
	};
}

int
set_up(void **state)
{
	static const char *const tables[] = { "xc_user", "xc_session",
		"xc_refresh", "xc_login", "xc_throttle", "xc_user_role",
		"xc_audit" };
	/* Never looked into: the functions above take its place. */
	static int otp;
	struct xc_errbuf errbuf = { "" };
	char sql[64];

	(void)state;
	make_settings();
	if (xc_store_new(&settings.database, XC_ACCOUNT_CORE, &store,
	    &errbuf) != XC_OK || xc_keyring_fake(&identity.ring, &errbuf) !=
	    XC_OK || xc_hasher_new(&settings.security, -1, &identity.hasher,
	    &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	identity.settings = &settings;
	identity.store = store;
	if (xc_auth_new(&identity, (struct xc_otp *)(void *)&otp, &auth,
	    &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		must(sql);
	}
	must("UPDATE xc_audit_head SET seq = 0, hash = REPEAT(CHAR(0), 32)");
	memset(&desk, 0, sizeof(desk));
	assert_int_equal(xc_desk_add(&desk, xc_auth_rows, auth), XC_OK);
	caller = (struct xc_caller){ .name = "", .session = "", .grants = "",
		.address = HOME, .agent = "test", .request_id = "r1" };
	n_hashes = n_mailed = 0;
	enrolled_id = 0;
	return 0;
}

int
tear_down(void **state)
{
	(void)state;
	json_object_put(result);
	result = NULL;
	xc_auth_free(&auth);
	xc_store_free(&store);
	xc_keyring_free(&identity.ring);
	xc_hasher_free(&identity.hasher);
	return 0;
}

void
must(const char *sql)
{
	if (xc_store_exec(store, NULL, sql, XC_NO_ARGS) != XC_OK)
		fail_msg("%s: %s", sql, xc_connection_error(
		    xc_store_connection(store))->message);
}

int64_t
number(const char *sql)
{
	int64_t value = -1;

	(void)xc_store_number(store, &value, sql, XC_NO_ARGS);
	return value;
}

int64_t
make_user(const char *name, const char *email, const char *password)
{
	struct xc_db_result made;
	char phc[XC_PHC_SIZE] = "";

	if (password != NULL)
		assert_int_equal(__real_xc_password_hash(identity.hasher,
		    password, strlen(password), phc), XC_OK);
	assert_int_equal(xc_store_exec(store, &made, "INSERT INTO xc_user "
	    "(name, name_key, email, email_key, display, password, "
	    "created_at, created_by, changed_at) VALUES (?, ?, ?, ?, 'D', ?, "
	    "UTC_TIMESTAMP(3), 'test', UTC_TIMESTAMP(3))",
	    XC_ARGS(xc_text(name), xc_text(name), xc_text(email),
	    xc_text(email), xc_text(phc))), XC_OK);
	return (int64_t)made.last_id;
}

/* --- asking --------------------------------------------------------------- */

enum xc_err
ask_with(const char *operation, struct json_object *args)
{
	enum xc_err err;

	json_object_put(result);
	result = NULL;
	err = xc_desk_ask(&desk, &caller, operation, args, &result, &refusal);
	json_object_put(args);
	if (err != XC_OK)
		assert_null(result);
	return err;
}

enum xc_err
ask(const char *operation, const char *args)
{
	char *text = strdup(args);
	struct json_object *obj = NULL;
	char *at;

	assert_non_null(text);
	for (at = strchr(text, '\''); at != NULL; at = strchr(at, '\''))
		*at = '"';
	obj = json_tokener_parse(text);
	assert_non_null(obj);
	free(text);
	return ask_with(operation, obj);
}

enum xc_err
log_in(const char *name, const char *password, const char *address)
{
	struct json_object *args = json_object_new_object();

	json_object_object_add(args, "username",
	    json_object_new_string(name));
	json_object_object_add(args, "password",
	    json_object_new_string(password));
	caller.address = address;
	return ask_with("auth.login", args);
}

void
keep_text(const char *key, char *text_r, size_t size)
{
	const char *text = xc_json_string(result, key);

	if (text == NULL) {
		fail_msg("no %s in %s", key, json_object_to_json_string(
		    result));
		return;
	}
	assert_true(strlen(text) < size);
	snprintf(text_r, size, "%s", text);
}

void
become(int64_t user_id)
{
	static char session[XC_SESSION_TEXT_SIZE];
	char token[XC_JWT_MAX];
	struct xc_claims claims;
	const char *why = "";

	keep_text("access_token", token, sizeof(token));
	if (xc_jwt_check(auth->jwt, token, strlen(token), time(NULL), &claims,
	    &why) != XC_OK)
		fail_msg("%s", why);
	assert_int_equal(claims.user_id, user_id);
	snprintf(session, sizeof(session), "%s", claims.session);
	caller.user_id = user_id;
	caller.session = session;
}

char *
param(const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 2;
	char *text = malloc(size);

	assert_non_null(text);
	snprintf(text, size, "%s=%s", name, value);
	return text;
}

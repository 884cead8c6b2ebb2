/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <json-c/json_pointer.h>

#include <xcore/json.h>

struct xc_settings settings;
struct xc_identity identity;
struct xc_admin *admin;
struct xc_desk desk;
struct xc_caller root = { .name = "root@test", .session = "", .grants = "",
	.address = "127.0.0.1", .agent = "", .request_id = "r-1",
	.root = true };
struct xc_refusal refusal;
struct json_object *result;

static char *grants[16];
static size_t n_grants;

/* So few that a test is not slow. */
static void
fill_settings(void)
{
	settings.database = (struct xc_database_settings){
		.socket = getenv("XCORE_TEST_DB_SOCKET"), .host = "",
		.name = "xcore_test",
		.user = getenv("XCORE_TEST_DB_USER"), .password_file = "",
		.plugin_user = "", .plugin_password_file = "",
		.plugin_schema_prefix = "xcore_", .tls_ca = "",
		.connect_timeout_ms = 5000, .read_timeout_ms = 600000,
		.write_timeout_ms = 30000 };
	settings.auth.registration = true;
	settings.auth.login_failures = 3;
	settings.auth.login_window_s = 600;
	settings.auth.login_delay_max_s = 60;
	settings.security = (struct xc_security_settings){ .argon2_kb = 19456,
		.argon2_passes = 2, .argon2_lanes = 1, .hashes_max = 4,
		.hash_wait_ms = 5000, .password_min = 8 };
}

bool
open_service(void)
{
	struct xc_errbuf why;

	fill_settings();
	if (settings.database.socket == NULL)
		return false;
	identity.settings = &settings;
	return xc_keyring_fake(&identity.ring, &why) == XC_OK &&
	    xc_hasher_new(&settings.security, -1, &identity.hasher, &why) ==
	    XC_OK && xc_store_new(&settings.database, XC_ACCOUNT_CORE,
	    &identity.store, &why) == XC_OK &&
	    xc_admin_new(&identity, NULL, &admin, &why) == XC_OK &&
	    xc_desk_add(&desk, xc_admin_rows, admin) == XC_OK;
}

void
close_service(void)
{
	json_object_put(result);
	result = NULL;
	while (n_grants > 0)
		free(grants[--n_grants]);
	xc_admin_free(&admin);
	xc_store_free(&identity.store);
	xc_hasher_free(&identity.hasher);
	xc_keyring_free(&identity.ring);
	memset(&desk, 0, sizeof(desk));
}

static const char *const tables[] = { "xc_user", "xc_user_role",
	"xc_role_include", "xc_permission", "xc_session", "xc_refresh",
	"xc_login", "xc_throttle", "xc_otp", "xc_otp_recovery", "xc_otp_mail",
	"xc_audit" };

int
set_up(void **state)
{
	(void)state;
	if (!open_service())
		return -1;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		must("DELETE FROM %s", tables[i]);
	must("DELETE FROM xc_role WHERE built_in = 0");
	must("DELETE FROM xc_role_permission WHERE permission <> '*:*:*' OR "
	    "role_id NOT IN (SELECT id FROM xc_role)");
	must("UPDATE xc_audit_head SET seq = 0, hash = REPEAT(CHAR(0), 32), "
	    "key_id = '', signature = NULL");
	must("INSERT INTO xc_permission (name, plugin) VALUES "
	    "('todo:item:read', 'todo'), ('todo:item:write', 'todo'), "
	    "('admin:user:read', 'admin'), ('admin:user:write', 'admin'), "
	    "('admin:role:read', 'admin'), ('admin:role:write', 'admin'), "
	    "('admin:audit:read', 'admin')");
	return 0;
}

int
tear_down(void **state)
{
	(void)state;
	close_service();
	return 0;
}

enum xc_err
ask(const struct xc_caller *caller, const char *operation, const char *args,
    ...)
{
	struct json_object *object;
	char text[8192], *at;
	enum xc_err err;
	va_list ap;

	va_start(ap, args);
	vsnprintf(text, sizeof(text), args, ap);
	va_end(ap);
	for (at = text; *at != '\0'; at++)
		if (*at == '\'')
			*at = '"';
	object = json_tokener_parse(text);
	if (object == NULL)
		fail_msg("not JSON: %s", text);
	json_object_put(result);
	result = NULL;
	memset(&refusal, 0, sizeof(refusal));
	err = xc_desk_ask(&desk, caller, operation, object, &result, &refusal);
	json_object_put(object);
	return err;
}

int64_t
got_id(void)
{
	int64_t id = 0;

	assert_true(xc_json_int(result, "id", &id));
	return id;
}

const char *
got(const char *pointer)
{
	struct json_object *value = NULL;

	if (*pointer == '\0')
		value = result;
	else if (json_pointer_get(result, pointer, &value) != 0)
		return "(nothing)";
	return value == NULL ? "null" : json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

int64_t
make_user(const char *name, const char *roles)
{
	if (ask(&root, "admin.user_add", "{'name':'%s','roles':%s}", name,
	    roles) != XC_OK)
		fail_msg("%s: %s %s", name, refusal.code, refusal.detail);
	return got_id();
}

struct xc_caller
as_user(int64_t id)
{
	struct xc_caller caller = { .user_id = id, .name = "somebody",
		.session = "", .grants = "", .address = "192.0.2.1",
		.agent = "", .request_id = "r-2" };

	if (n_grants == sizeof(grants) / sizeof(grants[0]))
		fail_msg("too many callers");
	assert_int_equal(xc_user_grants(identity.store, id,
	    &grants[n_grants]), XC_OK);
	caller.grants = grants[n_grants++];
	return caller;
}

void
must(const char *sql, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, sql);
	vsnprintf(text, sizeof(text), sql, ap);
	va_end(ap);
	if (xc_store_exec(identity.store, NULL, text, XC_NO_ARGS) != XC_OK)
		fail_msg("%s: %s", text, xc_connection_error(
		    xc_store_connection(identity.store))->message);
}

int64_t
number(const char *sql, ...)
{
	char text[4096];
	int64_t n = -1;
	va_list ap;

	va_start(ap, sql);
	vsnprintf(text, sizeof(text), sql, ap);
	va_end(ap);
	(void)xc_store_number(identity.store, &n, text, XC_NO_ARGS);
	return n;
}

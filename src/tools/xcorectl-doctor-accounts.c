/* SPDX-License-Identifier: MIT */
/* The accounts of MariaDB: the core's and its rights, the services', and those
 * of plugins. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "plugin/registry-private.h"
#include "services/database/connection.h"
#include "tools/xcorectl-doctor.h"

/* Of plugins' accounts no more are tried, nor after that time. */
#define PLUGINS_MAX 64
#define PLUGINS_MS 1200
#define CONNECT_MS 1000
#define PLUGIN_CONNECT_MS 300

#define RUN_IT_AS "run this as root or as xcored's user, or see to the "	\
	"password file"

/* "'name'@'host'", as information_schema has it. */
#define ME "CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"

/* Rights in a schema, those for all schemas with them: "SELECT YES", where the
 * word behind says whether others may be given it. */
#define RIGHTS								\
	"SELECT CONCAT(PRIVILEGE_TYPE, ' ', IS_GRANTABLE) AS name FROM "	\
	"information_schema.USER_PRIVILEGES WHERE GRANTEE = " ME		\
	" UNION SELECT CONCAT(PRIVILEGE_TYPE, ' ', IS_GRANTABLE) FROM "	\
	"information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = " ME		\
	" AND ? LIKE TABLE_SCHEMA"

#define PLUGINS								\
	"SELECT DISTINCT p.name AS name FROM xc_package p JOIN "		\
	"information_schema.schemata s ON "					\
	"s.schema_name = CONCAT(?, REPLACE(p.name, '-', '_')) "		\
	"ORDER BY p.name LIMIT 65"

/* What migrations and the tools do in a schema. */
static const char *const schema_rights[] = {
	"SELECT", "INSERT", "UPDATE", "DELETE",
	"CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"
};

#define N_SCHEMA_RIGHTS (sizeof(schema_rights) / sizeof(schema_rights[0]))
#define N_ROW_RIGHTS 4

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct xc_database_settings
hasty(const struct ctl_doctor *doctor, int most_ms)
{
	struct xc_database_settings settings = doctor->settings->database;

	if (settings.connect_timeout_ms > most_ms)
		settings.connect_timeout_ms = most_ms;
	if (settings.read_timeout_ms > most_ms)
		settings.read_timeout_ms = most_ms;
	return settings;
}

static struct xc_connection *
connect_as(const struct ctl_doctor *doctor, enum xc_account account,
    const char *name)
{
	struct xc_database_settings settings = hasty(doctor, CONNECT_MS);
	struct xc_connection *connection;
	struct xc_errbuf why = { "" };
	enum xc_err err;

	err = xc_connection_new(&settings, account, &connection, &why);
	if (err != XC_OK) {
		ctl_doctor_find(doctor, name, CTL_UNKNOWN, RUN_IT_AS, "%s",
		    why.text);
		return NULL;
	}
	err = xc_connection_open(connection);
	if (err == XC_OK) {
		ctl_doctor_find(doctor, name, CTL_OK, NULL, "connects");
		return connection;
	}
	xc_connection_fail(connection, &why, err, "cannot connect");
	ctl_doctor_find(doctor, name, CTL_BAD, account == XC_ACCOUNT_CORE ?
	    "see that it runs, and that the account is as xcore.json(5) says" :
	    "run xcorectl migrate up, which makes it anew", "%s", why.text);
	xc_connection_free(&connection);
	return NULL;
}

struct xc_connection *
ctl_doctor_connect(const struct ctl_doctor *doctor)
{
	return connect_as(doctor, XC_ACCOUNT_CORE, "account of the core");
}

/* ---- what the core's account may do -------------------------------------- */

static bool
has_name(struct json_object *rows, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		if (strcmp(xc_registry_text(json_object_array_get_idx(rows, i),
		    "name"), name) == 0)
			return true;
	return false;
}

static bool
has_right(struct json_object *rows, const char *right, bool grantable)
{
	char name[40];

	snprintf(name, sizeof(name), "%s YES", right);
	if (has_name(rows, name))
		return true;
	snprintf(name, sizeof(name), "%s NO", right);
	return !grantable && has_name(rows, name);
}

static void
add_word(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len > 0 ? ", " : "", word);
}

/* The rows for a schema; NULL. */
static struct json_object *
rights_in(struct xc_connection *connection, const char *schema)
{
	struct xc_value arg = xc_text(schema);
	struct xc_statement statement = { .sql = RIGHTS, .args = &arg,
		.n_args = 1 };
	struct json_object *rows;

	return xc_connection_rows(connection, &statement, 0, &rows) == XC_OK ?
	    rows : NULL;
}

static void
check_schema(const struct ctl_doctor *doctor, struct json_object *rows,
    const char *name, const char *schema, bool core)
{
	char lacks[200] = "";
	bool stops = false, grants = true;

	for (size_t i = 0; i < N_SCHEMA_RIGHTS; i++) {
		if (has_right(rows, schema_rights[i], false))
			continue;
		add_word(lacks, sizeof(lacks), schema_rights[i]);
		stops = stops || (core && i < N_ROW_RIGHTS);
	}
	for (size_t i = 0; i < N_ROW_RIGHTS; i++)
		grants = grants && has_right(rows, schema_rights[i], true);
	if (!grants)
		add_word(lacks, sizeof(lacks), "GRANT OPTION");
	if (lacks[0] == '\0') {
		ctl_doctor_find(doctor, name, CTL_OK, NULL, "all that are "
		    "needed in %.80s", schema);
		return;
	}
	ctl_doctor_find(doctor, name, stops ? CTL_BAD : CTL_WARNING,
	    "give it the rights that xcore.json(5) names", "none in %.80s to "
	    "%s: %s", schema, lacks, stops ? "xcored and the tools cannot "
	    "work" : "the tools cannot make tables or accounts there, and "
	    "say the statements for an administrator to run");
}

static void
check_rights(const struct ctl_doctor *doctor,
    struct xc_connection *connection)
{
	const struct xc_database_settings *settings =
	    &doctor->settings->database;
	struct json_object *rows;
	char schema[160];

	snprintf(schema, sizeof(schema), "%s", settings->name);
	rows = rights_in(connection, schema);
	if (rows == NULL) {
		ctl_doctor_find(doctor, "rights of the core", CTL_UNKNOWN,
		    NULL, "MariaDB does not tell them");
		return;
	}
	check_schema(doctor, rows, "rights of the core", schema, true);
	ctl_doctor_find(doctor, "right to make accounts",
	    has_right(rows, "CREATE USER", false) ? CTL_OK : CTL_WARNING,
	    has_right(rows, "CREATE USER", false) ? NULL : "GRANT CREATE USER "
	    "ON *.* to it, or let an administrator make them",
	    "%s", has_right(rows, "CREATE USER", false) ? "CREATE USER" :
	    "none: a plugin with the permission \"database\" is installed "
	    "only if its account is there");
	json_object_put(rows);
	/* The rights are for a pattern: any schema of a plugin will do. */
	snprintf(schema, sizeof(schema), "%sdoctor",
	    settings->plugin_schema_prefix);
	rows = rights_in(connection, schema);
	snprintf(schema, sizeof(schema), "%s*",
	    settings->plugin_schema_prefix);
	if (rows != NULL)
		check_schema(doctor, rows, "rights for plugins", schema,
		    false);
	json_object_put(rows);
}

/* By a role the rights may be there, and nothing shows them. */
static bool
has_role(struct xc_connection *connection)
{
	struct xc_statement statement = {
		.sql = "SELECT CURRENT_ROLE() AS name FROM DUAL "
		    "WHERE CURRENT_ROLE() IS NOT NULL" };
	struct json_object *rows;
	bool has;

	if (xc_connection_rows(connection, &statement, 1, &rows) != XC_OK)
		return false;
	has = json_object_array_length(rows) > 0;
	json_object_put(rows);
	return has;
}

/* ---- plugins -------------------------------------------------------------- */

/* XC_ERR_INVALID: its password cannot be had here. */
static enum xc_err
try_plugin(const struct ctl_doctor *doctor, const char *plugin,
    struct xc_errbuf *why)
{
	struct xc_database_settings settings = hasty(doctor,
	    PLUGIN_CONNECT_MS);
	struct xc_connection *connection;
	enum xc_err err;

	if (xc_connection_of_plugin(&settings, plugin, &connection,
	    why) != XC_OK)
		return XC_ERR_INVALID;
	err = xc_connection_open(connection);
	if (err != XC_OK)
		xc_connection_fail(connection, why, err, "cannot connect");
	xc_connection_free(&connection);
	return err == XC_OK ? XC_OK : XC_ERR_UNAVAILABLE;
}

static void
try_plugins(const struct ctl_doctor *doctor, struct json_object *rows)
{
	int64_t until = now_ms() + PLUGINS_MS;
	size_t n = json_object_array_length(rows), done = 0, bad = 0;
	struct xc_errbuf why = { "" }, first = { "" };
	const char *name, *worst = "";
	enum xc_err err = XC_OK;

	for (; done < n && done < PLUGINS_MAX && now_ms() < until; done++) {
		name = xc_registry_text(json_object_array_get_idx(rows, done),
		    "name");
		err = try_plugin(doctor, name, &why);
		if (err == XC_ERR_INVALID)
			break;
		if (err != XC_OK && bad++ == 0) {
			first = why;
			worst = name;
		}
	}
	if (bad > 0)
		ctl_doctor_find(doctor, "accounts of plugins", CTL_BAD, "run "
		    "xcorectl migrate up, which makes them anew", "%zu of the "
		    "%zu that were tried do not work; %.32s: %s", bad, done,
		    worst, first.text);
	else if (err == XC_ERR_INVALID)
		ctl_doctor_find(doctor, "accounts of plugins", CTL_UNKNOWN,
		    RUN_IT_AS, "%s", why.text);
	else if (n == 0)
		ctl_doctor_find(doctor, "accounts of plugins", CTL_OK, NULL,
		    "none is needed");
	else
		ctl_doctor_find(doctor, "accounts of plugins", CTL_OK, NULL,
		    "%zu connect%s", done, done < n ? "; there are more, "
		    "which were not tried" : "");
}

static void
check_plugins(const struct ctl_doctor *doctor,
    struct xc_connection *connection)
{
	const struct xc_database_settings *settings =
	    &doctor->settings->database;
	struct xc_value arg = xc_text(settings->plugin_schema_prefix);
	struct xc_statement statement = { .schema = settings->name,
		.sql = PLUGINS, .args = &arg, .n_args = 1 };
	struct json_object *rows;

	if (xc_connection_rows(connection, &statement, PLUGINS_MAX + 1,
	    &rows) == XC_OK) {
		try_plugins(doctor, rows);
		json_object_put(rows);
		return;
	}
	ctl_doctor_find(doctor, "accounts of plugins", CTL_UNKNOWN,
	    xc_connection_error(connection)->number == 1146 ?
	    "run xcorectl migrate up" : NULL, "which there are is not known: "
	    "%s", xc_connection_error(connection)->message);
}

void
ctl_doctor_accounts(const struct ctl_doctor *doctor,
    struct xc_connection *connection)
{
	struct xc_connection *service;

	if (has_role(connection))
		ctl_doctor_find(doctor, "rights of the core", CTL_UNKNOWN,
		    NULL, "it has them by a role, which is not looked into");
	else
		check_rights(doctor, connection);
	service = connect_as(doctor, XC_ACCOUNT_SERVICE,
	    "account of services");
	xc_connection_free(&service);
	check_plugins(doctor, connection);
}

/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "plugin/accounts.h"
#include "plugin/installer.h"
#include "plugin/registry-private.h"
#include "services/database/account.h"

#define HOSTS_MAX 32
#define LINES_MAX 1024
#define SHA1_LEN 20
#define HASH_SIZE (2 * SHA1_LEN + 2)	/* "*", hex, NUL */

/* What a plugin may do in its schema: what defines tables is done by its
 * migrations, at install. */
#define PLUGIN_RIGHTS "SELECT, INSERT, UPDATE, DELETE"

#define ALL_ROWS "SELECT, INSERT, UPDATE, DELETE"

/* Nobody who takes over a worker can change what the log says. */
static const struct {
	const char *table;
	const char *rights;
} service_rights[] = {
	{ "xc_user", ALL_ROWS },
	{ "xc_role", ALL_ROWS },
	{ "xc_role_include", ALL_ROWS },
	{ "xc_role_permission", ALL_ROWS },
	{ "xc_user_role", ALL_ROWS },
	{ "xc_session", ALL_ROWS },
	{ "xc_refresh", ALL_ROWS },
	{ "xc_login", ALL_ROWS },
	{ "xc_throttle", ALL_ROWS },
	{ "xc_otp", ALL_ROWS },
	{ "xc_otp_recovery", ALL_ROWS },
	{ "xc_otp_mail", ALL_ROWS },
	{ "xc_idempotency", ALL_ROWS },
	{ "xc_grants", "SELECT, UPDATE" },
	{ "xc_audit", "SELECT, INSERT" },
	{ "xc_audit_head", "SELECT, UPDATE" },
	{ "xc_permission", "SELECT" },
	{ "xc_plugin", "SELECT" },
	{ "xc_package", "SELECT" },
	{ "xc_plugin_history", "SELECT" },
	{ "xc_host", "SELECT" },
	{ "xc_generation", "SELECT" },
};

#define N_SERVICE_RIGHTS (sizeof(service_rights) / sizeof(service_rights[0]))

/* An account that is being made. */
struct making {
	const struct xc_accounts *accounts;
	const char *plugin;		/* NULL: the services' */
	const char *schema;
	char name[XC_ACCOUNT_NAME_SIZE];
	char hash[HASH_SIZE];
	char *hosts[HOSTS_MAX];
	size_t n_hosts;
	char *lines[LINES_MAX];		/* the statements */
	size_t n_lines;
	bool tables[N_SERVICE_RIGHTS];	/* that are there */
	struct xc_errbuf why;		/* a statement was refused */
};

static void say(const struct xc_accounts *accounts, bool warning,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
say(const struct xc_accounts *accounts, bool warning, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (accounts->say == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	accounts->say(accounts->ctx, warning, text);
}

static struct xc_connection *
connection_of(const struct xc_accounts *accounts)
{
	return xc_registry_connection(accounts->registry);
}

static void
free_making(struct making *making)
{
	for (size_t i = 0; i < making->n_hosts; i++)
		free(making->hosts[i]);
	for (size_t i = 0; i < making->n_lines; i++)
		free(making->lines[i]);
	explicit_bzero(making->hash, sizeof(making->hash));
}

/* ---- statements ----------------------------------------------------------- */

static enum xc_err add_line(struct making *making, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum xc_err
add_line(struct making *making, const char *format, ...)
{
	char *line;
	va_list args;
	int n;

	if (making->n_lines == LINES_MAX)
		return XC_ERR_TOO_LARGE;
	va_start(args, format);
	n = vasprintf(&line, format, args);
	va_end(args);
	if (n < 0)
		return XC_ERR_NOMEM;
	making->lines[making->n_lines++] = line;
	return XC_OK;
}

/* What mysql_native_password stores: the server is told no password, so none
 * comes into its logs. */
static enum xc_err
hash_password(const char *password, char hash_r[HASH_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	enum xc_err err = XC_ERR_FAILED;

	if (EVP_Digest(password, strlen(password), digest, &n, EVP_sha1(),
	    NULL) == 1 && n == SHA1_LEN &&
	    EVP_Digest(digest, n, digest, &n, EVP_sha1(), NULL) == 1)
		err = XC_OK;
	hash_r[0] = '*';
	for (size_t i = 0; i < SHA1_LEN; i++)
		snprintf(hash_r + 1 + 2 * i, 3, "%02X", digest[i]);
	explicit_bzero(digest, sizeof(digest));
	return err;
}

static enum xc_err
name_account(struct making *making, struct xc_errbuf *errbuf)
{
	const struct xc_database_settings *settings =
	    &making->accounts->settings->database;
	char password[XC_ACCOUNT_PASSWORD_SIZE];
	enum xc_err err;

	err = xc_account_name(settings, making->plugin, making->name, errbuf);
	if (err == XC_OK)
		err = xc_account_password(settings, making->name, password,
		    errbuf);
	if (err != XC_OK)
		return err;
	err = hash_password(password, making->hash);
	explicit_bzero(password, sizeof(password));
	if (err != XC_OK)
		return xc_fail(errbuf, err, "libcrypto has no SHA-1 here, of "
		    "which MariaDB makes the hash of a password");
	return XC_OK;
}

/* Off this host nobody reads along, if the operator has TLS. */
static const char *
transport_of(const struct making *making, const char *host)
{
	const struct xc_database_settings *settings =
	    &making->accounts->settings->database;

	return settings->tls_ca[0] != '\0' && settings->socket[0] == '\0' &&
	    strcmp(host, "localhost") != 0 ? "SSL" : "NONE";
}

/* In a GRANT the underscore of a schema's name stands for any character. */
static void
escape_schema(const char *schema, char *buf, size_t size)
{
	size_t n = 0;

	for (; *schema != '\0' && n + 2 < size; schema++) {
		if (*schema == '_' || *schema == '%')
			buf[n++] = '\\';
		buf[n++] = *schema;
	}
	buf[n] = '\0';
}

static enum xc_err
add_rights(struct making *making, const char *host)
{
	char escaped[160];
	enum xc_err err = XC_OK;

	if (making->plugin != NULL) {
		escape_schema(making->schema, escaped, sizeof(escaped));
		return add_line(making, "GRANT " PLUGIN_RIGHTS
		    " ON `%s`.* TO '%s'@'%s'", escaped, making->name, host);
	}
	for (size_t i = 0; err == XC_OK && i < N_SERVICE_RIGHTS; i++)
		if (making->tables[i])
			err = add_line(making,
			    "GRANT %s ON `%s`.`%s` TO '%s'@'%s'",
			    service_rights[i].rights, making->schema,
			    service_rights[i].table, making->name, host);
	return err;
}

static enum xc_err
write_lines(struct making *making)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < making->n_hosts; i++) {
		const char *host = making->hosts[i];
		const char *transport = transport_of(making, host);

		/* Not replaced: its rights would be gone for a moment. */
		err = add_line(making, "CREATE USER IF NOT EXISTS '%s'@'%s' "
		    "IDENTIFIED VIA mysql_native_password USING '%s' "
		    "REQUIRE %s", making->name, host, making->hash, transport);
		if (err == XC_OK)
			err = add_line(making, "ALTER USER '%s'@'%s' "
			    "IDENTIFIED VIA mysql_native_password USING '%s' "
			    "REQUIRE %s", making->name, host, making->hash,
			    transport);
		if (err == XC_OK)
			err = add_rights(making, host);
	}
	return err;
}

/* ---- what the server has -------------------------------------------------- */

static bool
is_host(const char *host)
{
	size_t len = strlen(host);

	return len > 0 && len <= 255 && strspn(host, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%:/-") == len;
}

static enum xc_err
add_host(struct making *making, const char *host)
{
	if (!is_host(host) || making->n_hosts == HOSTS_MAX)
		return XC_OK;
	making->hosts[making->n_hosts] = strdup(host);
	return making->hosts[making->n_hosts++] != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
add_hosts_of(struct making *making, const char *user)
{
	struct xc_value arg = xc_text(user);
	struct xc_statement statement = { .sql = "SELECT Host AS host FROM "
		"mysql.user WHERE User = ?", .args = &arg, .n_args = 1 };
	struct json_object *rows;
	enum xc_err err;

	err = xc_connection_rows(connection_of(making->accounts), &statement,
	    HOSTS_MAX, &rows);
	if (err != XC_OK)
		return XC_OK;		/* not for our eyes */
	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(rows); i++)
		err = add_host(making, xc_registry_text(
		    json_object_array_get_idx(rows, i), "host"));
	json_object_put(rows);
	return err;
}

/* As whom the server knows us: "xcore@localhost". */
static enum xc_err
add_own_host(struct making *making, struct xc_errbuf *errbuf)
{
	struct xc_connection *connection = connection_of(making->accounts);
	struct xc_statement statement = {
		.sql = "SELECT CURRENT_USER() AS me" };
	struct json_object *rows;
	const char *at;
	enum xc_err err;

	err = xc_connection_rows(connection, &statement, 1, &rows);
	if (err != XC_OK)
		return xc_connection_fail(connection, errbuf, err,
		    "asking for the tools' own account");
	at = strrchr(xc_registry_text(json_object_array_get_idx(rows, 0),
	    "me"), '@');
	err = at != NULL ? add_host(making, at + 1) : XC_OK;
	json_object_put(rows);
	if (err == XC_OK && making->n_hosts == 0)
		return xc_fail(errbuf, XC_ERR_INVALID, "the tools' account "
		    "has no host that another account can have");
	return err;
}

static enum xc_err
find_hosts(struct making *making, struct xc_errbuf *errbuf)
{
	enum xc_err err = add_hosts_of(making,
	    making->accounts->settings->database.user);

	if (err == XC_OK && making->n_hosts == 0)
		err = add_own_host(making, errbuf);
	return err == XC_ERR_NOMEM ?
	    xc_fail(errbuf, err, "out of memory") : err;
}

static enum xc_err
find_tables(struct making *making, struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_rows(making->accounts->registry,
	    "listing the core's tables", "SELECT table_name AS name FROM "
	    "information_schema.tables WHERE table_schema = ?",
	    XC_ARGS(xc_text(making->schema)), &rows, errbuf);
	if (err != XC_OK)
		return err;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		const char *name = xc_registry_text(
		    json_object_array_get_idx(rows, i), "name");

		for (size_t k = 0; k < N_SERVICE_RIGHTS; k++)
			if (strcmp(name, service_rights[k].table) == 0)
				making->tables[k] = true;
	}
	json_object_put(rows);
	return XC_OK;
}

/* ---- doing it ------------------------------------------------------------- */

/* Whether each was taken; if not, why says what was said. */
static bool
run_lines(struct making *making)
{
	struct xc_connection *connection = connection_of(making->accounts);
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < making->n_lines; i++)
		err = xc_connection_query(connection, NULL, making->lines[i],
		    strlen(making->lines[i]));
	if (err != XC_OK)
		xc_connection_fail(connection, &making->why, err,
		    "MariaDB does not let us");
	return err == XC_OK;
}

static enum xc_err
use_tables(const struct making *making, struct xc_connection *connection)
{
	enum xc_err err = XC_OK;
	char sql[128];
	int n;

	for (size_t i = 0; err == XC_OK && i < N_SERVICE_RIGHTS; i++) {
		if (!making->tables[i])
			continue;
		n = snprintf(sql, sizeof(sql), "SELECT 1 FROM %s LIMIT 0",
		    service_rights[i].table);
		err = xc_connection_query(connection, making->schema, sql,
		    (size_t)n);
	}
	return err;
}

/* Whether the account can do its work from this host. */
static enum xc_err
prove(const struct making *making, struct xc_errbuf *errbuf)
{
	const struct xc_database_settings *settings =
	    &making->accounts->settings->database;
	struct xc_connection *connection;
	enum xc_err err;

	err = making->plugin != NULL ?
	    xc_connection_of_plugin(settings, making->plugin, &connection,
	    errbuf) : xc_connection_new(settings, XC_ACCOUNT_SERVICE,
	    &connection, errbuf);
	if (err != XC_OK)
		return err;
	err = making->plugin != NULL ?
	    xc_connection_query(connection, making->schema, "DO 1", 4) :
	    use_tables(making, connection);
	if (err != XC_OK)
		xc_connection_fail(connection, errbuf, err,
		    "it cannot work");
	xc_connection_free(&connection);
	return err;
}

static enum xc_err
give(struct making *making, struct xc_errbuf *errbuf)
{
	struct xc_errbuf why = { "" };
	bool given = run_lines(making);

	if (prove(making, &why) == XC_OK)
		return XC_OK;
	if (given)
		return xc_fail(errbuf, XC_ERR_DENIED, "the account %s was "
		    "made, but %s", making->name, why.text);
	for (size_t i = 0; i < making->n_lines; i++)
		say(making->accounts, true, "%s;", making->lines[i]);
	return xc_fail(errbuf, XC_ERR_DENIED, "the account %s is not as it "
	    "must be: %s; %s: let an administrator of MariaDB run the "
	    "statements above, or give the tools' account the rights that "
	    "xcore.json(5) names, and try again", making->name, why.text,
	    making->why.text);
}

static enum xc_err
make(struct making *making, struct xc_errbuf *errbuf)
{
	enum xc_err err = name_account(making, errbuf);

	if (err == XC_OK && making->plugin == NULL)
		err = find_tables(making, errbuf);
	if (err == XC_OK)
		err = find_hosts(making, errbuf);
	if (err == XC_OK) {
		err = write_lines(making);
		if (err != XC_OK)
			xc_fail(errbuf, err, "the statements that make %s: "
			    "%s", making->name, xc_strerror(err));
	}
	if (err == XC_OK)
		err = give(making, errbuf);
	free_making(making);
	return err;
}

enum xc_err
xc_accounts_give_plugin(const struct xc_accounts *accounts,
    const char *plugin, const char *schema, struct xc_errbuf *errbuf)
{
	struct making making = { .accounts = accounts, .plugin = plugin,
		.schema = schema };

	return make(&making, errbuf);
}

enum xc_err
xc_accounts_give_service(const struct xc_accounts *accounts,
    struct xc_errbuf *errbuf)
{
	struct making making = { .accounts = accounts,
		.schema = accounts->settings->database.name };

	return make(&making, errbuf);
}

static enum xc_err
plugins_with_schema(const struct xc_accounts *accounts,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	return xc_registry_rows(accounts->registry, "listing the plugins",
	    "SELECT DISTINCT p.name AS name, s.schema_name AS plugin_schema"
	    " FROM xc_package p JOIN information_schema.schemata s ON"
	    " s.schema_name = CONCAT(?, REPLACE(p.name, '-', '_'))",
	    XC_ARGS(xc_text(accounts->settings->database.
	    plugin_schema_prefix)), rows_r, errbuf);
}

enum xc_err
xc_accounts_give_all(const struct xc_accounts *accounts,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows;
	struct xc_errbuf why;
	enum xc_err first, err;

	first = xc_accounts_give_service(accounts, errbuf);
	err = plugins_with_schema(accounts, &rows, &why);
	for (size_t i = 0; err == XC_OK &&
	    i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		enum xc_err one = xc_accounts_give_plugin(accounts,
		    xc_registry_text(row, "name"),
		    xc_registry_text(row, "plugin_schema"), &why);

		if (one != XC_OK && first == XC_OK)
			*errbuf = why;
		if (one != XC_OK)
			first = first != XC_OK ? first : one;
	}
	if (err == XC_OK) {
		json_object_put(rows);
	} else if (first == XC_OK) {
		*errbuf = why;
		first = err;
	}
	return first;
}

void
xc_accounts_drop_plugin(const struct xc_accounts *accounts,
    const char *plugin)
{
	struct making making = { .accounts = accounts, .plugin = plugin };
	struct xc_errbuf errbuf;
	enum xc_err err;

	err = xc_account_name(&accounts->settings->database, plugin,
	    making.name, &errbuf);
	if (err == XC_OK)
		err = add_hosts_of(&making, making.name);
	if (err == XC_OK && making.n_hosts == 0)
		err = find_hosts(&making, &errbuf);
	for (size_t i = 0; err == XC_OK && i < making.n_hosts; i++)
		err = add_line(&making, "DROP USER IF EXISTS '%s'@'%s'",
		    making.name, making.hosts[i]);
	if (err == XC_OK && !run_lines(&making)) {
		say(accounts, true, "the account of %s stays: %s; an "
		    "administrator of MariaDB can run", plugin,
		    making.why.text);
		for (size_t i = 0; i < making.n_lines; i++)
			say(accounts, true, "%s;", making.lines[i]);
	}
	free_making(&making);
}

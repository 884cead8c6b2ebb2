/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "account.h"
#include "support.h"

struct xc_database_settings settings;
struct xc_connection *con;

const char *
make_secret(const char *text)
{
	static char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/secret",
	    getenv("XCORE_TEST_DB_DIR"));
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

void
give_account(struct xc_connection *by, const char *plugin)
{
	char name[XC_ACCOUNT_NAME_SIZE], password[XC_ACCOUNT_PASSWORD_SIZE];
	struct xc_errbuf errbuf = { "" };
	char sql[512];

	assert_int_equal(xc_account_name(&settings, plugin, name, &errbuf),
	    XC_OK);
	assert_int_equal(xc_account_password(&settings, name, password,
	    &errbuf), XC_OK);
	snprintf(sql, sizeof(sql), "CREATE OR REPLACE USER '%s'@'%%' "
	    "IDENTIFIED BY '%s'", name, password);
	must(by, sql);
	if (plugin == NULL)
		return;
	snprintf(sql, sizeof(sql), "GRANT SELECT, INSERT, UPDATE, DELETE ON "
	    "`xcore\\_%s`.* TO '%s'@'%%'", plugin, name);
	must(by, sql);
}

bool
find_server(void)
{
	if (getenv("XCORE_TEST_DB_SOCKET") == NULL)
		return false;
	settings = (struct xc_database_settings){
		.socket = getenv("XCORE_TEST_DB_SOCKET"),
		.host = "", .name = "xcore", .port = 3306,
		.user = getenv("XCORE_TEST_DB_USER"), .password_file = "",
		.plugin_user = "plug",
		.plugin_password_file = make_secret("a secret of 16 or more"),
		.plugin_schema_prefix = "xcore_",
		.tls_ca = "", .connect_timeout_ms = 1000,
		.read_timeout_ms = 2000, .write_timeout_ms = 2000,
	};
	return true;
}

struct xc_connection *
new_connection(void)
{
	struct xc_connection *c;
	struct xc_errbuf errbuf = { "" };

	if (xc_connection_new(&settings, XC_ACCOUNT_CORE, &c, &errbuf) !=
	    XC_OK)
		fail_msg("%s", errbuf.text);
	return c;
}

struct xc_connection *
patient_connection(void)
{
	struct xc_database_settings patient = settings;
	struct xc_connection *c;

	patient.read_timeout_ms = 3600000;
	assert_int_equal(xc_connection_new(&patient, XC_ACCOUNT_CORE, &c,
	    NULL), XC_OK);
	return c;
}

enum xc_err
do_exec(struct xc_connection *c, const char *sql, const struct xc_value *args,
    size_t n_args)
{
	struct xc_statement statement = { SCHEMA, sql, args, n_args };

	return xc_connection_exec(c, &statement, NULL);
}

void
must(struct xc_connection *c, const char *sql)
{
	if (do_exec(c, sql, XC_NO_ARGS) != XC_OK)
		fail_msg("%s: %s", sql, xc_connection_error(c)->message);
}

const char *
rows_text(struct xc_connection *c, const char *sql,
    const struct xc_value *args, size_t n_args)
{
	struct xc_statement statement = { SCHEMA, sql, args, n_args };
	static char text[8192];
	struct json_object *rows;
	enum xc_err err;

	err = xc_connection_rows(c, &statement, 0, &rows);
	if (err != XC_OK) {
		assert_null(rows);
		snprintf(text, sizeof(text), "error %s",
		    xc_strerror(err));
		return text;
	}
	snprintf(text, sizeof(text), "%s", json_object_to_json_string_ext(
	    rows, JSON_C_TO_STRING_SPACED |
	    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(rows);
	return text;
}

int64_t
number(struct xc_connection *c, const char *sql)
{
	struct xc_statement statement = { SCHEMA, sql, XC_NO_ARGS };
	struct json_object *rows;
	int64_t value = -1;

	if (xc_connection_rows(c, &statement, 0, &rows) != XC_OK)
		return -1;
	json_object_object_foreach(json_object_array_get_idx(rows, 0), name,
	    cell) {
		(void)name;
		value = json_object_get_int64(cell);
	}
	json_object_put(rows);
	return value;
}

pid_t
server_pid(void)
{
	FILE *file = fopen(getenv("XCORE_TEST_DB_PIDFILE"), "r");
	int pid = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	assert_true(pid > 1);
	return pid;
}

static bool
task_stopped(pid_t pid, const char *task)
{
	char path[300], line[512];
	const char *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, task);
	file = fopen(path, "r");
	if (file == NULL)
		return true;
	end = fgets(line, sizeof(line), file) == NULL ? NULL :
	    strrchr(line, ')');
	fclose(file);
	return end == NULL || end[2] == 'T';
}

void
stop_server(void)
{
	pid_t pid = server_pid();
	struct dirent *entry;
	bool all = false;
	char path[64];
	DIR *folder;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	while (!all) {
		folder = opendir(path);
		assert_non_null(folder);
		for (all = true; all && (entry = readdir(folder)) != NULL;)
			if (entry->d_name[0] != '.')
				all = task_stopped(pid, entry->d_name);
		closedir(folder);
	}
}

void
wait_for_server(struct xc_connection *c)
{
	int tries;

	for (tries = 0; xc_connection_open(c) != XC_OK; tries++) {
		assert_true(tries < 3000);
		usleep(10000);
	}
}

int
set_up(void **state)
{
	static const char create[] = "CREATE DATABASE IF NOT EXISTS " SCHEMA
	    " CHARACTER SET utf8mb4";

	(void)state;
	/* A test that failed may have left it stopped. */
	kill(server_pid(), SIGCONT);
	con = new_connection();
	wait_for_server(con);
	assert_int_equal(xc_connection_query(con, NULL, create,
	    sizeof(create) - 1), XC_OK);
	must(con, "DROP TABLE IF EXISTS child");
	must(con, "DROP TABLE IF EXISTS item");
	must(con, "CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, "
	    "name VARCHAR(100) UNIQUE, n INT NOT NULL DEFAULT 0, "
	    "long_text LONGTEXT, data LONGBLOB) ENGINE=InnoDB");
	return 0;
}

int
tear_down(void **state)
{
	(void)state;
	xc_connection_free(&con);
	return 0;
}

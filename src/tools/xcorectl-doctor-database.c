/* SPDX-License-Identifier: MIT */
/* MariaDB: version, settings, clock, cluster, and the way to it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "plugin/registry-private.h"
#include "services/database/connection.h"
#include "tools/xcorectl-doctor.h"

/* What is asked for in one statement, so that a slow server costs once. */
#define VARIABLES							\
	"SELECT VERSION() AS version, UNIX_TIMESTAMP(NOW(6)) AS now, "	\
	"@@max_allowed_packet AS max_allowed_packet, "			\
	"@@sql_mode AS sql_mode, @@wait_timeout AS wait_timeout, "	\
	"@@max_connections AS max_connections, "			\
	"@@time_zone AS time_zone, "					\
	"@@default_storage_engine AS default_storage_engine"

#define CLUSTER								\
	"SELECT LOWER(VARIABLE_NAME) AS name, VARIABLE_VALUE AS value "	\
	"FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN "	\
	"('wsrep_ready', 'wsrep_cluster_status', 'wsrep_cluster_size', "	\
	"'wsrep_local_state_comment', 'threads_connected')"

#define SESSION								\
	"SELECT VARIABLE_VALUE AS value FROM "				\
	"information_schema.SESSION_STATUS "				\
	"WHERE VARIABLE_NAME = 'Ssl_cipher'"

#define WAIT_TIMEOUT_LOW_S 60
#define CLOCK_WARN_S 1.0
#define CLOCK_BAD_S 30.0

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The first row of a statement, a new reference, or NULL. */
static struct json_object *
first_row(struct xc_connection *connection, const char *sql)
{
	struct xc_statement statement = { .sql = sql };
	struct json_object *rows = NULL, *row = NULL;

	if (xc_connection_rows(connection, &statement, 1, &rows) != XC_OK)
		return NULL;
	if (json_object_array_length(rows) > 0)
		row = json_object_get(json_object_array_get_idx(rows, 0));
	json_object_put(rows);
	return row;
}

static const char *
text_of(struct json_object *row, const char *key)
{
	struct json_object *value = xc_json_member(row, key);

	return value != NULL ? json_object_get_string(value) : "";
}

static void
check_version(const struct ctl_doctor *doctor, struct json_object *row)
{
	const char *text = text_of(row, "version");
	unsigned major = 0, minor = 0;

	if (strstr(text, "MariaDB") == NULL ||
	    sscanf(text, "%u.%u", &major, &minor) != 2)
		ctl_doctor_find(doctor, "version", CTL_BAD, "use MariaDB 10.6 "
		    "or later", "\"%.60s\" is not MariaDB", text);
	else if (major < 10 || (major == 10 && minor < 6))
		ctl_doctor_find(doctor, "version", CTL_BAD, "update it to "
		    "10.6 or later: older ones do not undo a definition that "
		    "failed half-way", "%.60s", text);
	else
		ctl_doctor_find(doctor, "version", CTL_OK, NULL, "%.60s",
		    text);
}

static void
check_clock(const struct ctl_doctor *doctor, struct json_object *row,
    double before, double after)
{
	double theirs = strtod(text_of(row, "now"), NULL);
	/* It said so at some moment in between. */
	double apart = theirs < before ? theirs - before :
	    theirs > after ? theirs - after : 0;
	double size = apart < 0 ? -apart : apart;

	ctl_doctor_find(doctor, "clock", size >= CLOCK_BAD_S ? CTL_BAD :
	    size >= CLOCK_WARN_S ? CTL_WARNING : CTL_OK,
	    size >= CLOCK_WARN_S ? "run chrony or systemd-timesyncd on both "
	    "hosts" : NULL, "%.1f s %s ours, time zone %s", size,
	    apart < 0 ? "behind" : "ahead of", text_of(row, "time_zone"));
}

static void
check_variables(const struct ctl_doctor *doctor, struct json_object *row)
{
	int64_t packet = 0, wait = 0;
	const char *mode = text_of(row, "sql_mode");
	const char *engine = text_of(row, "default_storage_engine");
	bool strict = strstr(mode, "STRICT_TRANS_TABLES") != NULL ||
	    strstr(mode, "STRICT_ALL_TABLES") != NULL;

	xc_json_int(row, "max_allowed_packet", &packet);
	xc_json_int(row, "wait_timeout", &wait);
	/* A chunk of a package, and the statement around it. */
	ctl_doctor_find(doctor, "max_allowed_packet",
	    packet < 4 * (int64_t)XC_REGISTRY_CHUNK ? CTL_BAD : CTL_OK,
	    packet < 4 * (int64_t)XC_REGISTRY_CHUNK ? "set it to 16M" : NULL,
	    "%" PRId64 " bytes; packages go in pieces of %u", packet,
	    XC_REGISTRY_CHUNK);
	ctl_doctor_find(doctor, "sql_mode", strict ? CTL_OK : CTL_WARNING,
	    strict ? NULL : "add STRICT_TRANS_TABLES: without it what does "
	    "not fit is cut and stored", "%.300s", mode);
	ctl_doctor_find(doctor, "wait_timeout",
	    wait < WAIT_TIMEOUT_LOW_S ? CTL_WARNING : CTL_OK,
	    wait < WAIT_TIMEOUT_LOW_S ? "raise it: connections are closed "
	    "and made anew all the time" : NULL, "%" PRId64 " s", wait);
	if (strcasecmp(engine, "InnoDB") != 0)
		ctl_doctor_find(doctor, "default_storage_engine",
		    CTL_WARNING, "set it to InnoDB", "%.40s", engine);
}

static void
check_connections(const struct ctl_doctor *doctor, struct json_object *row)
{
	size_t workers = ctl_doctor_count(doctor, "workers", 8);
	int64_t most = 0;

	xc_json_int(row, "max_connections", &most);
	ctl_doctor_find(doctor, "max_connections",
	    most < (int64_t)workers + 4 ? CTL_BAD : CTL_OK,
	    most < (int64_t)workers + 4 ? "raise it" : NULL,
	    "%" PRId64 " in all; this host may use %zu", most, workers + 4);
}

static const char *
status_of(struct json_object *rows, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (strcmp(text_of(row, "name"), name) == 0)
			return text_of(row, "value");
	}
	return "";
}

static void
check_cluster(const struct ctl_doctor *doctor,
    struct xc_connection *connection)
{
	struct xc_statement statement = { .sql = CLUSTER };
	struct json_object *rows = NULL;
	const char *state, *ready;
	bool well;

	if (xc_connection_rows(connection, &statement, 0, &rows) != XC_OK)
		return;
	ready = status_of(rows, "wsrep_ready");
	state = status_of(rows, "wsrep_cluster_status");
	well = strcmp(ready, "ON") == 0 && strcmp(state, "Primary") == 0;
	/* A server without a cluster has these too, "OFF" and disconnected
	 * with no members. */
	if (strcmp(status_of(rows, "wsrep_cluster_size"), "0") != 0 &&
	    ready[0] != '\0')
		ctl_doctor_find(doctor, "cluster", well ? CTL_OK : CTL_BAD,
		    well ? NULL : "see the server's log: this member cannot "
		    "serve", "%s, %s members, %s", state,
		    status_of(rows, "wsrep_cluster_size"),
		    status_of(rows, "wsrep_local_state_comment"));
	json_object_put(rows);
}

static bool
is_local(const struct xc_database_settings *settings)
{
	return settings->socket[0] != '\0' ||
	    strcmp(settings->host, "localhost") == 0 ||
	    strncmp(settings->host, "127.", 4) == 0 ||
	    strcmp(settings->host, "::1") == 0;
}

static void
check_tls(const struct ctl_doctor *doctor, struct xc_connection *connection)
{
	const struct xc_database_settings *settings =
	    &doctor->settings->database;
	struct json_object *row = first_row(connection, SESSION);
	const char *cipher = text_of(row, "value");

	if (is_local(settings))
		ctl_doctor_find(doctor, "TLS", CTL_OK, NULL,
		    "not needed: the server is on this host");
	else if (settings->tls_ca[0] == '\0')
		ctl_doctor_find(doctor, "TLS", CTL_BAD, "set database.tls_ca",
		    "passwords and data go over the network, and nobody "
		    "proves that %.80s is who it says", settings->host);
	else
		ctl_doctor_find(doctor, "TLS", cipher[0] != '\0' ? CTL_OK :
		    CTL_BAD, NULL, "%s", cipher[0] != '\0' ? cipher :
		    "not in use though database.tls_ca is set");
	json_object_put(row);
}

static void
check_server(const struct ctl_doctor *doctor,
    struct xc_connection *connection)
{
	double before = now_s();
	struct json_object *row = first_row(connection, VARIABLES);
	struct xc_errbuf why = { "" };

	if (row == NULL) {
		xc_connection_fail(connection, &why, XC_ERR_IO,
		    "it does not tell its settings");
		ctl_doctor_find(doctor, "settings", CTL_BAD, NULL, "%s",
		    why.text);
		return;
	}
	check_clock(doctor, row, before, now_s());
	check_version(doctor, row);
	check_variables(doctor, row);
	check_connections(doctor, row);
	json_object_put(row);
	check_cluster(doctor, connection);
	check_tls(doctor, connection);
}

void
ctl_doctor_database(const struct ctl_doctor *doctor)
{
	struct xc_connection *connection;

	if (doctor->settings == NULL)
		return;
	connection = ctl_doctor_connect(doctor);
	if (connection != NULL) {
		check_server(doctor, connection);
		ctl_doctor_accounts(doctor, connection);
	}
	xc_connection_free(&connection);
}

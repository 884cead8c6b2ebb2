/* SPDX-License-Identifier: MIT */
/* What no server does when it is asked to: a COMMIT that is refused or whose
 * answer is lost, a server without TLS or with a certificate that is not its
 * own.  See tests/services/run-database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <xcore/db.h>

#include "lib/test-host.h"

#include "database.h"
#include "proxy.h"
#include "store.h"
#include "support.h"

#define PASSWORD "a-word-for-nobody-else"

static struct proxy proxy;
static struct xc_database_settings far;	/* by the proxy */
static char ca[512];

static int
set_up_proxy(void **state)
{
	if (set_up(state) != 0)
		return -1;
	proxy_begin(&proxy, settings.socket);
	far = settings;
	far.socket = "";
	far.host = "127.0.0.1";
	far.port = proxy.port;
	far.name = SCHEMA;
	snprintf(ca, sizeof(ca), "%s/ca.pem",
	    getenv("XCORE_TEST_DB_DIR"));
	return 0;
}

static int
tear_down_proxy(void **state)
{
	proxy_end(&proxy);
	return tear_down(state);
}

static enum xc_err
insert(struct xc_store *store, void *ctx)
{
	++*(int *)ctx;
	return xc_store_exec(store, NULL, "INSERT INTO item (n) VALUES (?)",
	    XC_ARGS(xc_int(*(int *)ctx)));
}

static struct xc_store *
new_store(void)
{
	struct xc_store *store;

	assert_int_equal(xc_store_new(&far, XC_ACCOUNT_CORE, &store, NULL),
	    XC_OK);
	return store;
}

/* Certification by the others of a cluster fails at the commit: nothing of it
 * stands, and it may be tried again. */
static void
test_refused_commit(void **state)
{
	static const unsigned again[] = { 1213, 1205, 1047 };
	struct xc_store *store = new_store();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int runs = 0;

		must(con, "DELETE FROM item");
		proxy.orders->number = again[i];
		proxy.orders->refusals = 2;
		assert_int_equal(xc_store_transaction(store, insert, &runs),
		    XC_OK);
		assert_int_equal(runs, 3);
		assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
		assert_int_equal(number(con, "SELECT n FROM item"), 3);
		/* Each time: then it is busy, and not uncertain. */
		runs = 0;
		proxy.orders->refusals = 3;
		assert_int_equal(xc_store_transaction(store, insert, &runs),
		    XC_ERR_BUSY);
		assert_int_equal(runs, 3);
		assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	}
	xc_store_free(&store);
}

/* What would be refused again is not tried again. */
static void
test_commit_not_done(void **state)
{
	struct xc_store *store = new_store();
	int runs = 0;

	(void)state;
	proxy.orders->number = 1290;	/* read_only */
	proxy.orders->refusals = 1;
	assert_int_equal(xc_store_transaction(store, insert, &runs),
	    XC_ERR_UNAVAILABLE);
	assert_int_equal(runs, 1);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 0);
	assert_int_equal(xc_store_transaction(store, insert, &runs), XC_OK);
	assert_int_equal(number(con, "SELECT n FROM item"), 2);
	xc_store_free(&store);
}

/* It is done, and nobody hears of it. */
static void
test_lost_answer(void **state)
{
	struct xc_store *store = new_store();
	int runs = 0;

	(void)state;
	proxy.orders->cuts = 1;
	assert_int_equal(xc_store_transaction(store, insert, &runs),
	    XC_ERR_UNCERTAIN);
	assert_int_equal(runs, 1);
	assert_int_equal(proxy.orders->commits, 1);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 1);
	assert_int_equal(xc_store_transaction(store, insert, &runs), XC_OK);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 2);
	xc_store_free(&store);
}

static enum xc_err
insert_by_plugin(struct xc_request *req, void *data)
{
	++*(int *)data;
	return xc_db_exec(req, NULL, "INSERT INTO item (n) VALUES (?)",
	    XC_ARGS(xc_int(*(int *)data)));
}

/* As a plugin sees it: <xcore/db.h> over the workers' driver. */
static void
test_by_plugin(void **state)
{
	static char schema[] = SCHEMA;
	struct xc_database database;
	struct xc_request req;
	int runs = 0;

	(void)state;
	give_account(con, "test");
	assert_int_equal(xc_database_open(&far, &database, NULL), XC_OK);
	test_begin(&req);
	test_get(&req, "/app/todo");
	test_host.db = database.ops;
	test_host.db_ctx = database.ctx;
	test_plugin.schema = schema;
	proxy.orders->number = 1213;
	proxy.orders->refusals = 1;
	assert_int_equal(xc_db_transaction(&req, insert_by_plugin, &runs),
	    XC_OK);
	assert_int_equal(runs, 2);
	assert_int_equal(number(con, "SELECT n FROM item"), 2);
	proxy.orders->cuts = 1;
	assert_int_equal(xc_db_transaction(&req, insert_by_plugin, &runs),
	    XC_ERR_UNCERTAIN);
	assert_int_equal(runs, 3);
	assert_int_equal(number(con, "SELECT COUNT(*) FROM item"), 2);
	test_end(&req);
	xc_database_close(&database);
}

/* ---- what others could read ---------------------------------------------- */

/* An account with a password, which the proxy must never see. */
static struct xc_connection *
secret_connection(const char *tls_ca)
{
	static char path[512];
	struct xc_connection *c;
	FILE *file;

	must(con, "CREATE OR REPLACE USER told@'%' IDENTIFIED BY '" PASSWORD
	    "'");
	snprintf(path, sizeof(path), "%s/told",
	    getenv("XCORE_TEST_DB_DIR"));
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", PASSWORD);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	far.user = "told";
	far.password_file = path;
	far.tls_ca = tls_ca;
	assert_int_equal(xc_connection_new(&far, XC_ACCOUNT_CORE, &c, NULL),
	    XC_OK);
	return c;
}

static void
expect_remedy(const struct xc_connection *c)
{
	const struct xc_connection_error *error = xc_connection_error(c);

	assert_int_equal(error->number, 2026);
	assert_non_null(strstr(error->message, "\"database.tls_ca\""));
	assert_non_null(strstr(error->message, ca));
	assert_non_null(strstr(error->message, "ssl_cert"));
}

/* One that has none, or somebody between who says so. */
static void
test_server_without_tls(void **state)
{
	struct xc_connection *c = secret_connection(ca);

	(void)state;
	if (getenv("XCORE_TEST_DB_TLS") == NULL)
		skip();
	proxy.orders->without_tls = true;
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	expect_remedy(c);
	/* Not even the account's name was said. */
	assert_int_equal(proxy.orders->n_seen, 0);
	xc_connection_free(&c);
}

/* The authority's, but not for this host. */
static void
test_certificate_of_another(void **state)
{
	struct xc_connection *c = secret_connection(ca);

	(void)state;
	if (getenv("XCORE_TEST_DB_TLS") == NULL)
		skip();
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	expect_remedy(c);
	assert_true(proxy.orders->n_seen > 0);
	assert_false(proxy_saw(&proxy, "told"));
	xc_connection_free(&c);
	/* For this one it is. */
	far.host = "localhost";
	c = secret_connection(ca);
	assert_int_equal(xc_connection_open(c), XC_OK);
	assert_false(proxy_saw(&proxy, "told"));
	xc_connection_free(&c);
}

/* Who sits between asks for the password itself. */
static void
test_asked_in_clear(void **state)
{
	struct xc_connection *c = secret_connection("");

	(void)state;
	proxy.orders->ask_clear = true;
	assert_int_equal(xc_connection_open(c), XC_ERR_UNAVAILABLE);
	assert_true(proxy_saw(&proxy, "told"));
	assert_false(proxy_saw(&proxy, PASSWORD));
	xc_connection_free(&c);
	proxy.orders->ask_clear = false;
	c = secret_connection("");
	assert_int_equal(xc_connection_open(c), XC_OK);
	assert_false(proxy_saw(&proxy, PASSWORD));
	xc_connection_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_proxy,	\
	    tear_down_proxy)
		T(test_refused_commit),
		T(test_commit_not_done),
		T(test_lost_answer),
		T(test_by_plugin),
		T(test_server_without_tls),
		T(test_certificate_of_another),
		T(test_asked_in_clear),
	};

	if (!find_server())
		return 77;
	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}

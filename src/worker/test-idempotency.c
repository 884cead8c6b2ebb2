/* SPDX-License-Identifier: MIT */
/* Requests with an Idempotency-Key, with the table in a real database:
 * tests/services/idempotency.sh runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xcore/reply.h>

#include "lib/breach.h"
#include "lib/reply-private.h"
#include "lib/test-host.h"
#include "loggers/logger.h"
#include "services/database/store.h"
#include "worker/idempotency.h"

static struct xc_logger logger = XC_LOGGER("test");
static struct xc_store *store;
static struct xc_request req;
static struct xc_idempotency with;
static struct xc_claim claim;

static void
open_store(void)
{
	struct xc_database_settings database = {
		.socket = getenv("XCORE_TEST_DB_SOCKET"),
		.host = "", .name = "xcore_test", .port = 3306,
		.user = getenv("XCORE_TEST_DB_USER"), .password_file = "",
		.plugin_user = "", .plugin_password_file = "",
		.plugin_schema_prefix = "xcore_", .tls_ca = "",
		.connect_timeout_ms = 5000, .read_timeout_ms = 5000,
		.write_timeout_ms = 5000,
	};

	assert_int_equal(xc_store_new(&database, XC_ACCOUNT_CORE, &store,
	    NULL), XC_OK);
	with.store = store;
}

static void
sql(const char *text)
{
	assert_int_equal(xc_store_exec(store, NULL, text, XC_NO_ARGS), XC_OK);
}

static int64_t
number(const char *text)
{
	int64_t value = -1;

	assert_int_equal(xc_store_number(store, &value, text,
	    XC_NO_ARGS), XC_OK);
	return value;
}

static int
set_up(void **state)
{
	(void)state;
	with = (struct xc_idempotency){ .log = &logger, .plugin = "todo",
		.operation = "create", .timeout_ms = 1000, .keep_s = 3600 };
	open_store();
	sql("DELETE FROM xc_idempotency");
	test_begin(&req);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	test_end(&req);
	xc_store_free(&store);
	return 0;
}

/* --- requests ------------------------------------------------------------ */

struct sent {
	const char *key;	/* NULL: none */
	const char *uri;
	const char *body;
	const char *subject;	/* NULL: nobody has logged in */
	const char *remote;
};

/* A new request; true if its handler is to run. */
static bool
send(struct sent sent)
{
	char key[400], uri[64], remote[64];
	char *envp[] = { (char[]){ "REQUEST_METHOD=POST" }, uri, remote,
		(char[]){ "CONTENT_TYPE=application/json" }, NULL, NULL };
	const char *body = sent.body != NULL ? sent.body : "{}";

	snprintf(uri, sizeof(uri), "REQUEST_URI=%s", sent.uri != NULL ?
	    sent.uri : "/app/todo/items");
	snprintf(remote, sizeof(remote), "REMOTE_ADDR=%s", sent.remote !=
	    NULL ? sent.remote : "192.0.2.1");
	snprintf(key, sizeof(key), "HTTP_IDEMPOTENCY_KEY=%s", sent.key != NULL
	    ? sent.key : "");
	if (sent.key != NULL)
		envp[4] = key;
	xc_request_reset(&req);
	/* What is no header at all does not come this far. */
	if (xc_request_parse(&req, envp, body, strlen(body), NULL) != 0) {
		assert_int_equal(xc_reply_problem(&req, 400, NULL), XC_OK);
		return false;
	}
	assert_int_equal(xc_request_bind(&req, &test_plugin, 2, "create",
	    NULL, 0), XC_OK);
	if (sent.subject != NULL)
		assert_int_equal(xc_request_set_who(&req,
		    &(struct xc_request_who){ .subject = sent.subject,
		    .name = "ana", .session = "", .grants = "" }), XC_OK);
	with.body = body;
	with.body_len = strlen(body);
	return xc_idempotency_begin(&with, &req, &claim);
}

#define SEND(...) send((struct sent){ __VA_ARGS__ })

static int
status(void)
{
	return xc_request_reply(&req)->status;
}

static const char *
lines(void)
{
	return xc_block_text(&req.out, xc_request_reply(&req)->head);
}

/* What the handler does. */
static void
handle(int code, const char *body)
{
	assert_int_equal(xc_reply_header(&req, "Location", "/items/7"),
	    XC_OK);
	assert_int_equal(xc_reply_text(&req, code, "text/plain", body,
	    strlen(body)), XC_OK);
	xc_idempotency_end(&with, &req, XC_OK, &claim);
}

static void
is_replayed(int code, const char *body)
{
	assert_int_equal(status(), code);
	assert_string_equal(xc_reply_body(&req), body);
	assert_int_equal(xc_request_reply(&req)->body.len, strlen(body));
	assert_string_equal(xc_block_text(&req.out,
	    xc_request_reply(&req)->content_type), "text/plain");
	assert_string_equal(lines(), "Location: /items/7\r\n"
	    "Idempotency-Replayed: true\r\n");
}

static void
is_code(const char *code)
{
	char member[64];

	snprintf(member, sizeof(member), "\"code\":\"%s\"", code);
	assert_non_null(strstr(xc_reply_body(&req), member));
}

/* --- tests --------------------------------------------------------------- */

static void
test_replay(void **state)
{
	(void)state;
	assert_true(SEND(.key = "k1"));
	assert_true(claim.held);
	handle(201, "made");
	assert_false(claim.held);
	for (int i = 0; i < 3; i++) {
		assert_false(SEND(.key = "k1"));
		is_replayed(201, "made");
	}
	/* Another worker. */
	xc_store_free(&store);
	open_store();
	assert_false(SEND(.key = "k1"));
	is_replayed(201, "made");
	/* Without a key it just runs. */
	assert_true(SEND(.key = NULL));
	assert_false(claim.held);
	assert_int_equal(number("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), "
	    "expires_at) BETWEEN 3590 AND 3600 FROM xc_idempotency"), 1);
	/* When its time has passed it is a new one. */
	sql("UPDATE xc_idempotency SET expires_at = UTC_TIMESTAMP(3)");
	assert_true(SEND(.key = "k1", .body = "{\"a\":2}"));
	handle(200, "again");
	assert_false(SEND(.key = "k1", .body = "{\"a\":2}"));
	is_replayed(200, "again");
}

/* Whose it is, and of what. */
static void
test_apart(void **state)
{
	(void)state;
	assert_true(SEND(.key = "k", .subject = "7"));
	handle(201, "of 7");
	assert_true(SEND(.key = "k", .subject = "8"));
	handle(201, "of 8");
	assert_true(SEND(.key = "k", .remote = "7"));
	handle(201, "of nobody");
	assert_true(SEND(.key = "K", .subject = "7"));
	handle(201, "another key");
	/* The same body twice: its digest alone would say what is in it. */
	assert_int_equal(number("SELECT COUNT(DISTINCT request) FROM "
	    "xc_idempotency"), 2);
	with.operation = "other";
	assert_true(SEND(.key = "k", .subject = "7"));
	handle(201, "another operation");
	with.operation = "create";
	with.plugin = "todocreate";
	assert_true(SEND(.key = "k", .subject = "7"));
	handle(201, "another plugin");
	with.plugin = "todo";
	assert_false(SEND(.key = "k", .subject = "7", .remote = "192.0.2.9"));
	is_replayed(201, "of 7");
	/* One key, two requests. */
	assert_false(SEND(.key = "k", .subject = "7", .body = "{ }"));
	assert_int_equal(status(), 422);
	assert_false(SEND(.key = "k", .subject = "7",
	    .uri = "/app/todo/items?x"));
	assert_int_equal(status(), 422);
}

static const struct {
	const char *key;
	bool good;
} keys[] = {
	{ "a", true }, { "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", true },
	{ "!~", true }, { "", false }, { "a b", false }, { "a\tb", false },
	{ "a\x7f", false }, { "\xc3\xa4", false }, { "' OR 1=1 --", false },
};

static void
test_keys(void **state)
{
	char longest[260];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(SEND(.key = keys[i].key), keys[i].good);
		if (!keys[i].good)
			assert_int_equal(status(), 400);
	}
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	assert_false(SEND(.key = longest));
	assert_int_equal(status(), 400);
	longest[255] = '\0';
	assert_true(SEND(.key = longest));
}

static void
test_working(void **state)
{
	struct xc_claim first;

	(void)state;
	assert_true(SEND(.key = "k"));
	first = claim;
	assert_false(SEND(.key = "k"));
	assert_int_equal(status(), 409);
	assert_string_equal(lines(), "Retry-After: 1\r\n");
	is_code("idempotency_working");
	assert_false(SEND(.key = "k", .body = "[]"));
	assert_int_equal(status(), 422);
	/* The first has died, or is slow; when its time is over, and 5 s more,
	 * nobody knows what it has done. */
	sql("UPDATE xc_idempotency SET created_at = UTC_TIMESTAMP(3) - "
	    "INTERVAL 5500000 MICROSECOND");
	assert_false(SEND(.key = "k"));
	assert_int_equal(status(), 409);
	sql("UPDATE xc_idempotency SET created_at = UTC_TIMESTAMP(3) - "
	    "INTERVAL 6100000 MICROSECOND");
	for (int i = 0; i < 3; i++) {
		assert_false(SEND(.key = "k"));
		assert_int_equal(status(), 409);
		assert_string_equal(lines(), "");
		is_code("idempotency_uncertain");
	}
	assert_false(SEND(.key = "k", .body = "[]"));
	assert_int_equal(status(), 422);
	/* That is kept as long as an answer is. */
	assert_int_equal(number("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), "
	    "expires_at) BETWEEN 3580 AND 3600 FROM xc_idempotency"), 1);
	sql("UPDATE xc_idempotency SET expires_at = UTC_TIMESTAMP(3)");
	assert_true(SEND(.key = "k"));
	/* What the first says now is not kept, and does not let go of the
	 * other's claim. */
	{
		struct xc_claim second = claim;

		claim = first;
		handle(200, "late");
		assert_false(SEND(.key = "k"));
		assert_int_equal(status(), 409);
		xc_request_reset(&req);
		assert_false(SEND(.key = "k"));
		claim = second;
	}
	xc_request_reset(&req);
	{
		struct xc_claim second = claim;

		assert_true(SEND(.key = NULL));
		claim = second;
	}
	handle(201, "second");
	assert_false(SEND(.key = "k"));
	is_replayed(201, "second");
}

/* Of a slow one that comes to its end after all the answer is known. */
static void
test_late(void **state)
{
	struct xc_claim first;

	(void)state;
	assert_true(SEND(.key = "k"));
	first = claim;
	sql("UPDATE xc_idempotency SET created_at = UTC_TIMESTAMP(3) - "
	    "INTERVAL 1 MINUTE");
	assert_false(SEND(.key = "k"));
	is_code("idempotency_uncertain");
	assert_true(SEND(.key = NULL));
	claim = first;
	handle(201, "late");
	assert_false(SEND(.key = "k"));
	is_replayed(201, "late");
}

/* How a handler can end so that nobody knows what it has done. */
static const struct {
	enum xc_err ran;
	enum xc_breach breach;
	int status;
	bool lost;
} ends[] = {
	{ XC_ERR_FAILED, XC_BREACH_NONE, 500, false },
	{ XC_ERR_BUSY, XC_BREACH_NONE, 503, false },
	{ XC_ERR_UNCERTAIN, XC_BREACH_NONE, 500, true },
	{ XC_ERR_FAILED, XC_BREACH_CRASH, 500, true },
	{ XC_ERR_FAILED, XC_BREACH_TIMEOUT, 504, true },
	{ XC_ERR_FAILED, XC_BREACH_CPU, 504, true },
	{ XC_ERR_FAILED, XC_BREACH_MEMORY, 503, true },
	{ XC_ERR_FAILED, XC_BREACH_REPLY, 502, true },
	{ XC_ERR_FAILED, XC_BREACH_PROTOCOL, 502, true },
	{ XC_ERR_UNAVAILABLE, XC_BREACH_START, 503, false },
};

static void
test_ends(void **state)
{
	char key[16];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		assert_true(SEND(.key = key));
		assert_int_equal(xc_reply_problem(&req, ends[i].status, NULL),
		    XC_OK);
		req.breach = ends[i].breach;
		xc_idempotency_end(&with, &req, ends[i].ran, &claim);
		assert_false(claim.held);
		assert_int_equal(SEND(.key = key), !ends[i].lost);
		if (!ends[i].lost)
			continue;
		assert_int_equal(status(), 409);
		is_code("idempotency_uncertain");
	}
}

static const int not_kept[] = { 500, 503, 599, 408, 425, 429 };
static const int kept[] = { 200, 204, 404, 409, 422 };

static void
test_kept(void **state)
{
	char key[16];

	(void)state;
	for (size_t i = 0; i < sizeof(not_kept) / sizeof(int); i++) {
		assert_true(SEND(.key = "bad"));
		handle(not_kept[i], "x");
	}
	assert_int_equal(number("SELECT COUNT(*) FROM xc_idempotency"), 0);
	for (size_t i = 0; i < sizeof(kept) / sizeof(int); i++) {
		snprintf(key, sizeof(key), "%zu", i);
		assert_true(SEND(.key = key));
		if (kept[i] == 204)
			assert_int_equal(xc_reply_empty(&req, 204), XC_OK);
		else
			assert_int_equal(xc_reply_text(&req, kept[i],
			    "text/plain", "x", 1), XC_OK);
		xc_idempotency_end(&with, &req, XC_OK, &claim);
		assert_false(SEND(.key = key));
		assert_int_equal(status(), kept[i]);
	}
}

static void
test_bounds(void **state)
{
	static char large[XC_IDEMPOTENCY_BODY_MAX + 2];

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	assert_true(SEND(.key = "large"));
	handle(200, large);
	/* It ran, and must not do so again. */
	assert_false(SEND(.key = "large"));
	is_code("idempotency_uncertain");
	large[XC_IDEMPOTENCY_BODY_MAX] = '\0';
	assert_true(SEND(.key = "all"));
	handle(200, large);
	assert_false(SEND(.key = "all"));
	is_replayed(200, large);
	/* A cookie is for the one who got it. */
	assert_true(SEND(.key = "cookie"));
	assert_int_equal(xc_reply_header(&req, "Set-Cookie", "a=b"), XC_OK);
	handle(200, "x");
	assert_false(SEND(.key = "cookie"));
	is_code("idempotency_uncertain");
	/* Bytes, and a NUL among them. */
	assert_true(SEND(.key = "bytes"));
	assert_int_equal(xc_reply_text(&req, 200,
	    "application/octet-stream", "a\0\xff", 3), XC_OK);
	xc_idempotency_end(&with, &req, XC_OK, &claim);
	assert_false(SEND(.key = "bytes"));
	assert_int_equal(xc_request_reply(&req)->body.len, 3);
	assert_memory_equal(xc_reply_body(&req), "a\0\xff", 3);
}

static void
test_no_database(void **state)
{
	struct xc_database_settings nowhere = { .socket = "/nonexistent/x",
		.host = "", .name = "x", .user = "x", .password_file = "",
		.plugin_user = "", .plugin_password_file = "",
		.plugin_schema_prefix = "", .tls_ca = "",
		.connect_timeout_ms = 100, .read_timeout_ms = 100,
		.write_timeout_ms = 100 };
	struct xc_store *dead;

	(void)state;
	with.store = NULL;
	assert_false(SEND(.key = "k"));
	assert_int_equal(status(), 503);
	assert_string_equal(lines(), "Retry-After: 10\r\n");
	assert_true(SEND(.key = NULL));
	assert_int_equal(xc_store_new(&nowhere, XC_ACCOUNT_CORE, &dead, NULL),
	    XC_OK);
	with.store = dead;
	assert_false(SEND(.key = "k"));
	assert_int_equal(status(), 503);
	assert_true(SEND(.key = NULL));
	/* It went while the handler ran: the reply is sent all the same. */
	with.store = store;
	assert_true(SEND(.key = "k"));
	with.store = dead;
	handle(201, "made");
	assert_int_equal(status(), 201);
	xc_store_free(&dead);
	/* Nobody has heard what became of it. */
	with.store = store;
	assert_false(SEND(.key = "k"));
	is_code("idempotency_working");
	sql("UPDATE xc_idempotency SET created_at = UTC_TIMESTAMP(3) - "
	    "INTERVAL 1 MINUTE");
	assert_false(SEND(.key = "k"));
	is_code("idempotency_uncertain");
}

#define CHILDREN 8

/* Each on a connection of its own; exactly one handler runs, whoever it is. */
static void
test_at_once(void **state)
{
	int gate[2], ran, code;
	pid_t pids[CHILDREN];
	char key[16], c;

	(void)state;
	for (int round = 0; round < 20; round++) {
		snprintf(key, sizeof(key), "round-%d", round);
		assert_int_equal(pipe(gate), 0);
		for (int i = 0; i < CHILDREN; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (pids[i] != 0)
				continue;
			close(gate[1]);
			xc_store_free(&store);
			open_store();
			(void)number("SELECT 1");
			assert_int_equal(read(gate[0], &c, 1), 0);
			code = 1;
			if (SEND(.key = key))
				handle(201, "made");
			else
				code = status() == 409 || status() == 201 ?
				    0 : 2;
			xc_store_free(&store);
			_exit(code);
		}
		close(gate[0]);
		close(gate[1]);
		for (int i = ran = 0; i < CHILDREN; i++) {
			assert_int_equal(waitpid(pids[i], &code, 0), pids[i]);
			assert_true(WIFEXITED(code));
			assert_true(WEXITSTATUS(code) <= 1);
			ran += WEXITSTATUS(code);
		}
		assert_int_equal(ran, 1);
		assert_false(SEND(.key = key));
		is_replayed(201, "made");
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_replay), T(test_apart), T(test_keys), T(test_working),
		T(test_late), T(test_ends),
		T(test_kept), T(test_bounds), T(test_no_database),
		T(test_at_once),
	};

	if (getenv("XCORE_TEST_DB_SOCKET") == NULL)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

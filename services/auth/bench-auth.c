/* SPDX-License-Identifier: MIT */
/*
 * Measures what authentication costs; run by hand:
 *	tests/services/run-identity services/auth/bench-auth [ROUNDS]
 * with the hashes of the built-in settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/json.h>

#include "lib/test-host.h"
#include "support.h"

#define LOGINS 40
#define PROCESSES_MAX 8

static const struct xc_auth_scheme bearer = { .name = "bearer",
	.kind = XC_AUTH_HTTP, .scheme = "bearer", .in = "", .param = "" };
static const struct xc_auth_scheme session = { .name = "session",
	.kind = XC_AUTH_API_KEY, .scheme = "", .in = "cookie",
	.param = XC_COOKIE_NAME };

static struct xc_request req;
static char bearer_line[XC_JWT_MAX + 64];
static char cookie_line[512];
static double *took_us;

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *what, int n)
{
	double sum = 0;
	int i;

	for (i = 0; i < n; i++)
		sum += took_us[i];
	qsort(took_us, (size_t)n, sizeof(took_us[0]), compare);
	printf("%-44s %9.1f us mean %9.1f p50 %9.1f p99 %9.0f /s\n", what,
	    sum / n, took_us[n / 2], took_us[n * 99 / 100], n * 1e6 / sum);
	fflush(stdout);
}

static void
begin_request(void)
{
	char *env[] = { (char[]){ "REQUEST_METHOD=GET" },
		(char[]){ "REQUEST_URI=/app/todo" }, bearer_line, cookie_line,
		NULL };

	test_begin(&req);
	assert_int_equal(xc_request_parse(&req, env, NULL, 0, NULL), 0);
}

static void
run_checks(const char *what, const struct xc_auth_scheme *scheme, int n)
{
	const struct xc_auth_need need = { .schemes = scheme, .n = 1 };
	struct xc_auth_verdict verdict;
	double from;
	int i;

	for (i = 0; i < n; i++) {
		from = now_us();
		assert_int_equal(xc_auth_service_ops.check(auth, &req, &need,
		    &verdict), XC_OK);
		took_us[i] = now_us() - from;
	}
	report(what, n);
}

/* The signature alone, of a token that was seen before. */
static void
run_signature(int n)
{
	const char *token = strchr(bearer_line, ' ') + 1;
	size_t len = strlen(token);
	struct xc_claims claims;
	const char *why;
	double from;
	int i;

	for (i = 0; i < n; i++) {
		from = now_us();
		assert_int_equal(xc_jwt_check(auth->jwt, token, len,
		    time(NULL), &claims, &why), XC_OK);
		took_us[i] = now_us() - from;
	}
	report("token, seen before, without the session", n);
}

static void
run_select(int n)
{
	double from;
	int i;

	for (i = 0; i < n; i++) {
		from = now_us();
		assert_int_equal(number("SELECT 1"), 1);
		took_us[i] = now_us() - from;
	}
	report("SELECT 1", n);
}

static void
run_refresh(int n)
{
	char token[XC_TOKEN_SIZE], args[128];
	double from;
	int i;

	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	for (i = 0; i < n; i++) {
		keep_text("refresh_token", token, sizeof(token));
		snprintf(args, sizeof(args), "{'refresh_token': '%s'}",
		    token);
		from = now_us();
		assert_int_equal(ask("auth.refresh", args), XC_OK);
		took_us[i] = now_us() - from;
	}
	report("refresh", n);
}

static void
run_logins(const char *what, int n)
{
	double from;
	int i;

	for (i = 0; i < n; i++) {
		from = now_us();
		assert_int_equal(log_in("bob0", PASSWORD, HOME), XC_OK);
		took_us[i] = now_us() - from;
	}
	report(what, n);
}

/* The next process has connections and a place among the hashes of its own. */
static void
reopen(int places)
{
	struct xc_errbuf errbuf;

	auth->of.store = store = NULL;
	if (xc_store_new(&settings.database, XC_ACCOUNT_CORE, &store,
	    &errbuf) != XC_OK || xc_hasher_new(&settings.security, places,
	    &identity.hasher, &errbuf) != XC_OK)
		fail_msg("%s", errbuf.text);
	auth->of.hasher = identity.hasher;
	auth->of.store = store;
}

static void
log_in_often(int n, int places)
{
	char name[16];
	int i;

	reopen(places);
	snprintf(name, sizeof(name), "bob%d", n);
	/* Who finds no place among the hashes comes again, as a client does. */
	for (i = 0; i < LOGINS; i++)
		while (log_in(name, PASSWORD, HOME) != XC_OK) {
			if (refusal.status != 503)
				_exit(1);
			usleep(20000);
		}
	_exit(0);
}

/* So many processes log in, again and again, while this one checks tokens. */
static void
run_beside_logins(int processes, int rounds)
{
	int places = xc_hasher_places();
	double from = now_us();
	char what[64];
	int i;

	assert_true(places >= 0);
	for (i = 0; i < processes; i++)
		if (fork() == 0)
			log_in_often(i, places);
	snprintf(what, sizeof(what), "token, beside %d that log in",
	    processes);
	run_checks(what, &bearer, rounds);
	for (i = 0; i < processes; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	printf("%d processes: %.1f logins a second\n", processes,
	    processes * LOGINS * 1e6 / (now_us() - from));
	close(places);
}

static void
prepare(void)
{
	struct xc_errbuf errbuf;
	char cookie[256];
	int i;

	assert_int_equal(set_up(NULL), 0);
	(void)xc_log_set_level("", XC_LOG_WARNING);
	xc_hasher_free(&identity.hasher);
	settings.security.argon2_kb = 19456;
	settings.security.argon2_passes = 2;
	settings.security.hashes_max = 2;
	assert_int_equal(xc_hasher_new(&settings.security, -1,
	    &identity.hasher, &errbuf), XC_OK);
	auth->of.hasher = identity.hasher;
	(void)make_user("ana", NULL, PASSWORD);
	/* Whose many logins end only their own oldest sessions. */
	for (i = 0; i < PROCESSES_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "bob%d", i);
		(void)make_user(name, NULL, PASSWORD);
	}
	assert_int_equal(ask("auth.login", "{'username': 'ana', 'password': '"
	    PASSWORD "', 'cookie': true}"), XC_OK);
	keep_text("cookie", cookie, sizeof(cookie));
	*strchr(cookie, ';') = '\0';
	snprintf(cookie_line, sizeof(cookie_line), "HTTP_COOKIE=%s", cookie);
	assert_int_equal(log_in("ana", PASSWORD, HOME), XC_OK);
	snprintf(bearer_line, sizeof(bearer_line),
	    "HTTP_AUTHORIZATION=Bearer %s", xc_json_string(result,
	    "access_token"));
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 20000;

	if (!find_server() || rounds < 100)
		return 77;
	took_us = calloc((size_t)rounds, sizeof(took_us[0]));
	assert_non_null(took_us);
	prepare();
	begin_request();
	run_select(rounds);
	run_signature(rounds);
	run_checks("token", &bearer, rounds);
	run_checks("cookie", &session, rounds);
	run_refresh(rounds / 20);
	run_logins("login, one after the other", LOGINS);
	run_beside_logins(2, rounds);
	run_beside_logins(PROCESSES_MAX, rounds);
	test_end(&req);
	(void)tear_down(NULL);
	free(took_us);
	return 0;
}

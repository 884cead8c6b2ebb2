/* SPDX-License-Identifier: MIT */
/*
 * What a client and an operator get of a handler that crashes, or that its
 * worker is told to end: the reply, the report, the signal.
 */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>
#include <xcore/json.h>

#include "tests/fastcgi/client.h"
#include "tests/fastcgi/pool.h"
#include "worker/lastgasp.h"

#define WAIT_MS 10000

static struct pool pool;
static char dir[] = "/tmp/xcore-gasp.XXXXXX";
static char crashes[64];

static void
start(void)
{
	pool_init(&pool);
	pool.workers = 1;
	pool.settings.server.state_dir = dir;
	pool_start(&pool, dir);
}

/* Takes the only report there is away; NULL if there is not one. */
static struct json_object *
take_report(const char *what)
{
	struct json_object *report = NULL;
	DIR *folder = opendir(crashes);
	struct dirent *entry;
	struct stat st;
	char path[400];
	int n = 0;

	while (folder && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", crashes,
		    entry->d_name);
		check(stat(path, &st) == 0 && (st.st_mode & 0137) == 0,
		    "%s: the report's mode is %o", what, st.st_mode);
		if (n++ == 0)
			report = json_object_from_file(path);
		(void)unlink(path);
	}
	if (folder)
		closedir(folder);
	check(n == 1 && report, "%s: %d reports", what, n);
	return report;
}

static bool
says(struct json_object *report, const char *key, const char *text)
{
	const char *value = report ? xc_json_string(report, key) : NULL;

	return value && strcmp(value, text) == 0;
}

/* Whether a line of the trace contains that. */
static bool
traces(struct json_object *report, const char *text)
{
	struct json_object *list = report ? xc_json_member(report, "trace")
	    : NULL;
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++)
		if (strstr(json_object_get_string(
		    json_object_array_get_idx(list, i)), text))
			return true;
	return false;
}

static void
check_problem(const struct reply *reply, const char *what, int status,
    const char *type, bool with_body)
{
	struct json_object *problem = NULL;
	char where[100], wanted[100];

	check(reply->status == status && reply->ended && reply->extra == 0,
	    "%s: status %d, %s, %zu more", what, reply->status,
	    reply->ended ? "ended" : "not ended", reply->extra);
	check(reply->head && strstr(reply->head,
	    "Content-Type: application/problem+json\r\n") &&
	    strstr(reply->head, "X-Request-Id: my-own-id\r\n"),
	    "%s: the head is %s", what, reply->head);
	if (!with_body) {
		check(reply->body_len == 0, "%s: a body", what);
		return;
	}
	snprintf(wanted, sizeof(wanted), "Content-Length: %zu\r\n",
	    reply->body_len);
	check(reply->head && strstr(reply->head, wanted),
	    "%s: not %s", what, wanted);
	check(xc_json_parse(reply->body, reply->body_len, &problem, where,
	    sizeof(where)) == XC_OK && says(problem, "type", type) &&
	    says(problem, "request_id", "my-own-id"),
	    "%s: the body is %s", what, reply->body);
	json_object_put(problem);
}

static struct reply
ask_fault(const char *method, const char *uri)
{
	struct wire_buf more = { .len = 0 };
	int fd = pool_connect(&pool);
	struct reply reply;

	buf_pair(&more, "HTTP_X_REQUEST_ID", "my-own-id");
	buf_pair(&more, "REQUEST_ID", "my-own-id");
	reply = ask(fd, &(struct request){ .method = method, .uri = uri,
	    .more = &more });
	buf_free(&more);
	close(fd);
	return reply;
}

static void
check_report(const char *what, const char *breach, const char *trace)
{
	struct json_object *report = take_report(what);

	check(says(report, "plugin", "t 1.0.0") &&
	    says(report, "request_id", "my-own-id") &&
	    says(report, "breach", breach) && traces(report, trace),
	    "%s: the report is %s", what, report ?
	    json_object_to_json_string(report) : "not there");
	json_object_put(report);
}

/* A sanitizer has a handler of its own for faults, which exits. */
static bool
is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}

static void
fault(const char *how, int number, const char *trace)
{
	char uri[64];
	struct reply reply;
	int status;

	snprintf(uri, sizeof(uri), "/app/t/fault/%s", how);
	reply = ask_fault("GET", uri);
	check_problem(&reply, how, 500, "urn:xcore:problem:crash", true);
	reply_free(&reply);
	status = pool_reap(&pool, 0);
	check((WIFSIGNALED(status) && WTERMSIG(status) == number) ||
	    is_sanitized(), "%s: the worker's end is %#x", how, status);
	check_report(how, "crash", trace);
	pool_respawn(&pool, 0);
}

static void
faults(void)
{
	start();
	fault("read", SIGSEGV, "signal SIGSEGV at 0x10, code 1");
	fault("call", SIGSEGV, "#0 0x0");
	fault("abort", SIGABRT, "signal SIGABRT");
	fault("overflow", SIGSEGV, "#31 ");
	fault("divide", SIGFPE, "signal SIGFPE");
	fault("thread", SIGSEGV, "signal SIGSEGV at 0x10, code 1");
	if (!is_sanitized())
		fault("corrupt", SIGABRT, "signal SIGABRT");
	check(pool_stop(&pool), "faults: the end");
}

static void
head_only(void)
{
	struct reply reply;

	start();
	reply = ask_fault("HEAD", "/app/t/fault/read");
	check_problem(&reply, "HEAD", 500, "", false);
	reply_free(&reply);
	(void)pool_reap(&pool, 0);
	check_report("HEAD", "crash", "SIGSEGV");
	pool_respawn(&pool, 0);
	check(pool_stop(&pool), "HEAD: the end");
}

/* What a handler forks may crash: the reply is the worker's. */
static void
child(void)
{
	struct reply reply;
	DIR *folder;
	struct dirent *entry;

	start();
	reply = ask_fault("GET", "/app/t/fault/child");
	check(reply.status == 200 && reply.ended && reply.extra == 0 &&
	    reply.body_len == 4, "child: status %d, %zu more", reply.status,
	    reply.extra);
	reply_free(&reply);
	folder = opendir(crashes);
	while (folder && (entry = readdir(folder)) != NULL)
		check(entry->d_name[0] == '.', "child: a report %s",
		    entry->d_name);
	if (folder)
		closedir(folder);
	check(pool_stop(&pool), "child: the end");
}

/* Bytes are out: no other reply can be made of them. */
static void
streaming(void)
{
	struct reply reply;

	start();
	reply = ask_fault("GET", "/app/t/fault/stream");
	check(reply.status == 200 && !reply.ended && reply.closed &&
	    reply.body_len == 4, "stream: status %d, %zu bytes, %s",
	    reply.status, reply.body_len, reply.ended ? "ended" : "");
	reply_free(&reply);
	(void)pool_reap(&pool, 0);
	check_report("stream", "crash", "SIGSEGV");
	pool_respawn(&pool, 0);
	check(pool_stop(&pool), "stream: the end");
}

/* ---- the manager's word ------------------------------------------------- */

static struct xc_worker_row *
row(void)
{
	return &pool.board->workers[0];
}

static int
begin(const char *uri)
{
	struct wire_buf buf = { .len = 0 }, more = { .len = 0 };
	int fd = pool_connect(&pool);

	buf_pair(&more, "REQUEST_ID", "my-own-id");
	buf_pair(&more, "HTTP_X_REQUEST_ID", "my-own-id");
	buf_request(&buf, &(struct request){ .uri = uri, .more = &more });
	(void)send_bytes(fd, buf.p, buf.len);
	buf_free(&buf);
	buf_free(&more);
	return fd;
}

static int
begin_spin(const char *uri)
{
	int fd = begin(uri), i;

	for (i = 0; i < WAIT_MS && atomic_load(&row()->run_since_ms) == 0;
	    i++)
		(void)poll(NULL, 0, 1);
	check(i < WAIT_MS, "%s: its run is not on the board", uri);
	return fd;
}

static void
say(uint32_t run, enum xc_breach breach)
{
	check(sigqueue(pool.pids[0], XC_SIGNAL_OVER,
	    xc_gasp_word(run, breach)) == 0, "sigqueue");
}

static void
over(const char *uri, enum xc_breach breach, const char *type)
{
	struct reply reply;
	int fd, status;

	start();
	fd = begin_spin(uri);
	say(atomic_load(&row()->run), breach);
	reply = read_reply(fd, WAIT_MS);
	check_problem(&reply, uri, 504, type, true);
	reply_free(&reply);
	close(fd);
	status = pool_reap(&pool, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "%s: the worker's end is %#x", uri, status);
	check_report(uri, xc_breach_name(breach), "#0 ");
	pool_respawn(&pool, 0);
	check(pool_stop(&pool), "%s: the end", uri);
}

/* What is said of a run that is over means no other. */
static void
not_meant(void)
{
	struct reply reply;
	uint32_t run;
	int fd;

	start();
	reply = ask_fault("GET", "/app/t/spin/1");
	check(reply.status == 200, "not meant: status %d", reply.status);
	reply_free(&reply);
	run = atomic_load(&row()->run);
	/* None runs. */
	say(run, XC_BREACH_CPU);
	fd = begin_spin("/app/t/spin/200");
	say(run, XC_BREACH_CPU);
	say(run + 7, XC_BREACH_TIMEOUT);
	say(atomic_load(&row()->run), XC_BREACH_CRASH);
	reply = read_reply(fd, WAIT_MS);
	check(reply.status == 200 && reply.ended, "not meant: status %d",
	    reply.status);
	reply_free(&reply);
	close(fd);
	check(pool_stop(&pool), "not meant: the end");
}

/* A plugin may hold the word off: then SIGKILL it is. */
static void
blocked(void)
{
	struct reply reply;
	int fd, status;

	start();
	fd = begin_spin("/app/t/spin/300000?block");
	(void)poll(NULL, 0, 20);
	say(atomic_load(&row()->run), XC_BREACH_CPU);
	(void)poll(NULL, 0, 20);
	check(kill(pool.pids[0], SIGKILL) == 0, "blocked: kill");
	reply = read_reply(fd, WAIT_MS);
	check(reply.status == 0 && reply.closed, "blocked: status %d",
	    reply.status);
	reply_free(&reply);
	close(fd);
	status = pool_reap(&pool, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	    "blocked: the end is %#x", status);
	pool_respawn(&pool, 0);
	check(pool_stop(&pool), "blocked: the end");
}

/* The rescuer takes down what the process had used when a run began. */
static void
clock_noted(void)
{
	struct reply reply;
	int fd, i;

	start();
	fd = begin_spin("/app/t/spin/300");
	for (i = 0; i < WAIT_MS && atomic_load(&row()->run_cpu_of) !=
	    atomic_load(&row()->run); i++)
		(void)poll(NULL, 0, 1);
	check(i < WAIT_MS && atomic_load(&row()->run_cpu_us) != 0,
	    "the clock is not noted");
	reply = read_reply(fd, WAIT_MS);
	check(reply.status == 200, "clock: status %d", reply.status);
	check(atomic_load(&row()->run_since_ms) == 0, "clock: it still runs");
	reply_free(&reply);
	close(fd);
	check(pool_stop(&pool), "clock: the end");
}

/* No time of a handler's passes while its client does not read. */
static void
slow_reader(void)
{
	uint32_t before;
	int fd, i;

	pool_init(&pool);
	pool.workers = 1;
	pool.settings.server.state_dir = dir;
	pool.settings.fastcgi.write_timeout_ms = 600000;
	pool_start(&pool, dir);
	before = atomic_load(&row()->run);
	fd = begin("/app/t/stream/100000");
	for (i = 0; i < WAIT_MS && atomic_load(&row()->run) == before; i++)
		(void)poll(NULL, 0, 1);
	check(i < WAIT_MS, "slow: it is not run");
	(void)poll(NULL, 0, 20);
	for (i = 0; i < WAIT_MS && atomic_load(&row()->run_since_ms) != 0; i++)
		(void)poll(NULL, 0, 1);
	check(i < WAIT_MS, "slow: its time goes on");
	/* Was it meant, this would end the worker. */
	say(before + 1, XC_BREACH_TIMEOUT);
	close(fd);
	check(pool_stop(&pool), "slow: the end");
}

int
main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(crashes, sizeof(crashes), "%s/" XC_CRASHES_DIR, dir);
	faults();
	head_only();
	child();
	streaming();
	over("/app/t/spin/300000", XC_BREACH_CPU, "urn:xcore:problem:cpu");
	over("/app/t/slow/300000", XC_BREACH_TIMEOUT,
	    "urn:xcore:problem:timeout");
	not_meant();
	blocked();
	clock_noted();
	slow_reader();
	(void)rmdir(crashes);
	(void)unlink(pool.address);
	(void)rmdir(dir);
	return check_end();
}

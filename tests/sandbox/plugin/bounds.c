/* SPDX-License-Identifier: MIT */
/* Goes to its limits and past them, in the ways that a test asks for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#define MB (1u << 20)

static unsigned calls;		/* of this process */

/* So that the compiler does not see through what is done on purpose. */
static volatile unsigned long turns;
static char *volatile kept;

static long
query(const struct xc_request *req, const char *name)
{
	const char *text = xc_request_query(req, name);

	return text != NULL ? strtol(text, NULL, 10) : 0;
}

static void
add_int(struct json_object *to, const char *key, int64_t value)
{
	json_object_object_add(to, key, json_object_new_int64(value));
}

/* Who it is, and how often it was asked. */
static enum xc_err
who(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	const char *word = xc_request_query(req, "word");

	add_int(all, "pid", getpid());
	add_int(all, "uid", getuid());
	add_int(all, "calls", ++calls);
	json_object_object_add(all, "word",
	    json_object_new_string(word != NULL ? word : ""));
	json_object_object_add(all, "version", json_object_new_string(
	    xc_plugin_version(xc_request_plugin(req))));
	return xc_reply_json(req, 200, all);
}

static enum xc_err
burn(struct xc_request *req)
{
	struct timespec now;

	do {
		for (int i = 0; i < 100000; i++)
			turns++;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	} while (now.tv_sec < 10);
	return xc_reply_text(req, 200, "text/plain", "burnt", 5);
}

static enum xc_err
nap(struct xc_request *req)
{
	long ms = query(req, "ms");
	struct timespec wait = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&wait, &wait) == -1 && errno == EINTR)
		;
	return xc_reply_text(req, 200, "text/plain", "awake", 5);
}

/* Takes mb of memory, and says so when there is no more. */
static enum xc_err
take(struct xc_request *req)
{
	long mb = query(req, "mb");

	for (long i = 0; i < mb; i++) {
		kept = malloc(MB);
		if (kept == NULL)
			return XC_ERR_NOMEM;
		memset(kept, 1, MB);
	}
	return xc_reply_text(req, 200, "text/plain", "taken", 5);
}

/* The same, without looking. */
static enum xc_err
grab(struct xc_request *req)
{
	long mb = query(req, "mb");

	for (long i = 0; i < mb; i++) {
		kept = malloc(MB);
		memset(kept, 1, MB);
	}
	return xc_reply_text(req, 200, "text/plain", "grabbed", 7);
}

static enum xc_err
crash(struct xc_request *req)
{
	static int *volatile nowhere;

	(void)req;
	*nowhere = 1;
	return XC_OK;
}

/* A whole reply of that many KB. */
static enum xc_err
big(struct xc_request *req)
{
	size_t len = (size_t)query(req, "kb") * 1024;
	char *text = xc_alloc(req, len + 1);

	if (text == NULL)
		return XC_ERR_NOMEM;
	memset(text, 'x', len);
	return xc_reply_text(req, 200, "text/plain", text, len);
}

/* What big() may not, and a plugin that was told of it may answer with. */
static enum xc_err
stream(struct xc_request *req)
{
	long kb = query(req, "kb");
	char text[1024];
	enum xc_err err;

	memset(text, 'x', sizeof(text));
	err = xc_reply_begin(req, 200, "text/plain");
	for (long i = 0; err == XC_OK && i < kb; i++)
		err = xc_reply_write(req, text, sizeof(text));
	return err;
}

static enum xc_err
files(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	int fds[4096], n = 0, error;

	while (n < 4096 && (fds[n] = dup(STDERR_FILENO)) != -1)
		n++;
	error = n < 4096 ? errno : 0;
	add_int(all, "files", n);
	json_object_object_add(all, "error",
	    json_object_new_string(strerrorname_np(error)));
	while (n > 0)
		close(fds[--n]);
	return xc_reply_json(req, 200, all);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *
wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static enum xc_err
threads(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	pthread_t made[128];
	int n = 0, error = 0;

	pthread_mutex_lock(&gate);
	while (n < 128 && (error = pthread_create(&made[n], NULL,
	    wait_at_gate, NULL)) == 0)
		n++;
	pthread_mutex_unlock(&gate);
	add_int(all, "threads", n);
	json_object_object_add(all, "error",
	    json_object_new_string(error == 0 ? "" : strerrorname_np(error)));
	while (n > 0)
		pthread_join(made[--n], NULL);
	return xc_reply_json(req, 200, all);
}

/* What each service says to it. */
static enum xc_err
services(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	struct json_object *rows;
	const void *value;
	size_t len;

	json_object_object_add(all, "database", json_object_new_string(
	    xc_strerror(xc_db_rows(req, &rows, "SELECT 1", XC_NO_ARGS))));
	json_object_object_add(all, "cache", json_object_new_string(
	    xc_strerror(xc_cache_get(req, "key", &value, &len))));
	return xc_reply_json(req, 200, all);
}

static enum xc_err
say(struct xc_request *req)
{
	fprintf(stderr, "said on stderr\n");
	printf("said on stdout\n");
	fflush(stdout);
	xc_log(req, XC_LOG_ERROR, "said to the log\n%s",
	    "2026-01-01 ERROR forged");
	return xc_reply_text(req, 200, "text/plain", "said", 4);
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "who", who }, { "burn", burn }, { "nap", nap }, { "take", take },
    { "grab", grab }, { "crash", crash }, { "big", big },
    { "stream", stream }, { "files", files }, { "threads", threads },
    { "services", services }, { "say", say }));

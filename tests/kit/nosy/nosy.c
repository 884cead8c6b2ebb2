/* SPDX-License-Identifier: MIT */
/*
 * A plugin that does what it did not ask for: in its constructor, in start()
 * and in a request.  Under trial none of it may have an effect.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/auth.h>
#include <xcore/data.h>
#include <xcore/event.h>
#include <xcore/http.h>
#include <xcore/xcore.h>

static int reached;		/* what should not have been */

/* The Makefile says where the test looks afterwards. */
static void
leave_mark(const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", MARKS, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd == -1)
		return;
	reached++;
	close(fd);
}

static void __attribute__((constructor))
construct(void)
{
	leave_mark("constructor");
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) != -1)
		reached++;
}

static enum xc_err
start(struct xc_plugin *plugin)
{
	leave_mark("start");
	if (syscall(SYS_clone, 17, NULL, NULL, NULL, NULL) == 0)
		_exit(0);
	xc_log_plugin(plugin, XC_LOG_INFO, "reached %d", reached);
	return reached == 0 ? XC_OK : XC_ERR_STATE;
}

static void *
idle(void *arg)
{
	return arg;
}

/* Opens, connects, makes a thread, asks for services. */
static enum xc_err
look(struct xc_request *req)
{
	struct xc_http_response got;
	const void *value;
	pthread_t thread;
	enum xc_err err;
	size_t len;

	leave_mark("request");
	(void)socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (pthread_create(&thread, NULL, idle, NULL) == 0)
		pthread_join(thread, NULL);
	fprintf(stderr, "looks about\n");
	(void)xc_cache_get(req, "key", &value, &len);
	(void)xc_event_emit(req, "other.looked", NULL);
	(void)xc_event_emit(req, "nosy.looked", NULL);
	err = xc_http_get(req, "https://api.example.org/x", &got);
	return xc_reply_text(req, 200, "text/plain",
	    err == XC_OK ? got.body : xc_strerror(err),
	    err == XC_OK ? got.body_len : strlen(xc_strerror(err)));
}

/* Says how many steps, of what came as JSON or as a form. */
static enum xc_err
stray(struct xc_request *req)
{
	struct json_object *reply = json_object_new_object();
	int64_t steps = xc_data_int(xc_data_member(xc_body(req), "steps"), 0);
	const char *who = xc_auth_subject(req);

	json_object_object_add(reply, "steps", json_object_new_int64(steps));
	json_object_object_add(reply, "who",
	    json_object_new_string(who != NULL ? who : ""));
	return xc_reply_json(req, 200, reply);
}

static enum xc_err
hear(struct xc_request *req)
{
	struct json_object *body;

	if (xc_request_json(req, &body) != XC_OK)
		return XC_OK;
	xc_log(req, XC_LOG_NOTICE, "heard %s", xc_json_string(body, "event"));
	return xc_reply_empty(req, 204);
}

/* A step: lets through whom it knows. */
static enum xc_err
watch(struct xc_request *req)
{
	const char *who = xc_auth_subject(req);

	if (who == NULL || strcmp(who, "ana") != 0)
		return XC_ERR_DENIED;
	return XC_OK;
}

/* A step ahead of authentication, which answers one path by itself. */
static enum xc_err
greet(struct xc_request *req)
{
	if (strcmp(xc_request_path(req), "/app/other/hello") != 0)
		return XC_OK;
	return xc_reply_text(req, 200, "text/plain", "hello",
	    xc_auth_subject(req) == NULL ? 5 : 0);
}

/* A step behind the handler. */
static enum xc_err
stamp(struct xc_request *req)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", xc_reply_status(req));
	return xc_reply_header(req, "X-Stamp", text);
}

/* More than any sandbox may do: it ends it. */
static enum xc_err
overstep(struct xc_request *req)
{
	syscall(SYS_ptrace, 0, 0, 0, 0);
	return xc_reply_empty(req, 204);
}

XC_PLUGIN(
	.operations = XC_OPERATIONS(
		{ "look", look },
		{ "hear", hear },
		{ "stray", stray },
		{ "overstep", overstep },
		{ "watch", watch },
		{ "greet", greet },
		{ "stamp", stamp }
	),
	.start = start
);

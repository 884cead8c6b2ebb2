/* SPDX-License-Identifier: MIT */
/* A plugin for the tests of sandboxes from the worker's side: each operation
 * oversteps in one way, or does not. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xcore/xcore.h>

#include "lib/host.h"
#include "lib/request-private.h"

/* So that the file is known for a plugin: name, size and type of a note. */
__asm__(
    ".pushsection .note.xcore, \"a\", %note\n"
    "	.balign 4\n"
    "	.long 6, 2, 1\n"
    "	.asciz \"xcore\"\n"
    "	.balign 4\n"
    "	.ascii \"{}\"\n"
    "	.balign 4\n"
    ".popsection\n");

static int n_runs;
static volatile uintptr_t nowhere = 16;
static volatile unsigned long counter;

static enum xc_err
echo(struct xc_request *req)
{
	size_t len;
	const void *body = xc_request_body(req, &len);

	return xc_reply_text(req, 200, "application/octet-stream", body, len);
}

static enum xc_err
count(struct xc_request *req)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%d %d", ++n_runs,
	    (int)getpid());

	(void)xc_reply_header(req, "X-Count", "yes");
	return xc_reply_text(req, 200, "text/plain", text, (size_t)len);
}

static enum xc_err
crash(struct xc_request *req)
{
	(void)req;
	*(volatile char *)nowhere = 1;
	return XC_OK;
}

static enum xc_err
give_up(struct xc_request *req)
{
	(void)req;
	fprintf(stderr, "about to give up\n");
	abort();
}

static enum xc_err
leave(struct xc_request *req)
{
	(void)req;
	_exit(0);
}

static void *
burn(void *data)
{
	(void)data;
	for (;;)
		counter++;
	return NULL;
}

static enum xc_err
spin(struct xc_request *req)
{
	(void)req;
	(void)burn(NULL);
	return XC_OK;
}

static enum xc_err
spin_threads(struct xc_request *req)
{
	pthread_t thread;

	(void)req;
	(void)pthread_create(&thread, NULL, burn, NULL);
	(void)pthread_create(&thread, NULL, burn, NULL);
	(void)burn(NULL);
	return XC_OK;
}

/* A reply in good order, and a thread that never ends. */
static enum xc_err
burn_on(struct xc_request *req)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, burn, NULL) != 0)
		return XC_ERR_FAILED;
	return xc_reply_empty(req, 204);
}

static void *
write_nothing(void *data)
{
	(void)data;
	for (;;)
		(void)!write(STDOUT_FILENO, "\n", 1);
	return NULL;
}

static enum xc_err
write_on(struct xc_request *req)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, write_nothing, NULL) != 0)
		return XC_ERR_FAILED;
	return xc_reply_empty(req, 204);
}

static enum xc_err
sleep_long(struct xc_request *req)
{
	(void)req;
	for (;;)
		(void)poll(NULL, 0, 1000);
	return XC_OK;
}

/* 16 MiB, which is over any limit of the tests. */
static enum xc_err
reply_much(struct xc_request *req)
{
	static char much[16 << 20];

	memset(much, 'm', sizeof(much));
	return xc_reply_text(req, 200, "text/plain", much, sizeof(much));
}

static enum xc_err
take_much(struct xc_request *req)
{
	void *piece;

	while ((piece = xc_alloc(req, 1 << 20)))
		memset(piece, 1, 1 << 20);
	return XC_ERR_NOMEM;
}

static enum xc_err
write_much(struct xc_request *req)
{
	char line[80];
	int len;

	for (int i = 0; i < 1000; i++) {
		len = snprintf(line, sizeof(line), "line %d\n", i);
		(void)!write(STDOUT_FILENO, line, (size_t)len);
	}
	return xc_reply_empty(req, 204);
}

static enum xc_err
stream(struct xc_request *req)
{
	enum xc_err err = xc_reply_begin(req, 200, "text/plain");

	for (int i = 0; i < 3 && err == XC_OK; i++)
		err = xc_reply_write(req, "piece", 5);
	return err;
}

static enum xc_err
stream_crash(struct xc_request *req)
{
	(void)xc_reply_begin(req, 200, "text/plain");
	(void)xc_reply_write(req, "piece", 5);
	return crash(req);
}

/* ---- lies --------------------------------------------------------------- */

static struct xc_reply_head *
reply_head(struct xc_request *req)
{
	(void)xc_reply_header(req, "X-Honest", "yes--");
	(void)xc_reply_text(req, 200, "text/plain", "hello", 5);
	return (void *)req->out.base;
}

static enum xc_err
lie_line(struct xc_request *req)
{
	struct xc_reply_head *head = reply_head(req);

	memcpy(req->out.base + head->head.off, "Status: 200", 11);
	return XC_OK;
}

static enum xc_err
lie_split(struct xc_request *req)
{
	struct xc_reply_head *head = reply_head(req);

	memcpy(req->out.base + head->content_type.off, "a\r\nb: c", 7);
	return XC_OK;
}

static enum xc_err
lie_span(struct xc_request *req)
{
	reply_head(req)->body.len = 0x7fffffff;
	return XC_OK;
}

static enum xc_err
lie_status(struct xc_request *req)
{
	reply_head(req)->status = 99;
	return XC_OK;
}

/* Everything that may be a doorbell is rung many times. */
static enum xc_err
ring(struct xc_request *req)
{
	struct stat st;

	(void)req;
	for (int fd = 3; fd < 64; fd++) {
		if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
			continue;
		for (int i = 0; i < 64; i++)
			(void)!write(fd, "xxxxxxxxxxxxxxxx", 16);
	}
	return XC_OK;
}

/* ---- steps --------------------------------------------------------------- */

static enum xc_err
step_on(struct xc_request *req)
{
	(void)req;
	return XC_OK;
}

static enum xc_err
step_line(struct xc_request *req)
{
	return xc_reply_header(req, "X-Step", "passed");
}

static enum xc_err
step_answer(struct xc_request *req)
{
	(void)xc_reply_header(req, "X-Answer", "yes");
	return xc_reply_text(req, 403, "text/plain", "no", 2);
}

static enum xc_err
step_denied(struct xc_request *req)
{
	(void)xc_reply_header(req, "X-Lost", "yes");
	return XC_ERR_DENIED;
}

/* As many lines as a reply may have. */
static enum xc_err
step_full(struct xc_request *req)
{
	while (xc_reply_header(req, "X-Full", "as much as there is room for, "
	    "again and again") == XC_OK)
		continue;
	return XC_OK;
}

/* What xc_reply_header() would have refused. */
static enum xc_err
step_forge(struct xc_request *req)
{
	return xc_block_put(&req->extra, "Status: 200\r\n", 13);
}

/* Lines that do not lie where they are said to. */
static enum xc_err
step_lie(struct xc_request *req)
{
	struct xc_reply_head *head = (void *)req->out.base;

	head->head = (struct xc_span){ 0x7ffffff0, 64 };
	return XC_OK;
}

/* Says what it sees of the reply. */
static enum xc_err
step_behind(struct xc_request *req)
{
	char text[64];
	size_t len;

	(void)xc_request_body(req, &len);
	snprintf(text, sizeof(text), "%d %d %zu", xc_reply_status(req),
	    (int)xc_reply_done(req), len);
	return xc_reply_header(req, "X-Behind", text);
}

/* None of these is to be: what comes of it stands in a line. */
static enum xc_err
step_replies(struct xc_request *req)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %d %d", xc_reply_empty(req, 204),
	    xc_reply_begin(req, 200, "text/plain"),
	    xc_reply_write(req, "evil", 4));
	return xc_reply_header(req, "X-Tried", text);
}

/* Past the library's own check. */
static enum xc_err
step_streams(struct xc_request *req)
{
	return req->host->stream->write(req->host->stream_ctx, req, "evil",
	    4);
}

static enum xc_err
step_breaks(struct xc_request *req)
{
	(void)xc_reply_header(req, "X-Lost", "yes");
	return XC_ERR_FAILED;
}

static enum xc_err
warm(struct xc_plugin *plugin)
{
	if (xc_config_bool(plugin, "warm_fails", false))
		return XC_ERR_BUSY;
	if (xc_config_bool(plugin, "warm_crashes", false))
		abort();
	if (xc_config_bool(plugin, "warm_forks", false) && fork() == 0)
		for (;;)
			(void)poll(NULL, 0, 1000);
	while (xc_config_bool(plugin, "warm_hangs", false))
		(void)poll(NULL, 0, 1000);
	return XC_OK;
}

static void
stop(struct xc_plugin *plugin)
{
	xc_log_plugin(plugin, XC_LOG_NOTICE, "stopped");
}

XC_PLUGIN(
	.warm = warm,
	.stop = stop,
	.operations = XC_OPERATIONS(
		{ "echo", echo },
		{ "count", count },
		{ "crash", crash },
		{ "give_up", give_up },
		{ "leave", leave },
		{ "spin", spin },
		{ "spin_threads", spin_threads },
		{ "burn_on", burn_on },
		{ "write_on", write_on },
		{ "sleep_long", sleep_long },
		{ "reply_much", reply_much },
		{ "take_much", take_much },
		{ "write_much", write_much },
		{ "stream", stream },
		{ "stream_crash", stream_crash },
		{ "lie_line", lie_line },
		{ "lie_split", lie_split },
		{ "lie_span", lie_span },
		{ "lie_status", lie_status },
		{ "ring", ring },
		{ "step_on", step_on },
		{ "step_line", step_line },
		{ "step_answer", step_answer },
		{ "step_denied", step_denied },
		{ "step_full", step_full },
		{ "step_forge", step_forge },
		{ "step_lie", step_lie },
		{ "step_behind", step_behind },
		{ "step_replies", step_replies },
		{ "step_streams", step_streams },
		{ "step_breaks", step_breaks }
	)
);

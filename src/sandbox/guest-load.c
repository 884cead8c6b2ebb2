/* SPDX-License-Identifier: MIT */
/* The plugin's way in and out. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include "guest-private.h"

#define THREADS_FIELD 20	/* of /proc/self/stat, see proc(5) */
#define JOIN_TRIES 100		/* of a millisecond */

static size_t
length_of(struct json_object *list)
{
	return list != NULL ? json_object_array_length(list) : 0;
}

static const char *
name_at(struct json_object *list, size_t n)
{
	const char *name = json_object_get_string(
	    json_object_array_get_idx(list, n));

	return name != NULL ? name : "";
}

static enum xc_err
find_handlers(struct xc_session *session, struct json_object *names,
    struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < length_of(names); i++) {
		const char *name = name_at(names, i);
		xc_handler *handler = xc_object_handler(&session->object,
		    name);

		if (handler == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID, "operation "
			    "\"%s\" has no handler; add it to XC_OPERATIONS",
			    name);
		session->handlers[session->n_handlers++] = handler;
	}
	return XC_OK;
}

static bool
is_named(struct json_object *names, const char *name)
{
	for (size_t i = 0; i < length_of(names); i++)
		if (strcmp(name_at(names, i), name) == 0)
			return true;
	return false;
}

/* Whether each handler is of an operation. */
static enum xc_err
check_handlers(const struct xc_session *session, struct xc_errbuf *errbuf)
{
	const struct xc_operation *row = session->object.table->operations;
	const struct xc_guest_spec *spec = &session->spec;

	for (; row != NULL && row->name != NULL; row++) {
		if (is_named(spec->operations, row->name) ||
		    is_named(spec->event_operations, row->name) ||
		    is_named(spec->step_operations, row->name))
			continue;
		return xc_fail(errbuf, XC_ERR_INVALID, "handler \"%.100s\" "
		    "has no operation in openapi.json; add it there or take "
		    "it out of XC_OPERATIONS", row->name);
	}
	return XC_OK;
}

enum xc_err
xc_guest_load(struct xc_session *session, struct xc_errbuf *errbuf)
{
	const struct xc_guest_spec *spec = &session->spec;
	enum xc_err err;

	err = xc_object_open(spec->so, spec->so_hash, &session->object,
	    errbuf);
	if (err != XC_OK)
		return err;
	session->handlers = calloc(length_of(spec->operations) +
	    length_of(spec->event_operations) +
	    length_of(spec->step_operations) + 1,
	    sizeof(*session->handlers));
	if (session->handlers == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = find_handlers(session, spec->operations, errbuf);
	if (err == XC_OK)
		err = find_handlers(session, spec->event_operations, errbuf);
	if (err == XC_OK)
		err = find_handlers(session, spec->step_operations, errbuf);
	if (err == XC_OK && spec->complete)
		err = check_handlers(session, errbuf);
	return err;
}

enum xc_err
xc_guest_start(struct xc_session *session, struct xc_errbuf *errbuf)
{
	const struct xc_plugin_object *table = session->object.table;
	struct xc_channel_head *head = session->channel.head;
	enum xc_err err = XC_OK;

	head->stage = XC_STAGE_START;
	if (table->start != NULL)
		err = table->start(&session->plugin);
	if (err != XC_OK)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "its start() returned \"%s\"", xc_strerror(err));
	head->stage = XC_STAGE_WARM;
	if (table->warm != NULL)
		err = table->warm(&session->plugin);
	head->stage = XC_STAGE_SERVE;
	if (err == XC_OK)
		return XC_OK;
	head->stage = XC_STAGE_STOP;
	if (table->stop != NULL)
		table->stop(&session->plugin);
	return xc_fail(errbuf, XC_ERR_INVALID, "its warm() returned \"%s\"",
	    xc_strerror(err));
}

/* How many threads there are beside this one; -1: unknown. */
static long
count_threads(int stat_fd)
{
	char text[1024];
	const char *at;
	ssize_t n = -1;

	if (stat_fd != -1)
		n = pread(stat_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	/* The second field is a name in parentheses, with anything in it. */
	at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < THREADS_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at != NULL ? atol(at) - 1 : -1;
}

/* A thread that was joined is counted for a moment more. */
static long
wait_for_threads(int stat_fd)
{
	long n = count_threads(stat_fd);

	for (int tries = 0; n > 0 && tries < JOIN_TRIES; tries++) {
		(void)usleep(1000);
		n = count_threads(stat_fd);
	}
	return n;
}

/* Says what is there now and was not before. */
static void
look_behind(struct xc_session *session, char *left_r, size_t size)
{
	long threads = wait_for_threads(session->stat_fd);
	struct xc_traces left = { 0 };
	size_t keys;

	xc_traces_take(&left);
	xc_traces_subtract(&left, &session->before);
	keys = xc_traces_keys(&left);
	xc_traces_free(&left);
	if (threads > 0 || keys > 0)
		snprintf(left_r, size, "it leaves %ld threads and %zu pthread "
		    "keys behind after stop()", threads > 0 ? threads : 0,
		    keys);
	/* With a thread left its code must stay; not knowing is no better. */
	else if (threads == 0 && !xc_object_close(&session->object))
		snprintf(left_r, size, "it stays mapped after dlclose()");
}

void
xc_guest_stop(struct xc_session *session, char *left_r, size_t size)
{
	left_r[0] = '\0';
	session->channel.head->stage = XC_STAGE_STOP;
	if (session->object.table->stop != NULL)
		session->object.table->stop(&session->plugin);
	if (session->spec.complete)
		look_behind(session, left_r, size);
}

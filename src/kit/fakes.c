/* SPDX-License-Identifier: MIT */
#include "kit/fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "kit/fakes-private.h"

#define LOG_MAX 65536

/* ---- notes -------------------------------------------------------------- */

void
xc_fakes_note_use(struct xc_fakes *fakes, const char *permission)
{
	int64_t n = 0;

	xc_json_int(fakes->uses, permission, &n);
	json_object_object_add(fakes->uses, permission,
	    json_object_new_int64(n + 1));
}

static bool
append(struct xc_text_pile *pile, const void *data, size_t len, size_t most)
{
	size_t want = pile->len + len + 1;
	char *text;

	if (want > most)
		return false;
	if (want > pile->cap) {
		text = realloc(pile->text, want * 2);
		if (text == NULL)
			return false;
		pile->text = text;
		pile->cap = want * 2;
	}
	memcpy(pile->text + pile->len, data, len);
	pile->len += len;
	pile->text[pile->len] = '\0';
	return true;
}

static void
empty(struct xc_text_pile *pile)
{
	pile->len = 0;
	if (pile->text != NULL)
		pile->text[0] = '\0';
}

/* ---- the log, events, streams ------------------------------------------- */

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	(void)ctx;
	(void)name;
	return level <= XC_LOG_DEBUG;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	static const char *const levels[XC_LOG__MAX] = { "error", "warning",
		"notice", "info", "debug" };
	struct xc_fakes *fakes = ctx;
	char line[4400];
	int len;

	(void)request_id;
	len = snprintf(line, sizeof(line), "%s %s: %s\n", levels[level], name,
	    text);
	if (len > 0)
		(void)append(&fakes->log, line, (size_t)len <
		    sizeof(line) ? (size_t)len : sizeof(line) - 1, LOG_MAX);
}

static enum xc_err
emit(void *ctx, struct xc_plugin *from, const char *name,
    struct json_object *data)
{
	struct json_object *row = json_object_new_object();
	struct xc_fakes *fakes = ctx;
	char permission[300];

	(void)from;
	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_object_add(row, "data", json_object_get(data));
	json_object_array_add(fakes->events, row);
	snprintf(permission, sizeof(permission), "event:%s", name);
	xc_fakes_note_use(fakes, permission);
	return XC_OK;
}

static enum xc_err
stream_begin(void *ctx, struct xc_request *req)
{
	struct xc_fakes *fakes = ctx;

	(void)req;
	empty(&fakes->stream);
	return XC_OK;
}

static enum xc_err
stream_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	struct xc_fakes *fakes = ctx;

	(void)req;
	return append(&fakes->stream, data, len, 256u << 20) ? XC_OK :
	    XC_ERR_NOMEM;
}

static const struct xc_log_ops log_ops = { .enabled = log_enabled,
	.write = log_write };
static const struct xc_event_ops event_ops = { .emit = emit };
static const struct xc_stream_ops stream_ops = { .begin = stream_begin,
	.write = stream_write };

/* ---- life --------------------------------------------------------------- */

enum xc_err
xc_fakes_create(struct xc_fakes **fakes_r)
{
	struct xc_fakes *fakes = calloc(1, sizeof(*fakes));

	*fakes_r = NULL;
	if (fakes == NULL)
		return XC_ERR_NOMEM;
	fakes->uses = json_object_new_object();
	fakes->events = json_object_new_array();
	if (fakes->uses == NULL || fakes->events == NULL ||
	    xc_cache_fake(&fakes->cache) != XC_OK) {
		xc_fakes_free(&fakes);
		return XC_ERR_NOMEM;
	}
	fakes->host.log = &log_ops;
	fakes->host.event = &event_ops;
	fakes->host.stream = &stream_ops;
	fakes->host.db = &xc_fakes_db_ops;
	fakes->host.cache = &xc_fakes_cache_ops;
	fakes->host.http = &xc_fakes_http_ops;
	fakes->host.auth = &xc_fakes_auth_ops;
	fakes->host.desk = &xc_fakes_desk_ops;
	fakes->host.log_ctx = fakes->host.event_ctx = fakes;
	fakes->host.stream_ctx = fakes->host.db_ctx = fakes;
	fakes->host.cache_ctx = fakes->host.http_ctx = fakes;
	fakes->host.auth_ctx = fakes->host.desk_ctx = fakes;
	*fakes_r = fakes;
	return XC_OK;
}

void
xc_fakes_free(struct xc_fakes **fakes_p)
{
	struct xc_fakes *fakes = *fakes_p;

	if (fakes == NULL)
		return;
	xc_fakes_db_close(fakes);
	xc_fakes_desk_close(fakes);
	if (fakes->cache.close != NULL)
		fakes->cache.close(fakes->cache.ctx);
	json_object_put(fakes->uses);
	json_object_put(fakes->events);
	free(fakes->log.text);
	free(fakes->stream.text);
	free(fakes);
	*fakes_p = NULL;
}

const struct xc_host *
xc_fakes_host(const struct xc_fakes *fakes)
{
	return &fakes->host;
}

void
xc_fakes_forget(struct xc_fakes *fakes)
{
	xc_cache_fake_flush(&fakes->cache);
}

enum xc_err
xc_fakes_begin(struct xc_fakes *fakes, struct json_object *test,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	empty(&fakes->log);
	empty(&fakes->stream);
	json_object_put(fakes->events);
	fakes->events = json_object_new_array();
	err = xc_fakes_auth_open(fakes, xc_json_member(test, "auth"),
	    errbuf);
	if (err == XC_OK)
		err = xc_fakes_desk_open(fakes, xc_json_member(test, "desk"),
		    errbuf);
	if (err == XC_OK)
		err = xc_fakes_db_open(fakes, xc_json_member(test,
		    "database"), errbuf);
	if (err != XC_OK)
		return err;
	return xc_fakes_http_open(fakes, xc_json_member(test, "http"),
	    errbuf);
}

enum xc_err
xc_fakes_end(struct xc_fakes *fakes, struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_fakes_db_end(fakes, errbuf);

	if (err == XC_OK)
		err = xc_fakes_desk_end(fakes, errbuf);
	return err != XC_OK ? err : xc_fakes_http_end(fakes, errbuf);
}

const char *
xc_fakes_log(const struct xc_fakes *fakes)
{
	return fakes->log.text != NULL ? fakes->log.text : "";
}

struct json_object *
xc_fakes_events(const struct xc_fakes *fakes)
{
	return fakes->events;
}

const char *
xc_fakes_stream(const struct xc_fakes *fakes, size_t *len_r)
{
	*len_r = fakes->stream.len;
	return fakes->stream.text != NULL ? fakes->stream.text : "";
}

void
xc_fakes_output(struct xc_fakes *fakes, const char *text, size_t len)
{
	(void)append(&fakes->log, text, len, LOG_MAX);
}

struct json_object *
xc_fakes_uses(const struct xc_fakes *fakes)
{
	return fakes->uses;
}

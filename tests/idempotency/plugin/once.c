/* SPDX-License-Identifier: MIT */
/* Counts how often it was run. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include <xcore/xcore.h>

#define LARGE (300 * 1024)

static enum xc_err
reply_large(struct xc_request *req)
{
	char *text = xc_alloc(req, LARGE);

	if (text == NULL)
		return XC_ERR_NOMEM;
	memset(text, 'x', LARGE);
	return xc_reply_text(req, 200, "text/plain", text, LARGE);
}

static enum xc_err
reply_stream(struct xc_request *req)
{
	enum xc_err err = xc_reply_begin(req, 200, "text/plain");

	return err == XC_OK ? xc_reply_write(req, "x", 1) : err;
}

static enum xc_err
reply_run(struct xc_request *req, uint64_t run)
{
	struct json_object *reply = json_object_new_object();
	enum xc_err err;
	char place[40];

	snprintf(place, sizeof(place), "/things/%llu",
	    (unsigned long long)run);
	err = xc_reply_header(req, "Location", place);
	json_object_object_add(reply, "run",
	    json_object_new_int64((int64_t)run));
	if (err != XC_OK) {
		json_object_put(reply);
		return err;
	}
	return xc_reply_json(req, 201, reply);
}

static enum xc_err
make_thing(struct xc_request *req)
{
	const char *what = xc_data_text(xc_data_member(xc_body(req), "do"),
	    "");
	const struct timespec pause = { .tv_sec = 1 };
	uint64_t run;
	enum xc_err err = xc_cache_incr(req, "runs", 1, 1, 0, &run);

	if (err != XC_OK)
		return err;
	if (strcmp(what, "slow") == 0)
		(void)nanosleep(&pause, NULL);
	else if (strcmp(what, "fail") == 0)
		return XC_ERR_FAILED;
	else if (strcmp(what, "large") == 0)
		return reply_large(req);
	else if (strcmp(what, "stream") == 0)
		return reply_stream(req);
	else if (strcmp(what, "crash") == 0 &&
	    xc_cache_add(req, "crashed", "1", 1, 0) == XC_OK)
		__builtin_trap();
	return reply_run(req, run);
}

static enum xc_err
count_runs(struct xc_request *req)
{
	uint64_t runs;
	enum xc_err err = xc_cache_incr(req, "runs", 0, 0, 0, &runs);

	return err == XC_OK ? reply_run(req, runs) : err;
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "make_thing", make_thing },
    { "count_runs", count_runs }));

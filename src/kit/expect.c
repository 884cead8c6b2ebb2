/* SPDX-License-Identifier: MIT */
#include "kit/expect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#define SHOWN 200		/* bytes of a body in a sentence */

/* The reply as it would go out. */
struct reply {
	int status;
	const char *type;	/* "" without one */
	const char *lines;	/* "Name: value\r\n" ... */
	const char *body;
	size_t body_len;
};

static void
take_reply(const struct xc_request *req, const struct xc_fakes *fakes,
    struct reply *reply)
{
	const struct xc_reply_head *head = xc_request_reply(req);

	reply->status = head->status;
	reply->type = xc_block_text(&req->out, head->content_type);
	reply->lines = xc_block_text(&req->out, head->head);
	reply->body = xc_block_text(&req->out, head->body);
	reply->body_len = head->body.len;
	if (req->reply == XC_REPLY_STREAMING)
		reply->body = xc_fakes_stream(fakes, &reply->body_len);
}

/* ---- values ------------------------------------------------------------- */

static bool covers(struct json_object *want, struct json_object *got);

/* Members that are not named are not looked at. */
static bool
covers_object(struct json_object *want, struct json_object *got)
{
	if (!json_object_is_type(got, json_type_object))
		return false;
	json_object_object_foreach(want, key, value) {
		struct json_object *other;

		if (!json_object_object_get_ex(got, key, &other) ||
		    !covers(value, other))
			return false;
	}
	return true;
}

static bool
covers(struct json_object *want, struct json_object *got)
{
	if (json_object_is_type(want, json_type_object))
		return covers_object(want, got);
	if (!json_object_is_type(want, json_type_array))
		return json_object_equal(want, got);
	if (!json_object_is_type(got, json_type_array) ||
	    json_object_array_length(want) != json_object_array_length(got))
		return false;
	for (size_t i = 0; i < json_object_array_length(want); i++) {
		if (!covers(json_object_array_get_idx(want, i),
		    json_object_array_get_idx(got, i)))
			return false;
	}
	return true;
}

static enum xc_err
check_json(struct json_object *want, const struct reply *reply,
    struct xc_errbuf *errbuf)
{
	struct json_object *got = NULL;
	char where[200];
	bool same;

	if (xc_json_parse(reply->body, reply->body_len, &got, where,
	    sizeof(where)) != XC_OK)
		return xc_fail(errbuf, XC_ERR_INVALID, "json: the body is no "
		    "JSON: %s: %.*s", where, SHOWN, reply->body);
	same = covers(want, got);
	json_object_put(got);
	if (same)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID, "json: %s expected, got %.*s",
	    json_object_to_json_string_ext(want, JSON_C_TO_STRING_PLAIN),
	    2 * SHOWN, reply->body);
}

/* ---- the parts ---------------------------------------------------------- */

/* The value of a header line; "" without one.  Lies in buf. */
static const char *
header_of(const struct reply *reply, const char *name, char *buf, size_t size)
{
	size_t len = strlen(name);

	if (strcasecmp(name, "content-type") == 0)
		return reply->type;
	buf[0] = '\0';
	for (const char *line = reply->lines; *line != '\0';) {
		size_t n = strcspn(line, "\r\n");

		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			const char *value = line + len + 1;

			value += strspn(value, " ");
			snprintf(buf, size, "%.*s",
			    (int)(line + n - value), value);
			break;
		}
		line += n;
		line += strspn(line, "\r\n");
	}
	return buf;
}

static enum xc_err
check_headers(struct json_object *headers, const struct reply *reply,
    struct xc_errbuf *errbuf)
{
	char buf[1000];

	if (headers == NULL)
		return XC_OK;
	json_object_object_foreach(headers, name, value) {
		const char *want = json_object_get_string(value);
		const char *got = header_of(reply, name, buf, sizeof(buf));

		if (strcmp(want, got) != 0)
			return xc_fail(errbuf, XC_ERR_INVALID, "header %s: "
			    "\"%s\" expected, got \"%s\"", name, want, got);
	}
	return XC_OK;
}

static enum xc_err
check_body(struct json_object *expect, const struct reply *reply,
    struct xc_errbuf *errbuf)
{
	const char *whole = xc_json_string(expect, "body");
	const char *part = xc_json_string(expect, "contains");
	struct json_object *json;

	if (whole != NULL && (strlen(whole) != reply->body_len ||
	    memcmp(whole, reply->body, reply->body_len) != 0))
		return xc_fail(errbuf, XC_ERR_INVALID, "body: \"%.*s\" "
		    "expected, got \"%.*s\"", SHOWN, whole, SHOWN,
		    reply->body);
	if (part != NULL && memmem(reply->body, reply->body_len, part,
	    strlen(part)) == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "body: \"%.*s\" is "
		    "not in it: \"%.*s\"", SHOWN, part, 3 * SHOWN,
		    reply->body);
	if (!json_object_object_get_ex(expect, "json", &json))
		return XC_OK;
	return check_json(json, reply, errbuf);
}

static enum xc_err
check_besides(struct json_object *expect, const struct xc_fakes *fakes,
    struct xc_errbuf *errbuf)
{
	struct json_object *events = xc_json_member(expect, "events");
	struct json_object *got = xc_fakes_events(fakes);
	const char *text = xc_json_string(expect, "log");

	if (text != NULL && strstr(xc_fakes_log(fakes), text) == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "log: \"%.*s\" is not "
		    "in it", SHOWN, text);
	if (events != NULL && !covers(events, got))
		return xc_fail(errbuf, XC_ERR_INVALID, "events: %s expected, "
		    "got %s", json_object_to_json_string(events),
		    json_object_to_json_string(got));
	return XC_OK;
}

enum xc_err
xc_expect(struct json_object *expect, const struct xc_request *req,
    const struct xc_fakes *fakes, struct xc_errbuf *errbuf)
{
	struct reply reply;
	int64_t status = 0;
	enum xc_err err;

	take_reply(req, fakes, &reply);
	xc_json_int(expect, "status", &status);
	if (status != reply.status)
		return xc_fail(errbuf, XC_ERR_INVALID, "status: %d expected, "
		    "got %d: %.*s", (int)status, reply.status, SHOWN,
		    reply.body);
	err = check_headers(xc_json_member(expect, "headers"), &reply,
	    errbuf);
	if (err == XC_OK)
		err = check_body(expect, &reply, errbuf);
	return err == XC_OK ? check_besides(expect, fakes, errbuf) : err;
}

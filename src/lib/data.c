/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <math.h>
#include <string.h>

#include <xcore/arena.h>
#include <xcore/data.h>
#include <xcore/json.h>

#include "json-build.h"
#include "request-private.h"
#include "tape-make.h"

#define NOTHING UINT32_MAX

enum { DOC_ARGS, DOC_BODY };

/* Where parameters come from; of two of one name the first counts. */
static const struct {
	const char *name;
	uint32_t len;
} places[] = { { "path", 4 }, { "query", 5 }, { "header", 6 },
	{ "cookie", 6 } };

#define N_PLACES (sizeof(places) / sizeof(places[0]))

static bool
look(struct xc_request *req, uint32_t doc, struct xc_tape *tape_r)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	assert(req->magic == XC_REQUEST_MAGIC);
	return xc_tape_look(&req->in, doc == DOC_ARGS ? head->args
	    : head->data, tape_r);
}

/* The tape that a value lies on. */
static bool
tape_of(struct xc_data data, struct xc_tape *tape_r)
{
	return data.req != NULL && data.at != NOTHING &&
	    look(data.req, data.doc, tape_r) && data.at < tape_r->n;
}

static struct xc_data
nothing(struct xc_request *req)
{
	return (struct xc_data){ .req = req, .at = NOTHING };
}

/* A value of the same document; 0 is never one of a container's. */
static struct xc_data
child(struct xc_data data, uint32_t at)
{
	return (struct xc_data){ .req = data.req, .doc = data.doc,
		.at = at != 0 ? at : NOTHING };
}

/* The place that "query:id" names, and where the name behind it begins. */
static size_t
place_of(const char *name, const char **name_r)
{
	size_t i;

	*name_r = name;
	if (strchr(name, ':') == NULL)
		return N_PLACES;
	for (i = 0; i < N_PLACES; i++)
		if (strncmp(name, places[i].name, places[i].len) == 0 &&
		    name[places[i].len] == ':') {
			*name_r = name + places[i].len + 1;
			return i;
		}
	return N_PLACES;
}

/* The place that a key of the root names. */
static size_t
place_at(const struct xc_tape *tape, uint32_t key)
{
	size_t i;

	for (i = 0; i < N_PLACES; i++)
		if (xc_tape_is(tape, key, places[i].name, places[i].len))
			break;
	return i;
}

/* Of all places if none is asked for; there are few, and less are there. */
static uint32_t
find_param(const struct xc_tape *tape, size_t place, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash = xc_tape_hash(name, len);
	uint32_t n = xc_tape_count(tape, 0);
	uint32_t key = xc_tape_first(0);
	size_t best = N_PLACES;
	uint32_t found = 0;
	uint32_t at;
	size_t here;

	for (; n > 0; n--) {
		here = place_at(tape, key);
		if (here < best && (place == N_PLACES || place == here)) {
			at = xc_tape_member_hashed(tape,
			    xc_tape_value(tape, key), name, len, hash);
			if (at != 0) {
				found = at;
				best = here;
			}
		}
		key = xc_tape_next(tape, xc_tape_value(tape, key));
	}
	return found;
}

struct xc_data
xc_param(struct xc_request *req, const char *name)
{
	struct xc_data root = { .req = req, .doc = DOC_ARGS };
	struct xc_tape tape;
	size_t place = place_of(name, &name);

	if (!look(req, DOC_ARGS, &tape) ||
	    xc_tape_type(&tape, 0) != XC_TOKEN_OBJECT)
		return nothing(req);
	return child(root, find_param(&tape, place, name));
}

bool
xc_param_has(struct xc_request *req, const char *name)
{
	return xc_param(req, name).at != NOTHING;
}

int64_t
xc_param_int(struct xc_request *req, const char *name)
{
	return xc_data_int(xc_param(req, name), 0);
}

double
xc_param_real(struct xc_request *req, const char *name)
{
	return xc_data_real(xc_param(req, name), 0.0);
}

bool
xc_param_bool(struct xc_request *req, const char *name)
{
	return xc_data_bool(xc_param(req, name), false);
}

const char *
xc_param_text(struct xc_request *req, const char *name)
{
	return xc_data_text(xc_param(req, name), NULL);
}

struct xc_data
xc_body(struct xc_request *req)
{
	struct xc_tape tape;

	if (!look(req, DOC_BODY, &tape))
		return nothing(req);
	return (struct xc_data){ .req = req, .doc = DOC_BODY };
}

enum xc_data_type
xc_data_type(struct xc_data data)
{
	struct xc_tape tape;
	int64_t value;

	if (!tape_of(data, &tape))
		return XC_DATA_NONE;
	switch (xc_tape_type(&tape, data.at)) {
	case XC_TOKEN_NULL:
		return XC_DATA_NULL;
	case XC_TOKEN_FALSE:
	case XC_TOKEN_TRUE:
		return XC_DATA_BOOL;
	case XC_TOKEN_NUMBER:
		return xc_tape_int64(&tape, data.at, &value) ? XC_DATA_INT
		    : XC_DATA_REAL;
	case XC_TOKEN_STRING:
		return XC_DATA_TEXT;
	case XC_TOKEN_ARRAY:
		return XC_DATA_ARRAY;
	case XC_TOKEN_OBJECT:
		return XC_DATA_OBJECT;
	default:
		return XC_DATA_NONE;
	}
}

struct xc_data
xc_data_member(struct xc_data data, const char *name)
{
	struct xc_tape tape;

	if (!tape_of(data, &tape))
		return nothing(data.req);
	return child(data, xc_tape_member(&tape, data.at, name,
	    strlen(name)));
}

struct xc_data
xc_data_item(struct xc_data data, size_t i)
{
	struct xc_tape tape;

	if (i >= UINT32_MAX || !tape_of(data, &tape))
		return nothing(data.req);
	return child(data, xc_tape_item(&tape, data.at, (uint32_t)i));
}

static bool
is_container(const struct xc_tape *tape, uint32_t at)
{
	enum xc_token_type type = xc_tape_type(tape, at);

	return type == XC_TOKEN_ARRAY || type == XC_TOKEN_OBJECT;
}

size_t
xc_data_count(struct xc_data data)
{
	struct xc_tape tape;

	return tape_of(data, &tape) && is_container(&tape, data.at)
	    ? xc_tape_count(&tape, data.at) : 0;
}

/* What stands at a token of a walk: an item, or a key and its value. */
static struct xc_data
walk_to(const struct xc_tape *tape, struct xc_data one, uint32_t at,
    uint32_t end)
{
	if (at >= end)
		return nothing(one.req);
	one.end = end;
	one.key = 0;
	one.at = at;
	if (xc_tape_type(tape, at) == XC_TOKEN_KEY) {
		one.key = at;
		one.at = xc_tape_value(tape, at);
	}
	return one;
}

struct xc_data
xc_data_first(struct xc_data data)
{
	struct xc_tape tape;

	if (!tape_of(data, &tape) || !is_container(&tape, data.at))
		return nothing(data.req);
	return walk_to(&tape, data, xc_tape_first(data.at),
	    xc_tape_next(&tape, data.at));
}

struct xc_data
xc_data_next(struct xc_data one)
{
	struct xc_tape tape;

	if (!tape_of(one, &tape))
		return nothing(one.req);
	return walk_to(&tape, one, xc_tape_next(&tape, one.at), one.end);
}

/*
 * The bytes of a text or key, with a NUL behind.  Those that were made for
 * this request have one; those within a JSON text have a quote there, which
 * is not ours to change.
 */
static const char *
terminated(struct xc_data data, const struct xc_tape *tape, uint32_t at)
{
	const char *limit = (const char *)data.req->in.base +
	    data.req->in.used;
	size_t len;
	const char *bytes = xc_tape_string(tape, at, &len);

	if (bytes + len < limit && bytes[len] == '\0')
		return bytes;
	return xc_memdup(data.req, bytes, len);
}

const char *
xc_data_key(struct xc_data one)
{
	struct xc_tape tape;

	if (one.key == 0 || !tape_of(one, &tape))
		return NULL;
	return terminated(one, &tape, one.key);
}

int64_t
xc_data_int(struct xc_data data, int64_t otherwise)
{
	struct xc_tape tape;
	int64_t value;

	return tape_of(data, &tape) && xc_tape_int64(&tape, data.at, &value)
	    ? value : otherwise;
}

double
xc_data_real(struct xc_data data, double otherwise)
{
	struct xc_tape tape;
	double value;

	if (!tape_of(data, &tape) ||
	    xc_tape_type(&tape, data.at) != XC_TOKEN_NUMBER)
		return otherwise;
	if (xc_tape_double(&tape, data.at, &value))
		return value;
	/* A bound that was checked would not hold for `otherwise`. */
	return tape.text[tape.tokens[data.at].off] == '-' ? -HUGE_VAL
	    : HUGE_VAL;
}

bool
xc_data_bool(struct xc_data data, bool otherwise)
{
	struct xc_tape tape;

	if (!tape_of(data, &tape))
		return otherwise;
	switch (xc_tape_type(&tape, data.at)) {
	case XC_TOKEN_FALSE:
		return false;
	case XC_TOKEN_TRUE:
		return true;
	default:
		return otherwise;
	}
}

const char *
xc_data_text(struct xc_data data, const char *otherwise)
{
	struct xc_tape tape;
	const char *text;

	if (!tape_of(data, &tape) ||
	    xc_tape_type(&tape, data.at) != XC_TOKEN_STRING)
		return otherwise;
	text = terminated(data, &tape, data.at);
	return text != NULL ? text : otherwise;
}

const char *
xc_data_bytes(struct xc_data data, size_t *len_r)
{
	struct xc_tape tape;

	*len_r = 0;
	if (!tape_of(data, &tape))
		return NULL;
	switch (xc_tape_type(&tape, data.at)) {
	case XC_TOKEN_STRING:
	case XC_TOKEN_NUMBER:
		return xc_tape_string(&tape, data.at, len_r);
	default:
		return NULL;
	}
}

enum xc_err
xc_data_json(struct xc_data data, struct json_object **obj_r)
{
	struct xc_tape tape;
	uint32_t at = data.at;
	enum xc_err err;

	*obj_r = NULL;
	if (!tape_of(data, &tape))
		return XC_ERR_NOT_FOUND;
	err = xc_json_build(&tape, &at, obj_r);
	if (err != XC_OK || *obj_r == NULL)
		return err;
	*obj_r = xc_json_own(data.req, *obj_r);
	return *obj_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

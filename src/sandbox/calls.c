/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calls-private.h"

static const char *const names[XC_CALL__MAX] = {
	[XC_CALL_LOG] = "log",
	[XC_CALL_DB_ROWS] = "db_rows",
	[XC_CALL_DB_EXEC] = "db_exec",
	[XC_CALL_DB_BEGIN] = "db_begin",
	[XC_CALL_DB_COMMIT] = "db_commit",
	[XC_CALL_DB_ROLLBACK] = "db_rollback",
	[XC_CALL_CACHE_GET] = "cache_get",
	[XC_CALL_CACHE_SET] = "cache_set",
	[XC_CALL_CACHE_ADD] = "cache_add",
	[XC_CALL_CACHE_DEL] = "cache_del",
	[XC_CALL_CACHE_INCR] = "cache_incr",
	[XC_CALL_STREAM_BEGIN] = "stream_begin",
	[XC_CALL_STREAM_WRITE] = "stream_write",
	[XC_CALL_HTTP] = "http",
	[XC_CALL_EVENT] = "event",
	[XC_CALL_PART_READ] = "part_read",
	[XC_CALL_SITE_INFO] = "site_info",
	[XC_CALL_SITE_READ] = "site_read",
	[XC_CALL_DESK] = "desk",
	[XC_CALL_CACHE_DECR] = "cache_decr",
	[XC_CALL_CACHE_TOUCH] = "cache_touch",
	[XC_CALL_CACHE_FLUSH] = "cache_flush",
	[XC_CALL_CACHE_GET_MANY] = "cache_get_many",
	[XC_CALL_CACHE_SET_MANY] = "cache_set_many",
	[XC_CALL_CACHE_CLAIM] = "cache_claim",
	[XC_CALL_CACHE_FILL] = "cache_fill",
	[XC_CALL_DB_OPEN] = "db_open",
	[XC_CALL_DB_MORE] = "db_more",
	[XC_CALL_DB_END] = "db_end",
};

const char *
xc_call_name(enum xc_call call)
{
	if ((unsigned)call >= XC_CALL__MAX || names[call] == NULL)
		return "unknown";
	return names[call];
}

/* Room for size bytes; NULL, and bad, when full. */
static unsigned char *
take_room(struct xc_call_writer *w, size_t size)
{
	unsigned char *at;

	if (w->bad || size > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	at = w->base + w->len;
	w->len += size;
	return at;
}

void
xc_call_put(struct xc_call_writer *w, enum xc_call_tag tag, const void *data,
    size_t size)
{
	unsigned char *at = take_room(w, 1 + size);

	if (at == NULL)
		return;
	*at = (unsigned char)tag;
	if (size > 0)
		memcpy(at + 1, data, size);
}

void
xc_call_put_run(struct xc_call_writer *w, enum xc_call_tag tag,
    const void *data, size_t n)
{
	uint32_t len = (uint32_t)n;
	unsigned char *at;

	if (n > UINT32_MAX) {
		w->bad = true;
		return;
	}
	xc_call_put(w, tag, &len, sizeof(len));
	at = take_room(w, n + 1);
	if (at == NULL)
		return;
	if (n > 0)
		memcpy(at, data, n);
	at[n] = '\0';
}

void
xc_call_put_u32(struct xc_call_writer *w, uint32_t value)
{
	xc_call_put(w, XC_TAG_U32, &value, sizeof(value));
}

void
xc_call_put_u64(struct xc_call_writer *w, uint64_t value)
{
	xc_call_put(w, XC_TAG_U64, &value, sizeof(value));
}

void
xc_call_put_bytes(struct xc_call_writer *w, const void *data, size_t n)
{
	xc_call_put_run(w, XC_TAG_BYTES, data, n);
}

void
xc_call_put_text(struct xc_call_writer *w, const char *text)
{
	if (text == NULL)
		xc_call_put(w, XC_TAG_ABSENT, NULL, 0);
	else
		xc_call_put_run(w, XC_TAG_TEXT, text, strlen(text));
}

static void
put_value(struct xc_call_writer *w, const struct xc_value *value)
{
	switch (value->type) {
	case XC_VALUE_NULL:
		xc_call_put(w, XC_TAG_NULL, NULL, 0);
		return;
	case XC_VALUE_INT:
		xc_call_put(w, XC_TAG_INT, &value->integer,
		    sizeof(value->integer));
		return;
	case XC_VALUE_UINT:
		xc_call_put(w, XC_TAG_UINT, &value->integer,
		    sizeof(value->integer));
		return;
	case XC_VALUE_REAL:
		xc_call_put(w, XC_TAG_REAL, &value->real,
		    sizeof(value->real));
		return;
	case XC_VALUE_TEXT:
		xc_call_put_run(w, XC_TAG_TEXT, value->data, value->len);
		return;
	case XC_VALUE_BLOB:
		xc_call_put_run(w, XC_TAG_BYTES, value->data, value->len);
		return;
	}
	w->bad = true;
}

void
xc_call_put_values(struct xc_call_writer *w, const struct xc_value *v,
    size_t n)
{
	uint32_t count = (uint32_t)n;

	if (n > XC_CALL_VALUES_MAX) {
		w->bad = true;
		return;
	}
	xc_call_put(w, XC_TAG_VALUES, &count, sizeof(count));
	for (size_t i = 0; i < n; i++)
		put_value(w, &v[i]);
}

void *
xc_call_fault(struct xc_call_reader *r)
{
	r->bad = true;
	return NULL;
}

size_t
xc_call_left(const struct xc_call_reader *r)
{
	return r->bad ? 0 : r->len - r->at;
}

bool
xc_call_spend(struct xc_call_reader *r, size_t size)
{
	size_t max = r->memory_max != 0 ? r->memory_max : XC_CALL_MEMORY_MAX;

	if (r->bad || r->memory > max || size > max - r->memory) {
		r->bad = true;
		return false;
	}
	r->memory += size;
	return true;
}

/* The next size bytes where they lie; NULL when bad. */
static const unsigned char *
take(struct xc_call_reader *r, size_t size)
{
	const unsigned char *at;

	if (size > xc_call_left(r) || r->bad)
		return xc_call_fault(r);
	at = r->base + r->at;
	r->at += size;
	return at;
}

int
xc_call_get_tag(struct xc_call_reader *r)
{
	const unsigned char *at = take(r, 1);

	return at != NULL ? *at : 0;
}

void
xc_call_get(struct xc_call_reader *r, void *data_r, size_t size)
{
	const unsigned char *at = take(r, size);

	if (at != NULL)
		memcpy(data_r, at, size);
	else
		memset(data_r, 0, size);
}

const void *
xc_call_get_run(struct xc_call_reader *r, size_t *len_r)
{
	const unsigned char *at;
	uint32_t len;

	*len_r = 0;
	xc_call_get(r, &len, sizeof(len));
	at = take(r, (size_t)len + 1);
	if (at == NULL || at[len] != '\0')
		return xc_call_fault(r);
	*len_r = len;
	return at;
}

double
xc_call_get_real(struct xc_call_reader *r)
{
	double value;

	xc_call_get(r, &value, sizeof(value));
	if (isfinite(value))
		return value;
	r->bad = true;
	return 0;
}

static bool
expect(struct xc_call_reader *r, enum xc_call_tag tag)
{
	if (xc_call_get_tag(r) != (int)tag)
		r->bad = true;
	return !r->bad;
}

uint32_t
xc_call_get_u32(struct xc_call_reader *r)
{
	uint32_t value = 0;

	if (expect(r, XC_TAG_U32))
		xc_call_get(r, &value, sizeof(value));
	return value;
}

uint64_t
xc_call_get_u64(struct xc_call_reader *r)
{
	uint64_t value = 0;

	if (expect(r, XC_TAG_U64))
		xc_call_get(r, &value, sizeof(value));
	return value;
}

const void *
xc_call_get_bytes(struct xc_call_reader *r, size_t *len_r)
{
	*len_r = 0;
	return expect(r, XC_TAG_BYTES) ? xc_call_get_run(r, len_r) : NULL;
}

const char *
xc_call_get_text(struct xc_call_reader *r)
{
	int tag = xc_call_get_tag(r);
	const char *text;
	size_t len;

	if (tag == XC_TAG_ABSENT)
		return NULL;
	if (tag != XC_TAG_TEXT)
		return xc_call_fault(r);
	text = xc_call_get_run(r, &len);
	if (text != NULL && strlen(text) != len)
		return xc_call_fault(r);
	return text;
}

static void
get_value(struct xc_call_reader *r, struct xc_value *value)
{
	switch (xc_call_get_tag(r)) {
	case XC_TAG_NULL:
		value->type = XC_VALUE_NULL;
		return;
	case XC_TAG_INT:
		value->type = XC_VALUE_INT;
		xc_call_get(r, &value->integer, sizeof(value->integer));
		return;
	case XC_TAG_UINT:
		value->type = XC_VALUE_UINT;
		xc_call_get(r, &value->integer, sizeof(value->integer));
		return;
	case XC_TAG_REAL:
		value->type = XC_VALUE_REAL;
		value->real = xc_call_get_real(r);
		return;
	case XC_TAG_TEXT:
		value->type = XC_VALUE_TEXT;
		value->data = xc_call_get_run(r, &value->len);
		return;
	case XC_TAG_BYTES:
		value->type = XC_VALUE_BLOB;
		value->data = xc_call_get_run(r, &value->len);
		return;
	default:
		r->bad = true;
	}
}

struct xc_value *
xc_call_get_values(struct xc_call_reader *r, size_t *n_r)
{
	struct xc_value *values;
	uint32_t n = 0;

	*n_r = 0;
	if (expect(r, XC_TAG_VALUES))
		xc_call_get(r, &n, sizeof(n));
	if (n > XC_CALL_VALUES_MAX || n > xc_call_left(r))
		return xc_call_fault(r);
	if (n == 0 || !xc_call_spend(r, n * sizeof(*values)))
		return NULL;
	values = calloc(n, sizeof(*values));
	for (uint32_t i = 0; values != NULL && i < n && !r->bad; i++)
		get_value(r, &values[i]);
	if (values == NULL || r->bad) {
		free(values);
		return xc_call_fault(r);
	}
	*n_r = n;
	return values;
}

bool
xc_call_end(const struct xc_call_reader *r)
{
	return !r->bad && r->at == r->len;
}

/* SPDX-License-Identifier: MIT */
#include "worker/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "lib/check.h"

/* What stands around the data. */
#define FRAME_MAX 256

void
xc_events_init(struct xc_events *events)
{
	memset(events, 0, sizeof(*events));
	events->end = &events->first;
	events->mark = &events->first;
}

void
xc_events_free(struct xc_events *events)
{
	struct xc_event *event;

	if (events->end == NULL)
		return;
	while ((event = xc_events_take(events)) != NULL)
		free(event);
}

static bool
add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value != NULL && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

/* What the handlers get; NULL without memory. */
static struct json_object *
frame(const char *from, const char *name, struct json_object *data)
{
	struct json_object *object = json_object_new_object();

	/* NULL is JSON's null. */
	if (object != NULL && add(object, "event",
	    json_object_new_string(name)) && add(object, "from",
	    json_object_new_string(from)) &&
	    json_object_object_add(object, "data", data) == 0) {
		json_object_get(data);
		return object;
	}
	json_object_put(object);
	return NULL;
}

static struct xc_event *
make(const char *text, size_t len, const char *name, const char *request_id)
{
	struct xc_event *event = calloc(1, sizeof(*event) + len + 1);

	if (event == NULL)
		return NULL;
	snprintf(event->name, sizeof(event->name), "%s", name);
	snprintf(event->request_id, sizeof(event->request_id), "%s",
	    request_id);
	memcpy(event->body, text, len);
	event->len = len;
	return event;
}

/* json-c writes what it would not read: numbers that are not finite, text
 * that is no UTF-8. */
static enum xc_err
check_text(const char *text, size_t len, struct xc_errbuf *errbuf)
{
	struct json_object *again;
	char where[160];
	enum xc_err err;

	if (len > XC_EVENT_DATA_MAX + FRAME_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE, "its data is over "
		    "%d bytes", XC_EVENT_DATA_MAX);
	err = xc_json_parse(text, len, &again, where, sizeof(where));
	json_object_put(again);
	return err != XC_ERR_INVALID ? err : xc_fail(errbuf, err,
	    "its data is no valid JSON: %s", where);
}

static enum xc_err
check_room(const struct xc_events *events, size_t len,
    struct xc_errbuf *errbuf)
{
	if (events->depth >= XC_EVENTS_DEPTH_MAX)
		return xc_fail(errbuf, XC_ERR_BUSY, "it would be the %dth in "
		    "a chain of events that emit events",
		    XC_EVENTS_DEPTH_MAX + 1);
	if (events->n == XC_EVENTS_MAX ||
	    len > XC_EVENTS_BYTES_MAX - events->bytes)
		return xc_fail(errbuf, XC_ERR_BUSY, "%u events with %zu "
		    "bytes wait already", events->n, events->bytes);
	return XC_OK;
}

enum xc_err
xc_events_put(struct xc_events *events, const char *from, const char *name,
    const char *request_id, struct json_object *data,
    struct xc_errbuf *errbuf)
{
	struct json_object *object = frame(from, name, data);
	struct xc_event *event = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum xc_err err = XC_ERR_NOMEM;

	if (object != NULL)
		text = json_object_to_json_string_length(object,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		    &len);
	if (text != NULL)
		err = check_room(events, len, errbuf);
	if (err == XC_OK)
		err = check_text(text, len, errbuf);
	if (err == XC_OK)
		event = make(text, len, name, request_id);
	json_object_put(object);
	if (err != XC_OK)
		return err;
	if (event == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	event->depth = events->depth + 1;
	events->n++;
	events->bytes += len;
	*events->end = event;
	events->end = &event->next;
	return XC_OK;
}

void
xc_events_begin(struct xc_events *events)
{
	events->mark = events->end;
}

void
xc_events_take_back(struct xc_events *events)
{
	struct xc_event *event = *events->mark;
	struct xc_event *next;

	*events->mark = NULL;
	events->end = events->mark;
	for (; event != NULL; event = next) {
		next = event->next;
		events->n--;
		events->bytes -= event->len;
		free(event);
	}
}

struct xc_event *
xc_events_take(struct xc_events *events)
{
	struct xc_event *event = events->first;

	if (event == NULL)
		return NULL;
	events->first = event->next;
	if (events->end == &event->next)
		events->end = &events->first;
	/* It pointed into what is not ours any more. */
	if (events->mark == &event->next)
		events->mark = &events->first;
	events->n--;
	events->bytes -= event->len;
	event->next = NULL;
	return event;
}

/* SPDX-License-Identifier: MIT */
/*
 * Events: what happened in one plugin, told to others.
 *
 *	struct json_object *data = json_object_new_object();
 *	json_object_object_add(data, "id", json_object_new_int64(id));
 *	err = xc_event_emit(req, "todo.created", data);
 *
 * A plugin hears of an event if its plugin.json names it:
 *
 *	"events": { "todo.created": "on_created" }
 *
 * When the reply to the request has been sent, the same process runs the
 * operation on_created with a request of its own: a POST of
 * PREFIX/events/todo.created with the id of the request in which the event
 * was emitted, and the body
 *
 *	{"event":"todo.created","from":"todo","data":{...}}
 *
 * It replies like any other, with a 204 for example; what it replies goes
 * nowhere.  Events of a request whose handler fails are
 * dropped.  Nothing is kept over the end of a process: an event is a hint, not
 * a record; what must not be lost belongs in the database.
 */
#ifndef XCORE_EVENT_H
#define XCORE_EVENT_H

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_object;
struct xc_request;

/*
 * Emits an event.  name has 1 to 64 of the characters a-z, 0-9, '.', '_' and
 * '-'.  A plugin always may emit names that begin with its own and a dot;
 * others need the permission "event:NAME".  data is taken over, whatever the
 * result is, and may be NULL (null).
 *
 * XC_ERR_INVALID, the name or data is not valid; XC_ERR_DENIED, there is no
 * permission; XC_ERR_TOO_LARGE, data is over 64 KiB as text; XC_ERR_BUSY, 256
 * events or 1 MiB of them wait, or this one would be the fifth of a chain in
 * which one event emits the next; XC_ERR_UNAVAILABLE, there are no events
 * here; XC_ERR_NOMEM.
 */
enum xc_err xc_event_emit(struct xc_request *req, const char *name,
    struct json_object *data);

#ifdef __cplusplus
}
#endif
#endif

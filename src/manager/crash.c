/* SPDX-License-Identifier: MIT */
/* The last crashes, for the status. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "manager/manager-private.h"

static struct json_object *
now_text(void)
{
	char text[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_object_new_string(text);
}

static struct json_object *
end_text(int status)
{
	char text[64];

	xc_child_end_text(status, text, sizeof(text));
	if (WIFSIGNALED(status))
		return json_object_new_string(text + strlen("signal "));
	return json_object_new_string(text);
}

void
xc_crash_note(struct xc_manager *m, const struct xc_pool_row *row, int status)
{
	const struct xc_worker_row *b = xc_row_board(m, row);
	struct json_object *crash = json_object_new_object();
	struct xc_row_work work;

	xc_row_work(b, &work);
	if (m->crashes.list == NULL)
		m->crashes.list = json_object_new_array();
	json_object_object_add(crash, "when", now_text());
	json_object_object_add(crash, "worker",
	    json_object_new_int64(row->index));
	json_object_object_add(crash, "pid", json_object_new_int64(row->pid));
	/* Whether it only tried what is new; none that serves then suffered. */
	json_object_object_add(crash, "trial",
	    json_object_new_boolean(row->extra));
	json_object_object_add(crash, "state", json_object_new_string(
	    xc_worker_state_name(atomic_load(&b->state))));
	json_object_object_add(crash, "plugin",
	    json_object_new_string(work.plugin));
	json_object_object_add(crash, "operation",
	    json_object_new_string(work.operation));
	json_object_object_add(crash, "request_id",
	    json_object_new_string(work.request_id));
	json_object_object_add(crash, "signal", end_text(status));
	if (row->killed_for != NULL)
		json_object_object_add(crash, "reason",
		    json_object_new_string(row->killed_for));
	json_object_array_add(m->crashes.list, crash);
	if (json_object_array_length(m->crashes.list) > XC_CRASHES_KEPT)
		json_object_array_del_idx(m->crashes.list, 0, 1);
	m->crashes.total++;
}

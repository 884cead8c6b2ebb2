/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <json-c/json.h>

#include "plugin/answer.h"

static const struct {
	const char *type;
	const char *title;
} exits[] = {
	[XC_EXIT_DONE] = { "done", "done" },
	[XC_EXIT_FAILED] = { "failed", "failed" },
	[XC_EXIT_USAGE] = { "usage", "wrong usage" },
	[XC_EXIT_NOT_FOUND] = { "not-found", "not found" },
	[XC_EXIT_CONFLICT] = { "conflict", "dependency or conflict" },
	[XC_EXIT_POLICY] = { "policy", "refused by policy" },
	[XC_EXIT_INVALID] = { "not-valid", "not valid" },
	[XC_EXIT_NOT_APPLIED] = { "not-applied",
		"not applied everywhere in time" },
	[XC_EXIT_ROLLED_BACK] = { "rolled-back", "rolled back" }
};

enum xc_exit
xc_exit_of(enum xc_err err)
{
	switch (err) {
	case XC_OK:
		return XC_EXIT_DONE;
	case XC_ERR_NOT_FOUND:
		return XC_EXIT_NOT_FOUND;
	case XC_ERR_EXISTS:
		return XC_EXIT_CONFLICT;
	case XC_ERR_DENIED:
		return XC_EXIT_POLICY;
	case XC_ERR_INVALID:
	case XC_ERR_TOO_LARGE:
	case XC_ERR_UNSUPPORTED:
		return XC_EXIT_INVALID;
	default:
		return XC_EXIT_FAILED;
	}
}

const char *
xc_exit_title(enum xc_exit code)
{
	return exits[code].title;
}

static struct json_object *
error_object(enum xc_exit code, const char *detail)
{
	struct json_object *error;

	if (code == XC_EXIT_DONE)
		return NULL;
	error = json_object_new_object();
	json_object_object_add(error, "type",
	    json_object_new_string(exits[code].type));
	json_object_object_add(error, "title",
	    json_object_new_string(exits[code].title));
	json_object_object_add(error, "detail",
	    json_object_new_string(detail));
	return error;
}

void
xc_answer_json(enum xc_exit code, const char *detail,
    struct json_object *data)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok",
	    json_object_new_boolean(code == XC_EXIT_DONE));
	json_object_object_add(answer, "code",
	    json_object_new_int((int)code));
	json_object_object_add(answer, "error", error_object(code, detail));
	json_object_object_add(answer, "data", json_object_get(data));
	printf("%s\n", json_object_to_json_string_ext(answer,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(answer);
}

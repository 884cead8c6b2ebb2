/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/etag.h>
#include <xcore/reply.h>
#include <xcore/request.h>

#define DIGITS "0123456789"
#define DIGITS_MAX 18		/* fit 64 bits */

enum xc_err
xc_reply_etag(struct xc_request *req, int64_t revision)
{
	char tag[32];

	snprintf(tag, sizeof(tag), "\"r%lld\"", (long long)revision);
	return xc_reply_header(req, "ETag", tag);
}

/* The revision that a tag of len bytes between its quotes names; 0. */
static int64_t
revision_of(const char *tag, size_t len)
{
	if (len < 2 || len > DIGITS_MAX || tag[0] != 'r' || tag[1] == '0' ||
	    strspn(tag + 1, DIGITS) != len - 1)
		return 0;
	return strtoll(tag + 1, NULL, 10);
}

/* Goes past one tag of the list; a revision is for strong ones alone. */
static const char *
next_tag(const char *at, int64_t *revision_r)
{
	bool weak = strncmp(at, "W/", 2) == 0;
	const char *end;

	*revision_r = 0;
	if (weak)
		at += 2;
	if (*at != '"')
		return NULL;
	end = strchr(at + 1, '"');
	if (end == NULL)
		return NULL;
	if (!weak)
		*revision_r = revision_of(at + 1, (size_t)(end - at - 1));
	return end + 1;
}

static enum xc_err
add(struct json_object *list, int64_t revision)
{
	struct json_object *number = json_object_new_int64(revision);

	if (number != NULL && json_object_array_add(list, number) == 0)
		return XC_OK;
	json_object_put(number);
	return XC_ERR_NOMEM;
}

enum xc_err
xc_if_match(struct xc_request *req, struct json_object **revisions_r)
{
	const char *at = xc_request_header(req, "If-Match");
	enum xc_err err = XC_OK;
	int64_t revision;

	*revisions_r = NULL;
	if (at == NULL)
		return XC_OK;
	at += strspn(at, " \t");
	if (at[0] == '*' && at[1 + strspn(at + 1, " \t")] == '\0')
		return XC_OK;
	*revisions_r = json_object_new_array();
	if (*revisions_r == NULL)
		return XC_ERR_NOMEM;
	/* What is no list ends there: what stood before it counts. */
	while (err == XC_OK && at != NULL) {
		at += strspn(at, " \t,");
		if (*at == '\0')
			break;
		at = next_tag(at, &revision);
		if (at != NULL && revision > 0)
			err = add(*revisions_r, revision);
	}
	if (err != XC_OK) {
		json_object_put(*revisions_r);
		*revisions_r = NULL;
	}
	return err;
}

/* SPDX-License-Identifier: MIT */
/* The other servers of a plugin under test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "kit/fakes-private.h"
#include "lib/url.h"

enum xc_err
xc_fakes_http_open(struct xc_fakes *fakes, struct json_object *script,
    struct xc_errbuf *errbuf)
{
	size_t n = script != NULL ? json_object_array_length(script) : 0;
	enum xc_err err;

	fakes->http = script;
	fakes->http_at = 0;
	fakes->http_wrong.text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(script, i);
		const char *error = xc_json_string(row, "error");

		if (xc_json_string(row, "url") == NULL)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "/http/%zu/url: is missing", i);
		if (error != NULL && !xc_fakes_error(error, &err))
			return xc_fail(errbuf, XC_ERR_INVALID, "/http/%zu/"
			    "error: there is no error \"%.40s\"", i, error);
	}
	return XC_OK;
}

enum xc_err
xc_fakes_http_end(struct xc_fakes *fakes, struct xc_errbuf *errbuf)
{
	size_t n = fakes->http != NULL ?
	    json_object_array_length(fakes->http) : 0;

	if (fakes->http_wrong.text[0] != '\0')
		return xc_fail(errbuf, XC_ERR_STATE, "http: %s",
		    fakes->http_wrong.text);
	if (fakes->http_at < n)
		return xc_fail(errbuf, XC_ERR_STATE, "http: %s was not asked",
		    xc_json_string(json_object_array_get_idx(fakes->http,
		    fakes->http_at), "url"));
	return XC_OK;
}

/* As it would stand in "permissions". */
static void
note_host(struct xc_fakes *fakes, const char *text)
{
	char permission[XC_URL_HOST_MAX + 24];
	struct xc_url url;

	if (xc_url_parse(text, &url, NULL) != XC_OK)
		return;
	if (url.port == 80 || url.port == 443)
		snprintf(permission, sizeof(permission), "http:%s", url.host);
	else
		snprintf(permission, sizeof(permission), "http:%s:%u",
		    url.host, url.port);
	xc_fakes_note_use(fakes, permission);
}

static size_t
count_headers(struct json_object *headers)
{
	return json_object_is_type(headers, json_type_object) ?
	    (size_t)json_object_object_length(headers) : 0;
}

/* One block: the pointers, then the lines, then the body. */
static enum xc_err
answer(struct json_object *row, struct xc_http_got *got_r)
{
	struct json_object *headers = xc_json_member(row, "headers");
	struct json_object *body = xc_json_member(row, "body");
	const char *text = body == NULL ? "" :
	    json_object_is_type(body, json_type_string) ?
	    json_object_get_string(body) : json_object_to_json_string(body);
	size_t n = count_headers(headers), at = n * sizeof(char *);
	size_t size = at + strlen(text) + 1;
	const char **lines;
	char *memory;
	int64_t status = 200;

	if (n > 0) {
		json_object_object_foreach(headers, k, v)
			size += strlen(k) + 3 +
			    strlen(json_object_get_string(v));
	}
	memory = calloc(1, size);
	if (memory == NULL)
		return XC_ERR_NOMEM;
	lines = (const char **)(void *)memory;
	if (n > 0) {
		json_object_object_foreach(headers, name, value) {
			*lines++ = memory + at;
			at += (size_t)sprintf(memory + at, "%s: %s", name,
			    json_object_get_string(value)) + 1;
		}
	}
	strcpy(memory + at, text);
	xc_json_int(row, "status", &status);
	got_r->memory = memory;
	got_r->status = (int)status;
	got_r->headers = (const char *const *)(void *)memory;
	got_r->n_headers = n;
	got_r->body = memory + at;
	got_r->body_len = strlen(text);
	return XC_OK;
}

static enum xc_err
ask(void *ctx, const struct xc_http_ask *ask, struct xc_http_got *got_r)
{
	struct xc_fakes *fakes = ctx;
	size_t n = fakes->http != NULL ?
	    json_object_array_length(fakes->http) : 0;
	const char *method = ask->method != NULL ? ask->method : "GET";
	const char *url, *want, *error;
	struct json_object *row;
	enum xc_err err = XC_ERR_UNAVAILABLE;

	memset(got_r, 0, sizeof(*got_r));
	note_host(fakes, ask->url);
	if (fakes->http_wrong.text[0] != '\0')
		return XC_ERR_UNAVAILABLE;
	if (fakes->http_at == n)
		return xc_fail(&fakes->http_wrong, XC_ERR_UNAVAILABLE,
		    "%s %.300s was asked, nothing is expected", method,
		    ask->url);
	row = json_object_array_get_idx(fakes->http, fakes->http_at);
	url = xc_json_string(row, "url");
	want = xc_json_string(row, "method");
	if (strcmp(url, ask->url) != 0 || (want != NULL &&
	    strcmp(want, method) != 0))
		return xc_fail(&fakes->http_wrong, XC_ERR_UNAVAILABLE,
		    "%s %.300s was asked, %s %.300s is expected", method,
		    ask->url, want != NULL ? want : "GET", url);
	fakes->http_at++;
	error = xc_json_string(row, "error");
	if (error != NULL && xc_fakes_error(error, &err))
		return err;
	return answer(row, got_r);
}

const struct xc_http_ops xc_fakes_http_ops = { .ask = ask };

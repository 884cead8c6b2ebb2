/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>
#include <xcore/site.h>

#include "test-host.h"

static const char *document = "{\"openapi\":\"3.1.0\"}";
static size_t size;
static enum xc_err result;
static char got[300000];
static size_t got_len;
static unsigned n_begun;

static enum xc_err
openapi(void *ctx, enum xc_openapi version, struct xc_site_doc *doc_r)
{
	(void)ctx;
	doc_r->size = size;
	strcpy(doc_r->etag, version == XC_OPENAPI_3_1 ? "\"7-a\"" :
	    "\"7-b\"");
	return result;
}

/* Behind the text there are blanks. */
static enum xc_err
read_it(void *ctx, enum xc_openapi version, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	size_t n = strlen(document);

	(void)ctx;
	(void)version;
	for (*got_r = 0; *got_r < len && offset < size; offset++)
		((char *)buf)[(*got_r)++] = offset < n ? document[offset] :
		    ' ';
	return XC_OK;
}

static enum xc_err
stream_begin(void *ctx, struct xc_request *req)
{
	(void)ctx;
	(void)req;
	n_begun++;
	return XC_OK;
}

static enum xc_err
stream_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	(void)ctx;
	(void)req;
	assert_true(got_len + len < sizeof(got));
	memcpy(got + got_len, data, len);
	got_len += len;
	got[got_len] = '\0';
	return XC_OK;
}

static const struct xc_site_ops site_ops = { openapi, read_it };
static const struct xc_stream_ops stream_ops = { stream_begin,
	stream_write };

/* A request for it, with these parameters besides, answered. */
static enum xc_err
ask(struct xc_request *req, const char *const *params, enum xc_openapi ver)
{
	static char method[] = "REQUEST_METHOD=GET";
	static char uri[] = "REQUEST_URI=/app/todo/";
	char *envp[8] = { method, uri };
	size_t n = 2;

	for (; *params != NULL; params++) {
		/* The last of a name stands. */
		envp[strncmp(*params, "REQUEST_METHOD", 14) == 0 ? 0 : n++] =
		    strdup(*params);
	}
	assert_int_equal(xc_request_parse(req, envp, "", 0, NULL), 0);
	assert_int_equal(xc_request_bind(req, &test_plugin, 2, "list", NULL,
	    0), XC_OK);
	for (size_t i = 0; i < n; i++)
		if (envp[i] != method && envp[i] != uri)
			free(envp[i]);
	got_len = 0;
	n_begun = 0;
	return xc_reply_openapi(req, ver);
}

#define ASK(req, ...) ask(req, (const char *const []){ __VA_ARGS__, NULL }, \
	XC_OPENAPI_3_1)
#define HOST "HTTP_HOST=x.example:8080"

static void
begin(struct xc_request *req)
{
	test_begin(req);
	test_host.site = &site_ops;
	test_host.stream = &stream_ops;
	size = strlen(document);
	result = XC_OK;
}

static void
body_is(struct xc_request *req, const char *wanted)
{
	const struct xc_reply_head *head = xc_request_reply(req);

	assert_int_equal(head->status, 200);
	assert_int_equal(head->body.len, strlen(wanted));
	assert_memory_equal(req->out.base + head->body.off, wanted,
	    head->body.len);
}

static void
etag_of(struct xc_request *req, char *buf)
{
	const struct xc_reply_head *head = xc_request_reply(req);
	const char *lines = (const char *)req->out.base + head->head.off;
	const char *at = strstr(lines, "ETag: ");

	assert_non_null(at);
	assert_non_null(strstr(lines, "Cache-Control: no-cache\r\n"));
	sscanf(at, "ETag: %63[^\r]", buf);
}

static void
test_server(void **state)
{
	static const struct {
		const char *host;
		const char *url;
	} rows[] = {
		{ HOST, "http://x.example:8080" },
		{ "HTTP_HOST=[2001:db8::1]:443", "http://[2001:db8::1]:443" },
		{ "HTTP_HOST=1.2.3.4", "http://1.2.3.4" },
		{ "HTTP_HOST=", "/" },
		{ "HTTP_HOST=a\"b", "/" },
		{ "HTTP_HOST=a/b", "/" },
		{ "HTTP_HOST=a@b", "/" },
		{ "HTTP_HOST=a:b", "/" },
		{ "HTTP_HOST=a:", "/" },
		{ "HTTP_HOST=[::1", "/" },
		{ "HTTP_HOST=[::1]x", "/" },
		{ "HTTP_HOST=a\\u0022", "/" },
		{ "HTTP_HOST=<script>", "/" },
	};
	struct xc_request req;
	char wanted[256];

	(void)state;
	begin(&req);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ASK(&req, rows[i].host), XC_OK);
		snprintf(wanted, sizeof(wanted), "{\"servers\":[{\"url\":"
		    "\"%s\"}],\"openapi\":\"3.1.0\"}", rows[i].url);
		body_is(&req, wanted);
		xc_request_reset(&req);
	}
	assert_int_equal(ASK(&req, HOST, "HTTPS=on"), XC_OK);
	body_is(&req, "{\"servers\":[{\"url\":\"https://x.example:8080\"}],"
	    "\"openapi\":\"3.1.0\"}");
	test_end(&req);
}

static int
status_for(struct xc_request *req, const char *format, const char *etag)
{
	char line[256];
	int status;

	snprintf(line, sizeof(line), "HTTP_IF_NONE_MATCH=%.100s%.100s",
	    format, etag);
	assert_int_equal(ASK(req, HOST, line), XC_OK);
	status = xc_request_reply(req)->status;
	if (status == 304)
		assert_int_equal(xc_request_reply(req)->body.len, 0);
	xc_request_reset(req);
	return status;
}

static void
test_etag(void **state)
{
	struct xc_request req;
	char etag[64], other[64];

	(void)state;
	begin(&req);
	assert_int_equal(ASK(&req, HOST), XC_OK);
	etag_of(&req, etag);
	xc_request_reset(&req);
	assert_int_equal(ASK(&req, "HTTP_HOST=y.example"), XC_OK);
	etag_of(&req, other);
	assert_string_not_equal(etag, other);
	xc_request_reset(&req);
	assert_int_equal(status_for(&req, "", etag), 304);
	assert_int_equal(status_for(&req, "W/", etag), 304);
	assert_int_equal(status_for(&req, "\"x,y\" ,W/\"z\", ", etag), 304);
	assert_int_equal(status_for(&req, ",, ,", etag), 304);
	assert_int_equal(status_for(&req, "*", ""), 304);
	assert_int_equal(status_for(&req, "", other), 200);
	assert_int_equal(status_for(&req, "\"", ""), 200);
	assert_int_equal(status_for(&req, "7-a", ""), 200);
	assert_int_equal(status_for(&req, "\"7-a\"", ""), 200);
	assert_int_equal(status_for(&req, "bare, ", etag), 200);
	test_end(&req);
}

static void
test_stream(void **state)
{
	struct xc_request req;
	const char *head = "{\"servers\":[{\"url\":\"http://x.example:8080\""
	    "}],";

	(void)state;
	begin(&req);
	size = 200001;
	assert_int_equal(ASK(&req, HOST), XC_OK);
	assert_int_equal(n_begun, 1);
	assert_int_equal(got_len, strlen(head) + size - 1);
	assert_memory_equal(got, head, strlen(head));
	assert_memory_equal(got + strlen(head), document + 1,
	    strlen(document) - 1);
	xc_request_reset(&req);
	assert_int_equal(ASK(&req, HOST, "REQUEST_METHOD=HEAD"), XC_OK);
	assert_int_equal(n_begun, 1);
	assert_int_equal(got_len, 0);
	xc_request_reset(&req);
	test_host.stream = NULL;
	assert_int_equal(ASK(&req, HOST), XC_OK);
	assert_int_equal(xc_request_reply(&req)->body.len, strlen(head) +
	    size - 1);
	test_end(&req);
}

static void
test_refusals(void **state)
{
	struct xc_request req;

	(void)state;
	begin(&req);
	test_plugin.may_openapi = false;
	assert_int_equal(ASK(&req, HOST), XC_ERR_DENIED);
	assert_non_null(strstr(test_log.text, "\"openapi\""));
	test_plugin.may_openapi = true;
	xc_request_reset(&req);
	result = XC_ERR_UNAVAILABLE;
	assert_int_equal(ASK(&req, HOST), XC_ERR_UNAVAILABLE);
	result = XC_OK;
	xc_request_reset(&req);
	assert_int_equal(ask(&req, (const char *const []){ HOST, NULL },
	    (enum xc_openapi)7), XC_ERR_INVALID);
	assert_int_equal(xc_reply_empty(&req, 204), XC_OK);
	assert_int_equal(xc_reply_openapi(&req, XC_OPENAPI_3_1),
	    XC_ERR_STATE);
	xc_request_reset(&req);
	test_host.site = NULL;
	assert_int_equal(ASK(&req, HOST), XC_ERR_UNAVAILABLE);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_etag),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

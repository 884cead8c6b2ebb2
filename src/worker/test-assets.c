/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/assets.h"
#include "worker/head.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LARGE 700001

/* A folder with a small and a large file, and both ends of a socket. */
struct fixture {
	char folder[64];
	struct xc_assets *assets;
	struct xc_host host;
	struct xc_request req;
	struct xc_wire wire;
	int pair[2];
	char *content;		/* of the STDOUT records */
	size_t len;
	bool ended;
};

static void
spill(const struct fixture *f, const char *name, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/assets/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	for (size_t i = 0; i < len; i++)
		fputc((int)('a' + i % 26), file);
	assert_int_equal(fclose(file), 0);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[96];
	int size = 4 << 20;

	assert_non_null(f);
	strcpy(f->folder, "/tmp/xcore-test-XXXXXX");
	f->content = malloc(LARGE + 10000);
	assert_non_null(f->content);
	assert_non_null(mkdtemp(f->folder));
	snprintf(path, sizeof(path), "%s/assets", f->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f->pair), 0);
	(void)setsockopt(f->pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size,
	    sizeof(size));
	spill(f, "small.css", 5);
	spill(f, "empty", 0);
	spill(f, "large.bin", LARGE);
	f->host.stream = &xc_wire_stream_ops;
	f->host.stream_ctx = &f->wire;
	*state = f;
	assert_int_equal(xc_request_init(&f->req, &f->host, NULL), XC_OK);
	assert_int_equal(xc_assets_read(f->folder, HASH, &f->assets, NULL),
	    XC_OK);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "small.css", "empty",
		"large.bin", "" };
	struct fixture *f = *state;
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/assets/%s", f->folder,
		    names[i]);
		(void)remove(path);
	}
	(void)rmdir(f->folder);
	xc_assets_free(&f->assets);
	xc_request_free(&f->req);
	close(f->pair[0]);
	close(f->pair[1]);
	free(f->content);
	free(f);
	return 0;
}

static size_t
receive_some(struct fixture *f, unsigned char *buf, size_t size)
{
	ssize_t n = recv(f->pair[1], buf, size, MSG_WAITALL);

	return n > 0 ? (size_t)n : 0;
}

/* Reads a whole reply; in a child of its own what is large is written. */
static void
receive(struct fixture *f)
{
	static unsigned char data[65536];
	unsigned char head[8];
	size_t len;

	f->len = 0;
	f->ended = false;
	while (!f->ended && receive_some(f, head, 8) == 8) {
		len = (size_t)head[4] << 8 | head[5];
		assert_int_equal(head[6], 0);
		if (len > 0)
			assert_int_equal(receive_some(f, data, len), len);
		if (head[1] == XC_FCGI_END) {
			f->ended = true;
			continue;
		}
		assert_true(f->len + len < LARGE + 10000);
		memcpy(f->content + f->len, data, len);
		f->len += len;
	}
	f->content[f->len] = '\0';
}

/* Asks for a file; the worker's part of it runs in a child. */
static void
ask(struct fixture *f, const char *method, const char *name,
    const char *if_none_match)
{
	char texts[3][128];
	char *envp[] = { texts[0], texts[1], texts[2], NULL };
	const struct xc_asset_target target = { f->assets,
		xc_assets_find(f->assets, &name, 1) };
	struct xc_errbuf errbuf;
	enum xc_err err;
	pid_t pid;

	snprintf(texts[0], 128, "REQUEST_METHOD=%s", method);
	snprintf(texts[1], 128, "REQUEST_URI=/%s", name);
	snprintf(texts[2], 128, "HTTP_IF_NONE_MATCH=%s",
	    if_none_match ? if_none_match : "\"x\"");
	pid = fork();
	if (pid != 0) {
		receive(f);
		return;
	}
	f->wire = (struct xc_wire){ .fd = f->pair[0], .request_id = 1,
		.timeout_ms = 5000, .head_only = *method == 'H' };
	if (xc_request_parse(&f->req, envp, "", 0, NULL) != 0)
		_exit(1);
	err = xc_asset_reply(&f->wire, &f->req, &target, &errbuf);
	if (!f->wire.begun)
		err = xc_wire_reply(&f->wire, &f->req);
	else if (err == XC_OK)
		err = xc_wire_finish(&f->wire, &f->req);
	_exit(err == XC_OK ? 0 : 1);
}

static const char *
body(const struct fixture *f)
{
	const char *end = strstr(f->content, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static void
expect(const struct fixture *f, const char *line)
{
	if (!strstr(f->content, line))
		fail_msg("no %s in %.500s", line, f->content);
}

static void
sends_a_small_one(void **state)
{
	struct fixture *f = *state;

	ask(f, "GET", "small.css", NULL);
	assert_true(f->ended);
	expect(f, "Status: 200 OK\r\n");
	expect(f, "Content-Type: text/css; charset=utf-8\r\n");
	expect(f, "Content-Length: 5\r\n");
	expect(f, "ETag: \"0123456789abcdef0123456789abcdef\"\r\n");
	expect(f, "X-Content-Type-Options: nosniff\r\n");
	expect(f, "Cache-Control: no-cache\r\n");
	expect(f, "Accept-Ranges: none\r\n");
	assert_string_equal(body(f), "abcde");
	ask(f, "GET", "empty", NULL);
	expect(f, "Content-Length: 0\r\n");
	expect(f, "Content-Type: application/octet-stream\r\n");
	assert_string_equal(body(f), "");
}

static void
sends_a_large_one(void **state)
{
	struct fixture *f = *state;
	const char *at;

	ask(f, "GET", "large.bin", NULL);
	assert_true(f->ended);
	expect(f, "Content-Length: 700001\r\n");
	at = body(f);
	assert_int_equal(strlen(at), LARGE);
	for (size_t i = 0; i < LARGE; i++)
		if (at[i] != (char)('a' + i % 26))
			fail_msg("byte %zu", i);
}

static void
sends_heads(void **state)
{
	struct fixture *f = *state;

	ask(f, "HEAD", "large.bin", NULL);
	assert_true(f->ended);
	expect(f, "Content-Length: 700001\r\n");
	assert_string_equal(body(f), "");
	ask(f, "HEAD", "small.css", NULL);
	expect(f, "Content-Length: 5\r\n");
	assert_string_equal(body(f), "");
}

static void
says_not_modified(void **state)
{
	struct fixture *f = *state;

	ask(f, "GET", "large.bin",
	    "\"0123456789abcdef0123456789abcdef\"");
	assert_true(f->ended);
	expect(f, "Status: 304 ");
	expect(f, "ETag: \"0123456789abcdef0123456789abcdef\"\r\n");
	assert_null(strstr(f->content, "Content-Length"));
	assert_string_equal(body(f), "");
}

static void
says_what_is_changed(void **state)
{
	struct fixture *f = *state;

	spill(f, "large.bin", 3);
	ask(f, "GET", "large.bin", NULL);
	assert_true(f->ended);
	expect(f, "Status: 500 ");
	assert_null(strstr(f->content, "ETag"));
}

static void
compares_tags(void **state)
{
	static const struct {
		const char *given;
		bool matches;
	} cases[] = {
		{ NULL, false }, { "", false }, { "\"a\"", true },
		{ "W/\"a\"", true }, { "*", true }, { "\"b\"", false },
		{ "\"b\", \"a\"", true }, { "\"b\" , W/\"a\" ", true },
		{ "\"a\"b", false }, { "a", false }, { "\"a", false },
		{ "\"x,\"a\"", false }, { "\"x, \", \"a\"", true },
		{ ",,,", false }, { "\"", false }, { "W/", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (xc_asset_tag_matches(cases[i].given, "\"a\"") !=
		    cases[i].matches)
			fail_msg("%s", cases[i].given);
}

static void
knows_types(void **state)
{
	(void)state;
	assert_string_equal(xc_asset_type("a/b.JS"),
	    "text/javascript; charset=utf-8");
	assert_string_equal(xc_asset_type("x.woff2"), "font/woff2");
	assert_string_equal(xc_asset_type("a.map"), "application/json");
	assert_string_equal(xc_asset_type("x"), "application/octet-stream");
	assert_string_equal(xc_asset_type("x."), "application/octet-stream");
	assert_string_equal(xc_asset_type("a.html.exe"),
	    "application/octet-stream");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(sends_a_small_one),
		T(sends_a_large_one),
		T(sends_heads),
		T(says_not_modified),
		T(says_what_is_changed),
		cmocka_unit_test(compares_tags),
		cmocka_unit_test(knows_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

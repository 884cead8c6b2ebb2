/* SPDX-License-Identifier: MIT */
/* A request in the hands of a step, and back. */
#include <string.h>

#include <xcore/arena.h>
#include <xcore/reply.h>

#include "reply-private.h"
#include "test-host.h"

static char other_name[] = "gate", other_logger[] = "plugin.gate";
static struct xc_plugin other;
static unsigned released, ended;

static void
on_release(void *ctx)
{
	(void)ctx;
	released++;
}

static const struct xc_db_ops db_ops = { .release = on_release };

/* A request of "todo" with a body and a parameter of its path. */
static void
begin(struct xc_request *req)
{
	static char method[] = "REQUEST_METHOD=POST",
	    uri[] = "REQUEST_URI=/app/todo/items/7?x=1",
	    header[] = "HTTP_X_KEY=abc";
	static const char *const params[][2] = { { "id", "7" } };
	char *envp[] = { method, uri, header, NULL };

	test_begin(req);
	released = ended = 0;
	test_host.db = &db_ops;
	other = test_plugin;
	other.name = other_name;
	other.logger = other_logger;
	assert_int_equal(xc_request_parse(req, envp, NULL, 6, NULL), 0);
	assert_int_equal(xc_request_bind(req, &test_plugin, 2, "get_item",
	    params, 1), XC_OK);
	assert_int_equal(xc_request_lendable(req), XC_OK);
	assert_int_equal(xc_request_set_body(req, "secret", 6), XC_OK);
}

static const char *
operation_of(const struct xc_request *req)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	return xc_block_text(&req->in, head->operation);
}

static void
on_end(void *data)
{
	(void)data;
	ended++;
}

static enum xc_err
looks(struct xc_request *req)
{
	size_t len = 1;

	assert_ptr_equal(xc_request_plugin(req), &other);
	assert_string_equal(operation_of(req), "check");
	assert_string_equal(xc_request_path(req), "/app/todo/items/7");
	assert_string_equal(xc_request_prefix(req), "/app/todo");
	assert_string_equal(xc_request_header(req, "x-key"), "abc");
	assert_string_equal(xc_request_query(req, "x"), "1");
	assert_null(xc_request_param(req, "id"));
	assert_string_equal(xc_request_body(req, &len), "");
	assert_int_equal(len, 0);
	assert_non_null(xc_alloc(req, 100000));
	assert_int_equal(xc_defer(req, on_end, NULL), XC_OK);
	assert_int_equal(xc_reply_header(req, "X-Gone", "1"), XC_OK);
	req->used_db = req->in_transaction = true;
	return XC_OK;
}

static enum xc_err
refuses(struct xc_request *req)
{
	(void)req;
	return XC_ERR_DENIED;
}

static enum xc_err
answers(struct xc_request *req)
{
	assert_int_equal(xc_reply_header(req, "X-By", "gate"), XC_OK);
	return xc_reply_text(req, 302, NULL, NULL, 0);
}

/* Runs one as a worker does. */
static enum xc_err
pass(struct xc_request *req, xc_handler *step)
{
	struct xc_lent lent;
	enum xc_err err;

	xc_request_lend(req, &other, "check", false, &lent);
	err = xc_request_step(req, step);
	xc_request_return(req, &lent);
	return err;
}

static void
test_back(void **state)
{
	struct xc_request req;
	struct xc_arena_mark mark, then;
	size_t len;

	(void)state;
	begin(&req);
	assert_non_null(xc_alloc(&req, 10));
	assert_int_equal(xc_defer(&req, on_end, NULL), XC_OK);
	xc_arena_mark(req.arena, &mark);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pass(&req, looks), XC_OK);
		assert_int_equal(ended, i + 1);
		assert_int_equal(released, i + 1);
		assert_false(xc_reply_done(&req));
		xc_arena_mark(req.arena, &then);
		assert_memory_equal(&mark, &then, sizeof(mark));
	}
	assert_ptr_equal(xc_request_plugin(&req), &test_plugin);
	assert_string_equal(operation_of(&req), "get_item");
	assert_string_equal(xc_request_param(&req, "id"), "7");
	assert_string_equal(xc_request_body(&req, &len), "secret");
	assert_int_equal(len, 6);
	/* Its header lines were of a reply that it did not make. */
	assert_int_equal(xc_reply_empty(&req, 204), XC_OK);
	assert_int_equal(xc_request_reply(&req)->head.len, 0);
	xc_request_reset(&req);
	assert_int_equal(ended, 4);
	test_end(&req);
}

/* What a sandbox is given ends before the body. */
static void
test_bare(void **state)
{
	char name[2 * XC_LEND_NAME_MAX];
	struct xc_request req;
	struct xc_lent lent;
	uint32_t used;

	(void)state;
	begin(&req);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	used = req.in.used;
	xc_request_lend(&req, &other, name, true, &lent);
	assert_true(req.in.used < used);
	assert_int_equal(((struct xc_request_head *)(void *)
	    req.in.base)->size, req.in.used);
	assert_null(memmem(req.in.base, req.in.used, "secret", 6));
	assert_int_equal(strlen(operation_of(&req)), XC_LEND_NAME_MAX - 1);
	xc_request_return(&req, &lent);
	assert_int_equal(req.in.used, used);
	test_end(&req);
}

static void
test_answers(void **state)
{
	const struct xc_reply_head *reply;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(pass(&req, refuses), XC_ERR_DENIED);
	assert_int_equal(xc_request_reply(&req)->status, 403);
	assert_string_equal(test_log.name, "plugin.gate");
	test_end(&req);

	begin(&req);
	assert_int_equal(pass(&req, answers), XC_OK);
	reply = xc_request_reply(&req);
	assert_int_equal(reply->status, 302);
	assert_string_equal(xc_block_text(&req.out, reply->head),
	    "X-By: gate\r\n");
	test_end(&req);
}

static enum xc_err
tags(struct xc_request *req)
{
	assert_ptr_equal(xc_request_plugin(req), &other);
	assert_int_equal(xc_request_reply(req)->status, 201);
	assert_string_equal(xc_request_body(req, NULL), "");
	assert_non_null(xc_alloc(req, 10));
	assert_int_equal(xc_reply_text(req, 200, "text/plain", "other", 5),
	    XC_ERR_STATE);
	return xc_reply_header(req, "X-Two", "2");
}

static enum xc_err
fails(struct xc_request *req)
{
	assert_int_equal(xc_reply_header(req, "X-Three", "3"), XC_OK);
	return XC_ERR_FAILED;
}

static enum xc_err
look_at(struct xc_request *req, xc_handler *step)
{
	struct xc_lent lent;
	enum xc_err err;

	xc_request_lend(req, &other, "tag", false, &lent);
	err = xc_request_step_behind(req, step);
	xc_request_return(req, &lent);
	return err;
}

static void
test_reply(void **state)
{
	const struct xc_reply_head *reply;
	struct xc_request req;

	(void)state;
	begin(&req);
	assert_int_equal(xc_reply_header(&req, "X-One", "1"), XC_OK);
	assert_int_equal(xc_reply_text(&req, 201, "text/plain", "hello", 5),
	    XC_OK);
	assert_int_equal(look_at(&req, tags), XC_OK);
	assert_int_equal(look_at(&req, fails), XC_ERR_FAILED);
	assert_string_equal(test_log.name, "plugin.gate");
	assert_int_equal(look_at(&req, tags), XC_OK);
	reply = xc_request_reply(&req);
	assert_string_equal(xc_block_text(&req.out, reply->head),
	    "X-One: 1\r\nX-Two: 2\r\nX-Two: 2\r\n");
	assert_string_equal(xc_reply_body(&req), "hello");
	assert_string_equal(xc_block_text(&req.out, reply->content_type),
	    "text/plain");
	assert_int_equal(reply->size, req.out.used);
	test_end(&req);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_reply),
	};

	return cmocka_run_group_tests_name("step", tests, NULL, NULL);
}

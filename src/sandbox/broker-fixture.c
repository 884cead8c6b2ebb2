/* SPDX-License-Identifier: MIT */
#include "sandbox/broker-fixture.h"

#include <stdio.h>
#include <unistd.h>

struct xc_channel channel;
struct xc_channel_guest guest;
struct xc_broker broker;
struct xc_request req;
struct xc_database database;
struct xc_cache cache;

struct xc_call_writer args;
struct xc_call_reader result;

unsigned n_denied;
char denied[300];

static void
note(void *ctx, struct xc_plugin *plugin, enum xc_breach breach,
    const char *detail)
{
	assert_ptr_equal(ctx, &broker);
	assert_ptr_equal(plugin, &test_plugin);
	assert_int_equal(breach, XC_BREACH_DENIED);
	snprintf(denied, sizeof(denied), "%s", detail);
	n_denied++;
}

int
set_up(void **state)
{
	const struct xc_channel_sizes sizes = { AREA, AREA, AREA, AREA };
	struct xc_errbuf errbuf;

	(void)state;
	test_begin(&req);
	test_get(&req, "/app/todo");
	assert_int_equal(xc_cache_fake(&cache), XC_OK);
	test_host.cache = cache.ops;
	test_host.cache_ctx = cache.ctx;
	n_denied = 0;
	denied[0] = '\0';
	broker = (struct xc_broker){ .host = &test_host,
		.plugin = &test_plugin, .req = &req, .note = note,
		.ctx = &broker };
	assert_int_equal(xc_channel_create(&sizes, &channel, &guest,
	    &errbuf), XC_OK);
	return 0;
}

int
tear_down(void **state)
{
	(void)state;
	xc_broker_end(&broker);
	xc_channel_close(&channel);
	close(guest.memfd);
	close(guest.bell_read);
	close(guest.bell_write);
	test_end(&req);
	xc_database_close(&database);
	xc_cache_close(&cache);
	return 0;
}

void
use_database(const struct xc_fake_step *steps, size_t n)
{
	assert_int_equal(xc_database_fake(steps, n, &database), XC_OK);
	test_host.db = database.ops;
	test_host.db_ctx = database.ctx;
}

struct xc_call_writer *
call_begin(void)
{
	args = (struct xc_call_writer){ .base = channel.args, .cap = AREA };
	return &args;
}

enum xc_err
call_serve(uint32_t call)
{
	struct xc_notice notice = { .kind = XC_NOTICE_CALL, .seq = 7,
		.call = call, .len = (uint32_t)args.len };

	assert_false(args.bad);
	return xc_broker_serve(&broker, &channel, &notice);
}

enum xc_err
call_finish(uint32_t call)
{
	const struct xc_order *order = &channel.head->order;
	char byte;

	assert_int_equal(call_serve(call), XC_OK);
	assert_int_equal(read(guest.bell_read, &byte, 1), 1);
	assert_int_equal(order->kind, XC_ORDER_RESULT);
	assert_int_equal(order->seq, 7);
	assert_in_range(order->len, 0, AREA);
	result = (struct xc_call_reader){ .base = channel.result,
		.len = order->len };
	return (enum xc_err)order->err;
}

/* SPDX-License-Identifier: MIT */
#include "guest-host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <xcore/log.h>

#include "lib/host.h"
#include "lib/plugin-private.h"
#include "sandbox/calls.h"

#define PATIENCE_MS 60000	/* only a test that fails waits for so long */

static const char *const operations[] = { "echo", "use_db", "use_cache",
	"use_network", "stream", "defer", "start_thread", "is_missing",
	"says_nothing", "says_a_number", "replies_much", "crash", "overflow",
	"give_up", "leave", "make_socket", "use_files", "use_desk",
	"use_each" };
#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static struct xc_plugin plugin = { .magic = XC_PLUGIN_HANDLE_MAGIC };
static const struct xc_host no_host;

uint32_t
box_operation(const char *name)
{
	for (uint32_t i = 0; i < N_OPERATIONS; i++)
		if (strcmp(operations[i], name) == 0)
			return i;
	fail_msg("no operation %s", name);
	return 0;
}

static struct json_object *
parse(const char *text)
{
	struct json_tokener *tok = json_tokener_new_ex(64);
	struct json_object *value;

	assert_non_null(tok);
	value = json_tokener_parse_ex(tok, text, (int)strlen(text));
	json_tokener_free(tok);
	assert_non_null(value);
	return value;
}

static struct json_object *
all_operations(void)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < N_OPERATIONS; i++)
		json_object_array_add(list,
		    json_object_new_string(operations[i]));
	return list;
}

static void
plugin_dir(char *dir, size_t size)
{
	const char *top = getenv("top_builddir");

	snprintf(dir, size, "%s/src/sandbox/.libs", top != NULL ? top : ".");
}

bool
box_can_load(void)
{
	char dir[4000];
	char path[4096];

	plugin_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/guest-plugin.so", dir);
	return access(path, R_OK) == 0;
}

static void
write_spec(struct box *box, const struct box_options *options)
{
	struct json_object *spec = json_object_new_object();
	const char *text;
	char dir[4000];
	char path[4096];
	size_t len;

	plugin_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/guest-plugin.so", dir);
#define ADD(key, value) json_object_object_add(spec, key, value)
	ADD("name", json_object_new_string("test"));
	ADD("version", json_object_new_string("1.2.3"));
	ADD("prefix", json_object_new_string("/app/test"));
	ADD("schema", json_object_new_string("xcore_test"));
	ADD("dir", json_object_new_string(dir));
	ADD("so", json_object_new_string(path));
	ADD("so_hash", json_object_new_string(options->so_hash != NULL ?
	    options->so_hash : ""));
	ADD("config", parse(options->config != NULL ? options->config :
	    "{}"));
	ADD("permissions", parse("[\"database\",\"cache\"]"));
	ADD("operations", options->operations != NULL ?
	    parse(options->operations) : all_operations());
	ADD("event_operations", parse("[\"echo\"]"));
	ADD("require", json_object_new_int64(options->require));
	ADD("log_level", json_object_new_int(XC_LOG_INFO));
	ADD("complete", json_object_new_boolean(options->complete));
#undef ADD
	text = json_object_to_json_string_length(spec,
	    JSON_C_TO_STRING_PLAIN, &len);
	memcpy(box->channel.request, text, len);
	box->channel.head->spec_len = (uint32_t)len;
	json_object_put(spec);
}

static void
make_channel(struct xc_channel *host, struct xc_channel_guest *guest)
{
	const struct xc_channel_sizes sizes = { BOX_AREA, BOX_AREA, BOX_AREA,
		BOX_AREA };
	struct xc_errbuf why;

	assert_int_equal(xc_channel_create(&sizes, host, guest, &why), XC_OK);
}

static void
make_zygote(struct box *box, struct xc_guest_zygote *zygote, uint32_t n)
{
	int on = 1;
	int fds[2];

	zygote->n_slots = n;
	for (uint32_t i = 0; i < n; i++)
		make_channel(&box->slots[i], &zygote->slots[i]);
	if (n == 0)
		return;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	zygote->command_read = fds[0];
	box->command = fds[1];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    fds), 0);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on,
	    sizeof(on)), 0);
	box->hello = fds[0];
	zygote->hello_write = fds[1];
}

static size_t
list_fds(const struct xc_guest *guest, int *fds)
{
	size_t n = 0;

	fds[n++] = guest->channel.memfd;
	fds[n++] = guest->channel.bell_read;
	fds[n++] = guest->channel.bell_write;
	if (guest->zygote.n_slots == 0)
		return n;
	fds[n++] = guest->zygote.command_read;
	fds[n++] = guest->zygote.hello_write;
	for (uint32_t i = 0; i < guest->zygote.n_slots; i++) {
		fds[n++] = guest->zygote.slots[i].memfd;
		fds[n++] = guest->zygote.slots[i].bell_read;
		fds[n++] = guest->zygote.slots[i].bell_write;
	}
	return n;
}

static void
close_ours(struct box *box)
{
	xc_channel_close(&box->channel);
	for (int i = 0; i < XC_SLOTS_MAX; i++)
		if (box->slots[i].head != NULL)
			xc_channel_close(&box->slots[i]);
	close(box->output);
	if (box->command != -1)
		close(box->command);
	if (box->hello != -1)
		close(box->hello);
}

static _Noreturn void
be_guest(struct box *box, struct xc_guest *guest)
{
	close_ours(box);
	dup2(guest->cell.output_fd, 1);
	dup2(guest->cell.output_fd, 2);
	xc_guest_run(guest);
}

static void
start(struct box *box, struct xc_guest *guest)
{
	struct xc_errbuf why = { "" };

	if (guest->jail == NULL) {
		box->pid = fork();
		assert_int_not_equal(box->pid, -1);
		if (box->pid == 0)
			be_guest(box, guest);
		return;
	}
	box->pid = xc_jail_clone(guest->jail, &guest->cell, &guest->layers,
	    &box->pidfd, &why);
	if (box->pid == -1)
		fail_msg("%s", why.text);
	if (box->pid == 0)
		be_guest(box, guest);
	if (xc_jail_admit(guest->jail, &guest->cell, box->pid, &why) != XC_OK)
		fail_msg("%s", why.text);
}

void
box_make(struct box *box, const struct box_options *options)
{
	struct xc_guest guest = { .jail = options->jail };
	int fds[64];
	int out[2];

	memset(box, 0, sizeof(*box));
	box->command = box->hello = box->pidfd = -1;
	guest.zygote.command_read = guest.zygote.hello_write = -1;
	make_channel(&box->channel, &guest.channel);
	make_zygote(box, &guest.zygote, options->n_slots);
	write_spec(box, options);
	assert_int_equal(socketpair(AF_UNIX,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out), 0);
	box->output = out[0];
	guest.cell = (struct xc_jail_cell){ .keep_fds = fds,
		.isolation = options->n_slots > 0 ? XC_ISOLATION_REQUEST :
		XC_ISOLATION_POOL, .limits = options->limits,
		.output_fd = out[1], .cpu = -1 };
	guest.cell.n_keep_fds = list_fds(&guest, fds);
	start(box, &guest);
	for (size_t i = 0; i < guest.cell.n_keep_fds; i++)
		close(fds[i]);
	close(out[1]);
}

/* ---- what is asked for --------------------------------------------------- */

static void note(struct box *box, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
note(struct box *box, const char *format, ...)
{
	size_t used = strlen(box->calls);
	va_list ap;

	va_start(ap, format);
	vsnprintf(box->calls + used, sizeof(box->calls) - used, format, ap);
	va_end(ap);
}

static void
serve_rows(struct box *box, struct xc_call_reader *r,
    struct xc_call_writer *w)
{
	const char *sql = xc_call_get_text(r);
	uint64_t most = xc_call_get_u64(r);
	struct json_object *rows;
	struct xc_value *args;
	size_t n;

	args = xc_call_get_values(r, &n);
	assert_int_equal(n, 2);
	assert_true(args[0].integer == INT64_MIN);
	note(box, "rows(%s,%lu,%.*s) ", sql, (unsigned long)most,
	    (int)args[1].len, (const char *)args[1].data);
	free(args);
	rows = parse("[{\"a\":18446744073709551615,\"b\":1.10,"
	    "\"c\":\"x\\u0000y\",\"d\":null}]");
	xc_call_put_json(w, rows);
	json_object_put(rows);
}

static void
put_row(struct xc_call_writer *w, int64_t n)
{
	const struct xc_cell cells[] = {
		{ .type = XC_CELL_INT, .integer = n },
		{ .type = XC_CELL_TEXT, .data = "caf\303\251", .len = 5 } };

	xc_call_put_u32(w, XC_ROWS_ROW);
	xc_call_put_cell(w, &cells[0]);
	xc_call_put_cell(w, &cells[1]);
}

/* Two rows at a time: of "three" to 3, of "four" to 5, of "bad" no more. */
static enum xc_err
serve_each(struct box *box, uint32_t call, struct xc_call_reader *r,
    struct xc_call_writer *w)
{
	static char sql[16];
	size_t n;

	note(box, "%s ", xc_call_name((enum xc_call)call));
	if (call == XC_CALL_DB_OPEN) {
		snprintf(sql, sizeof(sql), "%s", xc_call_get_text(r));
		free(xc_call_get_values(r, &n));
		assert_int_equal(n, 0);
	}
	if (call == XC_CALL_DB_END)
		return XC_OK;
	if (call == XC_CALL_DB_MORE && strcmp(sql, "bad") == 0)
		return XC_ERR_TIMEOUT;
	if (strcmp(sql, "none") == 0) {
		xc_call_put_u32(w, 0);
		xc_call_put_u32(w, XC_ROWS_OVER);
		return XC_OK;
	}
	xc_call_put_u32(w, 2);
	xc_call_put_text(w, "n");
	xc_call_put_text(w, "text");
	put_row(w, call == XC_CALL_DB_OPEN ? 1 : 3);
	if (call == XC_CALL_DB_OPEN || strcmp(sql, "four") == 0)
		put_row(w, call == XC_CALL_DB_OPEN ? 2 : 4);
	xc_call_put_u32(w, call == XC_CALL_DB_OPEN ? XC_ROWS_MORE :
	    XC_ROWS_OVER);
	return XC_OK;
}

static enum xc_err
serve_cache(struct box *box, uint32_t call, struct xc_call_reader *r,
    struct xc_call_writer *w)
{
	const char *key = xc_call_get_text(r);
	size_t len = 0;

	note(box, "%s(%s) ", xc_call_name((enum xc_call)call), key);
	switch (call) {
	case XC_CALL_CACHE_SET:
	case XC_CALL_CACHE_ADD:
		assert_non_null(xc_call_get_bytes(r, &len));
		note(box, "%zu %u ", len, xc_call_get_u32(r));
		return call == XC_CALL_CACHE_ADD ? XC_ERR_EXISTS : XC_OK;
	case XC_CALL_CACHE_GET:
		if (strcmp(key, "none") == 0)
			return XC_ERR_NOT_FOUND;
		xc_call_put_bytes(w, "a\0b", 3);
		return XC_OK;
	case XC_CALL_CACHE_INCR:
		xc_call_put_u64(w, xc_call_get_u64(r) + xc_call_get_u64(r));
		assert_int_equal(xc_call_get_u32(r), 0);
	}
	return XC_OK;
}

static void
serve_http(struct box *box, struct xc_call_reader *r,
    struct xc_call_writer *w)
{
	static const char *const headers[] = { "server: test" };
	const struct xc_http_got got = { .status = 200, .headers = headers,
		.n_headers = 1, .body = "body", .body_len = 4 };
	struct xc_http_ask ask;
	void *memory;

	xc_call_get_http_ask(r, &ask, &memory);
	note(box, "%s %s %s %u %u", ask.method, ask.url, ask.headers[0],
	    ask.timeout_ms, ask.reply_max);
	xc_call_put_http_got(w, &got);
	free(memory);
}

static void
serve_stream(struct box *box, const struct xc_channel *channel,
    uint32_t call, struct xc_call_reader *r)
{
	const struct xc_reply_head *head = box_head(channel);
	size_t len;

	if (call == XC_CALL_STREAM_WRITE) {
		assert_non_null(xc_call_get_bytes(r, &len));
		box->n_streamed += len;
		return;
	}
	len = xc_call_get_u32(r);
	assert_true(len >= sizeof(*head) && len == head->size);
	snprintf(box->streamed, sizeof(box->streamed), "%u %s", head->status,
	    (const char *)channel->reply + head->content_type.off);
}

/* A document of 100,000 bytes, and a file without an end. */
static enum xc_err
serve_files(uint32_t call, struct xc_call_reader *r,
    struct xc_call_writer *w)
{
	static const char bytes[XC_CALL_READ_MAX] = "abcdefghijk";
	uint64_t offset;
	uint64_t left = UINT64_MAX;
	uint32_t len;

	if (call != XC_CALL_PART_READ)
		assert_int_equal(xc_call_get_u32(r), XC_OPENAPI_3_0);
	if (call == XC_CALL_SITE_INFO) {
		xc_call_put_u64(w, 100000);
		xc_call_put_text(w, "\"etag\"");
		return XC_OK;
	}
	offset = xc_call_get_u64(r);
	len = xc_call_get_u32(r);
	if (call == XC_CALL_SITE_READ)
		left = offset < 100000 ? 100000 - offset : 0;
	xc_call_put_bytes(w, bytes, len < left ? len : left);
	return XC_OK;
}

/* One question is answered, all others are refused. */
static void
serve_desk(struct box *box, struct xc_call_reader *r,
    struct xc_call_writer *w)
{
	static const struct xc_refusal refusal = { .status = 409,
		.code = "twice", .detail = "Not twice." };
	const char *operation = xc_call_get_text(r);
	struct json_object *args = xc_call_get_json(r);

	note(box, "%s(%s) ", operation, json_object_to_json_string_ext(args,
	    JSON_C_TO_STRING_PLAIN));
	if (strcmp(operation, "auth.me") == 0) {
		xc_call_put_u32(w, XC_OK);
		xc_call_put_json(w, args);
	} else {
		xc_call_put_u32(w, XC_ERR_STATE);
		xc_call_put_refusal(w, &refusal);
	}
	json_object_put(args);
}

static enum xc_err
serve_call(struct box *box, const struct xc_channel *channel, uint32_t call,
    struct xc_call_reader *r, struct xc_call_writer *w)
{
	struct json_object *data;
	struct xc_value *values;
	size_t n;

	switch (call) {
	case XC_CALL_LOG:
		n = xc_call_get_u32(r);
		note(box, "log(%zu,%s) ", n, xc_call_get_text(r));
		return XC_OK;
	case XC_CALL_DB_ROWS:
		serve_rows(box, r, w);
		return XC_OK;
	case XC_CALL_DB_EXEC:
		note(box, "exec(%s) ", xc_call_get_text(r));
		values = xc_call_get_values(r, &n);
		free(values);
		xc_call_put_u64(w, 3);
		xc_call_put_u64(w, 9);
		return XC_OK;
	case XC_CALL_STREAM_BEGIN:
	case XC_CALL_STREAM_WRITE:
		serve_stream(box, channel, call, r);
		return XC_OK;
	case XC_CALL_HTTP:
		serve_http(box, r, w);
		return XC_OK;
	case XC_CALL_PART_READ:
	case XC_CALL_SITE_INFO:
	case XC_CALL_SITE_READ:
		return serve_files(call, r, w);
	case XC_CALL_DESK:
		serve_desk(box, r, w);
		return XC_OK;
	case XC_CALL_EVENT:
		note(box, "event(%s,", xc_call_get_text(r));
		data = xc_call_get_json(r);
		note(box, "%s) ", json_object_to_json_string(data));
		json_object_put(data);
		return XC_OK;
	case XC_CALL_DB_OPEN:
	case XC_CALL_DB_MORE:
	case XC_CALL_DB_END:
		return serve_each(box, call, r, w);
	case XC_CALL_DB_BEGIN:
	case XC_CALL_DB_COMMIT:
	case XC_CALL_DB_ROLLBACK:
		note(box, "%s ", xc_call_name((enum xc_call)call));
		return XC_OK;
	default:
		return serve_cache(box, call, r, w);
	}
}

static void
answer(struct box *box, struct xc_channel *channel,
    const struct xc_notice *notice)
{
	struct xc_call_writer w = { .base = channel->result,
		.cap = channel->sizes.result };
	struct xc_order order = { .kind = XC_ORDER_RESULT,
		.seq = notice->seq };
	struct xc_call_reader r = { .len = notice->len };
	unsigned char *copy = malloc(notice->len + 1);

	assert_non_null(copy);
	memcpy(copy, channel->args, notice->len);
	r.base = copy;
	order.err = serve_call(box, channel, notice->call, &r, &w);
	assert_true(xc_call_end(&r));
	assert_false(w.bad);
	order.len = (uint32_t)w.len;
	free(copy);
	assert_int_equal(xc_channel_order(channel, &order), XC_OK);
}

struct xc_notice
box_serve(struct box *box, struct xc_channel *channel)
{
	struct pollfd bell = { .fd = channel->bell_read, .events = POLLIN };
	struct xc_notice notice;
	enum xc_err err;

	for (;;) {
		assert_int_equal(poll(&bell, 1, PATIENCE_MS), 1);
		err = xc_channel_notice(channel, box->seq, &notice);
		if (err == XC_ERR_IO) {
			memset(&notice, 0, sizeof(notice));
			return notice;
		}
		assert_int_equal(err, XC_OK);
		if (notice.kind != XC_NOTICE_CALL)
			return notice;
		answer(box, channel, &notice);
	}
}

static void
make_request(struct xc_request *req, const char *uri)
{
	static const char *const params[][2] = { { "id", "7" } };
	char line[512];
	char method[] = "REQUEST_METHOD=GET";
	char id[] = "REQUEST_ID=0123456789";
	char *env[] = { method, line, id, NULL };
	struct xc_errbuf why;

	snprintf(line, sizeof(line), "REQUEST_URI=%s", uri);
	assert_int_equal(xc_request_init(req, &no_host, NULL), XC_OK);
	assert_int_equal(xc_request_parse(req, env, "", 0, &why), 0);
	assert_int_equal(xc_request_bind(req, &plugin, 2, "op", params, 1),
	    XC_OK);
}

void
box_order(struct box *box, struct xc_channel *channel, uint32_t operation,
    const char *uri)
{
	struct xc_order order = { .kind = XC_ORDER_RUN, .seq = ++box->seq,
		.operation = operation, .log_level = XC_LOG_INFO,
		.clear = sizeof(struct xc_reply_head) };
	struct xc_request req;

	box->calls[0] = '\0';
	make_request(&req, uri);
	memcpy(channel->request, req.in.base, req.in.used);
	order.len = req.in.used;
	xc_request_free(&req);
	assert_int_equal(xc_channel_order(channel, &order), XC_OK);
}

struct xc_notice
box_run(struct box *box, struct xc_channel *channel, uint32_t operation,
    const char *uri)
{
	box_order(box, channel, operation, uri);
	return box_serve(box, channel);
}

const struct xc_reply_head *
box_head(const struct xc_channel *channel)
{
	return (const void *)channel->reply;
}

const char *
box_body(const struct xc_channel *channel)
{
	return (const char *)channel->reply + box_head(channel)->body.off;
}

pid_t
box_fork(struct box *box, uint32_t slot)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	unsigned char byte = (unsigned char)slot;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control) };
	struct pollfd hello = { .fd = box->hello, .events = POLLIN };
	struct cmsghdr *header;
	struct ucred who;

	assert_int_equal(write(box->command, &byte, 1), 1);
	assert_int_equal(poll(&hello, 1, PATIENCE_MS), 1);
	assert_int_equal(recvmsg(box->hello, &message, 0), 1);
	header = CMSG_FIRSTHDR(&message);
	assert_non_null(header);
	assert_int_equal(header->cmsg_type, SCM_CREDENTIALS);
	memcpy(&who, CMSG_DATA(header), sizeof(who));
	return who.pid;
}

void
box_tell(const struct box *box)
{
	char text[4096];
	ssize_t n;

	while ((n = recv(box->output, text, sizeof(text), 0)) > 0)
		print_message("%.*s", (int)n, text);
}

void
box_outlive(pid_t child)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd end = { .fd = fd, .events = POLLIN };

	/* Without pidfd, as under valgrind; it is nobody's child here. */
	while (fd == -1 && kill(child, 0) == 0)
		(void)nanosleep(&pause, NULL);
	if (fd == -1)
		return;
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	close(fd);
}

int
box_wait(struct box *box)
{
	int status = -1;

	assert_int_equal(waitpid(box->pid, &status, 0), box->pid);
	box->pid = 0;
	return status;
}

void
box_break(struct box *box)
{
	if (box->pid > 0) {
		(void)kill(box->pid, SIGKILL);
		(void)box_wait(box);
	}
	close_ours(box);
	if (box->pidfd != -1)
		close(box->pidfd);
}

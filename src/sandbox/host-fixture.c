/* SPDX-License-Identifier: MIT */
#include "sandbox/host-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/reply-private.h"
#include "sandbox/link.h"

#define PATIENCE_MS 20000

static const char *const operations[] = { "echo", "count", "crash",
	"give_up", "leave", "spin", "spin_threads", "sleep_long",
	"reply_much", "take_much", "write_much", "stream", "stream_crash",
	"lie_line", "lie_split", "lie_span", "lie_status", "ring",
	"burn_on", "write_on", "step_on", "step_line", "step_answer",
	"step_denied", "step_full", "step_forge", "step_lie", "step_behind",
	"step_replies", "step_streams", "step_breaks" };
#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint32_t
fixture_operation(const char *name)
{
	for (uint32_t i = 0; i < N_OPERATIONS; i++)
		if (strcmp(operations[i], name) == 0)
			return i;
	fprintf(stderr, "no operation %s\n", name);
	abort();
}

/* ---- the host ----------------------------------------------------------- */

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	(void)ctx;
	(void)name;
	return level <= XC_LOG_INFO;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	struct fixture *f = ctx;

	(void)name;
	(void)level;
	(void)request_id;
	f->lines++;
	snprintf(f->line, sizeof(f->line), "%s", text);
	/* For whoever looks why it does not load. */
	if (getenv("XCORE_TEST_LINES"))
		fprintf(stderr, "%s\n", text);
}

static enum xc_err
stream_begin(void *ctx, struct xc_request *req)
{
	(void)ctx;
	(void)req;
	return XC_OK;
}

static enum xc_err
stream_write(void *ctx, struct xc_request *req, const void *data, size_t len)
{
	struct fixture *f = ctx;

	(void)req;
	(void)data;
	f->streamed += (unsigned)len;
	usleep(f->slow_ms * 1000);
	return XC_OK;
}

static const struct xc_log_ops log_ops = { log_enabled, log_write };
static const struct xc_stream_ops stream_ops = { stream_begin,
	stream_write };

static void
on_fault(void *ctx, const struct xc_plugin *plugin, enum xc_breach breach,
    const char *operation, const char *request_id, const char *detail)
{
	struct fixture *f = ctx;

	(void)plugin;
	(void)request_id;
	f->faults++;
	snprintf(f->fault_operation, sizeof(f->fault_operation), "%s",
	    operation ? operation : "");
	f->fault = breach;
	snprintf(f->fault_detail, sizeof(f->fault_detail), "%s", detail);
}

/* ---- the spawner -------------------------------------------------------- */

static _Noreturn void
run_spawner(const char *program, int listen_fd, int control)
{
	char name[4096];
	char *argv[] = { name, NULL };

	snprintf(name, sizeof(name), "%s", program);
	listen_fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 10);
	control = fcntl(control, F_DUPFD_CLOEXEC, 10);
	if (dup2(listen_fd, 3) == 3 && dup2(control, 4) == 4)
		execv(name, argv);
	perror(name);
	_exit(127);
}

bool
fixture_start_spawner(struct fixture *f)
{
	const char *top = getenv("top_builddir");
	char path[128], program[4096];
	struct xc_errbuf errbuf;
	int listen_fd, pair[2];

	snprintf(path, sizeof(path), "%s/spawner.sock", f->dir);
	snprintf(program, sizeof(program), "%s/src/tools/xcore-spawner",
	    top ? top : ".");
	if (xc_link_listen(path, &listen_fd, &errbuf) != XC_OK) {
		fprintf(stderr, "%s\n", errbuf.text);
		return false;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	f->spawner = fork();
	if (f->spawner == 0)
		run_spawner(program, listen_fd, pair[1]);
	close(listen_fd);
	close(pair[1]);
	f->control = pair[0];
	return f->spawner > 0;
}

/* ---- from begin to end -------------------------------------------------- */

static void
fill_settings(struct fixture *f)
{
	struct xc_settings *settings = &f->settings;

	settings->server.run_dir = f->dir;
	settings->fastcgi.params_max = 65536;
	settings->fastcgi.body_max = 2 << 20;
	settings->reload.trial_timeout_ms = 10000;
	settings->sandbox.forked_ahead = 2;
	settings->sandbox.cgroup = "";
}

static void
fill_plugin(struct fixture *f)
{
	static char name[] = "test", version[] = "1.0.0",
	    prefix[] = "/app/test", schema[] = "xcore_test",
	    logger[] = "plugin.test";

	f->plugin = (struct xc_plugin){ .magic = XC_PLUGIN_HANDLE_MAGIC,
		.name = name, .version = version, .prefix = prefix,
		.schema = schema, .logger = logger,
		.isolation = XC_ISOLATION_POOL, .host = &f->host,
		.limits = { .cpu_ms = 2000, .timeout_ms = 5000,
		.memory_mb = 64, .files = 8, .threads = 1,
		.reply_kb = 4096 } };
}

static bool
find_plugin(struct fixture *f)
{
	const char *top = getenv("top_builddir");
	char path[4096], *slash;

	snprintf(path, sizeof(path), "%s/src/sandbox/.libs/host-plugin.so",
	    top ? top : ".");
	if (!realpath(path, f->so)) {
		perror(path);
		return false;
	}
	snprintf(f->so_dir, sizeof(f->so_dir), "%s", f->so);
	slash = strrchr(f->so_dir, '/');
	*slash = '\0';
	return true;
}

bool
fixture_begin(struct fixture *f)
{
	struct xc_sandboxes_options options = { .settings = &f->settings,
		.host = &f->host, .log = &f->log, .fault = on_fault,
		.ctx = f };
	const struct xc_request_limits limits = { .reply_max = 16 << 20 };
	struct xc_errbuf errbuf;

	memset(f, 0, sizeof(*f));
	f->control = -1;
	f->log.name = "xcore.sandbox";
	f->host.log = &log_ops;
	f->host.stream = &stream_ops;
	f->host.log_ctx = f->host.stream_ctx = f;
	snprintf(f->dir, sizeof(f->dir), "/tmp/xcore-test-XXXXXX");
	fill_settings(f);
	fill_plugin(f);
	if (!mkdtemp(f->dir) || !find_plugin(f) ||
	    !fixture_start_spawner(f) ||
	    xc_request_init(&f->req, &f->host, &limits) != XC_OK)
		return false;
	f->req.may_be_far = true;
	return xc_sandboxes_create(&options, &f->sandboxes, &errbuf) == XC_OK;
}

bool
fixture_open(struct fixture *f, struct xc_errbuf *errbuf)
{
	struct xc_runner_spec spec = { .plugin = &f->plugin,
		.dir = f->so_dir, .so = f->so, .so_hash = "",
		.operations = operations, .n_operations = N_OPERATIONS };

	return xc_sandboxes_runner_ops.open(f->sandboxes, &spec, &f->runner,
	    errbuf) == XC_OK;
}

void
fixture_close(struct fixture *f)
{
	xc_sandboxes_runner_ops.close(f->sandboxes, &f->runner);
}

/* Also once it was killed. */
void
fixture_end(struct fixture *f)
{
	char path[128];

	fixture_close(f);
	xc_sandboxes_free(&f->sandboxes);
	if (f->control >= 0)
		close(f->control);
	if (f->spawner > 0)
		(void)waitpid(f->spawner, NULL, 0);
	xc_request_free(&f->req);
	json_object_put(f->plugin.config);
	snprintf(path, sizeof(path), "%s/spawner.sock", f->dir);
	(void)unlink(path);
	(void)rmdir(f->dir);
}

/* ---- requests ----------------------------------------------------------- */

static char *const params[] = {
	(char[]){ "REQUEST_METHOD=POST" },
	(char[]){ "REQUEST_URI=/app/test/it?a=b" },
	(char[]){ "CONTENT_TYPE=application/octet-stream" },
	(char[]){ "HTTP_HOST=localhost" },
	(char[]){ "HTTP_USER_AGENT=a browser of the usual kind" },
	(char[]){ "REMOTE_ADDR=127.0.0.1" },
	NULL
};

void
fixture_ask(struct fixture *f, const char *body, size_t len)
{
	xc_request_reset(&f->req);
	if (xc_request_parse(&f->req, params, body, len, NULL) != 0 ||
	    xc_request_bind(&f->req, &f->plugin, 2, "it", NULL, 0) != XC_OK)
		abort();
}

void
fixture_run(struct fixture *f, uint32_t operation)
{
	xc_runner_call(f->runner, &f->req, operation, &f->outcome);
}

void
fixture_call(struct fixture *f, const char *operation)
{
	fixture_ask(f, "body", 4);
	fixture_run(f, fixture_operation(operation));
}

int
fixture_status(const struct fixture *f)
{
	return xc_request_reply(&f->req)->status;
}

const char *
fixture_body(const struct fixture *f)
{
	return xc_reply_body(&f->req);
}

size_t
fixture_pids(const struct fixture *f, pid_t *pids, size_t max)
{
	struct json_object *object = xc_sandboxes_json(f->sandboxes);
	struct json_object *list, *plugin;
	size_t n = 0;

	if (json_object_object_get_ex(object, "plugins", &list) &&
	    (plugin = json_object_array_get_idx(list, 0)) &&
	    json_object_object_get_ex(plugin, "pids", &list))
		for (; n < max && n < json_object_array_length(list); n++)
			pids[n] = (pid_t)json_object_get_int(
			    json_object_array_get_idx(list, n));
	json_object_put(object);
	return n;
}

bool
fixture_settle(struct fixture *f)
{
	struct pollfd pfd = { .fd = xc_sandboxes_fd(f->sandboxes),
		.events = POLLIN };
	uint64_t until = now_ms() + PATIENCE_MS, now, again;
	pid_t pids[4];

	while ((now = now_ms()) < until) {
		again = xc_sandboxes_tend(f->sandboxes, now);
		if (fixture_pids(f, pids, 4) == 2)
			return true;
		if (again == 0 || again > until)
			again = until;
		(void)poll(&pfd, 1, again > now ? (int)(again - now) : 0);
	}
	return false;
}

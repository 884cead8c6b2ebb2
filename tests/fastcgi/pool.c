/* SPDX-License-Identifier: MIT */
#include "tests/fastcgi/pool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/scoreboard.h"

#define START_MS 10000
#define STOP_MS 20000

struct pool_counts *pool_counts;

static void
die(const char *what)
{
	fprintf(stderr, "pool: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
pool_init(struct pool *pool)
{
	struct xc_settings *s = &pool->settings;

	memset(pool, 0, sizeof(*pool));
	pool->workers = 2;
	pool->secret = "";
	s->server.state_dir = s->server.run_dir = s->server.control = "";
	s->server.pid_file = s->server.libexec_dir = "";
	s->server.drain_ms = 5000;
	s->fastcgi.secret_file = "";
	s->fastcgi.params_max = 65536;
	s->fastcgi.body_max = 1048576;
	s->fastcgi.body_memory = 262144;
	s->fastcgi.body_dir = "";
	s->fastcgi.connections_max = 1024;
	s->fastcgi.read_timeout_ms = 10000;
	s->fastcgi.write_timeout_ms = 10000;
	s->fastcgi.idle_timeout_ms = 300000;
	s->database.socket = s->database.host = s->database.name = "";
	s->database.user = s->database.password_file = "";
	s->database.plugin_user = s->database.plugin_password_file = "";
	s->database.plugin_schema_prefix = s->database.tls_ca = "";
	s->cache.prefix = "test";
	s->cache.retry_ms = 1000;
	s->log.sink = s->log.format = s->log.file = s->log.level = "";
	s->file = "";
}

static void
listen_unix(struct pool *pool, const char *dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(pool->address, sizeof(pool->address), "%s/pool.sock", dir);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    pool->address);
	(void)unlink(pool->address);
	pool->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (pool->listen_fd < 0 || bind(pool->listen_fd,
	    (struct sockaddr *)&address, sizeof(address)) < 0)
		die(pool->address);
}

static void
listen_tcp(struct pool *pool)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	pool->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (pool->listen_fd < 0 || bind(pool->listen_fd,
	    (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(pool->listen_fd, (struct sockaddr *)&address,
	    &len) < 0)
		die("a port");
	snprintf(pool->address, sizeof(pool->address), "%u",
	    (unsigned)ntohs(address.sin_port));
}

static void
run_worker(struct pool *pool, uint32_t i, uint32_t serial)
{
	struct xc_heritage heritage = { .settings = &pool->settings,
		.board = pool->board, .worker = i, .serial = serial,
		.listen_fd = pool->listen_fd, .wake_fd = pool->wake_fd,
		.places_fd = -1,
		.report_fd = pool->report[i][1], .inbox = pool->inbox,
		.secret = pool->secret, .snapshot = "" };
	const struct rlimit few = { pool->descriptors, pool->descriptors };
	const struct rlimit small = { pool->file_max, pool->file_max };
	uint32_t n;

	if (pool->descriptors > 0)
		(void)setrlimit(RLIMIT_NOFILE, &few);
	if (pool->file_max > 0)
		(void)setrlimit(RLIMIT_FSIZE, &small);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* As the manager does it: the end of one worker's line must not be
	 * held open by its siblings. */
	for (n = 0; n < XC_WORKERS_MAX; n++)
		if (pool->report[n][0] > 0)
			close(pool->report[n][0]);
	/* Not _exit(2): a leak checker looks at the end. */
	exit(xc_worker_run(&heritage));
}

static void
fork_worker(struct pool *pool, uint32_t i)
{
	struct xc_worker_row *row = &pool->board->workers[i];
	uint32_t serial = atomic_fetch_add(&pool->board->next_serial, 1);
	pid_t pid;

	if (pool->report[i][0] > 0)
		close(pool->report[i][0]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pool->report[i]) < 0)
		die("socketpair");
	atomic_store(&row->serial, serial);
	atomic_store(&row->recycle, 0);
	atomic_store(&row->connections, 0);
	atomic_store(&row->state, XC_WORKER_STARTING);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		run_worker(pool, i, serial);
	close(pool->report[i][1]);
	pool->pids[i] = pid;
	atomic_store(&row->pid, pid);
}

/* The first report says that it is ready. */
static void
await_ready(struct pool *pool, uint32_t i)
{
	struct pollfd pfd = { .fd = pool->report[i][0], .events = POLLIN };
	char text[4096];

	if (poll(&pfd, 1, START_MS) != 1 ||
	    recv(pfd.fd, text, sizeof(text), 0) <= 0)
		die("a worker does not come up");
}

void
pool_respawn(struct pool *pool, uint32_t worker)
{
	fork_worker(pool, worker);
	await_ready(pool, worker);
}

void
pool_start(struct pool *pool, const char *dir)
{
	struct xc_errbuf errbuf;
	uint32_t i;

	if (pool->tcp)
		listen_tcp(pool);
	else
		listen_unix(pool, dir);
	if (pool->settings.fastcgi.body_dir[0] == '\0')
		pool->settings.fastcgi.body_dir = dir;
	if (listen(pool->listen_fd, 1024) < 0)
		die("listen");
	if (xc_scoreboard_create(pool->workers, &pool->board_fd,
	    &pool->board, &errbuf) != XC_OK) {
		fprintf(stderr, "pool: %s\n", errbuf.text);
		exit(1);
	}
	pool->counts = mmap(NULL, sizeof(*pool->counts),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pool->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->counts == MAP_FAILED || pool->wake_fd < 0)
		die("shared memory");
	pool_counts = pool->counts;
	for (i = 0; i < XC_WORKERS_MAX; i++)
		pool->inbox[i][0] = pool->inbox[i][1] = -1;
	for (i = 0; i < pool->workers; i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		    pool->inbox[i]) < 0)
			die("socketpair");
	for (i = 0; i < pool->workers; i++)
		fork_worker(pool, i);
	for (i = 0; i < pool->workers; i++)
		await_ready(pool, i);
}

int
pool_reap(struct pool *pool, uint32_t worker)
{
	int status = -1, waited;
	pid_t pid = 0;

	for (waited = 0; pid == 0 && waited < STOP_MS; waited += 5) {
		pid = waitpid(pool->pids[worker], &status, WNOHANG);
		if (pid == 0)
			(void)poll(NULL, 0, 5);
	}
	if (pid == 0) {
		kill(pool->pids[worker], SIGKILL);
		(void)waitpid(pool->pids[worker], NULL, 0);
	}
	pool->pids[worker] = 0;
	atomic_store(&pool->board->workers[worker].state, XC_WORKER_DEAD);
	return pid > 0 ? status : -1;
}

bool
pool_stop(struct pool *pool)
{
	bool ok = true;
	uint32_t i;

	for (i = 0; i < pool->workers; i++)
		if (pool->pids[i] > 0)
			kill(pool->pids[i], SIGTERM);
	for (i = 0; i < pool->workers; i++) {
		if (pool->pids[i] > 0 && pool_reap(pool, i) != 0)
			ok = false;
		close(pool->report[i][0]);
		close(pool->inbox[i][0]);
		close(pool->inbox[i][1]);
	}
	close(pool->listen_fd);
	close(pool->wake_fd);
	close(pool->board_fd);
	xc_scoreboard_detach(&pool->board);
	munmap(pool->counts, sizeof(*pool->counts));
	if (!pool->tcp)
		(void)unlink(pool->address);
	return ok;
}

int
pool_connect(const struct pool *pool)
{
	struct sockaddr_un unix_address = { .sun_family = AF_UNIX };
	struct sockaddr_in tcp_address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(pool->tcp ? AF_INET : AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -1;
	if (pool->tcp) {
		tcp_address.sin_port = htons(
		    (uint16_t)strtoul(pool->address, NULL, 10));
		rc = connect(fd, (struct sockaddr *)&tcp_address,
		    sizeof(tcp_address));
	} else {
		snprintf(unix_address.sun_path,
		    sizeof(unix_address.sun_path), "%s", pool->address);
		rc = connect(fd, (struct sockaddr *)&unix_address,
		    sizeof(unix_address));
	}
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

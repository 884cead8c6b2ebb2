/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>

#include <json-c/json_object.h>

#include "doctor/attacks-table.h"
#include "doctor/attacks.h"
#include "kit/spawned.h"
#include "lib/plugin-private.h"
#include "sandbox/process.h"
#include "tools/xcorectl-doctor-attacks.h"

#define HOSTS 4
#define HOSTS_LOST_MAX 16
#define READY_MS 3000

/* An attack without its function, which is the plugin's. */
struct row {
	const char *name;
	const char *text;
	unsigned ends;
};

#define ROW(name, text, ends, run) { name, text, ends },

static const struct row rows[] = { XC_ATTACKS(ROW) };

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* What all hosts write to. */
struct board {
	atomic_size_t next;	/* the attack to be tried next */
	atomic_size_t busy[HOSTS];	/* that which a host tries, from 1 */
	struct ctl_attack_result results[];
};

/* One host. */
struct scene {
	struct ctl_maker maker;
	struct xc_runner_spec spec;
	struct board *board;
	size_t number;		/* of this host */
	int listener;
	int port;
	char unix_name[64];
	char secret[16];
	struct xc_request req;
};

static const char *const end_names[] = {
	[CTL_ATTACK_UNKNOWN] = "unknown", [CTL_ATTACK_SKIPPED] = "skipped",
	[CTL_ATTACK_HELD] = "held", [CTL_ATTACK_OTHERWISE] = "otherwise",
	[CTL_ATTACK_THROUGH] = "through",
};

size_t
ctl_attacks_count(void)
{
	return N_ROWS;
}

static uint32_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* ---- who makes them ----------------------------------------------------- */

enum xc_err
ctl_maker_open(struct ctl_maker *maker, struct xc_errbuf *errbuf)
{
	maker->jail = NULL;
	maker->link = -1;
	if (maker->spawner[0] != '\0')
		return xc_spawned_connect(maker->spawner, &maker->link,
		    errbuf);
	return xc_jail_create(maker->options, &maker->jail, errbuf);
}

void
ctl_maker_close(struct ctl_maker *maker)
{
	xc_jail_free(&maker->jail);
	if (maker->link != -1)
		close(maker->link);
	maker->link = -1;
}

enum xc_err
ctl_maker_make(struct ctl_maker *maker, const struct xc_runner_spec *spec,
    struct xc_sandbox **sandbox_r, struct xc_errbuf *errbuf)
{
	if (maker->link != -1)
		return xc_sandbox_spawned(maker->link, spec, true, sandbox_r,
		    errbuf);
	return xc_sandbox_solo(maker->jail, spec, true, sandbox_r, errbuf);
}

/* ---- what there is to be attacked --------------------------------------- */

static void
listen_tcp(struct scene *scene)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);

	scene->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (scene->listener != -1 &&
	    bind(scene->listener, (const void *)&address, len) == 0 &&
	    listen(scene->listener, 8) == 0 &&
	    getsockname(scene->listener, (void *)&address, &len) == 0)
		scene->port = ntohs(address.sin_port);
}

static void
listen_abstract(struct scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char name[64];
	int n = snprintf(name, sizeof(name), "xcore-doctor-%ld",
	    (long)getpid());

	memcpy(address.sun_path + 1, name, (size_t)n);
	/* It stays open as long as this process lives. */
	if (fd != -1 && bind(fd, (const void *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)n)) == 0 && listen(fd, 8) == 0)
		memcpy(scene->unix_name, name, sizeof(name));
}

static bool
bind_request(struct scene *scene, const char *attack)
{
	static char method[] = "REQUEST_METHOD=GET";
	char uri[1200], query[1200];
	char *envp[] = { method, uri, query, NULL };
	struct xc_errbuf why;

	snprintf(query, sizeof(query), "QUERY_STRING=attack=%s&host=%ld"
	    "&dir=%s&port=%d&unix=%s&secret=%lx", attack, (long)getpid(),
	    scene->spec.dir, scene->port, scene->unix_name,
	    (unsigned long)(uintptr_t)scene->secret);
	snprintf(uri, sizeof(uri), "REQUEST_URI=%s?%s",
	    scene->spec.plugin->prefix, strchr(query, '=') + 1);
	return xc_request_parse(&scene->req, envp, NULL, 0, &why) == 0 &&
	    xc_request_bind(&scene->req, scene->spec.plugin, 2, "attack",
	    NULL, 0) == XC_OK;
}

/* ---- what came of it ---------------------------------------------------- */

static unsigned
breach_end(enum xc_breach breach)
{
	switch (breach) {
	case XC_BREACH_CRASH:
		return XC_ATTACK_DIES;
	case XC_BREACH_CPU:
		return XC_ATTACK_CPU;
	case XC_BREACH_TIMEOUT:
		return XC_ATTACK_WALL;
	case XC_BREACH_MEMORY:
		return XC_ATTACK_LIMITED;
	case XC_BREACH_REPLY:
	case XC_BREACH_PROTOCOL:
		return XC_ATTACK_CAUGHT;
	default:
		return 0;
	}
}

static unsigned
word_end(const char *text)
{
	if (strncmp(text, "refused", 7) == 0)
		return XC_ATTACK_REFUSED;
	if (strncmp(text, "limited", 7) == 0)
		return XC_ATTACK_LIMITED;
	if (strncmp(text, "harmless", 8) == 0)
		return XC_ATTACK_HARMLESS;
	return 0;
}

/* The body of the reply, as printable text. */
static void
reply_text(const struct xc_request *req, char *buf, size_t size)
{
	const struct xc_reply_head *reply = xc_request_reply(req);

	snprintf(buf, size, "%s", xc_block_text(&req->out, reply->body));
	for (char *p = buf; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	}
}

static void
judge_reply(const struct row *attack, const struct xc_request *req,
    struct ctl_attack_result *result)
{
	unsigned end;

	reply_text(req, result->outcome, sizeof(result->outcome));
	end = word_end(result->outcome);
	if (strncmp(result->outcome, "skipped", 7) == 0)
		result->end = CTL_ATTACK_SKIPPED;
	else if (strncmp(result->outcome, "SUCCEEDED", 9) == 0 || end == 0)
		result->end = CTL_ATTACK_THROUGH;
	else
		result->end = (attack->ends & end) != 0 ? CTL_ATTACK_HELD :
		    CTL_ATTACK_OTHERWISE;
}

static void
judge(const struct row *attack, const struct xc_request *req,
    const struct xc_outcome *outcome, struct ctl_attack_result *result)
{
	unsigned end = breach_end(outcome->breach);

	if (outcome->breach == XC_BREACH_NONE) {
		judge_reply(attack, req, result);
		return;
	}
	snprintf(result->outcome, sizeof(result->outcome), "killed: %s, %.150s",
	    xc_breach_name(outcome->breach), outcome->detail);
	/* Whatever it was, it is over. */
	result->end = (attack->ends & end) != 0 ? CTL_ATTACK_HELD :
	    CTL_ATTACK_OTHERWISE;
}

static void
fail_try(struct ctl_attack_result *result, const char *why)
{
	result->end = CTL_ATTACK_UNKNOWN;
	snprintf(result->outcome, sizeof(result->outcome), "not tried: %s",
	    why);
}

static void
call(struct scene *scene, const struct row *attack,
    struct xc_sandbox *sandbox, struct ctl_attack_result *result)
{
	struct xc_broker broker = { .host = scene->spec.plugin->host,
		.plugin = scene->spec.plugin };
	struct xc_outcome outcome = { .breach = XC_BREACH_NONE };
	struct xc_errbuf why = { "" };
	uint32_t begun;

	if (xc_sandbox_wait(sandbox, &broker, READY_MS, &why) != XC_OK) {
		fail_try(result, why.text);
	} else if (!bind_request(scene, attack->name)) {
		fail_try(result, "its request cannot be made");
	} else {
		begun = now_ms();
		xc_sandbox_call(sandbox, &broker, &scene->req, 0,
		    &scene->spec.plugin->limits, &outcome);
		result->ms = now_ms() - begun;
		judge(attack, &scene->req, &outcome, result);
	}
	xc_broker_end(&broker);
	xc_request_reset(&scene->req);
}

static void
try_attack(struct scene *scene, size_t n)
{
	struct ctl_attack_result *result = &scene->board->results[n];
	struct xc_sandbox *sandbox = NULL;
	struct xc_errbuf why = { "" };

	if (ctl_maker_make(&scene->maker, &scene->spec, &sandbox, &why) !=
	    XC_OK) {
		fail_try(result, why.text);
		return;
	}
	call(scene, &rows[n], sandbox, result);
	xc_sandbox_close(&sandbox);
}

/* ---- the hosts ---------------------------------------------------------- */

static void __attribute__((noreturn))
run_host(struct scene *scene)
{
	struct board *board = scene->board;
	struct xc_errbuf why = { "" };
	size_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	listen_tcp(scene);
	listen_abstract(scene);
	memset(scene->secret, 's', sizeof(scene->secret));
	if (ctl_maker_open(&scene->maker, &why) != XC_OK ||
	    xc_request_init(&scene->req, scene->spec.plugin->host, NULL) !=
	    XC_OK)
		_exit(1);
	while ((n = atomic_fetch_add(&board->next, 1)) < N_ROWS) {
		atomic_store(&board->busy[scene->number], n + 1);
		try_attack(scene, n);
		atomic_store(&board->busy[scene->number], 0);
	}
	_exit(0);
}

static pid_t
begin_host(struct scene *scene, size_t number)
{
	pid_t pid = fork();

	if (pid == 0) {
		scene->number = number;
		run_host(scene);
	}
	return pid;
}

/* A host that dies has been got at by what it tried just then. */
static void
take_end(struct board *board, size_t number, int status)
{
	size_t n = atomic_exchange(&board->busy[number], 0);
	struct ctl_attack_result *result;

	if (n == 0)
		return;
	result = &board->results[n - 1];
	result->end = CTL_ATTACK_THROUGH;
	if (WIFSIGNALED(status))
		snprintf(result->outcome, sizeof(result->outcome),
		    "its host died by SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(result->outcome, sizeof(result->outcome),
		    "its host ended with %d", WEXITSTATUS(status));
}

static size_t
number_of(const pid_t *pids, pid_t pid)
{
	size_t i = 0;

	while (i < HOSTS && pids[i] != pid)
		i++;
	return i;
}

static void
run_hosts(struct scene *scene)
{
	pid_t pids[HOSTS], pid;
	int status, lost = 0;
	size_t i;

	for (i = 0; i < HOSTS; i++)
		pids[i] = begin_host(scene, i);
	while ((pid = wait(&status)) != -1 || errno == EINTR) {
		i = pid == -1 ? HOSTS : number_of(pids, pid);
		if (i == HOSTS || (WIFEXITED(status) &&
		    WEXITSTATUS(status) == 0))
			continue;
		take_end(scene->board, i, status);
		if (++lost < HOSTS_LOST_MAX)
			pids[i] = begin_host(scene, i);
	}
}

enum xc_err
ctl_attacks_run(const struct ctl_maker *maker,
    const struct xc_runner_spec *spec, struct ctl_attack_result *results_r,
    struct xc_errbuf *errbuf)
{
	size_t size = N_ROWS * sizeof(*results_r);
	struct scene *scene = calloc(1, sizeof(*scene));
	struct board *board = mmap(NULL, sizeof(*board) + size,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (scene == NULL || board == MAP_FAILED) {
		free(scene);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	scene->maker = *maker;
	scene->spec = *spec;
	scene->board = board;
	for (size_t i = 0; i < N_ROWS; i++)
		fail_try(&board->results[i], "no host was left for it");
	run_hosts(scene);
	memcpy(results_r, board->results, size);
	munmap(board, sizeof(*board) + size);
	free(scene);
	return XC_OK;
}

struct json_object *
ctl_attacks_json(const struct ctl_attack_result *results)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < N_ROWS; i++) {
		struct json_object *row = json_object_new_object();

		json_object_object_add(row, "name",
		    json_object_new_string(rows[i].name));
		json_object_object_add(row, "what",
		    json_object_new_string(rows[i].text));
		json_object_object_add(row, "end", json_object_new_string(
		    end_names[results[i].end]));
		json_object_object_add(row, "outcome",
		    json_object_new_string(results[i].outcome));
		json_object_object_add(row, "ms",
		    json_object_new_int64(results[i].ms));
		json_object_array_add(list, row);
	}
	return list;
}

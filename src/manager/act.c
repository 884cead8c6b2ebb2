/* SPDX-License-Identifier: MIT */
/*
 * What a user of the site asks of a plugin: the manager runs xcore-install(1)
 * for it, and tells the client how that ended.  It waits for nothing
 * meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/manager-private.h"

#define ACT_MS 60000
#define KILL_MS 5000		/* to end by itself when it was told to */
#define NAME_LEN_MAX 32

static const char *const verbs[] = { "reload", "enable", "disable",
	"rollback" };

/* ---- what it says ------------------------------------------------------- */

static void
on_output(void *ctx, uint32_t events)
{
	struct xc_act *act = ctx;
	char rest[4096];
	ssize_t n;

	(void)events;
	n = read(act->output.fd, rest, sizeof(rest));
	/* What does not fit makes an answer that is no JSON. */
	for (ssize_t i = 0; i < n && act->len < sizeof(act->text) - 1; i++)
		act->text[act->len++] = rest[i];
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		xc_events_drop(&act->manager->events, &act->output);
}

/* ---- start -------------------------------------------------------------- */

static bool
is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(path, X_OK) == 0;
}

/* Beside this program, as in a tree that is not installed, or where programs
 * for people are. */
static bool
find_program(const struct xc_manager *m, char *path_r, size_t size)
{
	const char *slash = strrchr(m->options->binary, '/');
	int len = slash == NULL ? 0 : (int)(slash - m->options->binary);

	snprintf(path_r, size, "%.*s/xcore-install", len,
	    m->options->binary);
	if (slash != NULL && is_executable(path_r))
		return true;
	snprintf(path_r, size, "%.*s/../bin/xcore-install", len,
	    m->options->binary);
	if (slash != NULL && is_executable(path_r))
		return true;
	snprintf(path_r, size, "%s/xcore-install", BINDIR);
	return is_executable(path_r);
}

static _Noreturn void
run_program(const struct xc_manager *m, const struct xc_act *act,
    char *program, int output)
{
	/* No --yes: what a plugin asks for anew is for the operator to say. */
	static char json[] = "--json", config[] = "--config", end[] = "--";
	char path[PATH_MAX], verb[16], name[XC_ACT_NAME];
	char *argv[] = { program, json, config, path, verb, end, name,
		NULL };
	int null = open("/dev/null", O_RDWR);

	snprintf(path, sizeof(path), "%s", m->settings->file);
	snprintf(verb, sizeof(verb), "%s", act->verb);
	snprintf(name, sizeof(name), "%s", act->plugin);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(output, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) != 0 ||
	    setenv("XCORE_ON_BEHALF_OF", act->actor, 1) != 0)
		_exit(127);
	execv(program, argv);
	_exit(127);
}

static enum xc_err
start(struct xc_manager *m, struct xc_act *act, struct xc_errbuf *errbuf)
{
	char program[PATH_MAX];
	int pair[2];

	if (!find_program(m, program, sizeof(program)))
		return xc_fail(errbuf, XC_ERR_NOT_FOUND, "there is no "
		    "xcore-install in %s or beside xcored", BINDIR);
	if (pipe2(pair, O_CLOEXEC) == -1)
		return xc_fail(errbuf, XC_ERR_IO, "pipe: %s",
		    strerror(errno));
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	act->pid = xc_child_fork(m, "act", XC_WORKERS_MAX);
	if (act->pid == 0)
		run_program(m, act, program, pair[1]);
	close(pair[1]);
	if (act->pid == -1) {
		act->pid = 0;
		close(pair[0]);
		return xc_fail(errbuf, XC_ERR_IO, "fork: %s",
		    strerror(errno));
	}
	act->len = 0;
	act->kill_at = xc_now_ms() + ACT_MS;
	act->told = false;
	act->output = (struct xc_watch){ pair[0], on_output, act };
	return xc_events_add(&m->events, &act->output, EPOLLIN, errbuf);
}

static const char *
text_of(struct json_object *request, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(request, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* Nothing else comes to the command line. */
static bool
is_plugin_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_LEN_MAX && *name >= 'a' &&
	    *name <= 'z' && strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static const char *
verb_of(struct json_object *request)
{
	const char *text = text_of(request, "verb");

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i], text) == 0)
			return verbs[i];
	return NULL;
}

static struct xc_act *
free_act(struct xc_manager *m, const char *plugin, bool *busy_r)
{
	struct xc_act *act = NULL;

	*busy_r = false;
	for (size_t i = 0; i < XC_ACTS_MAX; i++) {
		if (m->acts[i].pid == 0)
			act = &m->acts[i];
		else if (strcmp(m->acts[i].plugin, plugin) == 0)
			*busy_r = true;
	}
	return act;
}

enum xc_err
xc_act_begin(struct xc_manager *m, struct json_object *request,
    uint64_t client, struct xc_errbuf *errbuf)
{
	const char *plugin = text_of(request, "plugin");
	const char *verb = verb_of(request);
	struct xc_act *act;
	enum xc_err err;
	bool busy;

	if (verb == NULL || !is_plugin_name(plugin))
		return xc_fail(errbuf, XC_ERR_INVALID, "\"act\" needs a "
		    "\"verb\" (reload, enable, disable, rollback) and a "
		    "\"plugin\"");
	if (m->phase != XC_PHASE_RUNNING)
		return xc_fail(errbuf, XC_ERR_STATE,
		    "xcored is starting or stopping");
	act = free_act(m, plugin, &busy);
	if (busy)
		return xc_fail(errbuf, XC_ERR_BUSY, "something is being done "
		    "with %s already", plugin);
	if (act == NULL)
		return xc_fail(errbuf, XC_ERR_BUSY,
		    "too much is being done just now");
	act->manager = m;
	act->client = client;
	act->verb = verb;
	snprintf(act->plugin, sizeof(act->plugin), "%s", plugin);
	snprintf(act->actor, sizeof(act->actor), "%s",
	    text_of(request, "actor"));
	err = start(m, act, errbuf);
	if (err == XC_OK)
		xc_logf(&xc_manager_log, XC_LOG_NOTICE, "%s of %s, asked for "
		    "by %s", verb, plugin, act->actor[0] != '\0' ?
		    act->actor : "nobody that is known");
	return err;
}

/* ---- end ---------------------------------------------------------------- */

static struct json_object *
failure(int code, const char *sentence)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(0));
	json_object_object_add(answer, "code", json_object_new_int(code));
	json_object_object_add(answer, "error",
	    json_object_new_string(sentence));
	return answer;
}

/* xcore-install's own answer, which has our shape. */
static struct json_object *
answer_of(struct xc_act *act, int status)
{
	struct json_object *answer, *ok;
	char how[64], sentence[160];

	act->text[act->len] = '\0';
	answer = json_tokener_parse(act->text);
	if (json_object_is_type(answer, json_type_object) &&
	    json_object_object_get_ex(answer, "ok", &ok))
		return answer;
	json_object_put(answer);
	xc_child_end_text(status, how, sizeof(how));
	if (act->told)
		snprintf(sentence, sizeof(sentence),
		    "xcore-install took too long and was ended");
	else
		snprintf(sentence, sizeof(sentence),
		    "xcore-install ended by %s without an answer", how);
	return failure(XC_EXIT_FAILED, sentence);
}

bool
xc_act_reaped(struct xc_manager *m, pid_t pid, int status)
{
	struct json_object *answer;
	struct xc_act *act = NULL;

	for (size_t i = 0; i < XC_ACTS_MAX; i++)
		if (m->acts[i].pid == pid)
			act = &m->acts[i];
	if (act == NULL)
		return false;
	/* What it said last; others may still hold the pipe. */
	for (size_t n = act->len + 1; act->output.fd != -1 && n != act->len;) {
		n = act->len;
		on_output(act, EPOLLIN);
	}
	xc_events_drop(&m->events, &act->output);
	act->pid = 0;
	answer = answer_of(act, status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		xc_logf(&xc_manager_log, XC_LOG_WARNING, "%s of %s: %s",
		    act->verb, act->plugin, text_of(answer, "error"));
	xc_control_deliver(m, act->client, answer);
	return true;
}

bool
xc_act_running(const struct xc_manager *m)
{
	for (size_t i = 0; i < XC_ACTS_MAX; i++)
		if (m->acts[i].pid != 0)
			return true;
	return false;
}

void
xc_act_tick(struct xc_manager *m, uint64_t now, uint64_t *next)
{
	for (size_t i = 0; i < XC_ACTS_MAX; i++) {
		struct xc_act *act = &m->acts[i];

		if (act->pid == 0)
			continue;
		if (now >= act->kill_at) {
			(void)kill(act->pid, act->told ? SIGKILL : SIGTERM);
			act->told = true;
			act->kill_at = now + KILL_MS;
		}
		xc_sooner(next, act->kill_at);
	}
}

/* In a child. */
void
xc_act_leave(struct xc_manager *m)
{
	for (size_t i = 0; i < XC_ACTS_MAX; i++) {
		if (m->acts[i].pid != 0 && m->acts[i].output.fd != -1)
			close(m->acts[i].output.fd);
		m->acts[i].pid = 0;
	}
}

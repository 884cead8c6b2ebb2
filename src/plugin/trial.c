/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "lib/text.h"
#include "trial.h"
#include "validate.h"

#define OUTPUT_MAX 16384
/* The trial keeps the time by itself, and says better where it went; this is
 * for one that does not. */
#define GRACE_MS 3000

/* What comes through a pipe, as much as fits; the rest is read and lost. */
struct intake {
	int fd;
	char text[OUTPUT_MAX];
	size_t len;
};

struct trial {
	pid_t pid;
	int pidfd;
	struct intake result;
	struct intake output;	/* stdout and stderr */
	int status;		/* of waitpid() */
	bool hung;
	int64_t timeout_ms;
};

/* The descriptors of the child, all above those that it gets. */
struct child_end {
	int input;
	int output;
	int result;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* Moves a descriptor out of the way of 0 to 3. */
static int
raise_fd(int fd)
{
	int high = fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);

	if (fd != -1)
		close(fd);
	return high;
}

static bool
make_pipe(int *read_r, int *write_r)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	*read_r = raise_fd(ends[0]);
	*write_r = raise_fd(ends[1]);
	return *read_r != -1 && *write_r != -1 &&
	    fcntl(*read_r, F_SETFL, O_NONBLOCK) == 0;
}

/* The configuration as a file in memory, so that nobody blocks on a pipe. */
static int
make_input(struct json_object *config)
{
	const char *text = config == NULL ? "" :
	    json_object_to_json_string_ext(config, JSON_C_TO_STRING_PLAIN);
	int fd = raise_fd(memfd_create("xcore-config", MFD_CLOEXEC));
	size_t len = text == NULL ? 0 : strlen(text);

	if (fd == -1 || text == NULL ||
	    write(fd, text, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) != 0)
		close_fd(&fd);
	return fd;
}

/* The few variables that a trial is given. */
struct environment {
	char *list[8];
	char text[7][512];
};

static void
make_environment(struct environment *environment)
{
	static const char *const passed[] = { "TZ", "ASAN_OPTIONS",
		"UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS" };
	size_t n = 0;

	memset(environment, 0, sizeof(*environment));
	snprintf(environment->text[n++], 512, "PATH=/usr/bin:/bin");
	snprintf(environment->text[n++], 512, "LC_ALL=C.UTF-8");
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		const char *value = getenv(passed[i]);

		if (value != NULL)
			snprintf(environment->text[n++], 512, "%s=%s",
			    passed[i], value);
	}
	for (size_t i = 0; i < n; i++)
		environment->list[i] = environment->text[i];
}

static void
reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs in the child; only what is safe after fork(). */
static void __attribute__((noreturn))
run_child(const struct trial *trial, const char *program, const char *dir,
    struct environment *environment, const struct child_end *end)
{
	char timeout[24];
	/* execve() wants arrays that can be written, and writes nothing. */
	char *argv[4] = { (char *)(uintptr_t)program, (char *)(uintptr_t)dir,
		timeout, NULL };
	char failed[64];
	int len;

	snprintf(timeout, sizeof(timeout), "%lld",
	    (long long)trial->timeout_ms);
	setsid();
	reset_signals();
	if (dup2(end->input, 0) == 0 && dup2(end->output, 1) == 1 &&
	    dup2(end->output, 2) == 2 &&
	    dup2(end->result, XC_TRIAL_RESULT_FD) == XC_TRIAL_RESULT_FD &&
	    syscall(SYS_close_range, XC_TRIAL_RESULT_FD + 1, ~0u, 0) == 0)
		execve(program, argv, environment->list);
	len = snprintf(failed, sizeof(failed), "{\"errno\":%d}\n", errno);
	if (write(XC_TRIAL_RESULT_FD, failed, (size_t)len) == -1)
		_exit(126);
	_exit(127);
}

static enum xc_err
spawn(struct trial *trial, const char *program, const char *dir,
    struct json_object *config)
{
	struct child_end end = { .input = -1, .output = -1, .result = -1 };
	struct environment environment;
	bool ok;

	make_environment(&environment);
	end.input = make_input(config);
	ok = end.input != -1 && make_pipe(&trial->output.fd, &end.output) &&
	    make_pipe(&trial->result.fd, &end.result);
	trial->pid = ok ? fork() : -1;
	if (trial->pid == 0)
		run_child(trial, program, dir, &environment, &end);
	if (trial->pid != -1)
		trial->pidfd = (int)syscall(SYS_pidfd_open, trial->pid, 0);
	close_fd(&end.input);
	close_fd(&end.output);
	close_fd(&end.result);
	return trial->pid != -1 ? XC_OK : XC_ERR_IO;
}

/* Reads what is there; closes at the end. */
static void
take_in(struct intake *intake)
{
	char spare[1024] = "";

	for (;;) {
		size_t room = sizeof(intake->text) - 1 - intake->len;
		bool full = room == 0;
		ssize_t n = read(intake->fd,
		    full ? spare : intake->text + intake->len,
		    full ? sizeof(spare) : room);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0 || (n == -1 && errno != EAGAIN))
			close_fd(&intake->fd);
		if (n <= 0)
			break;
		if (!full)
			intake->len += (size_t)n;
	}
	intake->text[intake->len] = '\0';
}

/* Waits for the child's end or the deadline, taking in what it says. */
static void
watch(struct trial *trial)
{
	int64_t deadline = now_ms() + trial->timeout_ms + GRACE_MS;

	for (;;) {
		struct pollfd fds[3] = {
			{ .fd = trial->pidfd, .events = POLLIN },
			{ .fd = trial->result.fd, .events = POLLIN },
			{ .fd = trial->output.fd, .events = POLLIN } };
		int64_t left = deadline - now_ms();

		if (left <= 0) {
			trial->hung = true;
			return;
		}
		if (left > INT32_MAX)
			left = INT32_MAX;
		if (poll(fds, 3, (int)left) == -1 && errno != EINTR) {
			trial->hung = true;	/* so that it is ended */
			return;
		}
		if (fds[1].revents != 0)
			take_in(&trial->result);
		if (fds[2].revents != 0)
			take_in(&trial->output);
		if (fds[0].revents != 0)
			return;
	}
}

/* Ends the whole group: what the plugin forked too. */
static void
reap(struct trial *trial)
{
	siginfo_t info;

	if (trial->hung || trial->pidfd == -1)
		kill(trial->pid, SIGKILL);
	/* Its number is not given away before it is waited for. */
	while (waitid(P_PID, (id_t)trial->pid, &info, WEXITED | WNOWAIT) ==
	    -1 && errno == EINTR)
		continue;
	kill(-trial->pid, SIGKILL);
	while (waitpid(trial->pid, &trial->status, 0) == -1 && errno == EINTR)
		continue;
	if (trial->result.fd != -1)
		take_in(&trial->result);
	if (trial->output.fd != -1)
		take_in(&trial->output);
}

/* What its messages come to. */
struct verdict {
	char stage[32];
	char reason[800];
	char warning[300];
	bool ok;
	bool refused;
	int error;		/* it could not be run: errno */
};

static void
take_text(struct json_object *message, const char *key, char *buf, size_t size)
{
	const char *text = xc_json_string(message, key);

	if (text != NULL)
		snprintf(buf, size, "%s", text);
}

static void
take_message(struct verdict *verdict, const char *line, size_t len)
{
	struct json_object *message;
	int64_t error;
	bool ok;

	if (xc_json_parse(line, len, &message, NULL, 0) != XC_OK)
		return;
	take_text(message, "stage", verdict->stage, sizeof(verdict->stage));
	take_text(message, "reason", verdict->reason,
	    sizeof(verdict->reason));
	take_text(message, "warning", verdict->warning,
	    sizeof(verdict->warning));
	if (xc_json_int(message, "errno", &error))
		verdict->error = (int)error;
	if (xc_json_bool(message, "ok", &ok)) {
		verdict->ok = ok;
		verdict->refused = !ok;
	}
	json_object_put(message);
}

static void
take_messages(struct verdict *verdict, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		take_message(verdict, text, len);
		text += len + (text[len] == '\n');
	}
}

/* The last line that the plugin wrote, made printable; "" without one. */
static void
last_words(const struct trial *trial, char *buf, size_t size)
{
	const char *text = trial->output.text;
	size_t end = trial->output.len, start;

	buf[0] = '\0';
	while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == ' '))
		end--;
	for (start = end; start > 0 && text[start - 1] != '\n'; start--)
		continue;
	if (end == start)
		return;
	snprintf(buf, size, "; its last words: %.*s", (int)(end - start),
	    text + start);
	for (size_t i = 0; buf[i] != '\0'; i++) {
		if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
			buf[i] = '?';
	}
	/* It becomes JSON and a row in MariaDB: UTF-8 only. */
	while (*(buf += xc_utf8_span(buf, strlen(buf))) != '\0')
		*buf++ = '?';
}

static enum xc_err
judge(const struct trial *trial, struct xc_errbuf *errbuf)
{
	struct verdict verdict = { .stage = "load" };
	const char *name;
	char words[300];

	take_messages(&verdict, trial->result.text);
	last_words(trial, words, sizeof(words));
	if (verdict.error != 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "xcore-trial cannot be run: %s", strerror(verdict.error));
	if (trial->hung)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "hung: still in %s after %lld ms%s", verdict.stage,
		    (long long)trial->timeout_ms, words);
	if (WIFSIGNALED(trial->status)) {
		name = sigabbrev_np(WTERMSIG(trial->status));
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "died by SIG%s during %s%s", name != NULL ? name : "?",
		    verdict.stage, words);
	}
	if (verdict.refused)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s%s", verdict.reason,
		    words);
	if (!verdict.ok || WEXITSTATUS(trial->status) != 0)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "exited with %d during %s%s", WEXITSTATUS(trial->status),
		    verdict.stage, words);
	if (verdict.warning[0] != '\0')
		xc_fail(errbuf, XC_OK, "%s", verdict.warning);
	return XC_OK;
}

enum xc_err
xc_trial_run(const char *trial, const char *dir, struct json_object *config,
    int64_t timeout_ms, struct xc_errbuf *errbuf)
{
	struct trial *run = calloc(1, sizeof(*run));
	enum xc_err err;

	if (run == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	run->pidfd = run->result.fd = run->output.fd = -1;
	run->timeout_ms = timeout_ms;
	err = spawn(run, trial, dir, config);
	if (err != XC_OK) {
		err = xc_fail(errbuf, err, "a trial cannot be started: %s",
		    strerror(errno));
	} else {
		if (run->pidfd != -1)
			watch(run);
		reap(run);
		err = judge(run, errbuf);
	}
	close_fd(&run->pidfd);
	close_fd(&run->result.fd);
	close_fd(&run->output.fd);
	free(run);
	return err;
}

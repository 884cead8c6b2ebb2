/* SPDX-License-Identifier: MIT */
#include "kit/tracer.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define TASKS_MAX 512
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |		\
    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL)
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1		/* si_code of a filter's SIGSYS */
#endif

/* A thread of a sandbox. */
struct task {
	pid_t pid;		/* 0: free */
	bool inside;		/* a call has begun */
	int64_t call;
	char path[256];		/* that it names; "" */
};

struct follow {
	struct xc_tracer *tracer;
	pid_t host;
	struct task tasks[TASKS_MAX];
	int filters;		/* that the newest sandbox has loaded */
};

const char *
xc_traced_name(enum xc_traced part)
{
	static const char *const names[XC_TRACED__MAX] = { "load", "start",
		"requests", "stop" };

	return (unsigned)part < XC_TRACED__MAX ? names[part] : "?";
}

static struct task *
find_task(struct follow *follow, pid_t pid)
{
	struct task *unused = NULL;

	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (follow->tasks[i].pid == pid)
			return &follow->tasks[i];
		if (unused == NULL && follow->tasks[i].pid == 0)
			unused = &follow->tasks[i];
	}
	if (unused != NULL) {
		memset(unused, 0, sizeof(*unused));
		unused->pid = pid;
	}
	return unused;
}

/* The sandbox is made with no filter, loaded behind the first, and started
 * behind the second.  False: what it does is not the plugin's doing. */
static bool
part_now(const struct follow *follow, enum xc_traced *part_r)
{
	switch (*follow->tracer->phase) {
	case XC_PHASE_REQUEST:
		*part_r = XC_TRACED_REQUEST;
		return true;
	case XC_PHASE_STOP:
		*part_r = XC_TRACED_STOP;
		return true;
	case XC_PHASE_LOAD:
		*part_r = follow->filters == 1 ? XC_TRACED_LOAD :
		    XC_TRACED_START;
		return follow->filters > 0;
	default:
		return false;
	}
}

/* ---- paths -------------------------------------------------------------- */

/* Which argument of a call is a path; -1: none. */
static int
path_argument(int64_t call)
{
	switch (call) {
#ifdef SYS_open
	case SYS_open:
	case SYS_stat:
	case SYS_lstat:
	case SYS_access:
	case SYS_readlink:
	case SYS_unlink:
	case SYS_rename:
	case SYS_mkdir:
	case SYS_rmdir:
	case SYS_chmod:
	case SYS_creat:
#endif
	case SYS_execve:
	case SYS_chdir:
	case SYS_chroot:
	case SYS_truncate:
		return 0;
	case SYS_openat:
	case SYS_openat2:
	case SYS_newfstatat:
	case SYS_statx:
	case SYS_faccessat:
	case SYS_faccessat2:
	case SYS_readlinkat:
	case SYS_unlinkat:
	case SYS_mkdirat:
		return 1;
	default:
		return -1;
	}
}

/* What cannot be read is "?". */
static void
read_path(pid_t pid, uint64_t address, char *buf, size_t size)
{
	size_t len = 0;

	while (len + sizeof(long) < size) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid,
		    (void *)(uintptr_t)(address + len), NULL);
		if (errno != 0)
			break;
		memcpy(buf + len, &word, sizeof(word));
		if (memchr(buf + len, '\0', sizeof(word)) != NULL)
			return;
		len += sizeof(word);
	}
	buf[len] = '\0';
	if (len == 0)
		snprintf(buf, size, "?");
}

static void
note_path(struct follow *follow, const char *path, int error)
{
	struct xc_tracer *tracer = follow->tracer;
	struct xc_traced_path *row = tracer->paths;
	enum xc_traced part;
	size_t i = 0;

	if (path[0] == '\0' || !part_now(follow, &part))
		return;
	while (i < tracer->n_paths && (row[i].part != part ||
	    strcmp(row[i].path, path) != 0))
		i++;
	if (i == XC_TRACER_PATHS) {
		tracer->more_paths++;
		return;
	}
	if (i == tracer->n_paths) {
		row[i].path = strdup(path);
		if (row[i].path == NULL)
			return;
		row[i].part = part;
		tracer->n_paths++;
	}
	row[i].n++;
	if (error == 0)
		row[i].opened = true;
	else
		row[i].error = error;
}

/* ---- calls -------------------------------------------------------------- */

static void
begin_call(struct follow *follow, struct task *task,
    const struct __ptrace_syscall_info *info)
{
	int argument = path_argument((int64_t)info->entry.nr);
	enum xc_traced part;

	task->inside = true;
	task->call = (int64_t)info->entry.nr;
	task->path[0] = '\0';
	if (argument >= 0 && info->entry.args[argument] != 0)
		read_path(task->pid, info->entry.args[argument], task->path,
		    sizeof(task->path));
	if (task->call >= 0 && task->call < XC_TRACER_CALLS &&
	    part_now(follow, &part))
		follow->tracer->calls[part][task->call]++;
}

static void
end_call(struct follow *follow, struct task *task,
    const struct __ptrace_syscall_info *info)
{
	bool failed = info->exit.is_error != 0;

	if (!task->inside)
		return;
	task->inside = false;
	/* The walls go up one after the other. */
	if (task->call == SYS_seccomp && !failed && info->exit.rval == 0)
		follow->filters++;
	else
		note_path(follow, task->path,
		    failed ? (int)-info->exit.rval : 0);
}

static void
take_call(struct follow *follow, struct task *task)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->pid, (void *)sizeof(info),
	    &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		begin_call(follow, task, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		end_call(follow, task, &info);
}

/* Has the call that was trapped give -EPERM.  False: not on this machine. */
static bool
fail_call(pid_t pid)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0)
		return false;
	regs.rax = (unsigned long long)-EPERM;
	return ptrace(PTRACE_SETREGS, pid, NULL, &regs) == 0;
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec part = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &part) != 0)
		return false;
	regs.regs[0] = (unsigned long long)-EPERM;
	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &part) == 0;
#else
	(void)pid;
	return false;
#endif
}

static void
deny_path(struct xc_tracer *tracer, const char *path, enum xc_traced part)
{
	for (size_t i = 0; i < tracer->n_paths; i++) {
		struct xc_traced_path *row = &tracer->paths[i];

		if (row->part != part || strcmp(row->path, path) != 0)
			continue;
		row->opened = false;
		row->error = EPERM;
	}
}

/* A filter has trapped.  True: dealt with, there is no signal. */
static bool
take_refusal(struct follow *follow, struct task *task)
{
	struct xc_tracer *tracer = follow->tracer;
	enum xc_traced part;
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, task->pid, NULL, &info) != 0 ||
	    info.si_code != SYS_SECCOMP)
		return false;
	if (info.si_syscall >= 0 && info.si_syscall < XC_TRACER_CALLS &&
	    part_now(follow, &part))
		tracer->refused[part][info.si_syscall]++;
	/* Its end was seen before, as if it had been made. */
	if (task->path[0] != '\0' && part_now(follow, &part))
		deny_path(tracer, task->path, part);
	return fail_call(task->pid);
}

/* ---- the loop ----------------------------------------------------------- */

static void
go_on(pid_t pid, bool host, int number)
{
	/* One that was killed meanwhile is reaped later. */
	(void)ptrace(host ? PTRACE_CONT : PTRACE_SYSCALL, pid, NULL,
	    (void *)(intptr_t)number);
}

static void
take_stop(struct follow *follow, pid_t pid, int status)
{
	bool host = pid == follow->host;
	struct task *task = host ? NULL : find_task(follow, pid);
	int number = WSTOPSIG(status), event = status >> 16;

	if (host && (event == PTRACE_EVENT_CLONE ||
	    event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK))
		follow->filters = 0;
	if (event != 0) {
		/* A stop of the whole group is not waited for. */
		number = 0;
	} else if (number == (SIGTRAP | 0x80)) {
		if (task != NULL)
			take_call(follow, task);
		number = 0;
	} else if (number == SIGSYS && task != NULL &&
	    take_refusal(follow, task)) {
		number = 0;
	}
	go_on(pid, host, number);
}

static void
forget(struct follow *follow, pid_t pid)
{
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (follow->tasks[i].pid == pid)
			follow->tasks[i].pid = 0;
	}
}

static void
run(struct follow *follow, int *status_r)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid == -1 && errno == EINTR)
			continue;
		if (pid == -1)
			return;
		if (WIFSTOPPED(status)) {
			take_stop(follow, pid, status);
			continue;
		}
		forget(follow, pid);
		if (pid == follow->host) {
			*status_r = status;
			return;
		}
	}
}

enum xc_err
xc_tracer_follow(struct xc_tracer *tracer, pid_t host, int *status_r,
    struct xc_errbuf *errbuf)
{
	struct follow *follow = calloc(1, sizeof(*follow));
	int status, error;

	*status_r = 0;
	/* It has stopped itself to be taken. */
	if (follow == NULL || waitpid(host, &status, WUNTRACED) != host ||
	    !WIFSTOPPED(status) || ptrace(PTRACE_SEIZE, host, NULL,
	    (void *)(uintptr_t)OPTIONS) != 0) {
		error = errno;
		kill(host, SIGKILL);
		waitpid(host, status_r, 0);
		free(follow);
		return xc_fail(errbuf, XC_ERR_DENIED, "this host does not "
		    "let a process trace its child: %s; see kernel.yama."
		    "ptrace_scope, or use \"xcore-install test\"",
		    strerror(error));
	}
	follow->tracer = tracer;
	follow->host = host;
	kill(host, SIGCONT);
	run(follow, status_r);
	free(follow);
	return XC_OK;
}

void
xc_tracer_free(struct xc_tracer *tracer)
{
	for (size_t i = 0; i < tracer->n_paths; i++)
		free(tracer->paths[i].path);
	tracer->n_paths = 0;
}

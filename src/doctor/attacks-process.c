/* SPDX-License-Identifier: MIT */
/* Attacks by and on processes, and the ways to die. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor/attacks-private.h"

#define FORKS_MAX 16
#define THREADS_MAX 256

/* What a child of an attack does: ends by itself, soon. */
static void __attribute__((noreturn))
linger(void)
{
	xc_attack_wait_ms(3000);
	_exit(0);
}

static pid_t
raw_fork(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

void
xc_attack_forks(struct xc_attack_scene *scene)
{
	pid_t children[FORKS_MAX];
	int n = 0, error;

	while (n < FORKS_MAX && (children[n] = raw_fork()) != -1) {
		if (children[n] == 0)
			linger();
		n++;
	}
	error = errno;
	for (int i = 0; i < n; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	if (n == 0)
		xc_attack_refused(scene, "fork()", error);
	else
		xc_attack_succeeded(scene, "%d processes", n);
}

void
xc_attack_daemon(struct xc_attack_scene *scene)
{
	pid_t child = raw_fork();

	if (child == 0) {
		setsid();
		if (raw_fork() <= 0)
			linger();
		_exit(0);
	}
	xc_attack_result(scene, "fork(), setsid(), fork()", child);
	if (child != -1)
		waitpid(child, NULL, 0);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *
wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

void
xc_attack_threads(struct xc_attack_scene *scene)
{
	pthread_t threads[THREADS_MAX];
	pthread_attr_t small;
	int n = 0, error = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_mutex_lock(&gate);
	while (n < THREADS_MAX && (error = pthread_create(&threads[n], &small,
	    wait_at_gate, NULL)) == 0)
		n++;
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&small);
	if (n == 0)
		xc_attack_refused(scene, "pthread_create()", error);
	else if (n == THREADS_MAX)
		xc_attack_succeeded(scene, "%d threads", n);
	else
		xc_attack_limited(scene, "to %d threads more", n);
}

/* In a child that shares nothing that matters; where there can be none, the
 * call itself is what is tried. */
void
xc_attack_exec(struct xc_attack_scene *scene)
{
	static char program[] = "/bin/true";
	char *argv[] = { program, NULL };
	char *envp[] = { NULL };
	pid_t child = scene->inprocess ? raw_fork() : 0;
	int status = 0;

	if (child == 0) {
		execve(program, argv, envp);
		if (scene->inprocess)
			_exit(1);
		xc_attack_refused(scene, "execve()", errno);
		return;
	}
	if (child != -1 && waitpid(child, &status, 0) == child &&
	    status == 0)
		xc_attack_succeeded(scene, "ran %s", program);
	else
		xc_attack_refused(scene, "execve()", EPERM);
}

/* Without its number there is no host to be attacked. */
static bool
has_host(struct xc_attack_scene *scene)
{
	if (scene->host <= 0)
		xc_attack_skipped(scene, "the host's number is not given");
	return scene->host > 0;
}

void
xc_attack_ptrace(struct xc_attack_scene *scene)
{
	long result;

	if (!has_host(scene))
		return;
	/* PTRACE_SEIZE does not stop it. */
	result = ptrace(PTRACE_SEIZE, scene->host, NULL, NULL);
	xc_attack_result(scene, "ptrace()", result);
	if (result == 0)
		ptrace(PTRACE_DETACH, scene->host, NULL, NULL);
}

void
xc_attack_kill(struct xc_attack_scene *scene)
{
	/* Signal 0 needs the same right and does nothing. */
	if (has_host(scene))
		xc_attack_result(scene, "kill()", kill(scene->host, 0));
}

void
xc_attack_read_host(struct xc_attack_scene *scene)
{
	char text[16] = "";
	struct iovec here = { text, sizeof(text) };
	struct iovec there = { (void *)scene->secret, sizeof(text) };

	if (scene->secret == 0)
		xc_attack_skipped(scene, "no address is given");
	else if (has_host(scene))
		xc_attack_result(scene, "process_vm_readv()",
		    process_vm_readv(scene->host, &here, 1, &there, 1, 0));
}

void
xc_attack_pidfd(struct xc_attack_scene *scene)
{
	int fd, copy;

	if (!has_host(scene))
		return;
	fd = (int)syscall(SYS_pidfd_open, scene->host, 0);
	if (fd == -1) {
		xc_attack_refused(scene, "pidfd_open()", errno);
		return;
	}
	copy = (int)syscall(SYS_pidfd_getfd, fd, 0, 0);
	xc_attack_result(scene, "pidfd_getfd()", copy);
	if (copy != -1)
		close(copy);
	close(fd);
}

void
xc_attack_schedule(struct xc_attack_scene *scene)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param) == 0) {
		param.sched_priority = 0;
		sched_setscheduler(0, SCHED_OTHER, &param);
		xc_attack_succeeded(scene, "sched_setscheduler()");
		return;
	}
	if (setpriority(PRIO_PROCESS, 0, -5) == 0) {
		setpriority(PRIO_PROCESS, 0, 0);
		xc_attack_succeeded(scene, "setpriority()");
		return;
	}
	xc_attack_refused(scene, "sched_setscheduler()", errno);
}

void
xc_attack_segv(struct xc_attack_scene *scene)
{
	/* The compiler must not know that it is 0. */
	static int *volatile nowhere;

	*nowhere = 1;
	xc_attack_succeeded(scene, "address 0 can be written");
}

static unsigned __attribute__((noinline))
descend(volatile unsigned *above)
{
	volatile unsigned room[256];

	room[0] = *above + 1;
	room[255] = room[0];
	/* A gigabyte is deeper than any stack. */
	return room[0] < 1u << 20 ? descend(room) + room[255] : 0;
}

void
xc_attack_stack(struct xc_attack_scene *scene)
{
	volatile unsigned depth = 0;

	depth = descend(&depth);
	xc_attack_succeeded(scene, "there is no end of the stack (%u)",
	    depth);
}

void
xc_attack_abort(struct xc_attack_scene *scene)
{
	(void)scene;
	abort();
}

void
xc_attack_exit(struct xc_attack_scene *scene)
{
	(void)scene;
	exit(0);
}

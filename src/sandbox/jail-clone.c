/* SPDX-License-Identifier: MIT */
/*
 * The maker's side: a process with namespaces of its own, as many as this
 * host allows.
 *
 * The child is made by the bare system call, as no function of the C library
 * knows these flags.  What the library's fork() would do beside it: keep
 * other threads' locks (there are none), and write the new thread id into
 * its own records (done here by CLONE_CHILD_SETTID: owners of recursive
 * locks are known by that number).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jail-private.h"

/* An exhausted limit is tried again after this time. */
#define WEAK_MS 60000

const struct xc_jail_namespace xc_jail_namespaces[XC_JAIL_NAMESPACES] = {
	{ XC_LAYER_USERNS, CLONE_NEWUSER },
	{ XC_LAYER_PIDNS, CLONE_NEWPID },
	{ XC_LAYER_NETNS, CLONE_NEWNET },
	{ XC_LAYER_IPCNS, CLONE_NEWIPC },
	{ XC_LAYER_UTSNS, CLONE_NEWUTS },
	{ XC_LAYER_MOUNTNS, CLONE_NEWNS },
};

struct birth {
	uint64_t namespaces;
	int leaf;		/* of the cgroup, -1: none */
	int gate[2];
	int pidfd;
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Where the C library keeps the id of this thread; NULL: unknown. */
static uint64_t
thread_id_address(void)
{
	int *address = NULL;

	if (prctl(PR_GET_TID_ADDRESS, &address) != 0 || address == NULL ||
	    *address != (int)syscall(SYS_gettid))
		return 0;
	return (uint64_t)(uintptr_t)address;
}

static pid_t
raw_clone(uint64_t flags, int leaf, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.child_tid = thread_id_address(),
	};

	if (args.child_tid != 0)
		args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	if (leaf != -1) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)leaf;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Whether such a process can be made: 0 or errno. */
static int
probe(uint64_t flags)
{
	int pidfd = -1;
	pid_t pid = raw_clone(flags, -1, &pidfd);

	if (pid == -1)
		return errno;
	if (pid == 0)
		_exit(0);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	close(pidfd);
	return 0;
}

/*
 * Root gives accounts of their own and needs no user namespace; all others
 * get no namespace without one.
 */
static uint64_t
wanted(const struct xc_jail *jail)
{
	uint64_t flags = 0;

	for (unsigned i = 0; i < XC_JAIL_NAMESPACES; i++) {
		const struct xc_jail_namespace *ns = &xc_jail_namespaces[i];

		if ((jail->without & XC_LAYER_BIT(ns->layer)) == 0)
			flags |= ns->flag;
	}
	if (jail->is_admin && jail->can_change_uid)
		flags &= ~(uint64_t)CLONE_NEWUSER;
	else if (!jail->is_admin && (flags & CLONE_NEWUSER) == 0)
		flags = 0;
	return flags;
}

/* Tries one after the other; keeps those that can be had. */
static void
find_namespaces(const struct xc_jail *jail)
{
	struct xc_jail_nursery *nursery = jail->nursery;
	uint64_t want = wanted(jail), with = want & CLONE_NEWUSER;
	int user = with != 0 ? probe(with) : 0;

	nursery->namespaces = 0;
	nursery->weak_since = now_ms();
	if (user != 0 && jail->is_admin)
		with = 0;	/* root in a chroot */
	for (unsigned i = 0; i < XC_JAIL_NAMESPACES; i++) {
		const struct xc_jail_namespace *ns = &xc_jail_namespaces[i];
		int err = user;

		if ((want & ns->flag) == 0)
			continue;
		if (ns->flag != CLONE_NEWUSER && (err == 0 || with == 0))
			err = probe(ns->flag | with);
		nursery->why[ns->layer] = err;
		if (err == 0)
			nursery->namespaces |= ns->flag;
	}
}

/* A limit that was reached may not be any more. */
static void
try_again_later(const struct xc_jail *jail)
{
	struct xc_jail_nursery *nursery = jail->nursery;
	bool passing = false;

	if (nursery->weak_since == 0 ||
	    now_ms() - nursery->weak_since < WEAK_MS)
		return;
	for (unsigned i = 0; i < XC_LAYER__MAX; i++)
		passing |= nursery->why[i] == ENOSPC;
	if (passing)
		find_namespaces(jail);
	nursery->weak_since = now_ms();
}

static bool
is_passing(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EINTR ||
	    error == EMFILE || error == ENFILE;
}

/*
 * clone3() is missing under valgrind and in some containers; such a sandbox
 * has no namespaces, which its layers say.
 */
static pid_t
fork_instead(const struct xc_jail *jail, struct birth *birth)
{
	pid_t pid;

	birth->namespaces = 0;
	jail->nursery->namespaces = 0;
	for (unsigned i = 0; i < XC_JAIL_NAMESPACES; i++)
		jail->nursery->why[xc_jail_namespaces[i].layer] = ENOSYS;
	jail->nursery->cgroup_error = ENOSYS;
	pid = fork();
	if (pid <= 0)
		return pid;
	birth->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (birth->pidfd == -1) {
		int error = errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = error;
		return -1;
	}
	return pid;
}

/* As fork(); gives up what this host does not allow, and remembers. */
static pid_t
bear(const struct xc_jail *jail, struct birth *birth)
{
	struct xc_jail_nursery *nursery = jail->nursery;
	int leaf = nursery->cgroup_error == 0 ? birth->leaf : -1;
	pid_t pid;

	birth->namespaces = wanted(jail) & nursery->namespaces;
	pid = raw_clone(birth->namespaces, leaf, &birth->pidfd);
	if (pid == -1 && leaf != -1 && !is_passing(errno) &&
	    errno != ENOSYS) {
		int error = errno;

		/* The child must not write it: it is the maker's. */
		pid = raw_clone(birth->namespaces, -1, &birth->pidfd);
		nursery->cgroup_error = error;
	}
	if (pid == -1 && !is_passing(errno) && errno != ENOSYS) {
		nursery->cgroup_error = 0;
		find_namespaces(jail);
		birth->namespaces = nursery->namespaces;
		pid = raw_clone(birth->namespaces, leaf, &birth->pidfd);
		if (pid == -1 && leaf != -1) {
			nursery->cgroup_error = errno;
			pid = raw_clone(birth->namespaces, -1,
			    &birth->pidfd);
		}
	}
	if (pid == -1 && errno == ENOSYS)
		pid = fork_instead(jail, birth);
	return pid;
}

static void
note_layers(const struct xc_jail *jail, const struct birth *birth,
    struct xc_layers *layers)
{
	for (unsigned i = 0; i < XC_JAIL_NAMESPACES; i++) {
		const struct xc_jail_namespace *ns = &xc_jail_namespaces[i];

		if (xc_jail_leaves_out(jail, ns->layer, layers))
			continue;
		layers->why[ns->layer] = jail->nursery->why[ns->layer];
		if ((birth->namespaces & ns->flag) != 0)
			xc_layers_note(layers, ns->layer, 0);
	}
	if (jail->cgroup == NULL)
		xc_cgroup_note(layers, jail->cgroup_error);
	else if (birth->leaf != -1 && jail->nursery->cgroup_error != 0)
		xc_cgroup_note(layers, jail->nursery->cgroup_error);
}

void
xc_jail_die_with_maker(const struct xc_jail *jail)
{
	struct pollfd maker = { .fd = jail->nursery->maker_fd,
		.events = POLLIN };

	/* If it ended before the first call took effect, the second tells:
	 * getppid() does not, in a pid namespace. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    poll(&maker, 1, 0) != 0)
		_exit(XC_JAIL_EXIT_NOT_ADMITTED);
}

static void
reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* RLIMIT_FSIZE then gives EFBIG instead of death. */
	signal(SIGXFSZ, SIG_IGN);
}

static void
wait_for_admission(const struct xc_jail *jail, const struct birth *birth)
{
	ssize_t n;
	char byte;

	jail->nursery->pending = 0;
	if (jail->nursery->gate != -1)
		close(jail->nursery->gate);
	jail->nursery->gate = -1;
	close(birth->gate[1]);
	if (birth->leaf != -1)
		close(birth->leaf);
	xc_jail_die_with_maker(jail);
	do {
		n = read(birth->gate[0], &byte, 1);
	} while (n == -1 && errno == EINTR);
	close(birth->gate[0]);
	if (n != 1)
		_exit(XC_JAIL_EXIT_NOT_ADMITTED);
}

static enum xc_err
prepare(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct birth *birth, struct xc_layers *layers)
{
	struct xc_jail_nursery *nursery = jail->nursery;
	struct xc_cgroup_leaf leaf = { cell->slot, cell->limits,
		xc_jail_tasks(cell) };

	if (nursery->maker_fd == -1 || nursery->self != getpid()) {
		if (nursery->maker_fd != -1)
			close(nursery->maker_fd);
		nursery->self = getpid();
		nursery->maker_fd = (int)syscall(SYS_pidfd_open,
		    nursery->self, 0);
	}
	if (nursery->maker_fd == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    birth->gate) != 0)
		return XC_ERR_IO;
	if (jail->cgroup != NULL)
		birth->leaf = xc_cgroup_make_leaf(jail->cgroup, &leaf, layers);
	return XC_OK;
}

static pid_t
failed(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct birth *birth, int error)
{
	if (birth->gate[0] != -1)
		close(birth->gate[0]);
	if (birth->gate[1] != -1)
		close(birth->gate[1]);
	if (birth->leaf != -1) {
		close(birth->leaf);
		xc_jail_bury(jail, cell->slot, NULL);
	}
	errno = error;
	return -1;
}

static void
expect(const struct xc_jail *jail, struct birth *birth, pid_t pid)
{
	struct xc_jail_nursery *nursery = jail->nursery;

	close(birth->gate[0]);
	if (birth->leaf != -1)
		close(birth->leaf);
	/* One that was never admitted reads the end of its pipe. */
	if (nursery->gate != -1)
		close(nursery->gate);
	nursery->gate = birth->gate[1];
	nursery->pending = pid;
}

pid_t
xc_jail_clone(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, int *pidfd_r, struct xc_errbuf *errbuf)
{
	struct birth birth = { .leaf = -1, .gate = { -1, -1 }, .pidfd = -1 };
	pid_t pid = -1;

	*pidfd_r = -1;
	memset(layers, 0, sizeof(*layers));
	try_again_later(jail);
	if (prepare(jail, cell, &birth, layers) == XC_OK)
		pid = bear(jail, &birth);
	if (pid == -1) {
		pid = failed(jail, cell, &birth, errno);
		xc_fail(errbuf, XC_ERR_UNAVAILABLE, "no process for a "
		    "sandbox: %s", strerror(errno));
		return pid;
	}
	note_layers(jail, &birth, layers);
	if (pid == 0) {
		wait_for_admission(jail, &birth);
		reset_signals();
		jail->nursery->self = getpid();
		return 0;
	}
	expect(jail, &birth, pid);
	*pidfd_r = birth.pidfd;
	return pid;
}

/* 0 or errno. */
static int
write_map(pid_t pid, const char *name, const char *text)
{
	size_t len = strlen(text);
	char path[64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = errno;
	close(fd);
	return err;
}

/* The next one goes without, and says so. */
static void
give_up_namespaces(const struct xc_jail *jail, int error)
{
	struct xc_jail_nursery *nursery = jail->nursery;

	for (unsigned i = 0; i < XC_JAIL_NAMESPACES; i++) {
		const struct xc_jail_namespace *ns = &xc_jail_namespaces[i];

		if (jail->is_admin && ns->flag != CLONE_NEWUSER)
			continue;
		nursery->why[ns->layer] = error;
		nursery->namespaces &= ~ns->flag;
	}
}

/* Inside it has the same numbers as outside, and nobody else's. */
static int
map_accounts(pid_t pid)
{
	char text[64];
	int err;

	err = write_map(pid, "setgroups", "deny");
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)geteuid(),
	    (unsigned)geteuid());
	if (err == 0)
		err = write_map(pid, "uid_map", text);
	snprintf(text, sizeof(text), "%u %u 1", (unsigned)getegid(),
	    (unsigned)getegid());
	if (err == 0)
		err = write_map(pid, "gid_map", text);
	return err;
}

enum xc_err
xc_jail_admit(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    pid_t pid, struct xc_errbuf *errbuf)
{
	struct xc_jail_nursery *nursery = jail->nursery;
	int err = 0;

	(void)cell;
	if (nursery->pending != pid || nursery->gate == -1)
		return xc_fail(errbuf, XC_ERR_STATE,
		    "process %ld does not wait to be admitted", (long)pid);
	if ((wanted(jail) & nursery->namespaces & CLONE_NEWUSER) != 0)
		err = map_accounts(pid);
	if (err == EPERM || err == EACCES)
		give_up_namespaces(jail, err);
	if (err == 0 && send(nursery->gate, "", 1, MSG_NOSIGNAL) != 1)
		err = errno;
	close(nursery->gate);
	nursery->gate = -1;
	nursery->pending = 0;
	if (err == 0)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_IO,
	    "the sandbox's account cannot be mapped: %s", strerror(err));
}

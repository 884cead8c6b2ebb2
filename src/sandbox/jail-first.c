/* SPDX-License-Identifier: MIT */
/* Around the constructors: nothing of the server or the network is in reach,
 * but what dlopen() needs still is. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail-caps.h"
#include "jail-private.h"
#include "landlock.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define KEEP_MAX 128
#define STACK_BYTES (UINT64_C(8) << 20)
/* Descriptors that dlopen() has open at a time, and this jail. */
#define LOADING_FILES 8
/* Objects that are loaded take addresses before the quota is set. */
#define LOADING_BYTES (UINT64_C(256) << 20)

bool
xc_jail_changes_uid(const struct xc_jail *jail,
    const struct xc_layers *layers)
{
	return jail->can_change_uid &&
	    !xc_layers_hold(layers, XC_LAYER_USERNS);
}

/* 0 or errno. */
static int
become(uid_t uid)
{
	/* Only chroot() is left to be done with rights. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
	    setresuid(uid, uid, uid) != 0 ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return errno;
	return 0;
}

static enum xc_err
enter_account(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	uid_t old = getuid();
	uid_t uid;
	int err;

	if (xc_jail_leaves_out(jail, XC_LAYER_UID, layers))
		return XC_OK;
	if (!xc_jail_changes_uid(jail, layers)) {
		xc_layers_note(layers, XC_LAYER_UID, jail->uid_error);
		return XC_OK;
	}
	uid = (uid_t)(jail->uid_first + cell->slot % jail->uid_count);
	err = become(uid);
	/* Half a change is worse than none. */
	if (err != 0 || getuid() != uid || geteuid() != uid || uid == old)
		return xc_fail(errbuf, XC_ERR_FAILED, "the sandbox cannot get "
		    "the account %u: %s", (unsigned)uid, strerror(err));
	xc_layers_note(layers, XC_LAYER_UID, 0);
	return XC_OK;
}

/* Rights in the namespaces, or root's: of all of them chroot() is left. */
static enum xc_err
give_up_rights(struct xc_errbuf *errbuf)
{
	int err;

	err = xc_caps_keep(XC_CAP_BIT(CAP_SYS_CHROOT));
	if (err != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "capabilities cannot be dropped: %s", strerror(err));
	return XC_OK;
}

/* The host's mounts go on to change; none of ours would get out. */
static void
detach_mounts(const struct xc_layers *layers)
{
	if (xc_layers_hold(layers, XC_LAYER_MOUNTNS))
		(void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

/* 0 or errno. */
static int
place_output(int output)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err = 0;

	if (null == -1)
		return errno;
	if (output == -1)
		output = null;
	if (dup2(null, 0) == -1 || dup2(output, 1) == -1 ||
	    dup2(output, 2) == -1)
		err = errno;
	if (null > 2)
		close(null);
	return err;
}

static int
compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Closes all from 3 on but those.  0 or errno. */
static int
close_others(int *keep, size_t n)
{
	unsigned from = 3;

	qsort(keep, n, sizeof(keep[0]), compare);
	for (size_t i = 0; i < n; i++) {
		unsigned fd = (unsigned)keep[i];

		if (fd > from &&
		    syscall(SYS_close_range, from, fd - 1, 0) != 0)
			return errno;
		from = fd + 1 > from ? fd + 1 : from;
	}
	return syscall(SYS_close_range, from, ~0u, 0) == 0 ? 0 : errno;
}

static enum xc_err
keep_descriptors(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_errbuf *errbuf)
{
	int keep[KEEP_MAX];
	size_t n = 0;
	int err;

	if (cell->n_keep_fds > KEEP_MAX - 1)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "%zu descriptors for a sandbox", cell->n_keep_fds);
	for (; n < cell->n_keep_fds; n++) {
		if (cell->keep_fds[n] < 3)
			return xc_fail(errbuf, XC_ERR_INVALID, "a sandbox "
			    "cannot keep descriptor %d", cell->keep_fds[n]);
		keep[n] = cell->keep_fds[n];
	}
	if (jail->root_fd != -1)
		keep[n++] = jail->root_fd;
	err = place_output(cell->output_fd);
	if (err == 0)
		err = close_others(keep, n);
	jail->nursery->maker_fd = -1;
	if (err != 0)
		return xc_fail(errbuf, XC_ERR_IO, "the sandbox's descriptors "
		    "cannot be put in order: %s", strerror(err));
	return XC_OK;
}

uint64_t
xc_jail_loading_files(const struct xc_jail_cell *cell)
{
	return 3 + cell->n_keep_fds + LOADING_FILES + cell->limits.files;
}

/* 0 or errno of the first that failed. */
static int
limit_resources(const struct xc_jail_cell *cell)
{
	const struct {
		int resource;
		uint64_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_NOFILE, xc_jail_loading_files(cell) },
		{ RLIMIT_STACK, STACK_BYTES },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NICE, 0 },
		{ RLIMIT_RTPRIO, 0 },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]) &&
	    err == 0; i++)
		err = xc_jail_limit(limits[i].resource, limits[i].value);
	return err;
}

/*
 * A quota with room for the objects to be loaded; xc_jail_last() makes it
 * exact.  A hostile constructor would not get there, so there is one already.
 */
static int
limit_loading(const struct xc_jail *jail, const struct xc_jail_cell *cell)
{
	if (XC_JAIL_HUGE_ADDRESS_SPACE || cell->limits.memory_mb == 0)
		return 0;
	return xc_jail_limit(RLIMIT_AS, jail->address_space + LOADING_BYTES +
	    ((uint64_t)cell->limits.memory_mb << 20));
}

/*
 * Counted for each account in each user namespace: with neither of its own,
 * the server's processes would be counted too.  The kernel never holds root
 * to it.
 */
static void
limit_tasks(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers)
{
	bool own = xc_layers_hold(layers, XC_LAYER_UID) ||
	    (xc_layers_hold(layers, XC_LAYER_USERNS) && getuid() != 0);

	if (xc_jail_leaves_out(jail, XC_LAYER_NPROC, layers))
		return;
	if (!own)
		xc_layers_note(layers, XC_LAYER_NPROC,
		    getuid() == 0 ? EDOM : EPERM);
	else
		xc_layers_note(layers, XC_LAYER_NPROC,
		    xc_jail_limit(RLIMIT_NPROC, xc_jail_tasks(cell)));
}

static enum xc_err
limit(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	int err;

	limit_tasks(jail, cell, layers);
	if (xc_jail_leaves_out(jail, XC_LAYER_RLIMITS, layers))
		return XC_OK;
	err = limit_resources(cell);
	if (err == 0)
		err = limit_loading(jail, cell);
	if (err != 0)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "the sandbox's "
		    "limits cannot be set: %s", strerror(err));
	return XC_OK;
}

static enum xc_err
refuse_new_rights(const struct xc_jail *jail, struct xc_layers *layers,
    struct xc_errbuf *errbuf)
{
	if (xc_jail_leaves_out(jail, XC_LAYER_NO_NEW_PRIVS, layers))
		return XC_OK;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
		    "no_new_privs cannot be set: %s", strerror(errno));
	xc_layers_note(layers, XC_LAYER_NO_NEW_PRIVS, 0);
	return XC_OK;
}

/* Code is mapped from files and never changed: dlopen() needs no more. */
static void
refuse_new_code(const struct xc_jail *jail, struct xc_layers *layers)
{
	if (xc_jail_leaves_out(jail, XC_LAYER_MDWE, layers))
		return;
	xc_layers_note(layers, XC_LAYER_MDWE, prctl(PR_SET_MDWE,
	    PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0 ? 0 : errno);
}

static void
confine_files(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers)
{
	const char *paths[XC_JAIL_READABLE_MAX + 1];
	size_t n = jail->n_readable;
	int err = jail->landlock_error;

	layers->landlock_abi = 0;
	if (xc_jail_leaves_out(jail, XC_LAYER_LANDLOCK, layers)) {
		xc_layers_note(layers, XC_LAYER_LANDLOCK_NET, ECANCELED);
		xc_layers_note(layers, XC_LAYER_LANDLOCK_SCOPE, ECANCELED);
		return;
	}
	memcpy(paths, jail->readable, n * sizeof(paths[0]));
	if (cell->dir != NULL)
		paths[n++] = cell->dir;
	if (err == 0)
		err = xc_landlock_restrict(jail->landlock_abi, paths, n);
	if (err == 0)
		layers->landlock_abi = jail->landlock_abi;
	xc_layers_note(layers, XC_LAYER_LANDLOCK, err);
	xc_layers_note(layers, XC_LAYER_LANDLOCK_NET, err != 0 ? err :
	    jail->landlock_abi >= 4 ? 0 : EPROTONOSUPPORT);
	xc_layers_note(layers, XC_LAYER_LANDLOCK_SCOPE, err != 0 ? err :
	    jail->landlock_abi >= 6 ? 0 : EPROTONOSUPPORT);
}

static enum xc_err
filter(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	int err;

	if (xc_jail_leaves_out(jail, XC_LAYER_SECCOMP, layers))
		return XC_OK;
	err = xc_filter_load(jail->loading[cell->limits.threads > 1]
	    [cell->isolation == XC_ISOLATION_REQUEST],
	    xc_jail_own_pid(cell));
	if (err != 0)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "the system call "
		    "filter cannot be loaded: %s",
		    xc_layer_reason(XC_LAYER_SECCOMP, err));
	return XC_OK;
}

static void
settle_on(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	/* It may have been taken away meanwhile: any will do. */
	(void)sched_setaffinity(0, sizeof(set), &set);
}

enum xc_err
xc_jail_first(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	settle_on(cell->cpu);
	detach_mounts(layers);
	xc_caps_lock();
	err = enter_account(jail, cell, layers, errbuf);
	if (err == XC_OK)
		err = give_up_rights(errbuf);
	if (err != XC_OK)
		return err;
	/* A change of account has taken it back. */
	xc_jail_die_with_maker(jail);
	/* What an orphan leaves behind stays a child of this one. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	err = keep_descriptors(jail, cell, errbuf);
	if (err == XC_OK)
		err = limit(jail, cell, layers, errbuf);
	if (err == XC_OK)
		err = refuse_new_rights(jail, layers, errbuf);
	if (err != XC_OK)
		return err;
	confine_files(jail, cell, layers);
	refuse_new_code(jail, layers);
	return filter(jail, cell, layers, errbuf);
}

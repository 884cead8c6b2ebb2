/* SPDX-License-Identifier: MIT */
/* Around the plugin's handlers: memory, time, and what is open already. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail-caps.h"
#include "jail-private.h"
#include "landlock.h"

#define THREAD_STACK_BYTES (UINT64_C(1) << 20)
/* Guard page and the C library's own at the top of a stack. */
#define THREAD_EXTRA_BYTES (UINT64_C(64) << 10)

static enum xc_err
check_alone(const struct xc_jail_size *size, struct xc_errbuf *errbuf)
{
	if (size->threads == 0 || size->address_space == 0)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "a sandbox cannot "
		    "be made without /proc");
	if (size->threads > 1 && !XC_JAIL_HUGE_ADDRESS_SPACE)
		return xc_fail(errbuf, XC_ERR_STATE, "constructors have "
		    "started %u threads; that is for start() to do",
		    size->threads - 1);
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD)
		return xc_fail(errbuf, XC_ERR_STATE, "constructors have "
		    "started processes");
	return XC_OK;
}

/* Threads have smaller stacks here, for all of them count as addresses. */
static uint64_t
limit_stacks(const struct xc_jail_cell *cell)
{
	pthread_attr_t attr;
	uint64_t each = THREAD_STACK_BYTES + THREAD_EXTRA_BYTES;

	if (cell->limits.threads <= 1 || pthread_attr_init(&attr) != 0)
		return 0;
	if (pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES) == 0)
		(void)pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
	return (cell->limits.threads - 1) * each;
}

static void
enter_empty_root(const struct xc_jail *jail, struct xc_layers *layers)
{
	int err = 0;

	if (xc_jail_leaves_out(jail, XC_LAYER_ROOT, layers))
		return;
	if (jail->root_fd == -1)
		err = jail->root_error;
	else if (fchdir(jail->root_fd) != 0 || chroot(".") != 0)
		err = errno;
	xc_layers_note(layers, XC_LAYER_ROOT, err);
}

/*
 * The quota is what the plugin adds to what its process has when it was
 * loaded.  Where a sanitizer has reserved terabytes there is no such limit;
 * the layer counts as there all the same, for tests of such builds.
 */
static int
limit(const struct xc_jail_cell *cell, uint64_t baseline, uint64_t stacks)
{
	int err = xc_jail_limit(RLIMIT_NOFILE,
	    3 + cell->n_keep_fds + cell->limits.files);

	if (err != 0 || XC_JAIL_HUGE_ADDRESS_SPACE ||
	    cell->limits.memory_mb == 0)
		return err;
	return xc_jail_limit(RLIMIT_AS, baseline + stacks +
	    ((uint64_t)cell->limits.memory_mb << 20));
}

static void
confine_files(const struct xc_jail *jail, struct xc_layers *layers)
{
	int err;

	if (!xc_layers_hold(layers, XC_LAYER_LANDLOCK))
		return;
	err = xc_landlock_restrict(jail->landlock_abi, NULL, 0);
	if (err == 0)
		return;
	xc_layers_note(layers, XC_LAYER_LANDLOCK, err);
}

static void
filter(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers)
{
	if (xc_jail_leaves_out(jail, XC_LAYER_SECCOMP, layers))
		return;
	xc_layers_note(layers, XC_LAYER_SECCOMP,
	    xc_filter_load(jail->serving[cell->limits.threads > 1]
	    [cell->isolation == XC_ISOLATION_REQUEST],
	    xc_jail_own_pid(cell)));
}

/*
 * A folder that a constructor has left open, maybe in place of 0 to 2, is a
 * way around the empty root: names begin there, and ".." leads on.
 */
static void
close_folders(const struct xc_jail_cell *cell)
{
	int end = (int)xc_jail_loading_files(cell);
	struct stat st;

	for (int fd = 0; fd < end; fd++) {
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			close(fd);
	}
}

enum xc_err
xc_jail_last(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	struct xc_jail_size size;
	uint64_t stacks;
	enum xc_err err;
	int error;

	xc_jail_read_ahead();
	xc_jail_measure(&size);
	err = check_alone(&size, errbuf);
	if (err != XC_OK)
		return err;
	stacks = limit_stacks(cell);
	enter_empty_root(jail, layers);
	if (jail->root_fd != -1)
		close(jail->root_fd);
	close_folders(cell);
	error = xc_caps_keep(0);
	if (error != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "capabilities cannot be dropped: %s", strerror(error));
	confine_files(jail, layers);
	if (!xc_jail_leaves_out(jail, XC_LAYER_RLIMITS, layers))
		xc_layers_note(layers, XC_LAYER_RLIMITS,
		    limit(cell, size.address_space, stacks));
	/* A profile reads in it which paths are named. */
	if (!jail->traced && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "the sandbox cannot be closed to debuggers: %s",
		    strerror(errno));
	jail->nursery->self = getpid();
	filter(jail, cell, layers);
	return XC_OK;
}

enum xc_err
xc_jail_oneshot(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers, struct xc_errbuf *errbuf)
{
	bool threads = cell->limits.threads > 1;
	int err;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    getppid() != jail->nursery->self)
		return xc_fail(errbuf, XC_ERR_STATE, "the zygote has ended");
	/* A limit costs less than a filter, but counts all of its account. */
	if (!threads && xc_layers_hold(layers, XC_LAYER_NPROC))
		err = xc_jail_limit(RLIMIT_NPROC, 0);
	else if (!xc_layers_hold(layers, XC_LAYER_SECCOMP))
		err = 0;	/* left out on request */
	else
		err = xc_filter_load(jail->oneshot[threads], 0);
	if (err == 0)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_FAILED, "a one-shot process cannot be "
	    "kept from forking: %s", strerror(err));
}

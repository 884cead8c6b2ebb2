/* SPDX-License-Identifier: MIT */
/*
 * The walls around one process.  The order is what makes them hold:
 *
 *	xc_jail_clone()		the maker: namespaces, cgroup, pidfd
 *	in the child:
 *	xc_jail_first()		PDEATHSIG, account, descriptors, rlimits,
 *				landlock (libraries and the plugin, to read),
 *				no_new_privs, the first seccomp filter
 *	(dlopen() and with it the constructors)
 *	xc_jail_last()		empty root, no capabilities, landlock
 *				(nothing), RLIMIT_AS and NPROC, the second
 *				filter
 *	(start(), warm(), requests)
 *
 * The maker is single-threaded.  Nothing here is undone: a process that is in
 * stays in.
 */
#ifndef XC_JAIL_H
#define XC_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/errbuf.h"
#include "lib/limits.h"
#include "sandbox/layers.h"

/* Made once by whoever makes sandboxes: filters compiled with libseccomp,
 * what this host has found out, the cgroup's descriptor. */
struct xc_jail;

struct xc_jail_options {
	const char *cgroup;	/* a delegated cgroup v2 folder, or "" */
	uint32_t uid_first;	/* accounts for sandboxes, used as root only */
	uint32_t uid_count;
	/* Layers not to be used, for tests and xcorectl-doctor(8) alone. */
	uint32_t without;
	bool trace;		/* filters trap instead of refusing: profile */
};

/*
 * Layers that xc_jail_first() has settled: to be asked of xc_layers_have()
 * before constructors run.  The others stand after xc_jail_last().
 */
#define XC_LAYERS_FIRST (~(XC_LAYER_BIT(XC_LAYER_SECCOMP) |		\
    XC_LAYER_BIT(XC_LAYER_RLIMITS) | XC_LAYER_BIT(XC_LAYER_ROOT)))

/*
 * XC_OK with a sentence in errbuf: something that the options name cannot be
 * used here, and the layers say what is weaker.
 */
enum xc_err xc_jail_create(const struct xc_jail_options *options,
    struct xc_jail **jail_r, struct xc_errbuf *errbuf);
void xc_jail_free(struct xc_jail **jail);

/*
 * One sandbox to be.  The memory that it may have is what it has after
 * dlopen() and limits.memory_mb; stacks of its threads (1 MB each) are
 * counted apart.
 */
struct xc_jail_cell {
	enum xc_isolation isolation;	/* REQUEST: it may fork */
	struct xc_limits limits;
	uint32_t slot;		/* number for uid and cgroup; unique while it
				 * lives */
	const char *dir;	/* of the plugin, absolute; to read */
	const int *keep_fds;	/* all others are closed, but 0 to 2 */
	size_t n_keep_fds;
	int output_fd;		/* becomes 1 and 2; -1: /dev/null */
	int cpu;		/* to run on, -1: any */
};

/*
 * As fork(): 0 in the child.  *pidfd_r is close-on-exec, the parent's.  Which
 * namespaces the child has stands in its `layers`.  -1 with errbuf: a process
 * limit, memory, a signal.
 */
pid_t xc_jail_clone(const struct xc_jail *jail,
    const struct xc_jail_cell *cell, struct xc_layers *layers,
    int *pidfd_r, struct xc_errbuf *errbuf);

/* In the parent, right after: accounts are mapped, limits of the cgroup set,
 * the child goes on.  An error means that it is to be killed. */
enum xc_err xc_jail_admit(const struct xc_jail *jail,
    const struct xc_jail_cell *cell, pid_t pid, struct xc_errbuf *errbuf);

/*
 * In the child; both add to layers.  After an error only _exit() is right.
 * xc_jail_last() refuses a process with threads or children: those that
 * constructors made would be outside of the last walls.  start() comes after
 * it and may make them.
 */
enum xc_err xc_jail_first(const struct xc_jail *jail,
    const struct xc_jail_cell *cell, struct xc_layers *layers,
    struct xc_errbuf *errbuf);
enum xc_err xc_jail_last(const struct xc_jail *jail,
    const struct xc_jail_cell *cell, struct xc_layers *layers,
    struct xc_errbuf *errbuf);

/*
 * In a one-shot child of a zygote, whose walls it has: it dies with the
 * zygote, and cannot fork.  After an error only _exit() is right.
 */
enum xc_err xc_jail_oneshot(const struct xc_jail *jail,
    const struct xc_jail_cell *cell, const struct xc_layers *layers,
    struct xc_errbuf *errbuf);

/* In the parent, when the child has been reaped: removes its cgroup;
 * *oom_kills_r is how often the kernel ended something in it. */
void xc_jail_bury(const struct xc_jail *jail, uint32_t slot,
    uint64_t *oom_kills_r);

#endif

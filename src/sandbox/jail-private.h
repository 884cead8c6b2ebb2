/* SPDX-License-Identifier: MIT */
#ifndef XC_JAIL_PRIVATE_H
#define XC_JAIL_PRIVATE_H

#include "sandbox/cgroup.h"
#include "sandbox/filter.h"
#include "sandbox/jail.h"

/* AddressSanitizer and its like reserve terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XC_JAIL_HUGE_ADDRESS_SPACE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define XC_JAIL_HUGE_ADDRESS_SPACE 1
#endif
#endif
#ifndef XC_JAIL_HUGE_ADDRESS_SPACE
#define XC_JAIL_HUGE_ADDRESS_SPACE 0
#endif

/* How a child ends that was never admitted. */
#define XC_JAIL_EXIT_NOT_ADMITTED 121

/* Folders and files that the dynamic loader and constructors read. */
#define XC_JAIL_READABLE_MAX 16

/* The one-shot children that a zygote has at a time, and those that are
 * dying while their successors begin. */
#define XC_JAIL_ONESHOTS 32

/* Namespaces, in the order in which they are given up. */
struct xc_jail_namespace {
	enum xc_layer layer;
	uint64_t flag;
};
#define XC_JAIL_NAMESPACES 6
extern const struct xc_jail_namespace
    xc_jail_namespaces[XC_JAIL_NAMESPACES];

/*
 * What changes while sandboxes are made.  The maker's, and each child has its
 * own copy.
 */
struct xc_jail_nursery {
	/* What could be made at last. */
	uint64_t namespaces;
	int why[XC_LAYER__MAX];
	int cgroup_error;	/* CLONE_INTO_CGROUP is of no use */
	uint64_t weak_since;	/* ms; 0: nothing is given up */

	/* The child that waits to be admitted. */
	pid_t pending;		/* 0: none */
	int gate;		/* a byte lets it in; -1: none */

	/* In a child. */
	int maker_fd;		/* pidfd of the maker */
	pid_t self;
};

struct xc_jail {
	uint32_t without;
	uint32_t uid_first;
	uint32_t uid_count;
	bool traced;		/* for a profile: somebody watches */
	bool is_admin;		/* CAP_SYS_ADMIN */
	bool can_change_uid;	/* and there are accounts */
	int uid_error;		/* why not */

	int landlock_abi;
	int landlock_error;
	struct xc_filter *loading[2][2];	/* [threads][forks] */
	struct xc_filter *serving[2][2];
	struct xc_filter *oneshot[2];		/* [threads] */
	struct xc_cgroup *cgroup;		/* NULL: none */
	int cgroup_error;
	int root_fd;		/* an empty folder without a name; -1: none */
	int root_error;
	char *readable[XC_JAIL_READABLE_MAX];
	size_t n_readable;
	uint64_t address_space;	/* of the maker, so of each child at first */

	struct xc_jail_nursery *nursery;
};

/* Processes and threads that the sandbox may have at a time. */
uint32_t xc_jail_tasks(const struct xc_jail_cell *cell);

/* Descriptors are below that while constructors run. */
uint64_t xc_jail_loading_files(const struct xc_jail_cell *cell);

/* Whom the filter lets it signal; 0: nobody.  A zygote's children have its
 * filter, and would signal the zygote. */
uint32_t xc_jail_own_pid(const struct xc_jail_cell *cell);

/* Whether the layer was left out on request; notes it if so. */
bool xc_jail_leaves_out(const struct xc_jail *jail, enum xc_layer layer,
    struct xc_layers *layers);

/* The account is to be one of its own: either there is no need for a user
 * namespace, or there is none. */
bool xc_jail_changes_uid(const struct xc_jail *jail,
    const struct xc_layers *layers);

/*
 * What the C library would look for in files later, when there are none: the
 * time zone (only one that TZ names is kept for good) and the unwinder that
 * pthread_exit() and backtraces need.
 */
void xc_jail_read_ahead(void);

/* What this process has.  Zeros: unknown (no /proc). */
struct xc_jail_size {
	uint64_t address_space;	/* bytes */
	unsigned threads;
};
void xc_jail_measure(struct xc_jail_size *size_r);

/* Both limits, soft and hard; never raises the hard one.  0 or errno. */
int xc_jail_limit(int resource, uint64_t value);

/* In the child, on the maker's side of admission; the way in ends there if
 * the maker has ended meanwhile. */
void xc_jail_die_with_maker(const struct xc_jail *jail);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Runs a program on a host that lacks something: what it asks the kernel for
 * fails as it would there.
 *
 *	without userns,landlock PROGRAM [ARGUMENT...]
 *
 *	userns		no user namespaces (EPERM): many containers
 *	namespaces	none at all (EPERM)
 *	landlock	not in the kernel (ENOSYS)
 *	landlock-off	built, but off at boot (EOPNOTSUPP)
 *	seccomp		not in the kernel (EINVAL)
 *	memfd		no memory files (ENOSYS)
 *	pidfd		no process descriptors (ENOSYS)
 *
 * clone3() fails with ENOSYS under all of the first two, since a filter does
 * not see its flags; who wants threads or processes falls back to clone().
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWCGROUP)
#define CODE_MAX 128

/* A call that fails, if `bits` is not 0 only with one of these in its first
 * argument, or if `equals` only with that one. */
struct lack {
	const char *name;
	int call;
	int error;
	uint32_t bits;
	bool equals;
};

static const struct lack lacks[] = {
	{ "userns", SYS_clone3, ENOSYS, 0, false },
	{ "userns", SYS_clone, EPERM, CLONE_NEWUSER, false },
	{ "userns", SYS_unshare, EPERM, CLONE_NEWUSER, false },
	{ "namespaces", SYS_clone3, ENOSYS, 0, false },
	{ "namespaces", SYS_clone, EPERM, NAMESPACES, false },
	{ "namespaces", SYS_unshare, EPERM, NAMESPACES, false },
	{ "landlock", SYS_landlock_create_ruleset, ENOSYS, 0, false },
	{ "landlock", SYS_landlock_add_rule, ENOSYS, 0, false },
	{ "landlock", SYS_landlock_restrict_self, ENOSYS, 0, false },
	{ "landlock-off", SYS_landlock_create_ruleset, EOPNOTSUPP, 0, false },
	{ "landlock-off", SYS_landlock_add_rule, EOPNOTSUPP, 0, false },
	{ "landlock-off", SYS_landlock_restrict_self, EOPNOTSUPP, 0, false },
	{ "seccomp", SYS_seccomp, EINVAL, 0, false },
	{ "seccomp", SYS_prctl, EINVAL, PR_SET_SECCOMP, true },
	{ "memfd", SYS_memfd_create, ENOSYS, 0, false },
	{ "pidfd", SYS_pidfd_open, ENOSYS, 0, false },
};

static struct sock_filter code[CODE_MAX];
static unsigned short n_code;

static void
put(struct sock_filter one)
{
	if (n_code < CODE_MAX)
		code[n_code++] = one;
}

static void
load(size_t offset)
{
	put((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)offset));
}

static void
put_lack(const struct lack *lack)
{
	bool looks = lack->bits != 0;

	load(offsetof(struct seccomp_data, nr));
	put((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
	    (uint32_t)lack->call, 0, looks ? 3 : 1));
	if (looks) {
		/* The low half of the first argument, on a machine that has
		 * it first; all flags of interest are there. */
		load(offsetof(struct seccomp_data, args[0]));
		put((struct sock_filter)BPF_JUMP(BPF_JMP | (lack->equals ?
		    BPF_JEQ : BPF_JSET) | BPF_K, lack->bits, 0, 1));
	}
	put((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO |
	    ((uint32_t)lack->error & SECCOMP_RET_DATA)));
}

static bool
put_all(const char *name, size_t len)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		if (strlen(lacks[i].name) != len ||
		    memcmp(lacks[i].name, name, len) != 0)
			continue;
		put_lack(&lacks[i]);
		found = true;
	}
	if (!found)
		fprintf(stderr, "without: there is no '%.*s'\n", (int)len,
		    name);
	return found;
}

static bool
build(const char *names)
{
	while (*names != '\0') {
		size_t len = strcspn(names, ",");

		if (!put_all(names, len))
			return false;
		names += len;
		names += *names == ',';
	}
	put((struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_ALLOW));
	return n_code < CODE_MAX;
}

int
main(int argc, char **argv)
{
	struct sock_fprog program = { .filter = code };

	if (argc < 3) {
		fprintf(stderr, "usage: without NAME[,NAME...] PROGRAM "
		    "[ARGUMENT...]\n");
		return 2;
	}
	if (!build(argv[1]))
		return 2;
	program.len = n_code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		perror("without: seccomp");
		return 77;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}

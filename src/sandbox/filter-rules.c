/* SPDX-License-Identifier: MIT */
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "filter-rules.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define CALLS(array) { array, N(array) }

#define IS(number, value)						\
	{ .arg = (number), .op = SCMP_CMP_EQ, .datum_a = (uint64_t)(value) }
#define BITS(number, mask, value)					\
	{ .arg = (number), .op = SCMP_CMP_MASKED_EQ,			\
	    .datum_a = (uint64_t)(mask), .datum_b = (uint64_t)(value) }

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |	\
	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Flags of open() that write or make something. */
#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND |		\
	(O_TMPFILE & ~O_DIRECTORY))

static const int serving_calls[] = {
	/* what is open */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(close),
	SCMP_SYS(dup), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
	SCMP_SYS(pselect6),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(madvise),
	SCMP_SYS(mremap), SCMP_SYS(mincore),
	/* threads and locks */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
	SCMP_SYS(getcpu), SCMP_SYS(membarrier), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* signals of its own */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending),
	SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
	/* time */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
	/* itself; sysinfo is what sysconf() of the C library stands on */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(getrusage), SCMP_SYS(getrlimit),
	SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrandom),
};
const struct xc_filter_calls xc_filter_serving_calls = CALLS(serving_calls);

/* Reading of files, and the steps of xc_jail_last(). */
static const int loading_calls[] = {
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
	SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(fstatfs),
	SCMP_SYS(fadvise64), SCMP_SYS(arch_prctl), SCMP_SYS(umask),
	SCMP_SYS(fchdir), SCMP_SYS(chroot), SCMP_SYS(capget),
	SCMP_SYS(capset),
	SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_restrict_self),
	SCMP_SYS(wait4),
};
const struct xc_filter_calls xc_filter_loading_calls = CALLS(loading_calls);

static const int forks_calls[] = {
	SCMP_SYS(wait4), SCMP_SYS(waitid),
};
const struct xc_filter_calls xc_filter_forks_calls = CALLS(forks_calls);

static const int attack_calls[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(userfaultfd),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff),
	SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(iopl),
	SCMP_SYS(ioperm), SCMP_SYS(modify_ldt), SCMP_SYS(vmsplice),
};
const struct xc_filter_calls xc_filter_attack_calls = CALLS(attack_calls);

static const struct xc_filter_rule serving_rules[] = {
	{ SCMP_SYS(fcntl), 1, { IS(1, F_GETFD) } },
	{ SCMP_SYS(fcntl), 1, { IS(1, F_SETFD) } },
	{ SCMP_SYS(fcntl), 1, { IS(1, F_GETFL) } },
	{ SCMP_SYS(fcntl), 1, { IS(1, F_DUPFD) } },
	{ SCMP_SYS(fcntl), 1, { IS(1, F_DUPFD_CLOEXEC) } },
	/* To itself: abort() and pthread_kill(). */
	{ SCMP_SYS(tgkill), 1, { IS(0, XC_FILTER_OWN_PID) } },
	/* Limits can be read. */
	{ SCMP_SYS(prlimit64), 2, { IS(0, 0), IS(2, 0) } },
	{ SCMP_SYS(prctl), 1, { IS(0, PR_SET_NAME) } },
	{ SCMP_SYS(prctl), 1, { IS(0, PR_GET_NAME) } },
	/* The C library names its mappings. */
	{ SCMP_SYS(prctl), 1, { IS(0, PR_SET_VMA) } },
};
const struct xc_filter_rules xc_filter_serving_rules = CALLS(serving_rules);

static const struct xc_filter_rule serving_only_rules[] = {
	/*
	 * No code, and no memory that is shared and has no file: RLIMIT_DATA
	 * would not count it.
	 */
	{ SCMP_SYS(mmap), 2, { BITS(2, PROT_EXEC, 0),
	    BITS(3, MAP_SHARED, 0) } },
	{ SCMP_SYS(mmap), 2, { BITS(2, PROT_EXEC, 0),
	    BITS(3, MAP_ANONYMOUS, 0) } },
	{ SCMP_SYS(mprotect), 1, { BITS(2, PROT_EXEC, 0) } },
	/* fstat() of the C library.  A name can come with it, which leads
	 * nowhere in an empty root, with no folder open: xc_jail_last()
	 * closes those, and no more can be opened. */
	{ SCMP_SYS(newfstatat), 1, { IS(3, AT_EMPTY_PATH) } },
};
const struct xc_filter_rules xc_filter_serving_only_rules =
    CALLS(serving_only_rules);

static const struct xc_filter_rule loading_rules[] = {
	/*
	 * Not both code and writable; and never shared without a file: what a
	 * zygote's constructors had made so, its children would share, and
	 * keep from one request to the next.
	 */
	{ SCMP_SYS(mmap), 2, { BITS(2, PROT_EXEC, 0),
	    BITS(3, MAP_SHARED, 0) } },
	{ SCMP_SYS(mmap), 2, { BITS(2, PROT_EXEC, 0),
	    BITS(3, MAP_ANONYMOUS, 0) } },
	{ SCMP_SYS(mmap), 2, { BITS(2, PROT_WRITE, 0),
	    BITS(3, MAP_SHARED, 0) } },
	{ SCMP_SYS(mmap), 2, { BITS(2, PROT_WRITE, 0),
	    BITS(3, MAP_ANONYMOUS, 0) } },
	{ SCMP_SYS(mprotect), 1, { BITS(2, PROT_EXEC, 0) } },
	{ SCMP_SYS(mprotect), 1, { BITS(2, PROT_WRITE, 0) } },
	{ SCMP_SYS(open), 1, { BITS(1, OPEN_WRITES, 0) } },
	{ SCMP_SYS(openat), 1, { BITS(2, OPEN_WRITES, 0) } },
	{ SCMP_SYS(prlimit64), 1, { IS(0, 0) } },
	{ SCMP_SYS(prctl), 2, { IS(0, PR_SET_DUMPABLE), IS(1, 0) } },
	{ SCMP_SYS(seccomp), 2, { IS(0, SECCOMP_SET_MODE_FILTER),
	    IS(1, 0) } },
};
const struct xc_filter_rules xc_filter_loading_rules = CALLS(loading_rules);

/* Threads as pthread_create() makes them. */
static const struct xc_filter_rule threads_rules[] = {
	{ SCMP_SYS(clone), 1, { BITS(0,
	    NAMESPACES | CLONE_THREAD | CLONE_PTRACE | CLONE_VFORK,
	    CLONE_THREAD) } },
};
const struct xc_filter_rules xc_filter_threads_rules = CALLS(threads_rules);

/* A fork as fork() makes it, and what xc_jail_oneshot() does. */
static const struct xc_filter_rule forks_rules[] = {
	{ SCMP_SYS(clone), 1, { BITS(0, NAMESPACES | CLONE_THREAD | CLONE_VM |
	    CLONE_FILES | CLONE_FS | CLONE_PARENT | CLONE_PTRACE |
	    CLONE_VFORK | CLONE_UNTRACED | CSIGNAL, SIGCHLD) } },
	{ SCMP_SYS(prlimit64), 2, { IS(0, 0), IS(1, RLIMIT_NPROC) } },
	{ SCMP_SYS(prctl), 2, { IS(0, PR_SET_PDEATHSIG), IS(1, SIGKILL) } },
	{ SCMP_SYS(seccomp), 2, { IS(0, SECCOMP_SET_MODE_FILTER),
	    IS(1, 0) } },
};
const struct xc_filter_rules xc_filter_forks_rules = CALLS(forks_rules);

/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.h"
#include "filter-rules.h"

struct xc_filter {
	unsigned short len;	/* instructions */
	struct sock_filter code[];
};

/* Each helper: 0 or a negative errno, as libseccomp has it. */
static int
add_calls(scmp_filter_ctx ctx, uint32_t action,
    const struct xc_filter_calls *set)
{
	int err = 0;

	for (size_t i = 0; i < set->n && err == 0; i++)
		err = seccomp_rule_add(ctx, action, set->calls[i], 0);
	return err;
}

static int
add_rules(scmp_filter_ctx ctx, const struct xc_filter_rules *set)
{
	int err = 0;

	for (size_t i = 0; i < set->n && err == 0; i++)
		err = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
		    set->rules[i].call, set->rules[i].n_args,
		    set->rules[i].args);
	return err;
}

static int
add_stage(scmp_filter_ctx ctx, const struct xc_filter_options *options)
{
	bool loading = options->stage == XC_FILTER_LOADING;
	int err = add_calls(ctx, SCMP_ACT_ALLOW, &xc_filter_serving_calls);

	if (err == 0)
		err = add_rules(ctx, &xc_filter_serving_rules);
	if (err == 0)
		err = add_rules(ctx, loading ? &xc_filter_loading_rules :
		    &xc_filter_serving_only_rules);
	if (err == 0 && loading)
		err = add_calls(ctx, SCMP_ACT_ALLOW, &xc_filter_loading_calls);
	if (err == 0 && options->threads)
		err = add_rules(ctx, &xc_filter_threads_rules);
	if (err == 0 && options->forks)
		err = add_rules(ctx, &xc_filter_forks_rules);
	if (err == 0 && options->forks)
		err = add_calls(ctx, SCMP_ACT_ALLOW, &xc_filter_forks_calls);
	if (err == 0 && !options->trace)
		err = add_calls(ctx, SCMP_ACT_KILL_PROCESS,
		    &xc_filter_attack_calls);
	/* The C library then makes threads with clone(), whose flags a
	 * filter can see. */
	if (err == 0)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
	return err;
}

/* All is as before, but no new process; threads only if they are allowed. */
static int
add_oneshot(scmp_filter_ctx ctx, const struct xc_filter_options *options)
{
	const struct scmp_arg_cmp no_thread = { .arg = 0,
		.op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD };
	int err = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EAGAIN),
	    SCMP_SYS(clone), options->threads ? 1 : 0, &no_thread);

	if (err == 0)
		err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(seccomp), 0);
	return err;
}

static int
fill(scmp_filter_ctx ctx, const struct xc_filter_options *options)
{
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);

	/* The kernel tries out each call when it loads a filter: a tree makes
	 * that faster than a list. */
	if (err == 0)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (err != 0)
		return err;
	return options->stage == XC_FILTER_ONESHOT ?
	    add_oneshot(ctx, options) : add_stage(ctx, options);
}

/* libseccomp writes the program to a descriptor. */
static int
export(scmp_filter_ctx ctx, struct xc_filter **filter_r)
{
	struct xc_filter *filter = NULL;
	struct stat st;
	int fd = memfd_create("xcore-filter", MFD_CLOEXEC);
	int err = fd == -1 ? -errno : seccomp_export_bpf(ctx, fd);

	if (err == 0 && fstat(fd, &st) != 0)
		err = -errno;
	if (err == 0 && (st.st_size == 0 || (size_t)st.st_size >
	    BPF_MAXINSNS * sizeof(struct sock_filter)))
		err = -E2BIG;
	if (err == 0) {
		filter = malloc(sizeof(*filter) + (size_t)st.st_size);
		err = filter == NULL ? -ENOMEM : 0;
	}
	if (err == 0 && pread(fd, filter->code, (size_t)st.st_size, 0) !=
	    st.st_size)
		err = -EIO;
	if (fd != -1)
		close(fd);
	if (err != 0) {
		free(filter);
		return err;
	}
	filter->len = (unsigned short)((size_t)st.st_size /
	    sizeof(struct sock_filter));
	*filter_r = filter;
	return 0;
}

enum xc_err
xc_filter_compile(const struct xc_filter_options *options,
    struct xc_filter **filter_r, struct xc_errbuf *errbuf)
{
	uint32_t otherwise = options->trace ? SCMP_ACT_TRAP :
	    SCMP_ACT_ERRNO(EPERM);
	scmp_filter_ctx ctx;
	int err;

	*filter_r = NULL;
	/* Programs only: what this kernel takes shows when they are loaded. */
	(void)seccomp_api_set(3);
	ctx = seccomp_init(options->stage == XC_FILTER_ONESHOT ?
	    SCMP_ACT_ALLOW : otherwise);
	err = ctx == NULL ? -ENOMEM : fill(ctx, options);
	if (err == 0)
		err = export(ctx, filter_r);
	seccomp_release(ctx);
	if (err == 0)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
	    "the system call filter cannot be made: %s", strerror(-err));
}

void
xc_filter_free(struct xc_filter **filter)
{
	free(*filter);
	*filter = NULL;
}

int
xc_filter_load(const struct xc_filter *filter, uint32_t own_pid)
{
	size_t size = filter->len * sizeof(filter->code[0]);
	struct sock_fprog program = { .len = filter->len };
	int err = 0;

	program.filter = malloc(size);
	if (program.filter == NULL)
		return ENOMEM;
	memcpy(program.filter, filter->code, size);
	for (unsigned i = 0; i < filter->len && own_pid != 0; i++) {
		if (BPF_CLASS(program.filter[i].code) == BPF_JMP &&
		    program.filter[i].k == XC_FILTER_OWN_PID)
			program.filter[i].k = own_pid;
	}
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		err = errno;
	free(program.filter);
	return err;
}

/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail-caps.h"
#include "jail-private.h"
#include "landlock.h"

static enum xc_err
compile_filters(struct xc_jail *jail, bool trace, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	for (unsigned i = 0; i < 4 && err == XC_OK; i++) {
		bool threads = (i & 1) != 0, forks = (i & 2) != 0;
		struct xc_filter_options options = { XC_FILTER_LOADING,
			threads, forks, trace };

		err = xc_filter_compile(&options,
		    &jail->loading[threads][forks], errbuf);
		options.stage = XC_FILTER_SERVING;
		if (err == XC_OK)
			err = xc_filter_compile(&options,
			    &jail->serving[threads][forks], errbuf);
		options.stage = XC_FILTER_ONESHOT;
		if (err == XC_OK && !forks)
			err = xc_filter_compile(&options,
			    &jail->oneshot[threads], errbuf);
	}
	return err;
}

static void
free_filters(struct xc_jail *jail)
{
	for (unsigned i = 0; i < 4; i++) {
		xc_filter_free(&jail->loading[i & 1][i >> 1]);
		xc_filter_free(&jail->serving[i & 1][i >> 1]);
		xc_filter_free(&jail->oneshot[i & 1]);
	}
}

/*
 * Makes a folder, keeps it open and removes its name: it stays empty, for
 * nothing can be made in what has no name.  0 or errno.
 */
static int
make_root_in(const char *parent, int *fd_r)
{
	char path[256];
	int err = 0;

	if (parent == NULL || snprintf(path, sizeof(path),
	    "%s/xcore-root-XXXXXX", parent) >= (int)sizeof(path))
		return ENAMETOOLONG;
	if (mkdtemp(path) == NULL)
		return errno;
	*fd_r = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd_r == -1)
		err = errno;
	/* Those with an account of their own go there too. */
	if (err == 0 && chmod(path, 0555) != 0)
		err = errno;
	if (rmdir(path) != 0 && err == 0)
		err = errno;
	if (err != 0 && *fd_r != -1) {
		close(*fd_r);
		*fd_r = -1;
	}
	return err;
}

static void
make_root(struct xc_jail *jail)
{
	const char *const parents[] = { getenv("TMPDIR"), "/tmp", "/dev/shm",
		"/var/tmp", "/run" };

	jail->root_error = ENOENT;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]) &&
	    jail->root_error != 0; i++)
		jail->root_error = make_root_in(parents[i], &jail->root_fd);
}

/* The folder of the libxcore that is loaded here. */
static char *
find_own_dir(void)
{
	Dl_info info;
	char *path, *slash;

	/* Any function of libxcore will do. */
	if (dladdr((const void *)dlsym(RTLD_DEFAULT, "xc_strerror"), &info) ==
	    0 || info.dli_fname == NULL)
		return NULL;
	path = realpath(info.dli_fname, NULL);
	slash = path != NULL ? strrchr(path, '/') : NULL;
	if (slash == NULL || slash == path) {
		free(path);
		return NULL;
	}
	*slash = '\0';
	return path;
}

static enum xc_err
check_accounts(const struct xc_jail_options *options,
    struct xc_errbuf *errbuf)
{
	uint64_t first = options->uid_first;
	uint64_t end = first + options->uid_count;

	if (options->uid_count == 0)
		return XC_OK;
	if (first == 0 || end > UINT32_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID, "sandbox.uid_first %u "
		    "and sandbox.uid_count %u: the accounts must lie between "
		    "1 and 4294967294", options->uid_first,
		    options->uid_count);
	if (getuid() >= first && getuid() < end)
		return xc_fail(errbuf, XC_ERR_INVALID, "sandbox.uid_first %u "
		    "and sandbox.uid_count %u: the server's own account %u is "
		    "among them", options->uid_first, options->uid_count,
		    (unsigned)getuid());
	return XC_OK;
}

static void
find_rights(struct xc_jail *jail)
{
	uint64_t caps = xc_caps_effective();
	uint64_t change = XC_CAP_BIT(CAP_SETUID) | XC_CAP_BIT(CAP_SETGID);

	jail->can_change_uid = jail->uid_count > 0 && (caps & change) == change;
	jail->is_admin = (caps & XC_CAP_BIT(CAP_SYS_ADMIN)) != 0;
}

static struct xc_jail *
allocate(const struct xc_jail_options *options)
{
	struct xc_jail *jail = calloc(1, sizeof(*jail));

	if (jail == NULL)
		return NULL;
	jail->nursery = calloc(1, sizeof(*jail->nursery));
	if (jail->nursery == NULL) {
		free(jail);
		return NULL;
	}
	jail->without = options->without;
	jail->uid_first = options->uid_first;
	jail->uid_count = options->uid_count;
	jail->root_fd = -1;
	jail->nursery->gate = -1;
	jail->nursery->maker_fd = -1;
	for (unsigned i = 0; i < XC_JAIL_NAMESPACES; i++)
		jail->nursery->namespaces |= xc_jail_namespaces[i].flag;
	return jail;
}

enum xc_err
xc_jail_create(const struct xc_jail_options *options, struct xc_jail **jail_r,
    struct xc_errbuf *errbuf)
{
	struct xc_errbuf remark = { "" };
	struct xc_jail *jail;
	enum xc_err err;

	*jail_r = NULL;
	err = check_accounts(options, errbuf);
	if (err != XC_OK)
		return err;
	jail = allocate(options);
	if (jail == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = compile_filters(jail, options->trace, errbuf);
	if (err != XC_OK) {
		xc_jail_free(&jail);
		return err;
	}
	find_rights(jail);
	jail->landlock_abi = xc_landlock_abi(&jail->landlock_error);
	jail->own_dir = find_own_dir();
	make_root(jail);
	if (options->cgroup != NULL && options->cgroup[0] != '\0' &&
	    xc_cgroup_open(options->cgroup, &jail->cgroup, &remark) != XC_OK)
		jail->cgroup_error = EINVAL;
	*jail_r = jail;
	return xc_fail(errbuf, XC_OK, "%s", remark.text);
}

void
xc_jail_free(struct xc_jail **jail_p)
{
	struct xc_jail *jail = *jail_p;

	if (jail == NULL)
		return;
	free_filters(jail);
	xc_cgroup_free(&jail->cgroup);
	if (jail->root_fd != -1)
		close(jail->root_fd);
	if (jail->nursery->gate != -1)
		close(jail->nursery->gate);
	if (jail->nursery->maker_fd != -1)
		close(jail->nursery->maker_fd);
	free(jail->own_dir);
	free(jail->nursery);
	free(jail);
	*jail_p = NULL;
}

uint32_t
xc_jail_tasks(const struct xc_jail_cell *cell)
{
	uint32_t threads = cell->limits.threads > 0 ? cell->limits.threads : 1;

	if (cell->isolation != XC_ISOLATION_REQUEST)
		return threads;
	return threads <= UINT32_MAX / (XC_JAIL_ONESHOTS + 1) ?
	    threads * (XC_JAIL_ONESHOTS + 1) : UINT32_MAX;
}

bool
xc_jail_leaves_out(const struct xc_jail *jail, enum xc_layer layer,
    struct xc_layers *layers)
{
	if ((jail->without & XC_LAYER_BIT(layer)) == 0)
		return false;
	xc_layers_note(layers, layer, ECANCELED);
	return true;
}

uint64_t
xc_jail_address_space(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

int
xc_jail_limit(int resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
		return errno;
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value)
		limit.rlim_max = (rlim_t)value;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &limit) == 0 ? 0 :
	    errno;
}

void
xc_jail_bury(const struct xc_jail *jail, uint32_t slot, uint64_t *oom_kills_r)
{
	uint64_t kills = jail->cgroup != NULL ?
	    xc_cgroup_remove_leaf(jail->cgroup, slot) : 0;

	if (oom_kills_r != NULL)
		*oom_kills_r = kills;
}

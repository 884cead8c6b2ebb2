/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
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

/* Of the libxcore that is loaded here; NULL: unknown. */
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

/* Takes over the path; each place once, whatever names lead there. */
static void
add_readable(struct xc_jail *jail, char *path)
{
	bool known = path == NULL ||
	    jail->n_readable == XC_JAIL_READABLE_MAX;

	for (size_t i = 0; i < jail->n_readable && !known; i++)
		known = strcmp(path, jail->readable[i]) == 0;
	if (known)
		free(path);
	else
		jail->readable[jail->n_readable++] = path;
}

static void
find_readable(struct xc_jail *jail)
{
	const char *const paths[] = { "/lib", "/lib64", "/usr/lib",
		"/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
		"/etc/localtime", "/usr/share/zoneinfo",
		"/sys/devices/system/cpu" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		add_readable(jail, realpath(paths[i], NULL));
	/* Another one for each process. */
	add_readable(jail, strdup("/proc/self"));
	add_readable(jail, find_own_dir());
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

/* Whether all of the accounts are known in our user namespace: a container's
 * may have few. */
static bool
are_mapped(const struct xc_jail *jail, const char *map)
{
	unsigned long long inside, count, first = jail->uid_first;
	FILE *file = fopen(map, "re");
	bool found = false;

	while (file != NULL && !found &&
	    fscanf(file, "%llu %*u %llu", &inside, &count) == 2)
		found = inside <= first &&
		    first + jail->uid_count <= inside + count;
	if (file != NULL)
		fclose(file);
	return found;
}

static void
find_rights(struct xc_jail *jail)
{
	uint64_t caps = xc_caps_effective();
	uint64_t change = XC_CAP_BIT(CAP_SETUID) | XC_CAP_BIT(CAP_SETGID);

	jail->is_admin = (caps & XC_CAP_BIT(CAP_SYS_ADMIN)) != 0;
	if ((caps & change) != change)
		jail->uid_error = EPERM;
	else if (jail->uid_count == 0)
		jail->uid_error = EDOM;
	else if (!are_mapped(jail, "/proc/self/uid_map") ||
	    !are_mapped(jail, "/proc/self/gid_map"))
		jail->uid_error = ERANGE;
	jail->can_change_uid = jail->uid_error == 0;
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
	struct xc_jail_size size;
	struct xc_jail *jail;
	enum xc_err err;

	*jail_r = NULL;
	err = check_accounts(options, errbuf);
	if (err != XC_OK)
		return err;
	jail = allocate(options);
	if (jail == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	jail->traced = options->trace;
	err = compile_filters(jail, options->trace, errbuf);
	if (err != XC_OK) {
		xc_jail_free(&jail);
		return err;
	}
	xc_jail_read_ahead();	/* sandboxes then have it from here */
	find_rights(jail);
	jail->landlock_abi = xc_landlock_abi(&jail->landlock_error);
	find_readable(jail);
	xc_jail_measure(&size);
	jail->address_space = size.address_space;
	make_root(jail);
	if (options->cgroup != NULL && options->cgroup[0] != '\0')
		(void)xc_cgroup_open(options->cgroup, &jail->cgroup,
		    &jail->cgroup_error, &remark);
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
	for (size_t i = 0; i < jail->n_readable; i++)
		free(jail->readable[i]);
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

void
xc_jail_read_ahead(void)
{
	void *frame;

	(void)setenv("TZ", ":/etc/localtime", 0);
	tzset();
	(void)backtrace(&frame, 1);
}

uint32_t
xc_jail_own_pid(const struct xc_jail_cell *cell)
{
	return cell->isolation == XC_ISOLATION_REQUEST ? 0 :
	    (uint32_t)getpid();
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

void
xc_jail_measure(struct xc_jail_size *size_r)
{
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	unsigned long long bytes = 0;
	unsigned threads = 0;
	const char *behind;
	char text[1024];
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd != -1)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	/* The name, which may hold anything, ends at the last bracket; then
	 * come fields 3 to 20, which is the threads, and 23, the bytes. */
	behind = strrchr(text, ')');
	if (behind == NULL || sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u "
	    "%*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %u %*d %*u %llu",
	    &threads, &bytes) != 2)
		threads = 0;
	size_r->threads = threads;
	size_r->address_space = threads > 0 ? bytes : 0;
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

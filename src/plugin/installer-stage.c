/* SPDX-License-Identifier: MIT */
/*
 * Staging: the store and the trial.  Both are done in a child, which gives
 * up root for the owner of the state folder, since a trial runs the code of
 * the plugin, and since the server must be able to mend what it owns.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/file.h"
#include "plugin/installer-private.h"
#include "plugin/trial-once.h"

/* What the child tells. */
struct verdict {
	enum xc_err err;
	struct xc_errbuf errbuf;
};

static enum xc_err
become_owner(const char *state_dir, struct xc_errbuf *errbuf)
{
	const struct passwd *user;
	struct stat st;

	if (stat(state_dir, &st) != 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "the state folder %s (server.state_dir) cannot be used: "
		    "%s", state_dir, strerror(errno));
	if (geteuid() != 0 || st.st_uid == 0)
		return XC_OK;
	user = getpwuid(st.st_uid);
	if ((user != NULL ? initgroups(user->pw_name, st.st_gid) :
	    setgroups(0, NULL)) != 0 || setgid(st.st_gid) != 0 ||
	    setuid(st.st_uid) != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "cannot become the owner of %s: %s", state_dir,
		    strerror(errno));
	return XC_OK;
}

static enum xc_err
put_and_try(const struct xc_installer *installer, const char *state_dir,
    const struct xc_package *package, struct xc_errbuf *errbuf)
{
	char dir[PATH_MAX];
	struct xc_trial trial = { .dir = dir, .hash = package->hash,
		.manifest = package->manifest };
	enum xc_err err;

	err = xc_store_put(state_dir, package, dir, sizeof(dir), errbuf);
	if (err != XC_OK)
		return err;
	return xc_trial_once(installer->settings, &trial, true, errbuf);
}

/* A dry run leaves nothing in the store. */
static enum xc_err
try_aside(const struct xc_installer *installer,
    const struct xc_package *package, struct xc_errbuf *errbuf)
{
	char folder[PATH_MAX];
	enum xc_err err;

	snprintf(folder, sizeof(folder), "%s/dry-run.XXXXXX",
	    installer->settings->server.state_dir);
	if (mkdtemp(folder) == NULL)
		return xc_fail(errbuf, XC_ERR_IO, "cannot make %s: %s",
		    folder, strerror(errno));
	err = put_and_try(installer, folder, package, errbuf);
	(void)xc_file_remove_at(AT_FDCWD, folder);
	return err;
}

static void
run_child(const struct xc_installer *installer,
    const struct xc_package *package, bool dry, int fd)
{
	const char *state_dir = installer->settings->server.state_dir;
	struct verdict verdict = { .err = XC_OK };
	ssize_t n;

	verdict.err = become_owner(state_dir, &verdict.errbuf);
	if (verdict.err == XC_OK && dry)
		verdict.err = try_aside(installer, package, &verdict.errbuf);
	else if (verdict.err == XC_OK)
		verdict.err = put_and_try(installer, state_dir, package,
		    &verdict.errbuf);
	n = write(fd, &verdict, sizeof(verdict));
	_exit(n == (ssize_t)sizeof(verdict) ? 0 : 1);
}

/* Smaller than a pipe's atomic write, so it comes whole or not at all. */
_Static_assert(sizeof(struct verdict) <= PIPE_BUF, "a verdict is one write");

static enum xc_err
read_verdict(int fd, pid_t child, struct xc_errbuf *errbuf)
{
	struct verdict verdict;
	ssize_t n;

	do {
		n = read(fd, &verdict, sizeof(verdict));
	} while (n < 0 && errno == EINTR);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (n != (ssize_t)sizeof(verdict))
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "the process that stages the package ended early");
	if (verdict.err != XC_OK && errbuf != NULL)
		*errbuf = verdict.errbuf;
	return verdict.err;
}

enum xc_err
xc_installer_stage(struct xc_installer *installer,
    const struct xc_package *package, bool dry, struct xc_errbuf *errbuf)
{
	int fds[2];
	pid_t child;
	enum xc_err err;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "cannot make a pipe: %s",
		    strerror(errno));
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		run_child(installer, package, dry, fds[1]);
	}
	close(fds[1]);
	if (child < 0)
		err = xc_fail(errbuf, XC_ERR_IO, "cannot fork: %s",
		    strerror(errno));
	else
		err = read_verdict(fds[0], child, errbuf);
	close(fds[0]);
	return err;
}

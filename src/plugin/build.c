/* SPDX-License-Identifier: MIT */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/build.h"

static bool
has_makefile(const char *folder)
{
	static const char *const names[] = { "GNUmakefile", "makefile",
		"Makefile" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* A site's own tools come before those of the system. */
static void
put_tools_first(void)
{
	char self[PATH_MAX];
	char path[2 * PATH_MAX];
	const char *old = getenv("PATH");
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	if (snprintf(path, sizeof(path), "%s:%s", self,
	    old != NULL ? old : "/usr/bin:/bin") < (int)sizeof(path))
		setenv("PATH", path, 1);
}

static void
run_make(const char *folder, int fd)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 ||
	    dup2(fd, 2) < 0)
		_exit(126);
	/* A make above us is none of its business. */
	unsetenv("MAKEFLAGS");
	unsetenv("MFLAGS");
	unsetenv("MAKELEVEL");
	put_tools_first();
	execlp("make", "make", "--no-print-directory", "-C", folder,
	    (char *)NULL);
	dprintf(2, "cannot run make: %s\n", strerror(errno));
	_exit(127);
}

static void
pass_on(int fd, void (*output)(void *ctx, const char *text, size_t len),
    void *ctx)
{
	char text[4096];

	for (;;) {
		ssize_t n = read(fd, text, sizeof(text));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		output(ctx, text, (size_t)n);
	}
}

static enum xc_err
look_at_end(pid_t child, const char *folder, struct xc_errbuf *errbuf)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return xc_fail(errbuf, XC_ERR_IO,
			    "cannot wait for make: %s", strerror(errno));
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return XC_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return xc_fail(errbuf, XC_ERR_IO,
		    "make cannot be run: is it installed?");
	return xc_fail(errbuf, XC_ERR_FAILED,
	    "the build in %s failed; nothing was changed", folder);
}

enum xc_err
xc_build_run(const char *folder,
    void (*output)(void *ctx, const char *text, size_t len), void *ctx,
    struct xc_errbuf *errbuf)
{
	int fds[2];
	pid_t child;

	if (!has_makefile(folder))
		return xc_fail(errbuf, XC_ERR_NOT_FOUND,
		    "%s has no Makefile; \"xcore-install new\" shows one",
		    folder);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "cannot make a pipe: %s",
		    strerror(errno));
	fflush(NULL);
	child = fork();
	if (child == 0)
		run_make(folder, fds[1]);
	close(fds[1]);
	if (child < 0) {
		close(fds[0]);
		return xc_fail(errbuf, XC_ERR_IO, "cannot fork: %s",
		    strerror(errno));
	}
	pass_on(fds[0], output, ctx);
	close(fds[0]);
	return look_at_end(child, folder, errbuf);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test-servers.h"

static bool
answers(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	assert_true(fd >= 0);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	close(fd);
	return rc == 0;
}

void
start_server(struct server *server)
{
	char path[100];

	memcpy(path, server->path, sizeof(path));
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0) {
		/* It must not outlive a test that crashed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(getenv("XCORE_TEST_CACHE_SERVER"), "memcached", "-s",
		    path, "-m", server->large ? "64" : "8", "-t", "1", "-u",
		    "root", "-I", server->large ? "2m" : "1m",
		    (char *)NULL);
		_exit(127);
	}
	while (!answers(server->path))
		usleep(5000);
}

void
kill_server(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	unlink(server->path);
}

void
stop_server(struct server *server)
{
	int status;

	kill(server->pid, SIGSTOP);
	assert_int_equal(waitpid(server->pid, &status, WUNTRACED),
	    server->pid);
	assert_true(WIFSTOPPED(status));
}

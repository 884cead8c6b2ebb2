/* SPDX-License-Identifier: MIT */
/* Attacks on memory, also that which the kernel holds for a process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doctor/attacks-private.h"

#define MB (1u << 20)
#define MANY_MB 512		/* no limit worth the name lets that through */
#define OUTPUT_MB 100
/* What descriptors may hold in the kernel before it is worth a word. */
#define KERNEL_MB 16

/* One megabyte, written to; the chain is for free_chain(). */
static void *
take_mb(void *before)
{
	void **block = malloc(MB);

	if (block == NULL)
		return NULL;
	memset(block, 1, MB);
	*block = before;
	return block;
}

static void
free_chain(void *chain)
{
	while (chain != NULL) {
		void *before = *(void **)chain;

		free(chain);
		chain = before;
	}
}

void
xc_attack_malloc(struct xc_attack_scene *scene)
{
	void *chain = NULL, *block;
	unsigned n = 0;

	while (n < MANY_MB && (block = take_mb(chain)) != NULL) {
		chain = block;
		n++;
	}
	free_chain(chain);
	if (n == MANY_MB)
		xc_attack_succeeded(scene, "took %u MB", n);
	else
		xc_attack_limited(scene, "to %u MB", n);
}

void
xc_attack_malloc_blind(struct xc_attack_scene *scene)
{
	void *chain = NULL;

	for (unsigned n = 0; n < MANY_MB; n++) {
		void **volatile block = malloc(MB);

		/* Not looking at it is the attack. */
		memset(block, 1, MB);
		*block = chain;
		chain = block;
	}
	free_chain(chain);
	xc_attack_succeeded(scene, "took %u MB", MANY_MB);
}

void
xc_attack_shared_map(struct xc_attack_scene *scene)
{
	void *maps[MANY_MB / 8];
	unsigned n = 0;
	int error;

	while (n < MANY_MB / 8 && (maps[n] = mmap(NULL, 8 * MB,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) !=
	    MAP_FAILED) {
		memset(maps[n], 1, 8 * MB);
		n++;
	}
	error = errno;
	for (unsigned i = 0; i < n; i++)
		munmap(maps[i], 8 * MB);
	if (n == 0)
		xc_attack_refused(scene, "mmap(MAP_SHARED)", error);
	else if (n == MANY_MB / 8)
		xc_attack_succeeded(scene, "took %u MB", n * 8);
	else
		xc_attack_limited(scene, "to %u MB", n * 8);
}

void
xc_attack_memfd(struct xc_attack_scene *scene)
{
	static char block[65536];
	int fd = memfd_create("attack", MFD_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd == -1) {
		xc_attack_refused(scene, "memfd_create()", errno);
		return;
	}
	while (len < MANY_MB * (size_t)MB &&
	    (n = write(fd, block, sizeof(block))) > 0)
		len += (size_t)n;
	close(fd);
	if (len == MANY_MB * (size_t)MB)
		xc_attack_succeeded(scene, "wrote %u MB", MANY_MB);
	else
		xc_attack_limited(scene, "to %zu MB", len / MB);
}

/* How many bytes descriptors take that are filled and never read. */
static size_t
fill(int fd)
{
	static char block[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = write(fd, block, sizeof(block))) > 0)
		len += (size_t)n;
	return len;
}

static void
judge_kernel_memory(struct xc_attack_scene *scene, size_t len, int error,
    const char *call)
{
	if (len == 0)
		xc_attack_refused(scene, call, error);
	else if (len / MB >= KERNEL_MB)
		xc_attack_succeeded(scene, "%zu MB in the kernel", len / MB);
	else
		xc_attack_limited(scene, "to %zu KB in the kernel",
		    len / 1024);
}

void
xc_attack_sockets(struct xc_attack_scene *scene)
{
	int fds[2][512];
	int n = 0, error = 0, size = 8 * (int)MB;
	size_t len = 0;

	for (; n < 512 && len / MB < MANY_MB; n++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0, ends) != 0) {
			error = errno;
			break;
		}
		fds[0][n] = ends[0];
		fds[1][n] = ends[1];
		setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
		len += fill(ends[0]);
	}
	for (int i = 0; i < n; i++) {
		close(fds[0][i]);
		close(fds[1][i]);
	}
	judge_kernel_memory(scene, len, error, "socketpair()");
}

void
xc_attack_pipes(struct xc_attack_scene *scene)
{
	int fds[2][512];
	int n = 0, error = 0;
	size_t len = 0;

	for (; n < 512 && len / MB < MANY_MB; n++) {
		int ends[2];

		if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) {
			error = errno;
			break;
		}
		fds[0][n] = ends[0];
		fds[1][n] = ends[1];
		fcntl(ends[1], F_SETPIPE_SZ, (int)MB);
		len += fill(ends[1]);
	}
	for (int i = 0; i < n; i++) {
		close(fds[0][i]);
		close(fds[1][i]);
	}
	judge_kernel_memory(scene, len, error, "pipe2()");
}

void
xc_attack_files(struct xc_attack_scene *scene)
{
	int fds[4096];
	int n = 0, error;

	while (n < 4096 && (fds[n] = dup(STDERR_FILENO)) != -1)
		n++;
	error = errno;
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (n == 0)
		xc_attack_refused(scene, "dup()", error);
	else if (n == 4096)
		xc_attack_succeeded(scene, "%d descriptors", n);
	else
		xc_attack_limited(scene, "to %d descriptors", n);
}

/* Puts the old limit back where it could be changed. */
void
xc_attack_raise_limit(struct xc_attack_scene *scene)
{
	struct rlimit now, more;

	if (getrlimit(RLIMIT_AS, &now) != 0) {
		xc_attack_refused(scene, "getrlimit()", errno);
		return;
	}
	if (now.rlim_max == RLIM_INFINITY) {
		/* As in a build with AddressSanitizer; "malloc" shows it. */
		xc_attack_skipped(scene, "it has no memory limit");
		return;
	}
	more = now;
	more.rlim_max = RLIM_INFINITY;
	if (setrlimit(RLIMIT_AS, &more) != 0) {
		xc_attack_refused(scene, "setrlimit()", errno);
		return;
	}
	setrlimit(RLIMIT_AS, &now);
	xc_attack_succeeded(scene, "raised RLIMIT_AS");
}

void
xc_attack_sysv(struct xc_attack_scene *scene)
{
	int id = shmget(IPC_PRIVATE, MB, IPC_CREAT | 0600);

	xc_attack_result(scene, "shmget()", id);
	if (id != -1)
		shmctl(id, IPC_RMID, NULL);
}

void
xc_attack_output(struct xc_attack_scene *scene)
{
	static char block[MB];
	unsigned written = 0;

	if (scene->inprocess) {
		xc_attack_skipped(scene, "its host's output is its own");
		return;
	}
	memset(block, 'x', sizeof(block));
	for (unsigned n = 0; n < OUTPUT_MB; n++) {
		if (write(STDOUT_FILENO, block, sizeof(block)) > 0)
			written++;
	}
	xc_attack_harmless(scene, "%u of %u MB were taken", written,
	    OUTPUT_MB);
}

/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(pid_t) *known;	/* 0 in a process that is new; or NULL */

/* A page that the kernel empties in a child.  One that was not made is done
 * without. */
static void
make(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, size, MADV_WIPEONFORK) != 0) {
		munmap(page, size);
		return;
	}
	known = page;
}

pid_t
xc_process_id(void)
{
	pid_t pid;

	pthread_once(&once, make);
	if (known == NULL)
		return getpid();
	pid = atomic_load_explicit(known, memory_order_relaxed);
	if (pid == 0) {
		pid = getpid();
		atomic_store_explicit(known, pid, memory_order_relaxed);
	}
	return pid;
}

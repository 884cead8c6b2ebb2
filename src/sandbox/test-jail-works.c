/* SPDX-License-Identifier: MIT */
/* What goes on as if there were no walls. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test-jail.h"

#define MB ((size_t)1 << 20)

void
complain(const char *format, ...)
{
	size_t used = strlen(page->text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(page->text + used, sizeof(page->text) - used, format, ap);
	va_end(ap);
}

void
pause_by_ppoll(void)
{
	(void)ppoll(NULL, 0, NULL, NULL);
}

/* --- memory ------------------------------------------------------------ */

static void
use_memory(void)
{
	char *block = malloc(16 * MB);

	if (block == NULL) {
		complain("malloc: %s; ", strerror(errno));
		return;
	}
	memset(block, 1, 16 * MB);
	block = realloc(block, 24 * MB);
	if (block == NULL)
		complain("realloc: %s; ", strerror(errno));
	else
		memset(block, 2, 24 * MB);
	free(block);
}

/* Chunks of both kinds that malloc() knows, until there are no more. */
void
exhaust_memory(void)
{
	const size_t sizes[] = { 64 << 10, 1 << 20 };

	for (size_t i = 0; i < 2; i++) {
		void **chain = NULL, **next;
		size_t got = 0;

		while (got < 200 * MB && (next = malloc(sizes[i])) != NULL) {
			memset(next, 1, sizes[i]);
			*next = (void *)chain;
			chain = next;
			got += sizes[i];
		}
		/* 48 MB, and the unused stacks of three threads.*/
		if (got > 52 * MB || got < 40 * MB)
			complain("%zu MB of 48; ", got / MB);
		while (chain != NULL) {
			next = *chain;
			free((void *)chain);
			chain = next;
		}
	}
}

static void
exhaust_descriptors(void)
{
	unsigned n = 0;

	while (n < 1000 && dup(0) != -1)
		n++;
	if (n != 8)
		complain("%u descriptors of 8; ", n);
}

/* --- threads ----------------------------------------------------------- */

static void *
work_a_little(void *arg)
{
	char *block = malloc(100000);

	if (block != NULL)
		memset(block, 1, 100000);
	free(block);
	if (arg != NULL)
		pthread_exit(arg);	/* needs the unwinder */
	return NULL;
}

static void
use_threads(void)
{
	pthread_t threads[3];
	void *value;
	int err;

	for (size_t i = 0; i < 3; i++) {
		err = pthread_create(&threads[i], NULL, work_a_little,
		    i == 1 ? &value : NULL);
		if (err != 0) {
			complain("pthread_create: %s; ", strerror(err));
			return;
		}
	}
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], &value);
}

static void *
wait_for_end(void *arg)
{
	(void)arg;
	for (;;)
		pause_by_ppoll();
	return NULL;
}

void
start_lasting_thread(void)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, wait_for_end, NULL);

	if (err != 0)
		complain("pthread_create: %s; ", strerror(err));
}

void
count_threads_had(void)
{
	pthread_t thread;

	while (page->count < 64 &&
	    pthread_create(&thread, NULL, wait_for_end, NULL) == 0)
		page->count++;
}

/* Owners of such locks are known by thread id. */
static void *
try_lock(void *arg)
{
	return pthread_mutex_trylock(arg) == 0 ? arg : NULL;
}

static void
use_locks(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&mutex, &attr);
	if (pthread_mutex_lock(&mutex) != 0 ||
	    pthread_mutex_lock(&mutex) != 0)
		complain("a recursive lock is not; ");
	for (unsigned i = 0; i < 30; i++) {
		void *got = NULL;
		pthread_t thread;

		if (pthread_create(&thread, NULL, try_lock, &mutex) != 0)
			break;
		pthread_join(thread, &got);
		if (got != NULL)
			complain("two threads have one lock; ");
	}
}

/* --- time, text, numbers ------------------------------------------------ */

static void
use_clocks(void)
{
	struct timespec now, pause = { 0, 1000000 };

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
		complain("clock_gettime: %s; ", strerror(errno));
	if (nanosleep(&pause, NULL) != 0 || clock_nanosleep(CLOCK_MONOTONIC,
	    0, &pause, NULL) != 0)
		complain("nanosleep: %s; ", strerror(errno));
	if (time(NULL) < 1000000)
		complain("time; ");
}

static void
name_time_zone(void)
{
	setenv("TZ", ":America/New_York", 1);
}

/* Only the zone's file tells that it was winter. */
static void
use_time_zone(void)
{
	time_t winter = 1704067200;	/* 2024-01-01 00:00 UTC */
	struct tm tm;
	char text[64];

	if (access("/usr/share/zoneinfo/America/New_York", R_OK) == 0)
		complain("files can be seen; ");
	localtime_r(&winter, &tm);
	strftime(text, sizeof(text), "%H %Z", &tm);
	if (strcmp(text, page->count != 0 ? "19 EST" : text) != 0)
		complain("it is %s in New York; ", text);
	(void)localtime(&winter);
	strftime(text, sizeof(text), "%H %Z", localtime(&winter));
	if (strcmp(text, page->count != 0 ? "19 EST" : text) != 0)
		complain("then it is %s in New York; ", text);
}

static void
find_time_zone(void)
{
	name_time_zone();
	page->count = access("/usr/share/zoneinfo/America/New_York",
	    R_OK) == 0;
}

static int
compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void
use_qsort(void)
{
	size_t n = 500000;
	int *numbers = calloc(n, sizeof(*numbers));

	if (numbers == NULL) {
		complain("calloc; ");
		return;
	}
	for (size_t i = 0; i < n; i++)
		numbers[i] = (int)((i * 7919) % n);
	qsort(numbers, n, sizeof(*numbers), compare);
	for (size_t i = 1; i < n; i++) {
		if (numbers[i] < numbers[i - 1])
			complain("not sorted; ");
	}
	free(numbers);
}

static void
use_stdio(void)
{
	struct stat st;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	printf("to nowhere %f\n", 3.14);
	fflush(stdout);
	if (file == NULL) {
		complain("open_memstream: %s; ", strerror(errno));
		return;
	}
	fprintf(file, "%s %d %.3f", "text", 42, 2.5);
	fclose(file);
	if (text == NULL || strcmp(text, "text 42 2.500") != 0)
		complain("fprintf; ");
	free(text);
	file = fopen("/etc/passwd", "r");
	if (file != NULL) {
		complain("fopen; ");
		fclose(file);
	}
	/* As many programs do for a path; fstat() has none. */
	if (fstat(0, &st) != 0 && xc_layers_hold(&page->layers,
	    XC_LAYER_ROOT))
		complain("fstat: %s; ", strerror(errno));
}

static void
ask_the_system(void)
{
	struct addrinfo *found = NULL;
	struct utsname name;
	unsigned char bytes[32];
	struct rlimit limit;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		complain("getrandom: %s; ", strerror(errno));
	if (getaddrinfo("localhost", "80", NULL, &found) == 0 &&
	    found == NULL)
		complain("getaddrinfo; ");
	if (getpwuid(0) != NULL)
		complain("getpwuid; ");
	if (uname(&name) != 0 || getrlimit(RLIMIT_AS, &limit) != 0)
		complain("uname, getrlimit: %s; ", strerror(errno));
	if (sysconf(_SC_NPROCESSORS_ONLN) < 1 || get_phys_pages() < 1)
		complain("sysconf; ");
	if (getpid() < 1 || getuid() == (uid_t)-1)
		complain("getpid; ");
}

/* --- signals ------------------------------------------------------------ */

static sigjmp_buf back;

static void
jump_back(int signal)
{
	siglongjmp(back, signal);
}

static void
use_signals(void)
{
	struct sigaction action = { .sa_handler = jump_back };
	volatile char *wall = mmap(NULL, 4096, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile unsigned n = 0;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	if (sigsetjmp(back, 1) == 0)
		raise(SIGUSR1);
	else
		n++;
	if (sigsetjmp(back, 1) == 0)
		pthread_kill(pthread_self(), SIGUSR1);
	else
		n++;
	if (n != 2)
		complain("raise; ");
	if (sigsetjmp(back, 1) == 0) {
		raise(SIGABRT);
		complain("SIGABRT; ");
	}
	if (sigsetjmp(back, 1) == 0) {
		*wall = 1;
		complain("SIGSEGV; ");
	}
}

/* --- objects ------------------------------------------------------------ */

static void *library;

static void
load_library(void)
{
	library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		complain("%s; ", dlerror());
}

static void
use_library(void)
{
	double (*root)(double) = NULL;

	if (library == NULL)
		return;
	*(void **)&root = dlsym(library, "sqrt");
	if (root == NULL || root(81.0) != 9.0)
		complain("sqrt; ");
	if (dlopen("libutil.so.1", RTLD_NOW) != NULL ||
	    dlopen("libanl.so.1", RTLD_NOW) != NULL)
		complain("objects can still be loaded; ");
}

const struct work works[] = {
	{ "memory", NULL, use_memory, true },
	{ "all of the memory", NULL, exhaust_memory, true },
	{ "all descriptors", NULL, exhaust_descriptors, false },
	{ "threads", NULL, use_threads, false },
	{ "locks", NULL, use_locks, false },
	{ "clocks", NULL, use_clocks, false },
	{ "time zone", find_time_zone, use_time_zone, false },
	{ "qsort", NULL, use_qsort, false },
	{ "stdio", NULL, use_stdio, false },
	{ "system", NULL, ask_the_system, false },
	{ "signals", NULL, use_signals, false },
	{ "objects", load_library, use_library, false },
	{ NULL, NULL, NULL, false },
};

/* --- the first stage ---------------------------------------------------- */

static void
expect_refused(const char *what, long returned)
{
	if (returned != -1)
		complain("%s; ", what);
}

void
try_first_stage(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	int fds[2];
	pid_t pid;

	load_library();
	if (xc_layers_hold(&page->layers, XC_LAYER_LANDLOCK)) {
		expect_refused("open /etc/passwd",
		    open("/etc/passwd", O_RDONLY));
		expect_refused("open /", open("/", O_RDONLY | O_DIRECTORY));
	}
	expect_refused("write", open("/tmp/xcore-test-jail",
	    O_WRONLY | O_CREAT, 0600));
	expect_refused("memfd", memfd_create("x", 0));
	expect_refused("socket", socket(AF_UNIX, SOCK_STREAM, 0));
	expect_refused("socketpair",
	    socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	expect_refused("pipe", pipe(fds));
	expect_refused("execve", execve("/bin/true", argv, argv + 1));
	expect_refused("kill", kill(getppid(), 0));
	pid = fork();
	if (pid == 0)
		_exit(0);
	expect_refused("fork", pid);
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		complain("mmap; ");
}

/* --- level request ------------------------------------------------------ */

static int
expect_child(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

static void
be_oneshot(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers, pid_t zygote)
{
	struct xc_errbuf why = { "" };
	pid_t pid;

	if (xc_jail_oneshot(jail, cell, layers, &why) != XC_OK)
		complain("%s; ", why.text);
	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid != -1)
		complain("a one-shot child can fork; ");
	if (kill(zygote, 0) == 0 || syscall(SYS_tgkill, zygote, zygote, 0) ==
	    0)
		complain("it can signal its zygote; ");
	if (open("/etc/passwd", O_RDONLY) != -1)
		complain("it can open files; ");
	use_memory();
	if (cell->limits.threads > 1)
		use_threads();
	else
		count_threads_had();
	if (page->count != 0)
		complain("it has threads; ");
	_exit(0);
}

void
be_zygote(const struct xc_jail *jail, const struct xc_jail_cell *cell,
    const struct xc_layers *layers)
{
	pid_t zygote = getpid();

	for (unsigned i = 0; i < 5; i++) {
		pid_t pid = fork();

		if (pid == -1) {
			complain("fork: %s; ", strerror(errno));
			return;
		}
		if (pid == 0)
			be_oneshot(jail, cell, layers, zygote);
		if (expect_child(pid) != 0)
			complain("a one-shot child broke down; ");
	}
}

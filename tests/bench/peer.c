/* SPDX-License-Identifier: MIT */
/*
 * Bare FastCGI workers to measure against:  peer MODE WORKERS
 *
 * The listen socket is fd 0, as spawn-fcgi leaves it.  The modes differ in
 * one thing only, who holds a connection between two requests:
 *
 *   classic  a while (FCGX_Accept_r()) loop in each process.  Only for front
 *            ends that do not keep connections.
 *   mux      each process multiplexes the connections that it accepted.
 *   shared   each process polls every kept connection (peer-shared.c).
 *   lend     one process polls a kept connection, and gives it away before
 *            it does something slow (peer-lend.c).
 *
 * /slow takes 20 ms, /maybe does so once in ten, /brief takes 1 ms; all else
 * is answered at once with the 20 bytes of a hello.
 */
#include "peer.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A front end whose cache is too small asks to keep a connection and closes
 * it after one request; so only the second proves that it is kept.
 */
#define SHARE_AFTER	2
#define EVENTS		16

int n_workers, me;
int sets[MAX_WORKERS];
struct conn conns[MAX_FDS];

static const struct mode mode_classic = { .name = "classic" };
static const struct mode mode_mux = { .name = "mux" };
static const struct mode *const modes[] = { &mode_classic, &mode_mux,
	&mode_shared, &mode_lend };
static const struct mode *mode;
static int inbox[MAX_WORKERS][2];	/* [0] is read by the worker */
static FCGX_Request request;

_Noreturn void
die(const char *what)
{
	perror(what);
	_exit(1);
}

void *
common_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

enum operation
operation(void)
{
	const char *uri = FCGX_GetParam("REQUEST_URI", request.envp);

	if (uri != NULL && strncmp(uri, "/slow", 5) == 0)
		return SLOW;
	if (uri != NULL && strncmp(uri, "/brief", 6) == 0)
		return BRIEF;
	return uri != NULL && strncmp(uri, "/maybe", 6) == 0 ? MAYBE : HELLO;
}

void
handle(void)
{
	enum operation what = operation();
	char body[4096];

	/* What is left unread would be taken for the next request. */
	while (FCGX_GetStr(body, sizeof(body), request.in) > 0)
		;
	if (what == SLOW || (what == MAYBE && random() % 10 == 0))
		usleep(20000);
	else if (what == BRIEF)
		usleep(1000);
	FCGX_PutS("Content-Type: application/json\r\n"
	    "Content-Length: 20\r\n\r\n{\"message\":\"hello\"}\n", request.out);
}

static void
classic(void)
{
	if (FCGX_InitRequest(&request, 0, 0) != 0)
		die("FCGX_InitRequest");
	while (FCGX_Accept_r(&request) == 0)
		handle();
}

void
watch(int fd, enum conn_kind kind)
{
	struct epoll_event ev = { .events = EPOLLIN,
	    .data.u64 = (uint32_t)fd };

	if (kind == LISTEN)
		ev.events |= EPOLLEXCLUSIVE;
	else if (kind == COMMON)
		ev.events |= EPOLLET | EPOLLEXCLUSIVE;
	if (epoll_ctl(sets[me], EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl");
	conns[fd].polled = true;
	conns[fd].kind = kind;
}

void
unwatch(int fd)
{
	if (conns[fd].polled)
		epoll_ctl(sets[me], EPOLL_CTL_DEL, fd, NULL);
	conns[fd].polled = false;
}

void
forget(int fd, bool fd_is_open)
{
	conns[fd] = (struct conn){ 0 };
	if (fd_is_open)
		close(fd);
}

bool
tell(int worker, const struct note *note, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct note copy = *note;
	struct iovec iov = { &copy, sizeof(copy) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
	}
	return sendmsg(inbox[worker][1], &msg, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

/* One note; false when there is none. */
static bool
read_note(void)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct note note;
	struct iovec iov = { &note, sizeof(note) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(inbox[me][0], &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) !=
	    (ssize_t)sizeof(note))
		return false;
	if (CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	mode->note(&note, fd);
	return true;
}

/*
 * One FCGX_Request does for all connections: libfcgi holds nothing of a kept
 * connection between two requests.
 */
bool
serve(int fd, bool *open_r)
{
	bool keep;

	request.ipcFd = fd;
	request.keepConnection = 1;
	request.detached = 1;
	*open_r = FCGX_Accept_r(&request) == 0;
	if (!*open_r)
		return false;
	if (mode->run != NULL)
		mode->run();
	else
		handle();
	keep = request.keepConnection;
	/* FCGX_Finish_r() without its close(). */
	keep &= FCGX_FClose(request.err) == 0;
	keep &= FCGX_FClose(request.out) == 0;
	keep &= FCGX_GetError(request.in) == 0;
	FCGX_Free(&request, 0);
	request.ipcFd = -1;
	return keep;
}

static void
serve_own(int fd)
{
	bool open;

	if (!serve(fd, &open)) {
		forget(fd, open);
		return;
	}
	conns[fd].served++;
	if (mode->share != NULL && conns[fd].served >= SHARE_AFTER &&
	    mode->share(fd))
		return;
	if (!conns[fd].polled)
		watch(fd, OWN);
}

static void
take_connection(void)
{
	int fd = accept4(0, NULL, NULL, SOCK_CLOEXEC);
	char c;
	ssize_t n;

	/* To the end of the kernel's list: next time the others come first. */
	epoll_ctl(sets[me], EPOLL_CTL_DEL, 0, NULL);
	watch(0, LISTEN);
	if (fd < 0)
		return;
	conns[fd < MAX_FDS ? fd : 0].kind = fd < MAX_FDS ? OWN : LISTEN;
	n = fd < MAX_FDS ? recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) : 0;
	if (n > 0)
		serve_own(fd);
	else if (n < 0 && errno == EAGAIN)
		watch(fd, OWN);
	else
		close(fd);
}

static void
dispatch(const struct epoll_event *ev)
{
	uint64_t fd = ev->data.u64;

	if (fd >= MAX_FDS || conns[fd].kind == COMMON) {
		mode->event(ev);
		return;
	}
	switch (conns[fd].kind) {
	case LISTEN:
		take_connection();
		break;
	case INBOX:
		while (read_note())
			;
		break;
	case OWN:
		serve_own((int)fd);
		break;
	default:
		break;
	}
}

static void
multiplex(void)
{
	struct epoll_event ev[EVENTS];

	if (FCGX_InitRequest(&request, -1, 0) != 0)
		die("FCGX_InitRequest");
	/* Another may accept between our epoll_wait() and our accept4(). */
	if (fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK) != 0)
		die("fcntl");
	watch(0, LISTEN);
	if (mode->note != NULL)
		watch(inbox[me][0], INBOX);
	for (;;) {
		int n = epoll_wait(sets[me], ev, EVENTS, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++)
			dispatch(&ev[i]);
	}
}

static pid_t
start_worker(int number)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me = number;
	srandom((unsigned)number + 1);
	signal(SIGPIPE, SIG_IGN);
	FCGX_Init();
	/* libfcgi's own would only set a flag that nobody here reads. */
	signal(SIGTERM, SIG_DFL);
	if (mode == &mode_classic)
		classic();
	else
		multiplex();
	_exit(0);
}

static bool
read_arguments(int argc, char **argv)
{
	if (argc != 3)
		return false;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i]->name) == 0)
			mode = modes[i];
	n_workers = atoi(argv[2]);
	return mode != NULL && n_workers > 0 && n_workers <= MAX_WORKERS;
}

int
main(int argc, char **argv)
{
	sigset_t ends;
	int sig;

	if (!read_arguments(argc, argv)) {
		fprintf(stderr, "usage: peer classic|mux|shared|lend WORKERS"
		    " (1-%d), with the listen socket as fd 0\n", MAX_WORKERS);
		return 2;
	}
	if (mode->prepare != NULL)
		mode->prepare();
	for (int i = 0; i < n_workers; i++)
		if ((sets[i] = epoll_create1(EPOLL_CLOEXEC)) < 0 ||
		    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		    inbox[i]) != 0)
			die("epoll_create1");
	for (int i = 0; i < n_workers; i++)
		if (start_worker(i) < 0)
			die("fork");
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	/* The workers die with us. */
	sigwait(&ends, &sig);
	if (sig == SIGCHLD)
		fprintf(stderr, "peer: a worker ended\n");
	return sig == SIGCHLD;
}

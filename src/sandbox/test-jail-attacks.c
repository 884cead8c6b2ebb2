/* SPDX-License-Identifier: MIT */
/* None of these does harm if it succeeds. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test-jail.h"

static pid_t tester;	/* pid of the test, outside */

struct page *
make_page(void)
{
	void *memory = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	tester = getpid();
	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static int
result(long returned)
{
	return returned == -1 ? errno : 0;
}

static int
closing(int fd)
{
	int err = result(fd);

	if (fd != -1)
		close(fd);
	return err;
}

static int
read_passwd(void)
{
	return closing(open("/etc/passwd", O_RDONLY));
}

static int
write_file(void)
{
	int err = closing(open("/tmp/xcore-test-jail",
	    O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	if (err == 0)
		unlink("/tmp/xcore-test-jail");
	return err;
}

static int
list_folder(void)
{
	return closing(open("/", O_RDONLY | O_DIRECTORY));
}

static int
make_folder(void)
{
	int err = result(mkdir("/tmp/xcore-test-jail.d", 0700));

	if (err == 0)
		rmdir("/tmp/xcore-test-jail.d");
	return err;
}

static int
stat_passwd(void)
{
	struct stat st;

	return result(stat("/etc/passwd", &st));
}

static int
connect_tcp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int err;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1)
		return errno;
	err = result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	close(fd);
	/* It was asked: nobody listens there. */
	return err == ECONNREFUSED ? 0 : err;
}

static int
send_udp(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int err;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1)
		return errno;
	err = result(sendto(fd, "x", 1, 0, (struct sockaddr *)&to,
	    sizeof(to)));
	close(fd);
	return err;
}

static int
make_unix_socket(void)
{
	return closing(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
make_socketpair(void)
{
	int fds[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static int
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return result(pid);
}

/* The limit of tasks stops it after some. */
static int
make_processes(void)
{
	pid_t pids[8];
	size_t n = 0;
	int err = 0;

	while (n < 8 && err == 0) {
		pids[n] = fork();
		if (pids[n] == 0) {
			pause_by_ppoll();
			_exit(0);
		}
		err = result(pids[n]);
		n += err == 0;
	}
	for (size_t i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	return err;
}

static int
run_program(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	char *const envp[] = { NULL };

	execve("/bin/true", argv, envp);
	return errno;
}

static int
signal_tester(void)
{
	return result(kill(tester, 0));
}

static int
signal_tester_thread(void)
{
	return result(syscall(SYS_tgkill, tester, tester, 0));
}

static int
open_tester_pidfd(void)
{
	return closing((int)syscall(SYS_pidfd_open, tester, 0));
}

static int
trace_tester(void)
{
	return result(ptrace(PTRACE_SEIZE, tester, NULL, NULL));
}

static int
read_tester_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { page, 1 };

	return result(process_vm_readv(tester, &here, 1, &there, 1, 0));
}

static int
map(int protection, int flags)
{
	void *at = mmap(NULL, 4096, protection, flags | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : 0;
}

static int
map_writable_code(void)
{
	return map(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
}

static int
map_code(void)
{
	return map(PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

static int
map_shared(void)
{
	return map(PROT_READ | PROT_WRITE, MAP_SHARED);
}

static int
make_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno :
	    result(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int
make_memory_file(void)
{
	return closing(memfd_create("x", MFD_CLOEXEC));
}

static int
make_pipe(void)
{
	int fds[2];

	return result(pipe(fds));
}

static int
make_eventfd(void)
{
	return closing(eventfd(0, 0));
}

static int
make_timer(void)
{
	return closing(timerfd_create(CLOCK_MONOTONIC, 0));
}

static int
watch_files(void)
{
	return closing(inotify_init1(0));
}

static int
get_shared_segment(void)
{
	return result(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
}

static int
make_user_namespace(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int
mount_something(void)
{
	return result(mount("none", "/", "tmpfs", 0, NULL));
}

static int
unmount_something(void)
{
	return result(umount2("/", MNT_DETACH));
}

static int
join_keyring(void)
{
	return result(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
	    KEY_SPEC_SESSION_KEYRING, 0));
}

static int
make_io_uring(void)
{
	return result(syscall(SYS_io_uring_setup, 0, NULL));
}

static int
make_userfaultfd(void)
{
	return closing((int)syscall(SYS_userfaultfd, 0));
}

static int
load_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int
count_events(void)
{
	return result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int
load_module(void)
{
	return result(syscall(SYS_finit_module, -1, "", 0));
}

static int
change_root(void)
{
	return result(chroot("."));
}

static int
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return errno;
	limit.rlim_max += 1000;
	limit.rlim_cur = limit.rlim_max;
	return result(setrlimit(RLIMIT_NOFILE, &limit));
}

static int
limit_tester(void)
{
	struct rlimit limit;

	return result(prlimit(tester, RLIMIT_CORE, NULL, &limit));
}

static int
open_to_debuggers(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
outlive_maker(void)
{
	return result(prctl(PR_SET_PDEATHSIG, 0));
}

static int
become_root(void)
{
	return result(setuid(0));
}

static int
move_to_processor(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return errno;
	return result(sched_setaffinity(0, sizeof(set), &set));
}

static int
clone_by_structure(void)
{
	return result(syscall(SYS_clone3, NULL, 0));
}

static int
change_personality(void)
{
	return result(personality(READ_IMPLIES_EXEC));
}

static int
change_descriptor(void)
{
	return result(fcntl(1, F_SETFL, O_NONBLOCK));
}

#define BIT(layer) XC_LAYER_BIT(XC_LAYER_##layer)

const struct attack attacks[] = {
	{ "read /etc/passwd", read_passwd, false, BIT(LANDLOCK) | BIT(ROOT) },
	{ "write a file", write_file, false, BIT(LANDLOCK) | BIT(ROOT) },
	{ "list a folder", list_folder, false, BIT(LANDLOCK) },
	{ "make a folder", make_folder, false, BIT(LANDLOCK) | BIT(ROOT) },
	{ "stat /etc/passwd", stat_passwd, false, BIT(ROOT) },
	{ "connect by TCP", connect_tcp, false,
	    BIT(NETNS) | BIT(LANDLOCK_NET) },
	{ "send by UDP", send_udp, false, BIT(NETNS) },
	{ "make a unix socket", make_unix_socket, false, 0 },
	{ "make a socketpair", make_socketpair, false, 0 },
	{ "fork", make_process, false, 0 },
	{ "fork often", make_processes, false, BIT(NPROC) },
	{ "run a program", run_program, false, BIT(LANDLOCK) | BIT(ROOT) },
	{ "signal the test", signal_tester, false,
	    BIT(PIDNS) | BIT(LANDLOCK_SCOPE) },
	{ "signal the test's thread", signal_tester_thread, false,
	    BIT(PIDNS) | BIT(LANDLOCK_SCOPE) },
	{ "open the test as a pidfd", open_tester_pidfd, false, BIT(PIDNS) },
	{ "ptrace", trace_tester, true, BIT(PIDNS) | BIT(LANDLOCK) },
	{ "process_vm_readv", read_tester_memory, true,
	    BIT(PIDNS) | BIT(LANDLOCK) },
	{ "map code to be written", map_writable_code, false, BIT(MDWE) },
	{ "map code", map_code, false, 0 },
	{ "map shared memory", map_shared, false, 0 },
	{ "make written memory code", make_code, false, BIT(MDWE) },
	{ "memfd_create", make_memory_file, false, 0 },
	{ "pipe", make_pipe, false, 0 },
	{ "eventfd", make_eventfd, false, 0 },
	{ "timerfd", make_timer, false, 0 },
	{ "inotify", watch_files, false, 0 },
	{ "System V memory", get_shared_segment, false, 0 },
	{ "unshare", make_user_namespace, true, BIT(ROOT) },
	{ "mount", mount_something, true, BIT(RLIMITS) },
	{ "umount", unmount_something, true, BIT(RLIMITS) },
	{ "keyctl", join_keyring, true, 0 },
	{ "io_uring", make_io_uring, true, 0 },
	{ "userfaultfd", make_userfaultfd, true, 0 },
	{ "bpf", load_bpf, true, 0 },
	{ "perf_event_open", count_events, true, 0 },
	{ "load a module", load_module, true, BIT(RLIMITS) },
	{ "chroot", change_root, false, BIT(RLIMITS) },
	{ "raise a limit", raise_limit, false, BIT(RLIMITS) },
	{ "limit the test", limit_tester, false, BIT(PIDNS) },
	{ "PR_SET_DUMPABLE", open_to_debuggers, false, 0 },
	{ "PR_SET_PDEATHSIG", outlive_maker, false, 0 },
	{ "setuid(0)", become_root, false, BIT(RLIMITS) },
	{ "sched_setaffinity", move_to_processor, false, 0 },
	{ "clone3", clone_by_structure, false, 0 },
	{ "personality", change_personality, false, 0 },
	{ "F_SETFL", change_descriptor, false, 0 },
	{ NULL, NULL, false, 0 },
};

/* SPDX-License-Identifier: MIT */
/* The manager's small parts, each by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "manager/listen.h"
#include "manager/lock.h"
#include "manager/manager-private.h"
#include "manager/notify.h"

static char folder[] = "/tmp/xcore-test-manager.XXXXXX";
static struct xc_manager manager;

static const char *
in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "run/xcored.lock", "pid", "s",
		"notify" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(in_folder(names[i]));
	(void)rmdir(in_folder("run"));
	return rmdir(folder);
}

static void
a_lock_is_taken_once(void **state)
{
	struct xc_errbuf errbuf;
	char pid[32];
	int a, b;

	(void)state;
	snprintf(pid, sizeof(pid), "process %ld,", (long)getpid());
	assert_int_equal(xc_lock_take(in_folder("run"), "server.run_dir", &a,
	    &errbuf), XC_OK);
	assert_int_equal(xc_lock_take(in_folder("run"), "server.run_dir", &b,
	    &errbuf), XC_ERR_BUSY);
	assert_int_equal(b, -1);
	assert_non_null(strstr(errbuf.text, pid));
	assert_non_null(strstr(errbuf.text, "server.run_dir"));
	close(a);
	assert_int_equal(xc_lock_take(in_folder("run"), "server.run_dir", &a,
	    &errbuf), XC_OK);
	close(a);
}

static void
a_lock_needs_a_folder(void **state)
{
	struct xc_errbuf errbuf;
	int fd;

	(void)state;
	assert_int_equal(xc_lock_take(in_folder("none/run"), "server.run_dir",
	    &fd, &errbuf), XC_ERR_IO);
	assert_non_null(strstr(errbuf.text, "none/run"));
	assert_int_equal(xc_lock_take("/dev/null", "server.run_dir", &fd,
	    &errbuf), XC_ERR_IO);
}

static void
a_pid_file_is_removed_by_its_owner(void **state)
{
	struct xc_errbuf errbuf;

	(void)state;
	assert_int_equal(xc_pid_file_write("", 1, &errbuf), XC_OK);
	assert_int_equal(xc_pid_file_write(in_folder("pid"), 4711, &errbuf),
	    XC_OK);
	xc_pid_file_remove(in_folder("pid"), 4712);
	assert_int_equal(access(in_folder("pid"), F_OK), 0);
	xc_pid_file_remove(in_folder("pid"), 4711);
	assert_int_equal(access(in_folder("pid"), F_OK), -1);
	assert_int_equal(xc_pid_file_write(in_folder("none/pid"), 1, &errbuf),
	    XC_ERR_IO);
}

static void
rests_grow_to_half_a_minute(void **state)
{
	(void)state;
	assert_int_equal(xc_child_delay(0), 0);
	assert_int_equal(xc_child_delay(1), 100);
	assert_int_equal(xc_child_delay(2), 200);
	assert_int_equal(xc_child_delay(5), 1600);
	assert_int_equal(xc_child_delay(10), 30000);
	assert_int_equal(xc_child_delay(1000000), 30000);
}

static void
an_end_is_told(void **state)
{
	char text[64];

	(void)state;
	xc_child_end_text(SIGSEGV, text, sizeof(text));
	assert_string_equal(text, "signal SIGSEGV");
	xc_child_end_text(78 << 8, text, sizeof(text));
	assert_string_equal(text, "status 78");
}

static int
listen_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	strcpy(address.sun_path, path);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
	    sizeof(address)), 0);
	return fd;
}

static void
words_reach_systemd(void **state)
{
	char text[64] = "";
	int fd = listen_at(in_folder("notify"), SOCK_DGRAM);

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	xc_notify("READY=1");
	setenv("NOTIFY_SOCKET", in_folder("notify"), 1);
	xc_notify("STATUS=%d", 3);
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), 8);
	assert_string_equal(text, "STATUS=3");
	setenv("WATCHDOG_USEC", "4000000", 1);
	unsetenv("WATCHDOG_PID");
	assert_int_equal(xc_notify_watchdog_ms(), 2000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(xc_notify_watchdog_ms(), 0);
	xc_notify_forget();
	assert_null(getenv("NOTIFY_SOCKET"));
	close(fd);
}

static void
only_a_listening_socket_will_do(void **state)
{
	struct xc_listen taken;
	struct xc_errbuf errbuf;
	char text[320];
	int fd, before = dup(STDIN_FILENO);

	(void)state;
	fd = listen_at(in_folder("s"), SOCK_STREAM);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(xc_listen_take(&taken, &errbuf), XC_ERR_INVALID);
	assert_non_null(strstr(errbuf.text, "spawn-fcgi -s"));
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(xc_listen_take(&taken, &errbuf), XC_OK);
	assert_int_equal(taken.family, AF_UNIX);
	assert_string_equal(taken.path, in_folder("s"));
	assert_true(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK);
	xc_listen_describe(&taken, text, sizeof(text));
	assert_memory_equal(text, "unix:/", 6);
	taken.ino++;
	xc_listen_unlink(&taken);
	assert_int_equal(access(in_folder("s"), F_OK), 0);
	taken.ino--;
	taken.activated = true;
	xc_listen_unlink(&taken);
	assert_int_equal(access(in_folder("s"), F_OK), 0);
	taken.activated = false;
	xc_listen_unlink(&taken);
	assert_int_equal(access(in_folder("s"), F_OK), -1);
	close(fd);
	(void)dup2(before, STDIN_FILENO);
	close(before);
}

/* In a child, since what is not taken over is closed. */
static int
take_in_child(const char *text)
{
	char number[16];
	pid_t pid;
	int fd, status;

	pid = fork();
	if (pid == 0) {
		fd = memfd_create("test", 0);
		if (write(fd, text, strlen(text)) == -1)
			_exit(9);
		snprintf(number, sizeof(number), "%d", fd);
		setenv("XCORE_HANDOVER", number, 1);
		xc_pool_init(&manager);
		xc_handover_take(&manager);
		_exit(manager.inherited ? 1 :
		    fcntl(fd, F_GETFD) != -1 ? 2 :
		    getenv("XCORE_HANDOVER") != NULL ? 3 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_strange_handover_is_none(void **state)
{
	static const char *const texts[] = { "", "x", "[]", "{}", "7",
		"{\"format\":1}", "{\"format\":1,\"pid\":1}",
		"{\"format\":2,\"pid\":0}",
		"{\"format\":\"1\",\"pid\":[]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(take_in_child(texts[i]), 0);
}

/* Ours by its pid, but with nothing that fits: all is refused piece by
 * piece, and what is not there is made anew. */
static void
a_damaged_handover_is_survived(void **state)
{
	static const char format[] = "{\"format\":1,\"pid\":%ld,"
	    "\"board\":0,\"wake\":99999,\"control\":-7,\"run_lock\":\"x\","
	    "\"rows\":[{\"row\":-1,\"pid\":5},{\"row\":999,\"pid\":5},7,"
	    "{\"row\":0,\"pid\":0},{\"row\":1,\"pid\":-1},null],"
	    "\"inboxes\":{\"row\":1},\"strays\":[0,1,-1,\"x\",null],"
	    "\"crashes\":7}";
	char text[1024], number[16];
	pid_t pid = fork();
	int fd, status;

	(void)state;
	if (pid == 0) {
		snprintf(text, sizeof(text), format, (long)getpid());
		fd = memfd_create("test", 0);
		if (write(fd, text, strlen(text)) == -1)
			_exit(9);
		snprintf(number, sizeof(number), "%d", fd);
		setenv("XCORE_HANDOVER", number, 1);
		xc_pool_init(&manager);
		manager.run_lock = manager.state_lock = -1;
		xc_handover_take(&manager);
		_exit(manager.inherited && manager.pool.board == NULL &&
		    manager.run_lock == -1 && manager.inherited_control == -1 &&
		    xc_pool_empty(&manager) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_is_taken_once),
		cmocka_unit_test(a_lock_needs_a_folder),
		cmocka_unit_test(a_pid_file_is_removed_by_its_owner),
		cmocka_unit_test(rests_grow_to_half_a_minute),
		cmocka_unit_test(an_end_is_told),
		cmocka_unit_test(words_reach_systemd),
		cmocka_unit_test(only_a_listening_socket_will_do),
		cmocka_unit_test(a_strange_handover_is_none),
		cmocka_unit_test(a_damaged_handover_is_survived),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include "crash-trace.h"
#include "raw-text.h"

static int trace_fd = -1;
static char trace[4096];

static void
on_fault(int number, siginfo_t *info, void *context)
{
	size_t len = xc_trace_write(trace, sizeof(trace), info, context);

	(void)number;
	(void)!write(trace_fd, trace, len);
	/* valgrind has a say in an exit status. */
	(void)kill(getpid(), SIGKILL);
}

static void
watch_faults(void)
{
	static char stack[65536];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL };
	struct sigaction action;

	sigaltstack(&other, NULL);
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaction(numbers[i], &action, NULL);
	xc_trace_prepare();
}

/* What the handler says of a child in which that function faults. */
static void
trace_of(void (*fault)(void), char *text_r, size_t size)
{
	int ends[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(ends[0]);
		trace_fd = ends[1];
		watch_faults();
		fault();
		_exit(1);
	}
	close(ends[1]);
	while ((n = read(ends[0], text_r + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text_r[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static unsigned
count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static volatile uintptr_t bad_address = 0x10;

__attribute__((noinline)) static int
touch(volatile const int *place)
{
	return *place + 1;
}

__attribute__((noinline)) static void
bad_read(void)
{
	if (touch((volatile const int *)bad_address) == 0)
		puts("");
}

static void
bad_call(void)
{
	void (*volatile function)(void);
	uintptr_t none = bad_address - 0x10;

	memcpy((void *)(uintptr_t)&function, &none, sizeof(none));
	function();
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Winfinite-recursion"
__attribute__((noinline)) static int
deeper(volatile int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return deeper(depth + 1) + room[0];
}
#pragma GCC diagnostic pop

static void
overflow(void)
{
	printf("%d\n", deeper(0));
}

static void
test_bad_read(void **state)
{
	char text[4096];

	(void)state;
	trace_of(bad_read, text, sizeof(text));
	assert_ptr_equal(strstr(text, "signal SIGSEGV at 0x10, code 1\n#0 "),
	    text);
	assert_non_null(strstr(text, "#0 test-crash-trace+0x"));
	assert_non_null(strstr(text, "\n#1 test-crash-trace+0x"));
	assert_non_null(strstr(text, " (build "));
	/* The frames of the handler are not among them. */
	assert_null(strstr(text, "libxcore"));
}

static void
test_abort(void **state)
{
	char text[4096];

	(void)state;
	trace_of(abort, text, sizeof(text));
	assert_ptr_equal(strstr(text, "signal SIGABRT, code "), text);
	assert_non_null(strstr(text, "libc.so"));
	assert_non_null(strstr(text, "test-crash-trace+0x"));
}

static void
test_bad_call(void **state)
{
	char text[4096];

	(void)state;
	trace_of(bad_call, text, sizeof(text));
	assert_ptr_equal(strstr(text, "signal SIGSEGV at 0x0, code "), text);
	assert_non_null(strstr(text, "\n#0 0x0\n#1 "));
	assert_non_null(strstr(text, "#1 test-crash-trace+0x"));
}

static void
test_overflow(void **state)
{
	char text[4096];

	(void)state;
	trace_of(overflow, text, sizeof(text));
	assert_non_null(strstr(text, "#31 test-crash-trace+0x"));
	assert_null(strstr(text, "#32 "));
	assert_int_equal(count_lines(text), 33);
}

/* A buffer that is too small gets what fits. */
static void
test_small_buffer(void **state)
{
	siginfo_t info;
	ucontext_t context;
	char small[24];

	(void)state;
	memset(&info, 0, sizeof(info));
	assert_int_equal(getcontext(&context), 0);
	info.si_signo = SIGSEGV;
	info.si_code = SI_USER;
	small[0] = 'x';
	assert_int_equal(xc_trace_write(small, 0, &info, &context), 0);
	assert_int_equal(small[0], 'x');
	assert_int_equal(xc_trace_write(small, 8, &info, &context), 7);
	assert_string_equal(small, "signal ");
}

static void
test_raw(void **state)
{
	struct xc_raw raw;
	char text[64];

	(void)state;
	xc_raw_begin(&raw, text, sizeof(text));
	xc_raw_number(&raw, INT64_MIN);
	xc_raw_put(&raw, " ");
	xc_raw_padded(&raw, 7, 2);
	xc_raw_put(&raw, " ");
	xc_raw_hex(&raw, 0);
	xc_raw_put(&raw, " ");
	xc_raw_hex(&raw, 0xfedc);
	xc_raw_json(&raw, " a\"\\\n\x80z", 7);
	assert_string_equal(text,
	    "-9223372036854775808 07 0x0 0xfedc a????z");
	assert_int_equal(raw.len, strlen(text));
	xc_raw_begin(&raw, text, 4);
	xc_raw_put(&raw, "long");
	assert_string_equal(text, "lon");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_read),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_bad_call),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

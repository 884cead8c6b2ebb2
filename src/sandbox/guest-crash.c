/* SPDX-License-Identifier: MIT */
/* The last words of a sandbox that crashes. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "guest-private.h"
#include "lib/crash-trace.h"

#if defined(__x86_64__)
#define INSTRUCTION(context) \
	((uintptr_t)(context)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#define INSTRUCTION(context) ((uintptr_t)(context)->uc_mcontext.pc)
#else
#define INSTRUCTION(context) ((void)(context), (uintptr_t)0)
#endif

#define ABORT_SIZE 1024		/* bytes of code, rather more than less */
#define STACK_SIZE 65536	/* of the handler: the own one may be full */

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
	SIGSYS, SIGTRAP };
static char *place;
static atomic_flag spoken = ATOMIC_FLAG_INIT;

/* Ends the process by the signal.  The first process of a pid namespace is
 * not hurt by what it sends itself: there the status says the signal. */
static void
die(int number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	(void)sigaction(number, &action, NULL);
	(void)raise(number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* The bare call: before functions that do not return AddressSanitizer
	 * looks for its stack in /proc, which is not there. */
	(void)syscall(SYS_exit_group, 128 + number);
}

/*
 * Where a process may not signal itself (a one-shot child: the filter knows
 * its zygote's number alone), abort() goes on to an instruction that faults.
 */
static bool
is_abort(const siginfo_t *info, const void *context)
{
	const ucontext_t *ucontext = context;
	uintptr_t begin = (uintptr_t)abort;
	uintptr_t at = INSTRUCTION(ucontext);

	return info->si_code > 0 && at >= begin && at - begin < ABORT_SIZE;
}

static void
on_crash(int number, siginfo_t *info, void *ucontext)
{
	siginfo_t abortion = *info;

	if (is_abort(info, ucontext)) {
		number = abortion.si_signo = SIGABRT;
		abortion.si_code = SI_TKILL;
		info = &abortion;
	}
	/* Another thread may be at it already: it ends us all. */
	while (atomic_flag_test_and_set(&spoken))
		(void)pause();
	if (place != NULL)
		(void)xc_trace_write(place, XC_CHANNEL_TRACE_MAX, info,
		    ucontext);
	die(number);
}

void
xc_guest_catch_crashes(char *trace)
{
	static unsigned char stack[STACK_SIZE] __attribute__((aligned(64)));
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_sigaction = on_crash,
		.sa_flags = SA_SIGINFO | SA_ONSTACK };

	place = trace;
	(void)sigaltstack(&alternate, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		(void)sigaction(crashes[i], &action, NULL);
}

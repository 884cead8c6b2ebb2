/* SPDX-License-Identifier: MIT */
/* Attacks on time: they keep a processor, or whoever waits. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "doctor/attacks-private.h"

/* A few seconds of processor time, so that what gets through ends too. */
#define BURN_S 5

static volatile unsigned long turns;

/* The host's thread may have used as much before. */
static void
burn(void)
{
	struct timespec now, begun;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
	do {
		for (int i = 0; i < 1000000; i++)
			turns++;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while (now.tv_sec - begun.tv_sec < BURN_S);
}

void
xc_attack_loop(struct xc_attack_scene *scene)
{
	burn();
	xc_attack_succeeded(scene, "ran for %d s", BURN_S);
}

void
xc_attack_loop_deaf(struct xc_attack_scene *scene)
{
	signal(SIGXCPU, SIG_IGN);
	signal(SIGALRM, SIG_IGN);
	signal(SIGPROF, SIG_IGN);
	signal(SIGVTALRM, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	xc_attack_loop(scene);
}

static void
take_signal(int number)
{
	(void)number;
	turns++;
}

void
xc_attack_raise(struct xc_attack_scene *scene)
{
	struct timespec now, begun;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
	signal(SIGUSR1, take_signal);
	do {
		for (int i = 0; i < 1000; i++)
			raise(SIGUSR1);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while (now.tv_sec - begun.tv_sec < BURN_S);
	xc_attack_succeeded(scene, "sent itself signals for %d s", BURN_S);
}

void
xc_attack_sleep(struct xc_attack_scene *scene)
{
	xc_attack_wait_ms(BURN_S * 1000);
	xc_attack_succeeded(scene, "waited for %d s", BURN_S);
}

void
xc_attack_sleep_deaf(struct xc_attack_scene *scene)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t all;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &ignore, NULL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	xc_attack_sleep(scene);
}

/* In a process id namespace of its own it is process 1, whom SIGSTOP from
 * inside does not stop. */
void
xc_attack_stop(struct xc_attack_scene *scene)
{
	if (scene->inprocess) {
		xc_attack_skipped(scene, "it would stop its host");
		return;
	}
	if (raise(SIGSTOP) != 0)
		xc_attack_refused(scene, "raise(SIGSTOP)", errno);
	else
		xc_attack_harmless(scene, "SIGSTOP was not obeyed");
}

static void *
burn_in_thread(void *arg)
{
	burn();
	return arg;
}

void
xc_attack_threads_burn(struct xc_attack_scene *scene)
{
	pthread_t threads[8];
	int n = 0, error = 0;

	while (n < 7 && (error = pthread_create(&threads[n], NULL,
	    burn_in_thread, NULL)) == 0)
		n++;
	burn();
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	xc_attack_succeeded(scene, "%d threads ran for %d s each%s", n + 1,
	    BURN_S, error != 0 ? ", others were refused" : "");
}

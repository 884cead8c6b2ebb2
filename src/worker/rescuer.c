/* SPDX-License-Identifier: MIT */
/*
 * A handler that takes long holds up the connections of its worker.  Those of
 * handlers known to be slow are handed over before; this thread is for the
 * others.  It looks every 2 ms while requests run, more rarely where all are
 * quick, and sleeps on a futex when none ran for a while.  A sibling that has
 * just become idle wakes it early.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "worker/lastgasp.h"
#include "worker/worker.h"

#define TICK_NS 2000000
/* Where no run has lasted a tick lately, a tick is longer. */
#define CALM_NS 8000000
#define TICKS_TO_CALM 2500
#define TICKS_TO_PARK 25
#define STACK_BYTES (128 * 1024)

static bool
is_running(uint32_t word)
{
	return (word & 3) == XC_RUN_RUNNING;
}

static void
park(struct xc_rescuer *rescuer)
{
	atomic_store(&rescuer->parked, 1);
	/* Who began a run before it saw that we park does not wake us. */
	if (!is_running(atomic_load(&rescuer->word)) &&
	    !atomic_load(&rescuer->stop))
		(void)syscall(SYS_futex, &rescuer->parked,
		    FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	atomic_store(&rescuer->parked, 0);
}

static void
unpark(struct xc_rescuer *rescuer)
{
	atomic_store(&rescuer->parked, 0);
	(void)syscall(SYS_futex, &rescuer->parked, FUTEX_WAKE_PRIVATE, 1,
	    NULL, NULL, 0);
}

/* The run has lasted a whole tick: take the table while it goes on. */
static void
rescue(struct xc_worker *worker, uint32_t word)
{
	_Atomic(uint32_t) *state = &worker->rescuer.word;

	if (!atomic_compare_exchange_strong(state, &word,
	    (word & ~UINT32_C(3)) | XC_RUN_RESCUING))
		return;
	xc_handover(worker, worker->stopping);
	xc_handover_forward(worker);
	atomic_store(state, word);
}

/* Sleeps for a tick, or until a sibling becomes idle. */
static void
sleep_tick(struct xc_worker *worker, uint32_t idles, bool calm)
{
	const struct timespec tick = { .tv_nsec = calm ? CALM_NS : TICK_NS };

	(void)syscall(SYS_futex, &worker->board->idles, FUTEX_WAIT, idles,
	    &tick, NULL, 0);
}

void
xc_rescuer_offer(struct xc_worker *worker)
{
	atomic_fetch_add(&worker->board->idles, 1);
	(void)syscall(SYS_futex, &worker->board->idles, FUTEX_WAKE, INT_MAX,
	    NULL, NULL, 0);
}

/*
 * What a run uses of the processor is counted from here, a tick after its
 * begin at most: for the handler itself to look would cost more than many a
 * handler does.
 */
static void
note_clock(struct xc_worker_row *row)
{
	uint32_t run = atomic_load(&row->run);
	struct timespec ts;

	if (atomic_load(&row->run_since_ms) == 0 ||
	    atomic_load(&row->run_cpu_of) == run ||
	    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) != 0)
		return;
	atomic_store(&row->run_cpu_us, (uint64_t)ts.tv_sec * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000);
	atomic_store(&row->run_cpu_of, run);
}

static void *
watch_runs(void *arg)
{
	struct xc_worker *worker = arg;
	struct xc_rescuer *rescuer = &worker->rescuer;
	uint32_t last = 0, word, idles;
	unsigned still = 0, quick = TICKS_TO_CALM;

	xc_gasp_thread();
	while (!atomic_load(&rescuer->stop)) {
		idles = atomic_load(&worker->board->idles);
		word = atomic_load(&rescuer->word);
		still = word == last ? still + 1 : 0;
		if (is_running(word))
			note_clock(worker->row);
		if (quick < TICKS_TO_CALM)
			quick++;
		if (still > 0 && is_running(word)) {
			rescue(worker, word);
			quick = 0;
		}
		last = word;
		if (still >= TICKS_TO_PARK && !is_running(word)) {
			park(rescuer);
			still = 0;
		}
		sleep_tick(worker, idles, quick == TICKS_TO_CALM);
	}
	xc_gasp_thread_end();
	return NULL;
}

void
xc_rescuer_begin(struct xc_worker *worker)
{
	struct xc_rescuer *rescuer = &worker->rescuer;
	uint32_t word = atomic_load_explicit(&rescuer->word,
	    memory_order_relaxed);

	/* An exchange and not a store: the load of parked must come after. */
	(void)atomic_exchange(&rescuer->word,
	    ((word & ~UINT32_C(3)) + 4) | XC_RUN_RUNNING);
	if (atomic_load_explicit(&rescuer->parked, memory_order_relaxed))
		unpark(rescuer);
}

void
xc_rescuer_end(struct xc_worker *worker)
{
	_Atomic(uint32_t) *state = &worker->rescuer.word;
	uint32_t running = (atomic_load_explicit(state,
	    memory_order_relaxed) & ~UINT32_C(3)) | XC_RUN_RUNNING;
	uint32_t word = running;

	/* A rescue lasts microseconds; sched_yield() lets it end where there
	 * is one processor. */
	while (!atomic_compare_exchange_strong(state, &word,
	    (running & ~UINT32_C(3)) | XC_RUN_IDLE)) {
		word = running;
		sched_yield();
	}
	xc_handover_settle(worker);
}

enum xc_err
xc_rescuer_start(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	size_t stack = STACK_BYTES;
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	if (stack < (size_t)PTHREAD_STACK_MIN)
		stack = (size_t)PTHREAD_STACK_MIN;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	/* It inherits the mask: signals are the main thread's. */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&worker->rescuer.thread, &attr, watch_runs,
	    worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (err != 0)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "cannot start the rescuer thread: %s", strerror(err));
	worker->rescuer.started = true;
	return XC_OK;
}

void
xc_rescuer_stop(struct xc_worker *worker)
{
	if (!worker->rescuer.started)
		return;
	atomic_store(&worker->rescuer.stop, true);
	unpark(&worker->rescuer);
	(void)pthread_join(worker->rescuer.thread, NULL);
	worker->rescuer.started = false;
}

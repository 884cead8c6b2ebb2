/* SPDX-License-Identifier: MIT */
#include "worker/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum xc_err
map_board(int fd, struct xc_scoreboard **board_r, struct xc_errbuf *errbuf)
{
	void *map = mmap(NULL, sizeof(**board_r), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot map the scoreboard: %s", strerror(errno));
	*board_r = map;
	return XC_OK;
}

/* Sealed, so that no process can cut it under the others (SIGBUS). */
static enum xc_err
make_file(int *fd_r, struct xc_errbuf *errbuf)
{
	int fd = memfd_create("xcore-scoreboard",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot make the scoreboard: memfd_create: %s",
		    strerror(errno));
	if (ftruncate(fd, sizeof(struct xc_scoreboard)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_SEAL) < 0) {
		int saved = errno;

		close(fd);
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot size the scoreboard to %zu bytes: %s",
		    sizeof(struct xc_scoreboard), strerror(saved));
	}
	*fd_r = fd;
	return XC_OK;
}

enum xc_err
xc_scoreboard_create(uint32_t n_workers, int *fd_r,
    struct xc_scoreboard **board_r, struct xc_errbuf *errbuf)
{
	struct xc_scoreboard *board;
	int fd = -1;
	enum xc_err err;

	*fd_r = -1;
	*board_r = NULL;
	err = make_file(&fd, errbuf);
	if (err != XC_OK)
		return err;
	err = map_board(fd, &board, errbuf);
	if (err != XC_OK) {
		close(fd);
		return err;
	}
	if (n_workers > XC_WORKERS_MAX)
		n_workers = XC_WORKERS_MAX;
	board->layout = XC_SCOREBOARD_LAYOUT;
	board->size = sizeof(*board);
	board->n_workers = n_workers;
	atomic_store(&board->next_serial, 1);
	board->magic = XC_SCOREBOARD_MAGIC;
	*fd_r = fd;
	*board_r = board;
	return XC_OK;
}

enum xc_err
xc_scoreboard_attach(int fd, struct xc_scoreboard **board_r,
    struct xc_errbuf *errbuf)
{
	struct xc_scoreboard *board;
	struct stat st;
	enum xc_err err;

	*board_r = NULL;
	if (fstat(fd, &st) < 0)
		return xc_fail(errbuf, XC_ERR_IO,
		    "cannot look at the inherited scoreboard: %s",
		    strerror(errno));
	if ((size_t)st.st_size != sizeof(*board))
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
		    "the inherited scoreboard has %lld bytes, not %zu: it is "
		    "of another version", (long long)st.st_size,
		    sizeof(*board));
	err = map_board(fd, &board, errbuf);
	if (err != XC_OK)
		return err;
	if (board->magic != XC_SCOREBOARD_MAGIC ||
	    board->layout != XC_SCOREBOARD_LAYOUT ||
	    board->size != sizeof(*board) ||
	    board->n_workers > XC_WORKERS_MAX) {
		xc_scoreboard_detach(&board);
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED,
		    "the inherited scoreboard is of another layout");
	}
	*board_r = board;
	return XC_OK;
}

void
xc_scoreboard_detach(struct xc_scoreboard **board)
{
	if (*board)
		munmap(*board, sizeof(**board));
	*board = NULL;
}

enum { CLAIM_FREE, CLAIM_WRITING, CLAIM_NAMED };

/* Who died while it wrote a name leaves the row unusable. */
#define CLAIM_YIELDS 1000

/* FNV-1a. */
static uint32_t
hash_name(const char *name)
{
	uint32_t hash = UINT32_C(0x811c9dc5);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT32_C(0x01000193);
	return hash;
}

/* Whether the row has, or now gets, that name. */
static bool
claim(_Atomic(uint32_t) *claimed, char *to, const char *name, size_t len)
{
	uint32_t word = CLAIM_FREE;

	if (atomic_compare_exchange_strong(claimed, &word, CLAIM_WRITING)) {
		memcpy(to, name, len + 1);
		atomic_store(claimed, CLAIM_NAMED);
		return true;
	}
	for (int i = 0; word == CLAIM_WRITING && i < CLAIM_YIELDS; i++) {
		sched_yield();
		word = atomic_load(claimed);
	}
	return word == CLAIM_NAMED && strcmp(to, name) == 0;
}

struct xc_plugin_row *
xc_scoreboard_plugin(struct xc_scoreboard *board, const char *name)
{
	size_t len = strlen(name);
	uint32_t first = hash_name(name) % XC_PLUGIN_ROWS_MAX;
	struct xc_plugin_row *row;

	if (len >= sizeof(row->name))
		return NULL;
	for (uint32_t i = 0; i < XC_PLUGIN_ROWS_MAX; i++) {
		row = &board->plugins[(first + i) % XC_PLUGIN_ROWS_MAX];
		if (claim(&row->claim, row->name, name, len))
			return row;
	}
	return NULL;
}

struct xc_step_row *
xc_scoreboard_step(struct xc_scoreboard *board, const char *name)
{
	size_t len = strlen(name);
	uint32_t first = hash_name(name) % XC_STEP_ROWS_MAX;
	struct xc_step_row *row;

	if (len >= sizeof(row->name))
		return NULL;
	for (uint32_t i = 0; i < XC_STEP_ROWS_MAX; i++) {
		row = &board->steps[(first + i) % XC_STEP_ROWS_MAX];
		if (claim(&row->claim, row->name, name, len))
			return row;
	}
	return NULL;
}

struct xc_step_row *
xc_scoreboard_step_at(struct xc_scoreboard *board, uint32_t n)
{
	struct xc_step_row *row = &board->steps[n];

	return n < XC_STEP_ROWS_MAX &&
	    atomic_load(&row->claim) == CLAIM_NAMED ? row : NULL;
}

/*
 * GCRA: rate_ns is when the next request would be due if they came evenly.
 * A second's worth may come early.
 */
bool
xc_scoreboard_admit(struct xc_plugin_row *row, uint32_t rate,
    uint64_t now_us, uint32_t *wait_ms_r)
{
	const uint64_t ahead_ns = UINT64_C(1000000000);
	uint64_t now = now_us * 1000, due, after;

	*wait_ms_r = 0;
	if (row == NULL || rate == 0)
		return true;
	due = atomic_load_explicit(&row->rate_ns, memory_order_relaxed);
	do {
		after = (due > now ? due : now) + ahead_ns / rate;
		if (after > now + ahead_ns) {
			*wait_ms_r = (uint32_t)((after - now - ahead_ns +
			    999999) / 1000000);
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(&row->rate_ns, &due,
	    after, memory_order_relaxed, memory_order_relaxed));
	return true;
}

static const uint32_t bounds_ms[XC_LATENCY__MAX - 1] = { 1, 2, 5, 10, 20, 50,
	100, 200, 500, 1000, 2000, 5000, 10000 };

uint32_t
xc_latency_bound_ms(unsigned n)
{
	return n < XC_LATENCY__MAX - 1 ? bounds_ms[n] : 0;
}

void
xc_scoreboard_took(struct xc_plugin_row *row, uint64_t took_us, bool error)
{
	unsigned n = 0;

	if (row == NULL)
		return;
	while (n < XC_LATENCY__MAX - 1 &&
	    took_us > (uint64_t)bounds_ms[n] * 1000)
		n++;
	atomic_fetch_add_explicit(&row->took[n], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&row->time_us, took_us,
	    memory_order_relaxed);
	if (error)
		atomic_fetch_add_explicit(&row->errors, 1,
		    memory_order_relaxed);
}

void
xc_scoreboard_hash(struct xc_scoreboard *board, uint32_t worker, bool does)
{
	_Atomic(uint64_t) *word = &board->hashing[worker / 64];
	uint64_t bit = UINT64_C(1) << worker % 64;
	bool did = (atomic_load_explicit(word, memory_order_relaxed) &
	    bit) != 0;

	/* All workers read it with each request: written only where it must
	 * be. */
	if (did == does)
		return;
	if (does)
		atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
	else
		atomic_fetch_and_explicit(word, ~bit, memory_order_relaxed);
}

uint32_t
xc_scoreboard_hashing(const struct xc_scoreboard *board)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i * 64 < board->n_workers; i++)
		n += (uint32_t)__builtin_popcountll(atomic_load_explicit(
		    &board->hashing[i], memory_order_relaxed));
	return n;
}

void
xc_scoreboard_shorten(struct xc_scoreboard *board, uint32_t ms)
{
	uint32_t old = atomic_load(&board->shortest_ms);

	while (ms != 0 && (old == 0 || ms < old)) {
		if (atomic_compare_exchange_weak(&board->shortest_ms, &old,
		    ms))
			return;
	}
}

const char *
xc_worker_state_name(uint32_t state)
{
	static const char *const names[] = {
		[XC_WORKER_EMPTY] = "empty",
		[XC_WORKER_STARTING] = "starting",
		[XC_WORKER_IDLE] = "idle",
		[XC_WORKER_BUSY] = "busy",
		[XC_WORKER_LOADING] = "loading",
		[XC_WORKER_DRAINING] = "draining",
		[XC_WORKER_DEAD] = "dead",
	};

	return state < sizeof(names) / sizeof(*names) ? names[state]
						      : "unknown";
}

uint64_t
xc_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
xc_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

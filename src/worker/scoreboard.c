/* SPDX-License-Identifier: MIT */
#include "worker/scoreboard.h"

#include <errno.h>
#include <fcntl.h>
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

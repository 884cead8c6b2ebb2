/* SPDX-License-Identifier: MIT */
#include "worker/lastgasp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xcore/reply.h>

#include "lib/crash-trace.h"
#include "lib/raw-text.h"
#include "lib/reply-private.h"
#include "lib/status.h"
#include "worker/chain.h"
#include "worker/wire.h"

#define STACK_SIZE ((size_t)64 * 1024)
#define TEXT_MAX 1024
#define LINES_MAX ((size_t)48 * 1024)	/* of the chain; more are left out */
#define ID_MAX 72
/* The unwinder may come to wait for what the interrupted code holds. */
#define HANDLER_S 2

enum { GASP_OFF, GASP_ARMED, GASP_TAKEN };

/* What is said to the client, but for the request's id. */
struct words {
	char head[TEXT_MAX];
	char body[TEXT_MAX];
};

static struct {
	_Atomic(uint32_t) state;
	pid_t pid;		/* the worker's own */
	int fd;
	uint16_t request_id;
	bool head_only;
	const struct xc_passage *passage;
	const struct xc_worker_row *row;
	uint32_t worker;
	int crashes;		/* descriptor of the folder, or -1 */
	struct words words[XC_BREACH__MAX];
	_Atomic(uint32_t) depth;	/* of faults in the handler */
	volatile sig_atomic_t answering;	/* with the chain's lines */
	char trace[4096];
	char report[8192];
} gasp = { .crashes = -1, .fd = -1 };

static const int faults[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
#define N_FAULTS (sizeof(faults) / sizeof(*faults))
static struct sigaction before[N_FAULTS];

union sigval
xc_gasp_word(uint32_t run, enum xc_breach breach)
{
	union sigval word;

	/* Of the run what fits into what is left of an int. */
	word.sival_int = (int)((run & 0xffffff) << 4 | (uint32_t)breach);
	return word;
}

/* ---- the answer --------------------------------------------------------- */

static void
prepare_words(enum xc_breach breach)
{
	struct words *words = &gasp.words[breach];
	char type[XC_BREACH_TYPE_MAX];
	struct xc_problem problem;

	xc_breach_problem(breach, type, &problem);
	snprintf(words->head, sizeof(words->head), "Status: %d %s\r\n"
	    "Content-Type: application/problem+json\r\n", problem.status, xc_status_text(problem.status));
	snprintf(words->body, sizeof(words->body), "{\"type\":\"%s\","
	    "\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
	    "\"request_id\":\"", problem.type, problem.title, problem.status,
	    problem.detail);
}

/* What stands on each reply of that prefix; it lies where a plugin may have
 * written. */
static void
put_lines(struct xc_raw *raw, const struct xc_passage *passage)
{
	const struct xc_lines *lines = passage->lines;
	const char *text = lines->joined[passage->https][0].text;
	size_t len = lines->joined[passage->https][0].len;

	if (passage->late_len > sizeof(passage->late) ||
	    len + passage->late_len > LINES_MAX)
		return;
	xc_raw_bytes(raw, text, len);
	xc_raw_bytes(raw, passage->late, passage->late_len);
}

static void
put_id(struct xc_raw *raw, const char *name, const char *id, size_t id_len)
{
	if (name[0] == '\0')
		return;
	xc_raw_put(raw, name);
	xc_raw_json(raw, id, id_len);
	xc_raw_put(raw, "\r\n");
}

static void
answer(enum xc_breach breach, const struct xc_passage *passage)
{
	static char text[LINES_MAX + 3 * TEXT_MAX];
	static unsigned char record[sizeof(text) + 64];
	const struct words *words = &gasp.words[breach];
	const char *id = gasp.row->request_id;
	size_t id_len = strnlen(id, ID_MAX), len;
	struct xc_raw raw;

	xc_raw_begin(&raw, text, sizeof(text));
	xc_raw_put(&raw, words->head);
	if (passage)
		put_lines(&raw, passage);
	put_id(&raw, passage ? passage->lines->id_name : "X-Request-Id: ", id,
	    id_len);
	xc_raw_put(&raw, "Content-Length: ");
	xc_raw_padded(&raw, strlen(words->body) + id_len + 3, 1);
	xc_raw_put(&raw, "\r\n\r\n");
	if (!gasp.head_only) {
		xc_raw_put(&raw, words->body);
		xc_raw_json(&raw, id, id_len);
		xc_raw_put(&raw, "\"}\n");
	}
	len = xc_wire_frame(record, sizeof(record), gasp.request_id, text,
	    raw.len);
	(void)!send(gasp.fd, record, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Answers unless the worker has begun to. */
static void
try_answer(enum xc_breach breach)
{
	uint32_t armed = GASP_ARMED;

	if (!atomic_compare_exchange_strong(&gasp.state, &armed,
	    GASP_TAKEN) || gasp.fd == -1)
		return;
	gasp.answering = 1;
	answer(breach, gasp.passage);
	gasp.answering = 0;
}

/* ---- the report --------------------------------------------------------- */

struct utc {
	unsigned year, month, day, hour, minute, second;
};

/* gmtime_r(3) takes a lock.  The days are counted from the first of March of
 * the year 0, so that a leap day is the last of its year. */
static struct utc
utc_now(void)
{
	struct timespec now;
	struct utc utc;
	uint64_t days;
	unsigned era, of_era, of_year, years, month;

	clock_gettime(CLOCK_REALTIME, &now);
	days = (uint64_t)now.tv_sec / 86400 + 719468;
	era = (unsigned)(days / 146097);
	of_era = (unsigned)(days % 146097);
	years = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	of_year = of_era - (365 * years + years / 4 - years / 100);
	month = (5 * of_year + 2) / 153;
	utc.day = of_year - (153 * month + 2) / 5 + 1;
	utc.month = month < 10 ? month + 3 : month - 9;
	utc.year = era * 400 + years + (utc.month <= 2);
	utc.hour = (unsigned)(now.tv_sec % 86400 / 3600);
	utc.minute = (unsigned)(now.tv_sec % 3600 / 60);
	utc.second = (unsigned)(now.tv_sec % 60);
	return utc;
}

static void
put_time(struct xc_raw *raw, const struct utc *utc, const char *between)
{
	xc_raw_padded(raw, utc->year, 4);
	xc_raw_put(raw, "-");
	xc_raw_padded(raw, utc->month, 2);
	xc_raw_put(raw, "-");
	xc_raw_padded(raw, utc->day, 2);
	xc_raw_put(raw, "T");
	xc_raw_padded(raw, utc->hour, 2);
	xc_raw_put(raw, between);
	xc_raw_padded(raw, utc->minute, 2);
	xc_raw_put(raw, between);
	xc_raw_padded(raw, utc->second, 2);
	xc_raw_put(raw, "Z");
}

static void
put_member(struct xc_raw *raw, const char *key, const char *value,
    size_t max)
{
	xc_raw_put(raw, ",\n\"");
	xc_raw_put(raw, key);
	xc_raw_put(raw, "\":\"");
	xc_raw_json(raw, value, max);
	xc_raw_put(raw, "\"");
}

static void
put_number(struct xc_raw *raw, const char *key, int64_t value)
{
	xc_raw_put(raw, ",\n\"");
	xc_raw_put(raw, key);
	xc_raw_put(raw, "\":");
	xc_raw_number(raw, value);
}

/* Each line as a string of a list. */
static void
put_trace(struct xc_raw *raw, const char *trace)
{
	const char *end;
	bool first = true;

	xc_raw_put(raw, ",\n\"trace\":[");
	for (; (end = strchr(trace, '\n')) != NULL; trace = end + 1) {
		xc_raw_put(raw, first ? "\n\"" : ",\n\"");
		xc_raw_json(raw, trace, (size_t)(end - trace));
		xc_raw_put(raw, "\"");
		first = false;
	}
	xc_raw_put(raw, "]}\n");
}

static void
put_work(struct xc_raw *raw)
{
	const struct xc_worker_row *row = gasp.row;

	/* The names of the last request stay when it is over. */
	if (atomic_load(&row->state) == XC_WORKER_IDLE)
		return;
	put_member(raw, "plugin", row->plugin, sizeof(row->plugin));
	put_member(raw, "operation", row->operation,
	    sizeof(row->operation));
	put_member(raw, "request_id", row->request_id,
	    sizeof(row->request_id));
}

static void
make_report(struct xc_raw *raw, const struct utc *utc,
    enum xc_breach breach)
{

	xc_raw_put(raw, "{\"when\":\"");
	put_time(raw, utc, ":");
	xc_raw_put(raw, "\"");
	put_number(raw, "worker", gasp.worker);
	put_number(raw, "pid", getpid());
	put_number(raw, "thread", gettid());
	put_work(raw);
	put_member(raw, "breach", xc_breach_name(breach), 32);
	put_trace(raw, gasp.trace);
}

static void
write_report(enum xc_breach breach)
{
	struct utc utc = utc_now();
	struct xc_raw name, text;
	char path[64];
	int fd;

	if (gasp.crashes == -1)
		return;
	xc_raw_begin(&text, gasp.report, sizeof(gasp.report));
	make_report(&text, &utc, breach);
	xc_raw_begin(&name, path, sizeof(path));
	put_time(&name, &utc, "");
	xc_raw_put(&name, "-");
	xc_raw_number(&name, getpid());
	xc_raw_put(&name, ".json");
	fd = openat(gasp.crashes, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return;
	(void)!write(fd, text.buf, text.len);
	close(fd);
}

/* ---- the handlers ------------------------------------------------------- */

/* A handler that hangs is ended by the alarm, whatever a plugin has made of
 * that signal. */
static void
limit_time(void)
{
	struct sigaction action;
	sigset_t set;

	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	(void)sigaction(SIGALRM, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)alarm(HANDLER_S);
}

/* What was there before us sees the signal again, the default mostly, so
 * that the manager learns the true one. */
static void
pass_on(int number, const siginfo_t *info)
{
	sigset_t set;

	for (size_t i = 0; i < N_FAULTS; i++)
		(void)sigaction(faults[i], &before[i], NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* A fault comes again by itself; what was sent does not. */
	if (info->si_code <= 0)
		(void)raise(number);
}

static void
on_fault(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	uint32_t depth = atomic_fetch_add(&gasp.depth, 1);

	/* A process that the plugin forked: the client is still answered by
	 * the worker, and two replies would be taken for those of two. */
	if (getpid() != gasp.pid) {
		pass_on(number, info);
		return;
	}
	/* The chain's lines could not be read: without them then. */
	if (gasp.answering) {
		gasp.answering = 0;
		answer(XC_BREACH_CRASH, NULL);
		depth = 0;
	} else if (depth == 0) {
		limit_time();
		try_answer(XC_BREACH_CRASH);
	}
	if (depth == 0) {
		atomic_store(&gasp.depth, 1);
		(void)xc_trace_write(gasp.trace, sizeof(gasp.trace), info,
		    context);
	}
	/* The second time the fault is the trace's own: what it has stands. */
	if (depth <= 1)
		write_report(XC_BREACH_CRASH);
	pass_on(number, info);
	errno = saved;
}

/* Whether it is the run that runs now which the manager means. */
static bool
is_meant(const siginfo_t *info)
{
	const struct xc_worker_row *row = gasp.row;
	uint32_t word = (uint32_t)info->si_value.sival_int;

	return info->si_code == SI_QUEUE && info->si_pid == getppid() &&
	    atomic_load(&row->run_since_ms) != 0 &&
	    (atomic_load(&row->run) & 0xffffff) == word >> 4;
}

static void
on_over(int number, siginfo_t *info, void *context)
{
	enum xc_breach breach =
	    (enum xc_breach)(info->si_value.sival_int & 15);
	int saved = errno;

	(void)number;
	if (!is_meant(info) || (breach != XC_BREACH_TIMEOUT &&
	    breach != XC_BREACH_CPU)) {
		errno = saved;
		return;
	}
	try_answer(breach);
	(void)xc_trace_write(gasp.trace, sizeof(gasp.trace), info, context);
	write_report(breach);
	_exit(1);
}

/* ---- before and after --------------------------------------------------- */

static void
give_stack(void)
{
	stack_t stack = { .ss_size = STACK_SIZE };

	/* With a page below it that is not there. */
	stack.ss_sp = mmap(NULL, STACK_SIZE + 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack.ss_sp == MAP_FAILED)
		return;
	(void)mprotect(stack.ss_sp, 4096, PROT_NONE);
	stack.ss_sp = (char *)stack.ss_sp + 4096;
	if (sigaltstack(&stack, NULL) == -1)
		(void)munmap((char *)stack.ss_sp - 4096, STACK_SIZE + 4096);
}

static void
take_stack(void)
{
	const stack_t none = { .ss_flags = SS_DISABLE };
	stack_t stack;

	if (sigaltstack(&none, &stack) == -1 ||
	    (stack.ss_flags & SS_DISABLE) != 0 ||
	    stack.ss_size != STACK_SIZE)
		return;
	(void)munmap((char *)stack.ss_sp - 4096, STACK_SIZE + 4096);
}

void
xc_gasp_thread(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < N_FAULTS; i++)
		sigaddset(&set, faults[i]);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	give_stack();
}

void
xc_gasp_thread_end(void)
{
	take_stack();
}

static enum xc_err
open_crashes(const char *state_dir, struct xc_errbuf *errbuf)
{
	char path[4096];

	if (state_dir[0] == '\0')
		return XC_OK;
	snprintf(path, sizeof(path), "%s/" XC_CRASHES_DIR, state_dir);
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return xc_fail(errbuf, XC_ERR_IO, "%s: %s", path,
		    strerror(errno));
	gasp.crashes = open(path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return gasp.crashes != -1 ? XC_OK : xc_fail(errbuf, XC_ERR_IO,
	    "%s: %s", path, strerror(errno));
}

static void
install(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	sigemptyset(&action.sa_mask);
	/* SA_NODEFER: a fault in the handler comes to the handler. */
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	action.sa_sigaction = on_fault;
	for (size_t i = 0; i < N_FAULTS; i++)
		(void)sigaction(faults[i], &action, &before[i]);
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	action.sa_sigaction = on_over;
	(void)sigaction(XC_SIGNAL_OVER, &action, NULL);
}

enum xc_err
xc_gasp_open(const struct xc_worker_row *row, uint32_t worker,
    const char *state_dir, struct xc_errbuf *errbuf)
{
	gasp.row = row;
	gasp.pid = getpid();
	gasp.worker = worker;
	prepare_words(XC_BREACH_CRASH);
	prepare_words(XC_BREACH_TIMEOUT);
	prepare_words(XC_BREACH_CPU);
	xc_trace_prepare();
	give_stack();
	install();
	return open_crashes(state_dir, errbuf);
}

void
xc_gasp_close(void)
{
	if (gasp.row == NULL)
		return;
	for (size_t i = 0; i < N_FAULTS; i++)
		(void)sigaction(faults[i], &before[i], NULL);
	(void)signal(XC_SIGNAL_OVER, SIG_IGN);
	take_stack();
	if (gasp.crashes != -1)
		close(gasp.crashes);
	gasp.crashes = -1;
	gasp.row = NULL;
}

void
xc_gasp_arm(int fd, uint16_t request_id, bool head_only,
    const struct xc_passage *passage)
{
	gasp.fd = fd;
	gasp.passage = passage;
	gasp.request_id = request_id;
	gasp.head_only = head_only;
	atomic_store_explicit(&gasp.state, GASP_ARMED, memory_order_release);
}

void
xc_gasp_release(void)
{
	uint32_t armed = GASP_ARMED;

	if (atomic_load_explicit(&gasp.state, memory_order_relaxed) ==
	    GASP_OFF || atomic_compare_exchange_strong(&gasp.state, &armed,
	    GASP_OFF))
		return;
	/* Another thread crashed and has answered: the process ends. */
	for (;;)
		(void)pause();
}

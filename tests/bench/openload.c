/* SPDX-License-Identifier: MIT */
/*
 * An open-loop HTTP/1.1 load generator for 127.0.0.1:
 *
 *   openload -p PORT [-c CONNECTIONS] [-r RATE] [-d SECONDS] [-w WARM-UP]
 *            [-k K -o OTHER-PATH] [-A FILE] [-V FILE] [-l LOG] PATH
 *
 * Request number i is due at start + i / RATE, whatever the replies do, and
 * its latency counts from then: a server that stalls is charged for every
 * request that became due meanwhile, those that could not be sent for want
 * of an idle connection too.  Every K-th request goes to OTHER-PATH.
 *
 * With RATE 0 each connection has always one request under way: full load.
 * SIGTERM ends the run early.
 *
 * -V: the FILE holds a number, which others may raise at any time by writing
 * over it.  The last number in each reply must be at least what the FILE held
 * when the request was sent; a smaller one counts as stale.
 *
 * -A: the FILE's one line is a header of each request; a token does not belong
 * into the arguments.
 *
 * -l: a line for each answer, "DUE US STATUS CODE": when the request was due, in
 * ms since 1970; its latency; 0 for a connection that ended; the code of a
 * problem document, "problem" if it has none, "-" for anything else.
 *
 * One line for each path, times in microseconds:
 *   PATH n N p50 US p90 US p99 US p99.9 US max US errors N non2xx N stale N
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNS	4096
#define SUB_BITS	6
#define SUB		(1 << SUB_BITS)		/* error below 1.6 % */
#define BUCKETS		(48 * SUB)
#define GRACE_NS	5000000000LL		/* for the last replies */

struct tally {
	const char *path;
	uint64_t buckets[BUCKETS];
	uint64_t n, errors, non2xx, stale, max;
};

struct conn {
	int fd;
	bool busy, counted;
	int which;			/* of the two paths */
	int64_t due;
	long oldest;			/* number that may come back */
	size_t used;
	char buf[16384];
};

static struct tally tallies[2];
static struct conn conns[MAX_CONNS];
static int idle[MAX_CONNS];		/* a ring: the one idle longest next */
static unsigned idle_head, idle_tail;
static int n_conns = 64, port, set, every;
static char header[4096];			/* with the end of its line */
static double rate = 1000, seconds = 5, warm_up = 0.5;
static unsigned in_flight;
static int number_fd = -1;
static FILE *log_file;
static int64_t epoch_ns;		/* 1970 to where now_ns() is 0 */
static volatile sig_atomic_t stopped;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static unsigned
bucket_of(uint64_t us)
{
	unsigned shift = 0;

	while ((us >> shift) >= 2 * SUB)
		shift++;
	return shift * SUB + (unsigned)(us >> shift);
}

/* The upper end of a bucket. */
static uint64_t
bucket_top(unsigned bucket)
{
	unsigned shift = bucket < 2 * SUB ? 0 : bucket / SUB - 1;

	return ((uint64_t)(bucket - shift * SUB) + 1) * (1ull << shift) - 1;
}

static uint64_t
quantile(const struct tally *t, double q)
{
	uint64_t seen = 0, want = (uint64_t)((double)t->n * q);

	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += t->buckets[i];
		if (seen > want)
			return bucket_top(i) < t->max ? bucket_top(i) : t->max;
	}
	return t->max;
}

static bool
conn_open(int i)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
	int one = 1;

	conns[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	conns[i].busy = false;
	conns[i].used = 0;
	if (conns[i].fd < 0 || connect(conns[i].fd, (struct sockaddr *)&to,
	    sizeof(to)) != 0) {
		perror("openload: connect");
		return false;
	}
	setsockopt(conns[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return epoll_ctl(set, EPOLL_CTL_ADD, conns[i].fd, &ev) == 0;
}

static void
put_idle(int i)
{
	idle[idle_tail++ % MAX_CONNS] = i;
}

/* The number in the file now; 0 without one. */
static long
number_wanted(void)
{
	char text[32];
	ssize_t n = number_fd < 0 ? 0 :
	    pread(number_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return strtol(text, NULL, 10);
}

/* The last number of a reply; -1 if there is none. */
static long
number_got(const struct conn *c)
{
	size_t end = c->used, begin;

	while (end > 0 && !isdigit((unsigned char)c->buf[end - 1]))
		end--;
	begin = end;
	while (begin > 0 && isdigit((unsigned char)c->buf[begin - 1]))
		begin--;
	return begin < end ? strtol(c->buf + begin, NULL, 10) : -1;
}

/* The code of a problem document; "problem" for one without, "-" for what is
 * none. */
static void
problem_code(const struct conn *c, char *code_r, size_t size)
{
	static const char member[] = "\"code\":\"";
	const char *code = strstr(c->buf, member);
	size_t n = 0;

	if (code != NULL)
		n = strcspn(code + sizeof(member) - 1, "\"");
	if (n == 0 || n >= size)
		snprintf(code_r, size, "%s", strcasestr(c->buf,
		    "application/problem+json") != NULL ? "problem" : "-");
	else
		snprintf(code_r, size, "%.*s", (int)n,
		    code + sizeof(member) - 1);
}

static void
log_answer(const struct conn *c, int status, uint64_t us)
{
	char code[64] = "-";

	if (log_file == NULL)
		return;
	if (status >= 400)
		problem_code(c, code, sizeof(code));
	fprintf(log_file, "%jd %ju %d %s\n",
	    (intmax_t)((epoch_ns + c->due) / 1000000), (uintmax_t)us, status,
	    code);
}

static void
count(struct conn *c, int status)
{
	struct tally *t = &tallies[c->which];
	uint64_t us = (uint64_t)((now_ns() - c->due) / 1000);

	if (!c->counted)
		return;
	log_answer(c, status, us);
	if (status == 0) {
		t->errors++;
		return;
	}
	t->n++;
	t->non2xx += status < 200 || status > 299;
	t->buckets[bucket_of(us)]++;
	if (us > t->max)
		t->max = us;
	if (number_fd >= 0 && status < 300 && number_got(c) < c->oldest)
		t->stale++;
}

/* The connection ended; with a request on it that is an error. */
static bool
conn_again(int i)
{
	struct conn *c = &conns[i];

	if (c->busy) {
		count(c, 0);
		in_flight--;
		put_idle(i);
	}
	close(c->fd);
	return conn_open(i);
}

/* Is the reply whole?  Its status, 0 if not yet, -1 if it makes no sense. */
static int
reply_status(struct conn *c, bool *close_r)
{
	char *end, *field;
	size_t head, body;

	c->buf[c->used] = '\0';
	end = strstr(c->buf, "\r\n\r\n");
	*close_r = false;
	if (end == NULL)
		return c->used >= sizeof(c->buf) - 1 ? -1 : 0;
	head = (size_t)(end + 4 - c->buf);
	body = c->used - head;
	*end = '\0';
	*close_r = strcasestr(c->buf, "\nConnection: close") != NULL;
	field = strcasestr(c->buf, "\nContent-Length:");
	*end = '\r';
	if (field != NULL && body < strtoul(field + 16, NULL, 10))
		return c->used >= sizeof(c->buf) - 1 ? -1 : 0;
	if (field == NULL && (body < 5 ||
	    memcmp(c->buf + c->used - 5, "0\r\n\r\n", 5) != 0))
		return c->used >= sizeof(c->buf) - 1 ? -1 : 0;
	return strncmp(c->buf, "HTTP/1.", 7) == 0 ? atoi(c->buf + 9) : -1;
}

static bool
readable(int i)
{
	struct conn *c = &conns[i];
	ssize_t n = recv(c->fd, c->buf + c->used,
	    sizeof(c->buf) - 1 - c->used, MSG_DONTWAIT);
	bool last;
	int status;

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return conn_again(i);
	c->used += (size_t)n;
	status = reply_status(c, &last);
	if (status == 0)
		return true;
	if (status < 0 || !c->busy)
		return conn_again(i);
	count(c, status);
	c->busy = false;
	c->used = 0;
	in_flight--;
	put_idle(i);
	return last ? conn_again(i) : true;
}

static void
send_request(int64_t due, uint64_t number, bool counted)
{
	int i = idle[idle_head++ % MAX_CONNS];
	struct conn *c = &conns[i];
	char text[8192];
	int n;

	c->which = every > 0 && number % (uint64_t)every == 0;
	c->due = due;
	c->oldest = number_wanted();
	c->counted = counted;
	c->busy = true;
	in_flight++;
	n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1\r\n%s\r\n", tallies[c->which].path, header);
	/* A failure shows as the end of the connection. */
	if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		shutdown(c->fd, SHUT_RDWR);
}

static bool
wait_and_read(int64_t until)
{
	struct epoll_event ev[64];
	int64_t rest = until - now_ns();
	struct timespec timeout = { 0 };
	int n;

	if (rest > 0) {
		timeout.tv_sec = rest / 1000000000;
		timeout.tv_nsec = rest % 1000000000;
	}
	n = epoll_pwait2(set, ev, 64, &timeout, NULL);
	for (int k = 0; k < n; k++)
		if (!readable((int)ev[k].data.u32))
			return false;
	return true;
}

/* When request number `n` is due; at full load, at once. */
static int64_t
due_at(int64_t start, uint64_t n)
{
	if (rate <= 0)
		return now_ns();
	return start + (int64_t)((double)n * 1e9 / rate);
}

static bool
send_all(int64_t start)
{
	int64_t end = start + (int64_t)((warm_up + seconds) * 1e9);
	int64_t measured = start + (int64_t)(warm_up * 1e9), due;

	for (uint64_t sent = 0; !stopped; ) {
		due = due_at(start, sent);
		if (due >= end)
			break;
		if (now_ns() >= due && idle_head != idle_tail)
			send_request(due, sent++, due >= measured);
		else if (!wait_and_read(idle_head != idle_tail ? due :
		    now_ns() + 100000000))
			return false;
		if (now_ns() > end + GRACE_NS) {
			/* What was due and never could be sent. */
			tallies[0].errors +=
			    (uint64_t)((double)(end - due) / 1e9 * rate);
			break;
		}
	}
	return true;
}

static bool
run(void)
{
	int64_t end;

	if (!send_all(now_ns() + 1000000))
		return false;
	end = now_ns() + GRACE_NS;
	while (in_flight > 0 && now_ns() < end)
		if (!wait_and_read(end))
			return false;
	for (int i = 0; i < n_conns; i++)
		if (conns[i].busy)
			count(&conns[i], 0);
	return true;
}

static void
report(const struct tally *t)
{
	printf("%s n %ju p50 %ju p90 %ju p99 %ju p99.9 %ju max %ju"
	    " errors %ju non2xx %ju stale %ju\n", t->path, (uintmax_t)t->n,
	    (uintmax_t)quantile(t, .5), (uintmax_t)quantile(t, .9),
	    (uintmax_t)quantile(t, .99), (uintmax_t)quantile(t, .999),
	    (uintmax_t)t->max, (uintmax_t)t->errors, (uintmax_t)t->non2xx,
	    (uintmax_t)t->stale);
}

/* Its first line, with the end of a line. */
static bool
read_header(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t len;
	bool read;

	if (!file)
		return false;
	read = fgets(header, (int)sizeof(header) - 2, file) != NULL;
	fclose(file);
	len = read ? strcspn(header, "\r\n") : 0;
	memcpy(header + len, "\r\n", 3);
	return len > 0;
}

static bool
open_log(const char *path)
{
	struct timespec t;

	log_file = fopen(path, "we");
	clock_gettime(CLOCK_REALTIME, &t);
	epoch_ns = t.tv_sec * 1000000000LL + t.tv_nsec - now_ns();
	return log_file != NULL;
}

static bool
read_arguments(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "p:c:r:d:w:k:o:A:V:l:")) != -1)
		switch (option) {
		case 'p': port = atoi(optarg); break;
		case 'c': n_conns = atoi(optarg); break;
		case 'r': rate = atof(optarg); break;
		case 'd': seconds = atof(optarg); break;
		case 'w': warm_up = atof(optarg); break;
		case 'k': every = atoi(optarg); break;
		case 'o': tallies[1].path = optarg; break;
		case 'A':
			if (!read_header(optarg))
				return false;
			break;
		case 'V':
			number_fd = open(optarg, O_RDONLY | O_CLOEXEC);
			if (number_fd < 0)
				return false;
			break;
		case 'l':
			if (!open_log(optarg))
				return false;
			break;
		default: return false;
		}
	if (optind != argc - 1)
		return false;
	tallies[0].path = argv[optind];
	return port > 0 && n_conns > 0 && n_conns < MAX_CONNS && rate >= 0 &&
	    seconds > 0 && warm_up >= 0 &&
	    (every > 0) == (tallies[1].path != NULL);
}

static void
stop(int sig)
{
	stopped = sig;
}

int
main(int argc, char **argv)
{
	if (!read_arguments(argc, argv)) {
		fprintf(stderr, "usage: openload -p PORT [-c CONNECTIONS] "
		    "[-r RATE] [-d SECONDS] [-w WARM-UP] "
		    "[-k K -o OTHER-PATH] [-A FILE] [-V FILE] [-l LOG] PATH\n");
		return 2;
	}
	signal(SIGTERM, stop);
	set = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < n_conns; i++) {
		if (!conn_open(i))
			return 1;
		put_idle(i);
	}
	if (!run())
		return 1;
	report(&tallies[0]);
	if (every > 0)
		report(&tallies[1]);
	return log_file != NULL && fclose(log_file) != 0;
}

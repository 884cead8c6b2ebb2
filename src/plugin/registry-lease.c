/* SPDX-License-Identifier: MIT */
/*
 * A lease is a row, taken by one UPDATE that names what was seen there, so
 * that of two takers one finds no row to change, on any node of a cluster.
 * The holder is written "host/boot.pidns:pid:start", which lets a process of
 * the same host and namespace tell that the holder is dead and take over at
 * once; elsewhere it waits until the lease has run out.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "plugin/registry-private.h"

#define LEASE_POLL_MS 100
#define OWNER_SIZE 128

struct xc_lease {
	struct xc_registry *registry;
	char name[64];
	char token[XC_REGISTRY_TOKEN];
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static bool
read_word(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, buf, size - 1);
		close(fd);
	}
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return n > 0;
}

/* When a process was started, in ticks since boot; 0 if it cannot be seen, or
 * has ended and only waits to be reaped, which *seen_r tells apart. */
static unsigned long long
process_start(long pid, bool *seen_r)
{
	unsigned long long start = 0;
	char path[64];
	char line[1024];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	*seen_r = read_word(path, line, sizeof(line));
	at = strrchr(line, ')');
	if (at == NULL || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	at += 2;
	for (int field = 3; field < 22 && at != NULL; field++) {
		at = strchr(at, ' ');
		if (at != NULL)
			at++;
	}
	if (at != NULL)
		start = strtoull(at, NULL, 10);
	return start;
}

/* What processes that can see each other's ids have in common. */
static void
our_house(char *buf, size_t size)
{
	char host[64] = "";
	char boot[64];
	struct stat st = { .st_ino = 0 };

	if (gethostname(host, sizeof(host) - 1) != 0)
		strcpy(host, "localhost");
	(void)read_word("/proc/sys/kernel/random/boot_id", boot,
	    sizeof(boot));
	if (stat("/proc/self/ns/pid", &st) != 0)
		st.st_ino = 0;
	snprintf(buf, size, "%.60s/%.8s.%lu", host, boot,
	    (unsigned long)st.st_ino);
}

static void
our_name(char *buf, size_t size)
{
	char house[96];
	bool seen;

	our_house(house, sizeof(house));
	snprintf(buf, size, "%s:%ld:%llu", house, (long)getpid(),
	    process_start(getpid(), &seen));
}

/* Only a holder of our own house can be known to be dead.  /proc may hide
 * other users' processes (hidepid): one that is not seen there and yet can
 * be named to kill() lives. */
static bool
is_dead(const char *owner)
{
	char house[96];
	unsigned long long start, now;
	bool seen;
	size_t len;
	long pid;

	our_house(house, sizeof(house));
	len = strlen(house);
	if (strncmp(owner, house, len) != 0 ||
	    sscanf(owner + len, ":%ld:%llu", &pid, &start) != 2 || pid <= 0)
		return false;
	now = process_start(pid, &seen);
	if (!seen)
		return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
	return now != start;
}

static enum xc_err
read_lease(struct xc_registry *registry, const char *name,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	return xc_registry_rows(registry, "reading the lease",
	    "SELECT owner, token, renewals, expires < UTC_TIMESTAMP(3) AS expired"
	    " FROM xc_lease WHERE name = ?", XC_ARGS(xc_text(name)), rows_r,
	    errbuf);
}

/* A row that no one holds, so that taking is always an UPDATE. */
static enum xc_err
make_row(struct xc_registry *registry, const char *name,
    struct xc_errbuf *errbuf)
{
	return xc_registry_exec(registry, "making the lease",
	    "INSERT IGNORE INTO xc_lease (name, owner, token, expires)"
	    " VALUES (?, '', '', '2000-01-01')", XC_ARGS(xc_text(name)),
	    NULL, errbuf);
}

/* Takes it if it is as it was seen, not even renewed since.  XC_ERR_BUSY if
 * it is not. */
static enum xc_err
take_seen(struct xc_lease *lease, const char *seen_token,
    uint64_t seen_renewals, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	char owner[OWNER_SIZE];
	enum xc_err err;

	our_name(owner, sizeof(owner));
	err = xc_registry_exec(lease->registry, "taking the lease",
	    "UPDATE xc_lease SET owner = ?, token = ?, expires ="
	    " UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND"
	    " WHERE name = ? AND token = ? AND renewals = ?",
	    XC_ARGS(xc_text(owner), xc_text(lease->token),
	    xc_int(XC_LEASE_MS * INT64_C(1000)), xc_text(lease->name),
	    xc_text(seen_token), xc_int((int64_t)seen_renewals)), &result,
	    errbuf);
	if (err == XC_ERR_UNCERTAIN || (err == XC_OK && result.affected == 0))
		return XC_ERR_BUSY;
	return err;
}

/* One attempt.  XC_ERR_BUSY: held, holder_r says by whom. */
static enum xc_err
try_take(struct xc_lease *lease, char *holder_r, size_t size,
    struct xc_errbuf *errbuf)
{
	struct json_object *rows, *row;
	const char *owner, *token;
	enum xc_err err;

	err = read_lease(lease->registry, lease->name, &rows, errbuf);
	if (err != XC_OK)
		return err;
	row = json_object_array_get_idx(rows, 0);
	owner = xc_registry_text(row, "owner");
	token = xc_registry_text(row, "token");
	snprintf(holder_r, size, "%s", owner);
	if (row == NULL)
		err = make_row(lease->registry, lease->name, errbuf);
	if (err != XC_OK) {
		json_object_put(rows);
		return err;
	}
	/* An outcome that was unknown may turn out to have been ours. */
	if (strcmp(token, lease->token) == 0)
		err = XC_OK;
	else if (row != NULL && owner[0] != '\0' && !is_dead(owner) &&
	    xc_registry_number(row, "expired") == 0)
		err = XC_ERR_BUSY;
	else
		err = take_seen(lease, token,
		    xc_registry_number(row, "renewals"), errbuf);
	json_object_put(rows);
	return err;
}

static enum xc_err
take_in_time(struct xc_lease *lease, int64_t timeout_ms,
    void (*waiting)(void *ctx, const char *holder), void *ctx,
    struct xc_errbuf *errbuf)
{
	const struct timespec pause = { .tv_nsec = LEASE_POLL_MS * 1000000 };
	int64_t end = now_ms() + timeout_ms;
	char holder[OWNER_SIZE];
	bool said = false;

	for (;;) {
		enum xc_err err = try_take(lease, holder, sizeof(holder),
		    errbuf);

		if (err != XC_ERR_BUSY)
			return err;
		if (now_ms() >= end)
			return xc_fail(errbuf, XC_ERR_BUSY,
			    "another command (%s) holds the %s; try again "
			    "when it is done", holder, lease->name);
		if (!said && waiting != NULL && holder[0] != '\0') {
			said = true;
			waiting(ctx, holder);
		}
		nanosleep(&pause, NULL);
	}
}

enum xc_err
xc_lease_take(struct xc_registry *registry, const char *name,
    int64_t timeout_ms, void (*waiting)(void *ctx, const char *holder),
    void *ctx, struct xc_lease **lease_r, struct xc_errbuf *errbuf)
{
	struct xc_lease *lease;
	enum xc_err err;

	*lease_r = NULL;
	lease = calloc(1, sizeof(*lease));
	if (lease == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	lease->registry = registry;
	snprintf(lease->name, sizeof(lease->name), "%s", name);
	err = xc_registry_token(lease->token, errbuf);
	if (err == XC_OK)
		err = take_in_time(lease, timeout_ms, waiting, ctx, errbuf);
	if (err != XC_OK) {
		free(lease);
		return err;
	}
	*lease_r = lease;
	return XC_OK;
}

enum xc_err
xc_lease_renew(struct xc_lease *lease, int64_t ms, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_registry_exec(lease->registry, "renewing the lease",
	    "UPDATE xc_lease SET expires ="
	    " UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, renewals ="
	    " renewals + 1 WHERE name = ? AND token = ?",
	    XC_ARGS(xc_int(ms * 1000), xc_text(lease->name),
	    xc_text(lease->token)), &result, errbuf);
	if (err == XC_OK && result.affected == 0)
		return xc_fail(errbuf, XC_ERR_TIMEOUT,
		    "the lease \"%s\" ran out and somebody else took it: "
		    "nothing was changed; try again", lease->name);
	return err;
}

enum xc_err
xc_lease_hold(struct xc_lease *lease, struct xc_errbuf *errbuf)
{
	return xc_lease_renew(lease, XC_LEASE_MS, errbuf);
}

void
xc_lease_drop(struct xc_lease **lease)
{
	if (*lease == NULL)
		return;
	/* If this fails, it runs out by itself. */
	(void)xc_registry_exec((*lease)->registry, "dropping the lease",
	    "UPDATE xc_lease SET owner = '', token = '',"
	    " expires = '2000-01-01' WHERE name = ? AND token = ?",
	    XC_ARGS(xc_text((*lease)->name), xc_text((*lease)->token)), NULL,
	    NULL);
	free(*lease);
	*lease = NULL;
}

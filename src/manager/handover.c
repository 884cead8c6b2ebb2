/* SPDX-License-Identifier: MIT */
/*
 * What a manager gives to the program that takes its place by execve(2): one
 * JSON object in a memfd.  The process, its children and its descriptors stay
 * the same; the object says which is which.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager/manager-private.h"

#define HANDOVER_FORMAT 1
#define HANDOVER_MAX (4 << 20)
#define KEPT_MAX (XC_WORKERS_MAX * 3 + 16)

/* ---- writing ------------------------------------------------------------ */

static void
keep_open(int fd, bool open)
{
	if (fd != -1)
		(void)fcntl(fd, F_SETFD, open ? 0 : FD_CLOEXEC);
}

static void
keep_all_open(struct xc_manager *m, bool open)
{
	keep_open(m->pool.board_fd, open);
	keep_open(m->pool.wake_fd, open);
	keep_open(m->pool.places_fd, open);
	keep_open(m->run_lock, open);
	keep_open(m->state_lock, open);
	keep_open(xc_control_fd(m), open);
	keep_open(m->link.watch.fd, open);
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		keep_open(m->pool.inbox[i][0], open);
		keep_open(m->pool.inbox[i][1], open);
		keep_open(m->pool.rows[i].report.fd, open);
	}
}

static void
add_number(struct json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

static void
add_flag(struct json_object *object, const char *key, bool flag)
{
	json_object_object_add(object, key, json_object_new_boolean(flag));
}

static struct json_object *
row_json(const struct xc_pool_row *row, uint64_t now)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "row", row->index);
	add_number(object, "pid", row->pid);
	add_number(object, "report", row->report.fd);
	add_flag(object, "ready", row->ready);
	add_flag(object, "retired", row->retired);
	if (row->kill_at != 0)
		add_number(object, "kill_in_ms", row->kill_at > now ?
		    (int64_t)(row->kill_at - now) : 0);
	return object;
}

static struct json_object *
inbox_json(uint32_t row, const int inbox[2])
{
	struct json_object *object = json_object_new_object();

	add_number(object, "row", row);
	add_number(object, "read", inbox[0]);
	add_number(object, "write", inbox[1]);
	return object;
}

static void
add_pool(struct json_object *object, const struct xc_manager *m)
{
	struct json_object *rows = json_object_new_array();
	struct json_object *inboxes = json_object_new_array();
	struct json_object *strays = json_object_new_array();
	uint64_t now = xc_now_ms();

	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		if (m->pool.rows[i].pid != 0)
			json_object_array_add(rows,
			    row_json(&m->pool.rows[i], now));
		if (m->pool.inbox[i][0] != -1)
			json_object_array_add(inboxes,
			    inbox_json(i, m->pool.inbox[i]));
	}
	for (uint32_t i = 0; i < XC_POOL_STRAYS_MAX; i++) {
		if (m->pool.strays[i].pid != 0)
			json_object_array_add(strays,
			    json_object_new_int64(m->pool.strays[i].pid));
	}
	if (m->watcher.pid != 0)
		json_object_array_add(strays,
		    json_object_new_int64(m->watcher.pid));
	json_object_object_add(object, "rows", rows);
	json_object_object_add(object, "inboxes", inboxes);
	json_object_object_add(object, "strays", strays);
}

static struct json_object *
handover_json(const struct xc_manager *m)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "format", HANDOVER_FORMAT);
	add_number(object, "pid", getpid());
	add_number(object, "board", m->pool.board_fd);
	add_number(object, "wake", m->pool.wake_fd);
	add_number(object, "places", m->pool.places_fd);
	add_number(object, "control", xc_control_fd(m));
	add_number(object, "run_lock", m->run_lock);
	add_number(object, "state_lock", m->state_lock);
	add_number(object, "link", m->link.watch.fd);
	add_number(object, "follower", m->link.pid);
	add_flag(object, "activated", m->listen.activated);
	add_number(object, "started", m->started);
	add_number(object, "started_ms", (int64_t)m->started_ms);
	add_number(object, "upgrades", m->upgrade.done);
	add_number(object, "crashes_total", (int64_t)m->crashes.total);
	if (m->crashes.list != NULL)
		json_object_object_add(object, "crashes",
		    json_object_get(m->crashes.list));
	add_pool(object, m);
	return object;
}

static bool
write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, text, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

int
xc_handover_write(struct xc_manager *m)
{
	struct json_object *object;
	const char *text;
	size_t len;
	bool written;
	int fd;

	fd = memfd_create("xcored-handover", 0);
	if (fd == -1)
		return -1;
	object = handover_json(m);
	text = json_object_to_json_string_length(object,
	    JSON_C_TO_STRING_PLAIN, &len);
	written = write_all(fd, text, len);
	json_object_put(object);
	if (!written) {
		close(fd);
		return -1;
	}
	keep_all_open(m, true);
	return fd;
}

void
xc_handover_undo(struct xc_manager *m)
{
	keep_all_open(m, false);
}

/* ---- reading ------------------------------------------------------------ */

struct kept {
	int fds[KEPT_MAX];
	size_t n;
};

static int64_t
number_of(struct json_object *object, const char *key, int64_t otherwise)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return otherwise;
	return json_object_get_int64(value);
}

static bool
flag_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) &&
	    json_object_get_boolean(value);
}

/* A descriptor that is named and open; it is close-on-exec from here on. */
static int
take_fd(struct kept *kept, struct json_object *object, const char *key)
{
	int fd = (int)number_of(object, key, -1);

	if (fd <= STDERR_FILENO || kept->n == KEPT_MAX ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	kept->fds[kept->n++] = fd;
	return fd;
}

static struct json_object *
read_object(int fd)
{
	struct json_object *object = NULL;
	struct stat st;
	char *text;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size <= 0 || st.st_size > HANDOVER_MAX)
		return NULL;
	text = calloc(1, (size_t)st.st_size + 1);
	if (text != NULL &&
	    pread(fd, text, (size_t)st.st_size, 0) == st.st_size)
		object = json_tokener_parse(text);
	free(text);
	if (number_of(object, "format", 0) == HANDOVER_FORMAT &&
	    number_of(object, "pid", 0) == getpid())
		return object;
	json_object_put(object);
	return NULL;
}

static size_t
list_of(struct json_object *object, const char *key,
    struct json_object **list_r)
{
	if (!json_object_object_get_ex(object, key, list_r) ||
	    !json_object_is_type(*list_r, json_type_array))
		return 0;
	return json_object_array_length(*list_r);
}

static void
take_row(struct xc_manager *m, struct kept *kept, struct json_object *object)
{
	int64_t index = number_of(object, "row", -1);
	int64_t kill_in = number_of(object, "kill_in_ms", -1);
	pid_t pid = (pid_t)number_of(object, "pid", 0);
	struct xc_pool_row *row;

	if (index < 0 || index >= XC_WORKERS_MAX || pid <= 1)
		return;
	if (m->pool.board == NULL) {
		xc_pool_adopt_stray(m, pid, 0);
		return;
	}
	row = &m->pool.rows[index];
	row->pid = pid;
	row->epoch = 0;
	row->ready = flag_of(object, "ready");
	row->retired = flag_of(object, "retired");
	if (kill_in >= 0)
		row->kill_at = xc_now_ms() + (uint64_t)kill_in;
	row->report.fd = take_fd(kept, object, "report");
}

static void
take_rows(struct xc_manager *m, struct kept *kept, struct json_object *object)
{
	struct json_object *list;
	size_t n = list_of(object, "rows", &list);

	for (size_t i = 0; i < n; i++)
		take_row(m, kept, json_object_array_get_idx(list, i));
}

static void
take_inboxes(struct xc_manager *m, struct kept *kept,
    struct json_object *object)
{
	struct json_object *list, *item;
	size_t n = list_of(object, "inboxes", &list);
	int64_t row;

	for (size_t i = 0; i < n && m->pool.board != NULL; i++) {
		item = json_object_array_get_idx(list, i);
		row = number_of(item, "row", -1);
		if (row < 0 || row >= XC_WORKERS_MAX)
			continue;
		m->pool.inbox[row][0] = take_fd(kept, item, "read");
		m->pool.inbox[row][1] = take_fd(kept, item, "write");
	}
}

/* The old follower's and watcher's successors are started anew. */
static void
take_strays(struct xc_manager *m, struct json_object *object)
{
	struct json_object *list;
	size_t n = list_of(object, "strays", &list);
	pid_t pid = (pid_t)number_of(object, "follower", 0);

	/* It leaves its row of the registry to its successor. */
	if (pid > 1) {
		(void)kill(pid, SIGUSR2);
		xc_pool_adopt_stray(m, pid, 2000);
	}
	for (size_t i = 0; i < n; i++) {
		pid = (pid_t)json_object_get_int64(
		    json_object_array_get_idx(list, i));
		if (pid <= 1)
			continue;
		(void)kill(pid, SIGTERM);
		xc_pool_adopt_stray(m, pid, 2000);
	}
}

/* A scoreboard of another layout is left to the workers that know it. */
static void
take_board(struct xc_manager *m, struct kept *kept,
    struct json_object *object)
{
	int fd = (int)number_of(object, "board", -1);

	if (fd <= STDERR_FILENO ||
	    xc_scoreboard_attach(fd, &m->pool.board, NULL) != XC_OK)
		return;
	m->pool.board_fd = take_fd(kept, object, "board");
	m->pool.wake_fd = take_fd(kept, object, "wake");
}

static void
take_object(struct xc_manager *m, struct kept *kept,
    struct json_object *object)
{
	struct json_object *crashes;

	m->pool.places_fd = take_fd(kept, object, "places");
	m->inherited = true;
	take_board(m, kept, object);
	take_inboxes(m, kept, object);
	take_rows(m, kept, object);
	take_strays(m, object);
	m->inherited_control = take_fd(kept, object, "control");
	m->run_lock = take_fd(kept, object, "run_lock");
	m->state_lock = take_fd(kept, object, "state_lock");
	m->listen.activated = flag_of(object, "activated");
	m->started = (time_t)number_of(object, "started", m->started);
	m->started_ms = (uint64_t)number_of(object, "started_ms",
	    (int64_t)m->started_ms);
	m->upgrade.done = (unsigned)number_of(object, "upgrades", 0) + 1;
	m->crashes.total = (uint64_t)number_of(object, "crashes_total", 0);
	if (list_of(object, "crashes", &crashes) > 0)
		m->crashes.list = json_object_get(crashes);
}

static int
compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void
close_between(unsigned first, unsigned last)
{
	if (first > last || close_range(first, last, 0) == 0)
		return;
	if (last > 4096)
		last = 4096;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

static void
close_others(struct kept *kept)
{
	unsigned first = STDERR_FILENO + 1;

	qsort(kept->fds, kept->n, sizeof(kept->fds[0]), compare_fds);
	for (size_t i = 0; i < kept->n; i++) {
		if ((unsigned)kept->fds[i] > first)
			close_between(first, (unsigned)kept->fds[i] - 1);
		first = (unsigned)kept->fds[i] + 1;
	}
	close_between(first, ~0U);
}

void
xc_handover_take(struct xc_manager *m)
{
	const char *text = getenv("XCORE_HANDOVER");
	struct kept kept = { .n = 0 };
	struct json_object *object = NULL;

	m->inherited_control = -1;
	if (text != NULL)
		object = read_object(atoi(text));
	(void)unsetenv("XCORE_HANDOVER");
	if (object != NULL)
		take_object(m, &kept, object);
	json_object_put(object);
	close_others(&kept);
}

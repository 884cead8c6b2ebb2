/* SPDX-License-Identifier: MIT */
/* What follows when a worker ends: is it told of, is it somebody's fault, and
 * when does the next one start. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "manager/manager-private.h"
#include "worker/heritage.h"

#define QUICK_MS 1000		/* who dies sooner waits before it is replaced */
#define CONFIG_DELAY_MS 30000	/* it said that trying again is no use */
#define FAULTS_TO_REJECT 2

static struct xc_pool_row *
find_pid(struct xc_pool *pool, pid_t pid)
{
	for (uint32_t i = 0; i < XC_WORKERS_MAX; i++) {
		if (pool->rows[i].pid == pid)
			return &pool->rows[i];
	}
	return NULL;
}

/* The entry for a version; the one with the fewest deaths makes place. */
static struct xc_pool_fault *
fault_for(struct xc_pool *pool, const char *plugin)
{
	struct xc_pool_fault *fault = &pool->faults[0];

	for (uint32_t i = 0; i < XC_POOL_FAULTS; i++) {
		if (strcmp(pool->faults[i].plugin, plugin) == 0)
			return &pool->faults[i];
		if (pool->faults[i].deaths < fault->deaths)
			fault = &pool->faults[i];
	}
	memset(fault, 0, sizeof(*fault));
	snprintf(fault->plugin, sizeof(fault->plugin), "%s", plugin);
	return fault;
}

static const char *
hash_of(const struct xc_manager *m, const char *name, const char *version)
{
	struct json_object *plugin, *value;
	size_t n = m->link.plugins == NULL ? 0 :
	    json_object_array_length(m->link.plugins);

	for (size_t i = 0; i < n; i++) {
		plugin = json_object_array_get_idx(m->link.plugins, i);
		if (!json_object_object_get_ex(plugin, "name", &value) ||
		    strcmp(json_object_get_string(value), name) != 0 ||
		    !json_object_object_get_ex(plugin, "version", &value) ||
		    strcmp(json_object_get_string(value), version) != 0 ||
		    !json_object_object_get_ex(plugin, "hash", &value))
			continue;
		return json_object_get_string(value);
	}
	return "";
}

static bool
reject_version(struct xc_manager *m, const char *plugin, const char *how)
{
	struct json_object *event = json_object_new_object();
	char name[64], reason[128];
	char *version;

	snprintf(name, sizeof(name), "%s", plugin);
	version = strchr(name, ' ');
	if (version != NULL)
		*version++ = '\0';
	else
		version = name + strlen(name);
	snprintf(reason, sizeof(reason),
	    "it ended %d workers while it was loaded (%s)", FAULTS_TO_REJECT,
	    how);
	xc_logf(&xc_manager_log, XC_LOG_ERROR, "plugin %s %s is rejected: %s",
	    name, version, reason);
	json_object_object_add(event, "event",
	    json_object_new_string("reject"));
	json_object_object_add(event, "name", json_object_new_string(name));
	json_object_object_add(event, "version",
	    json_object_new_string(version));
	json_object_object_add(event, "hash",
	    json_object_new_string(hash_of(m, name, version)));
	json_object_object_add(event, "reason",
	    json_object_new_string(reason));
	return xc_link_send(m, event);
}

/* Whether its cause is a version that is rejected, by now or before. */
static bool
note_fault(struct xc_manager *m, const struct xc_worker_row *b, int status)
{
	struct xc_pool_fault *fault;
	struct xc_row_work work;
	char how[64];

	xc_row_work(b, &work);
	if (work.plugin[0] == '\0')
		return false;
	fault = fault_for(&m->pool, work.plugin);
	if (++fault->deaths < FAULTS_TO_REJECT)
		return false;
	xc_child_end_text(status, how, sizeof(how));
	if (!fault->told)
		fault->told = reject_version(m, work.plugin, how);
	return true;
}

/* A row that dies again and again is told of once a second at most. */
static void
say_death(struct xc_manager *m, const struct xc_pool_row *row, int status,
    uint64_t delay)
{
	const struct xc_worker_row *b = xc_row_board(m, row);
	uint64_t now = xc_now_ms();
	struct xc_row_work work;
	char how[64];

	if (row->quick_deaths > 1 && now < m->pool.said_at + 1000)
		return;
	m->pool.said_at = now;
	xc_row_work(b, &work);
	xc_child_end_text(status, how, sizeof(how));
	xc_logf(&xc_manager_log, XC_LOG_ERROR,
	    "worker %u, process %d, ended by %s in %s; plugin '%s', "
	    "operation '%s', request '%s'; the next one starts in %llu ms",
	    row->index, (int)row->pid, how,
	    xc_worker_state_name(atomic_load(&b->state)),
	    work.plugin, work.operation, work.request_id,
	    (unsigned long long)delay);
}

static void
died(struct xc_manager *m, struct xc_pool_row *row, int status, uint64_t now)
{
	const struct xc_worker_row *b = xc_row_board(m, row);
	uint32_t state = atomic_load(&b->state);
	bool rejected = false, extra = row->extra, retired = row->retired;
	uint64_t delay;

	if (extra)
		row->quick_deaths = 0;
	else if (!row->ready || now < atomic_load(&b->started_ms) + QUICK_MS)
		row->quick_deaths++;
	else
		row->quick_deaths = 0;
	delay = xc_child_delay(row->quick_deaths);
	if (WIFEXITED(status) &&
	    WEXITSTATUS(status) == XC_WORKER_EXIT_CONFIG)
		delay = CONFIG_DELAY_MS;
	xc_crash_note(m, row, status);
	say_death(m, row, status, delay);
	if (state == XC_WORKER_LOADING || state == XC_WORKER_STARTING)
		rejected = note_fault(m, b, status);
	xc_row_free(m, row);
	if (extra) {
		if (row == m->canary.row)
			xc_canary_died(m, rejected);
		return;
	}
	/* One of an older epoch is replaced anyway, by the census. */
	if (row->epoch == m->pool.epoch && m->pool.open && !retired)
		row->not_before = now + delay;
}

/* Whether a worker that was told to end did so, and not something else. */
static bool
ended_as_told(const struct xc_pool_row *row, int status)
{
	if (!row->retired || row->over.breach != XC_BREACH_NONE)
		return false;
	return WIFEXITED(status) || row->killed_for != NULL ||
	    WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGQUIT;
}

bool
xc_pool_reaped(struct xc_manager *m, pid_t pid, int status)
{
	struct xc_pool_row *row = find_pid(&m->pool, pid);
	uint64_t now = xc_now_ms();

	if (row == NULL)
		return xc_pool_stray_reaped(&m->pool, pid);
	if (ended_as_told(row, status)) {
		xc_logf(&xc_manager_log, XC_LOG_DEBUG,
		    "worker %u, process %d, has ended", row->index, (int)pid);
		xc_row_free(m, row);
	} else {
		died(m, row, status, now);
	}
	/* The state last: it is what the crash was noted from. */
	atomic_store(&xc_row_board(m, row)->state, XC_WORKER_DEAD);
	atomic_store(&xc_row_board(m, row)->pid, 0);
	xc_scoreboard_hash(m->pool.board, row->index, false);
	atomic_fetch_add(&m->pool.board->deaths, 1);
	xc_pool_wake(&m->pool);
	if (row->not_before > now || row->not_before == 0)
		xc_row_forward_inbox(m, row->index);
	return true;
}

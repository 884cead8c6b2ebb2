/* SPDX-License-Identifier: MIT */
/*
 * Counts the faults of each version.  Too many in the window, and the
 * follower is told to take it off: from this host's snapshot at once, from
 * the registry as soon as that answers.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/manager-private.h"

/* How long faults of a version that was told of do not count: the workers
 * that have it still may end one after the other. */
#define QUIET_MS 10000

static const char *
text_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* The row of the snapshot in force; NULL if it has another version. */
static struct json_object *
find_plugin(const struct xc_manager *m, const char *what)
{
	size_t n = m->link.plugins == NULL ? 0 :
	    json_object_array_length(m->link.plugins);
	struct json_object *plugin;
	char key[XC_QUARANTINE_NAME];

	for (size_t i = 0; i < n; i++) {
		plugin = json_object_array_get_idx(m->link.plugins, i);
		/* The board cuts a long version, so ours is cut too. */
		snprintf(key, sizeof(key), "%s %s", text_of(plugin, "name"),
		    text_of(plugin, "version"));
		if (strcmp(key, what) == 0)
			return plugin;
	}
	return NULL;
}

static void
forget(struct xc_quarantine_entry *entry)
{
	free(entry->times);
	memset(entry, 0, sizeof(*entry));
}

void
xc_quarantine_forget(struct xc_manager *m)
{
	for (size_t i = 0; i < XC_QUARANTINE_ENTRIES; i++)
		forget(&m->quarantine.entries[i]);
}

/* The one that was quiet for longest makes place. */
static struct xc_quarantine_entry *
entry_for(struct xc_quarantine *quarantine, const char *what,
    const char *hash)
{
	struct xc_quarantine_entry *entry = &quarantine->entries[0];

	for (size_t i = 0; i < XC_QUARANTINE_ENTRIES; i++) {
		struct xc_quarantine_entry *one = &quarantine->entries[i];

		if (strcmp(one->plugin, what) == 0 &&
		    strcmp(one->hash, hash) == 0)
			return one;
		if (one->last_ms < entry->last_ms)
			entry = one;
	}
	forget(entry);
	snprintf(entry->plugin, sizeof(entry->plugin), "%s", what);
	snprintf(entry->hash, sizeof(entry->hash), "%.64s", hash);
	return entry;
}

/* Whether this fault is the last of so many in the window.  The times are a
 * ring of as many as are counted. */
static bool
is_enough(struct xc_quarantine_entry *entry, uint32_t faults,
    uint64_t window_ms, uint64_t now)
{
	uint64_t *oldest;

	if (entry->times == NULL || entry->size != faults) {
		free(entry->times);
		entry->times = calloc(faults, sizeof(*entry->times));
		entry->size = entry->times == NULL ? 0 : faults;
		entry->n = entry->next = 0;
	}
	/* Without memory to count with, none is one too many. */
	if (entry->times == NULL)
		return false;
	entry->times[entry->next] = now;
	entry->next = (entry->next + 1) % faults;
	if (entry->n < faults)
		entry->n++;
	oldest = &entry->times[entry->n < faults ? 0 : entry->next];
	return entry->n == faults && now - *oldest <= window_ms;
}

/* Whether what was told is not yet in force everywhere on this host. */
static bool
is_under_way(const struct xc_manager *m,
    const struct xc_quarantine_entry *entry, uint64_t now)
{
	if (!entry->told || now >= entry->told_ms + QUIET_MS)
		return false;
	return atomic_load(&m->pool.board->sequence) ==
	    entry->told_sequence || m->apply.pending;
}

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static bool
tell_follower(struct xc_manager *m, struct json_object *plugin,
    enum xc_breach breach, const char *reason)
{
	struct json_object *event = json_object_new_object();

	/* What is wrong with this host is no reason for the others. */
	add_text(event, "event", breach == XC_BREACH_START ? "reject" :
	    "quarantine");
	add_text(event, "name", text_of(plugin, "name"));
	add_text(event, "version", text_of(plugin, "version"));
	add_text(event, "hash", text_of(plugin, "hash"));
	add_text(event, "reason", reason);
	return xc_link_send(m, event);
}

static void
take_off(struct xc_manager *m, struct xc_quarantine_entry *entry,
    struct json_object *plugin, enum xc_breach breach, const char *detail)
{
	const struct xc_quarantine_settings *how = &m->settings->quarantine;
	char reason[400];

	snprintf(reason, sizeof(reason),
	    "%lld fault%s within %lld s, the last: %s%s%.200s",
	    (long long)how->faults, how->faults == 1 ? "" : "s",
	    (long long)how->window_s, xc_breach_name(breach),
	    detail[0] != '\0' ? ": " : "", detail);
	xc_logf(&xc_manager_log, XC_LOG_ERROR, "plugin %s %s is taken off%s: "
	    "%s", text_of(plugin, "name"), text_of(plugin, "version"),
	    breach == XC_BREACH_START ? " on this host" : "", reason);
	entry->told = tell_follower(m, plugin, breach, reason);
	entry->told_ms = xc_now_ms();
	entry->told_sequence = atomic_load(&m->pool.board->sequence);
	entry->n = entry->next = 0;
}

void
xc_quarantine_fault(struct xc_manager *m, const char *plugin,
    enum xc_breach breach, const char *detail)
{
	const struct xc_quarantine_settings *how = &m->settings->quarantine;
	struct xc_quarantine_entry *entry;
	char what[XC_QUARANTINE_NAME];
	uint64_t now = xc_now_ms();
	struct json_object *row;

	if (how->faults == 0 || !xc_breach_is_fault(breach))
		return;
	snprintf(what, sizeof(what), "%s", plugin);
	row = find_plugin(m, what);
	/* What is not in force any more is not to be taken off. */
	if (row == NULL || strcmp(text_of(row, "state"), "enabled") != 0)
		return;
	entry = entry_for(&m->quarantine, what, text_of(row, "hash"));
	entry->last_ms = now;
	if (is_under_way(m, entry, now))
		return;
	entry->told = false;
	if (is_enough(entry, (uint32_t)how->faults,
	    (uint64_t)how->window_s * 1000, now))
		take_off(m, entry, row, breach, detail == NULL ? "" : detail);
}

/* How often it was since the last report; one that does not say it is one. */
static int64_t
count_of(const struct xc_manager *m, struct json_object *report)
{
	struct json_object *value;
	int64_t n = 1, most = m->settings->quarantine.faults;

	if (json_object_object_get_ex(report, "count", &value))
		n = json_object_get_int64(value);
	return n < most ? n : most;
}

void
xc_quarantine_report(struct xc_manager *m, struct json_object *report)
{
	const char *word = text_of(report, "breach");
	int64_t n = count_of(m, report);
	char what[XC_QUARANTINE_NAME + 64];
	char detail[200];

	snprintf(what, sizeof(what), "%s %s", text_of(report, "plugin"),
	    text_of(report, "version"));
	snprintf(detail, sizeof(detail), "%s%s%.120s",
	    text_of(report, "operation"),
	    text_of(report, "operation")[0] != '\0' ? ", " : "",
	    text_of(report, "detail"));
	for (int i = 0; i < XC_BREACH__MAX; i++) {
		if (strcmp(word, xc_breach_name((enum xc_breach)i)) != 0)
			continue;
		while (n-- > 0)
			xc_quarantine_fault(m, what, (enum xc_breach)i,
			    detail);
	}
}

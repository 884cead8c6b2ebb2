/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include "config/near.h"
#include "config/settings-table.h"
#include "plugin/limit.h"

/* The configuration's table has the ranges, among those of other sections;
 * the last column but one may be words. */
#define MAX_NUMBER(max)	_Generic((max), char *: 0, default: (max))
#define ROW(section, key, type, initial, min, max, text)		\
	{ #section, #key, min, MAX_NUMBER(max) },

static const struct {
	const char *section;
	const char *key;
	int64_t min, max;
} ranges[] = {
	XC_SETTINGS_TABLE(ROW)
};

static const struct {
	const char *name;
	size_t offset;
} limit_names[] = {
	{ "cpu_ms", offsetof(struct xc_limits, cpu_ms) },
	{ "timeout_ms", offsetof(struct xc_limits, timeout_ms) },
	{ "memory_mb", offsetof(struct xc_limits, memory_mb) },
	{ "rate", offsetof(struct xc_limits, rate) },
	{ "files", offsetof(struct xc_limits, files) },
	{ "threads", offsetof(struct xc_limits, threads) },
	{ "reply_kb", offsetof(struct xc_limits, reply_kb) },
};

#define N_LIMITS (sizeof(limit_names) / sizeof(limit_names[0]))

static uint32_t *
place_of(struct xc_limits *limits, const char *name)
{
	for (size_t i = 0; i < N_LIMITS; i++) {
		if (strcmp(limit_names[i].name, name) == 0)
			return (uint32_t *)(void *)((char *)limits +
			    limit_names[i].offset);
	}
	return NULL;
}

static void
range_of(const char *name, int64_t *min_r, int64_t *max_r)
{
	*min_r = *max_r = 0;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (strcmp(ranges[i].section, "limits") != 0 ||
		    strcmp(ranges[i].key, name) != 0)
			continue;
		*min_r = ranges[i].min;
		*max_r = ranges[i].max;
	}
}

static enum xc_err
unknown(const char *name, struct xc_errbuf *errbuf)
{
	struct xc_near near;

	xc_near_init(&near, name);
	for (size_t i = 0; i < N_LIMITS; i++)
		xc_near_try(&near, limit_names[i].name, 0);
	if (near.word != NULL)
		return xc_fail(errbuf, XC_ERR_NOT_FOUND, "there is no limit "
		    "\"%.40s\"; did you mean \"%s\"?", name, near.word);
	return xc_fail(errbuf, XC_ERR_NOT_FOUND, "there is no limit "
	    "\"%.40s\"; there are cpu_ms, timeout_ms, memory_mb, rate, files, "
	    "threads and reply_kb", name);
}

enum xc_err
xc_limit_set(struct xc_limits *limits, const char *name, int64_t value,
    struct xc_errbuf *errbuf)
{
	uint32_t *place = place_of(limits, name);
	int64_t min, max;

	if (place == NULL)
		return unknown(name, errbuf);
	range_of(name, &min, &max);
	if (value != 0 && (value < min || value > max))
		return xc_fail(errbuf, XC_ERR_INVALID, "must be a whole "
		    "number from %lld to %lld", (long long)(min > 0 ? min : 1),
		    (long long)max);
	*place = (uint32_t)value;
	return XC_OK;
}

bool
xc_limit_may_be_none(const char *name)
{
	int64_t min, max;

	range_of(name, &min, &max);
	return max > 0 && min == 0;
}

void
xc_limits_lay(struct xc_limits *limits, struct json_object *object)
{
	struct lh_entry *entry;

	if (!json_object_is_type(object, json_type_object))
		return;
	lh_foreach(json_object_get_object(object), entry) {
		struct json_object *value = lh_entry_v(entry);
		int64_t number = json_object_get_int64(value);

		if (json_object_is_type(value, json_type_int) &&
		    (number != 0 || xc_limit_may_be_none(lh_entry_k(entry))))
			(void)xc_limit_set(limits, lh_entry_k(entry), number,
			    NULL);
	}
}

struct json_object *
xc_limits_json(const struct xc_limits *limits)
{
	struct json_object *object = json_object_new_object();
	struct xc_limits copy = *limits;

	for (size_t i = 0; i < N_LIMITS; i++)
		json_object_object_add(object, limit_names[i].name,
		    json_object_new_int64(*place_of(&copy,
		    limit_names[i].name)));
	return object;
}

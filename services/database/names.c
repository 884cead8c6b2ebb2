/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "names.h"

#define PLACES (XC_NAMES_MAX * 2)	/* a power of two, never full */

static struct {
	pthread_mutex_t mutex;
	size_t count;
	const char *places[PLACES];
} names = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static uint64_t
hash_of(const char *name)
{
	uint64_t hash = 14695981039346656037u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211u;
	return hash ^ hash >> 32;
}

static const char *
find_or_add(const char *name)
{
	uint64_t at = hash_of(name) % PLACES;

	for (; names.places[at] != NULL; at = (at + 1) % PLACES)
		if (strcmp(names.places[at], name) == 0)
			return names.places[at];
	if (names.count == XC_NAMES_MAX)
		return NULL;
	names.places[at] = strdup(name);
	names.count += names.places[at] != NULL;
	return names.places[at];
}

const char *
xc_name_kept(const char *name)
{
	const char *kept;

	if (strnlen(name, XC_NAME_LEN_MAX + 1) > XC_NAME_LEN_MAX)
		return NULL;
	pthread_mutex_lock(&names.mutex);
	kept = find_or_add(name);
	pthread_mutex_unlock(&names.mutex);
	return kept;
}

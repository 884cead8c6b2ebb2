/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader-traces.h"

static int
compare_threads(const void *left, const void *right)
{
	const pid_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static bool
add_thread(struct xc_traces *traces, size_t *room, const char *name)
{
	if (traces->n_threads == *room) {
		size_t more = *room == 0 ? 16 : *room * 2;
		pid_t *threads = realloc(traces->threads,
		    more * sizeof(*threads));

		if (threads == NULL)
			return false;
		traces->threads = threads;
		*room = more;
	}
	traces->threads[traces->n_threads++] = (pid_t)atol(name);
	return true;
}

/* The calling thread does not count: it is the host's own, also after a
 * fork(). */
static bool
is_thread(const char *name)
{
	return name[0] >= '0' && name[0] <= '9' && atol(name) != gettid();
}

static void
take_threads(struct xc_traces *traces)
{
	DIR *stream = opendir("/proc/self/task");
	struct dirent *entry;
	size_t room = 0;

	if (stream == NULL) {
		traces->unknown = true;
		return;
	}
	while ((entry = readdir(stream)) != NULL) {
		if (is_thread(entry->d_name) &&
		    !add_thread(traces, &room, entry->d_name))
			traces->unknown = true;
	}
	closedir(stream);
	if (traces->n_threads > 1)
		qsort(traces->threads, traces->n_threads,
		    sizeof(*traces->threads), compare_threads);
}

/*
 * glibc refuses to set a key that nobody made; one that somebody made gets
 * the value that it has.
 */
static void
take_keys(struct xc_traces *traces)
{
	for (pthread_key_t key = 0; key < XC_TRACES_KEYS; key++) {
		if (pthread_setspecific(key, pthread_getspecific(key)) == 0)
			traces->keys[key / 8] |=
			    (unsigned char)(1u << (key % 8));
	}
}

void
xc_traces_take(struct xc_traces *traces)
{
	xc_traces_free(traces);
	take_threads(traces);
	take_keys(traces);
}

void
xc_traces_free(struct xc_traces *traces)
{
	free(traces->threads);
	memset(traces, 0, sizeof(*traces));
}

static bool
has_thread(const struct xc_traces *traces, pid_t thread)
{
	return traces->n_threads > 0 && bsearch(&thread, traces->threads,
	    traces->n_threads, sizeof(thread), compare_threads) != NULL;
}

void
xc_traces_subtract(struct xc_traces *after, const struct xc_traces *before)
{
	size_t kept = 0;

	for (size_t i = 0; i < after->n_threads; i++) {
		if (!has_thread(before, after->threads[i]))
			after->threads[kept++] = after->threads[i];
	}
	after->n_threads = kept;
	for (size_t i = 0; i < sizeof(after->keys); i++)
		after->keys[i] &= (unsigned char)~before->keys[i];
}

void
xc_traces_add_threads(struct xc_traces *traces, const struct xc_traces *more)
{
	size_t n = traces->n_threads + more->n_threads;
	pid_t *threads;

	traces->unknown |= more->unknown;
	if (more->n_threads == 0)
		return;
	threads = realloc(traces->threads, n * sizeof(*threads));
	if (threads == NULL) {
		traces->unknown = true;
		return;
	}
	memcpy(threads + traces->n_threads, more->threads,
	    more->n_threads * sizeof(*threads));
	qsort(threads, n, sizeof(*threads), compare_threads);
	traces->threads = threads;
	traces->n_threads = n;
}

size_t
xc_traces_keys(const struct xc_traces *traces)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(traces->keys); i++)
		n += (size_t)__builtin_popcount(traces->keys[i]);
	return n;
}

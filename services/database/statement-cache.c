/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "statement.h"

#define BUCKETS 512	/* a power of two */
#define RECENT 64	/* likewise */

struct xc_statement_cache {
	size_t count;
	struct xc_prepared *newest, *oldest;
	struct xc_prepared *buckets[BUCKETS];
	struct xc_prepared *recent[RECENT];	/* by the text's address */
};

struct xc_statement_cache *
xc_statement_cache_new(void)
{
	return calloc(1, sizeof(struct xc_statement_cache));
}

void
xc_statement_cache_free(struct xc_statement_cache **cache)
{
	if (*cache == NULL)
		return;
	xc_statement_cache_flush(*cache);
	free(*cache);
	*cache = NULL;
}

size_t
xc_statement_cache_count(const struct xc_statement_cache *cache)
{
	return cache->count;
}

static const char *
schema_of(const struct xc_statement *statement)
{
	return statement->schema == NULL ? "" : statement->schema;
}

/* FNV-1a; whoever writes the statements is no enemy of the table. */
static uint64_t
hash_of(const struct xc_statement *statement)
{
	const char *parts[2] = { schema_of(statement), statement->sql };
	uint64_t hash = 14695981039346656037u;
	const char *p;
	size_t i;

	for (i = 0; i < 2; i++) {
		for (p = parts[i]; *p != '\0'; p++)
			hash = (hash ^ (unsigned char)*p) * 1099511628211u;
		hash = (hash ^ 0xff) * 1099511628211u;
	}
	return hash;
}

static void
unlink_use(struct xc_statement_cache *cache, struct xc_prepared *p)
{
	*(p->newer == NULL ? &cache->newest : &p->newer->older) = p->older;
	*(p->older == NULL ? &cache->oldest : &p->older->newer) = p->newer;
	p->newer = p->older = NULL;
}

static void
link_newest(struct xc_statement_cache *cache, struct xc_prepared *p)
{
	p->newer = NULL;
	p->older = cache->newest;
	*(p->older == NULL ? &cache->oldest : &p->older->newer) = p;
	cache->newest = p;
}

static void
free_prepared(struct xc_prepared *p)
{
	xc_columns_free(&p->columns);
	free(p->params);
	free(p->fixed);
	free(p->schema);
	free(p->sql);
	free(p);
}

static void
take_out(struct xc_statement_cache *cache, struct xc_prepared *p)
{
	struct xc_prepared **at = &cache->buckets[p->hash % BUCKETS];

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	for (size_t i = 0; i < RECENT; i++)
		if (cache->recent[i] == p)
			cache->recent[i] = NULL;
	unlink_use(cache, p);
	cache->count--;
}

void
xc_statement_cache_drop(struct xc_statement_cache *cache,
    struct xc_prepared *p)
{
	take_out(cache, p);
	mysql_stmt_close(p->stmt);
	free_prepared(p);
}

void
xc_statement_cache_flush(struct xc_statement_cache *cache)
{
	while (cache->oldest != NULL)
		xc_statement_cache_drop(cache, cache->oldest);
}

void
xc_statement_cache_forget(struct xc_statement_cache *cache)
{
	struct xc_prepared *p;

	while ((p = cache->oldest) != NULL) {
		take_out(cache, p);
		free_prepared(p);
	}
}

static bool
is_of(const struct xc_prepared *p, const struct xc_statement *statement)
{
	return strcmp(p->sql, statement->sql) == 0 &&
	    strcmp(p->schema, schema_of(statement)) == 0;
}

static struct xc_prepared *
find(const struct xc_statement_cache *cache,
    const struct xc_statement *statement)
{
	uint64_t hash = hash_of(statement);
	struct xc_prepared *p;

	for (p = cache->buckets[hash % BUCKETS]; p != NULL; p = p->next)
		if (p->hash == hash && is_of(p, statement))
			break;
	return p;
}

struct xc_prepared *
xc_statement_cache_get(struct xc_statement_cache *cache,
    const struct xc_statement *statement)
{
	uintptr_t place = (uintptr_t)statement->sql;
	struct xc_prepared **recent, *p;

	/* A text is mostly at the place where it was the last time; what it
	 * is is looked at nevertheless. */
	recent = &cache->recent[(place ^ place >> 6) % RECENT];
	p = *recent;
	if (p == NULL || !is_of(p, statement))
		*recent = p = find(cache, statement);
	if (p != NULL && cache->newest != p) {
		unlink_use(cache, p);
		link_newest(cache, p);
	}
	return p;
}

struct xc_prepared *
xc_statement_cache_put(struct xc_statement_cache *cache,
    const struct xc_statement *statement, MYSQL_STMT *stmt)
{
	struct xc_prepared *p = calloc(1, sizeof(*p));
	struct xc_prepared **bucket;

	if (p == NULL) {
		mysql_stmt_close(stmt);
		return NULL;
	}
	p->n_params = mysql_stmt_param_count(stmt);
	p->params = calloc(p->n_params + 1, sizeof(*p->params));
	p->fixed = calloc(p->n_params + 1, sizeof(*p->fixed));
	p->schema = strdup(schema_of(statement));
	p->sql = strdup(statement->sql);
	if (p->params == NULL || p->fixed == NULL || p->schema == NULL ||
	    p->sql == NULL) {
		mysql_stmt_close(stmt);
		free_prepared(p);
		return NULL;
	}
	p->stmt = stmt;
	p->kind = xc_statement_kind(statement->sql);
	p->hash = hash_of(statement);
	while (cache->count >= XC_CONNECTION_STATEMENTS_MAX)
		xc_statement_cache_drop(cache, cache->oldest);
	bucket = &cache->buckets[p->hash % BUCKETS];
	p->next = *bucket;
	*bucket = p;
	link_newest(cache, p);
	cache->count++;
	return p;
}

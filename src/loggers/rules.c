/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "rules.h"

struct rule {
	char name[XC_RULE_NAME_SIZE];
	unsigned char level;
	unsigned char len;
};

struct table {
	unsigned n_rules;
	unsigned char root;	/* level of what no rule names */
	struct rule rules[XC_RULES_MAX];
};

/*
 * Two tables: readers use the one that the version's lowest bit names,
 * writers make the other one and then step the version.  A reader that finds
 * the version unchanged behind its walk has read a whole table; a writer that
 * dies leaves the one in use as it was.
 */
struct rules {
	_Atomic unsigned version;
	unsigned char base;	/* level of the root when it is unset */
	pthread_mutex_t writers;
	struct table tables[2];
};

static struct rules own = {
	.version = 2,
	.base = XC_LOG_NOTICE,
	.writers = PTHREAD_MUTEX_INITIALIZER,
	.tables = { { .root = XC_LOG_NOTICE }, { .root = XC_LOG_NOTICE } },
};
static struct rules *shared = &own;

static enum xc_err
map_rules(struct rules **rules_r)
{
	pthread_mutexattr_t attr;
	struct rules *rules;
	int rc;

	rules = mmap(NULL, sizeof(*rules), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rules == MAP_FAILED)
		return XC_ERR_NOMEM;
	pthread_mutexattr_init(&attr);
	rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (rc == 0)
		rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (rc == 0)
		rc = pthread_mutex_init(&rules->writers, &attr);
	pthread_mutexattr_destroy(&attr);
	if (rc != 0) {
		munmap(rules, sizeof(*rules));
		return XC_ERR_NOMEM;
	}
	atomic_init(&rules->version, atomic_load(&own.version));
	*rules_r = rules;
	return XC_OK;
}

/* Locks out other writers and gives a copy of the table in use to change. */
static struct table *
begin_change(void)
{
	unsigned version;

	if (pthread_mutex_lock(&shared->writers) == EOWNERDEAD)
		pthread_mutex_consistent(&shared->writers);
	version = atomic_load(&shared->version);
	shared->tables[(version + 1) & 1] = shared->tables[version & 1];
	return &shared->tables[(version + 1) & 1];
}

static void
end_change(bool changed)
{
	unsigned version = atomic_load(&shared->version) + 1;

	/* 0 is a logger's "never asked"; the lowest bit must still turn. */
	if (version == 0)
		version = 2;
	if (changed)
		atomic_store_explicit(&shared->version, version,
		    memory_order_release);
	pthread_mutex_unlock(&shared->writers);
}

enum xc_err
xc_rules_reset(enum xc_log_level base)
{
	enum xc_err err = XC_OK;
	struct rules *rules;
	struct table *table;

	if (shared == &own) {
		err = map_rules(&rules);
		if (err == XC_OK)
			shared = rules;
	}
	table = begin_change();
	memset(table, 0, sizeof(*table));
	table->root = (unsigned char)base;
	shared->base = (unsigned char)base;
	end_change(true);
	return err;
}

unsigned
xc_rules_version(void)
{
	return atomic_load_explicit(&shared->version, memory_order_acquire);
}

static bool
covers(const struct rule *rule, const char *name, size_t name_len)
{
	size_t len = rule->len;

	if (len > name_len || len >= sizeof(rule->name))
		return false;
	if (memcmp(rule->name, name, len) != 0)
		return false;
	return name[len] == '\0' || name[len] == '.';
}

static enum xc_log_level
level_in(const struct table *table, const char *name)
{
	size_t name_len = strlen(name), best_len = 0;
	unsigned level = table->root, i, n = table->n_rules;

	for (i = 0; i < n && i < XC_RULES_MAX; i++) {
		const struct rule *rule = &table->rules[i];

		if (rule->len < best_len || !covers(rule, name, name_len))
			continue;
		best_len = rule->len;
		level = rule->level;
	}
	return level < XC_LOG__MAX ? (enum xc_log_level)level : XC_LOG_NOTICE;
}

enum xc_log_level
xc_rules_level(const char *name, unsigned *version_r)
{
	enum xc_log_level level;
	unsigned version;

	do {
		version = xc_rules_version();
		level = level_in(&shared->tables[version & 1], name);
		atomic_thread_fence(memory_order_acquire);
	} while (version != xc_rules_version());
	*version_r = version;
	return level;
}

bool
xc_rules_name_valid(const char *name)
{
	const char *p;

	if (strlen(name) >= XC_RULE_NAME_SIZE)
		return false;
	for (p = name; *p != '\0'; p++) {
		bool word = (*p >= 'a' && *p <= 'z') ||
		    (*p >= '0' && *p <= '9') || *p == '_' || *p == '-';

		if (*p == '.')
			word = p != name && p[-1] != '.' && p[1] != '\0';
		if (!word)
			return false;
	}
	return true;
}

static struct rule *
find_rule(struct table *table, const char *name)
{
	unsigned i;

	for (i = 0; i < table->n_rules; i++)
		if (strcmp(table->rules[i].name, name) == 0)
			return &table->rules[i];
	return NULL;
}

static enum xc_err
set_in(struct table *table, const char *name, enum xc_log_level level)
{
	struct rule *rule;

	if (*name == '\0') {
		table->root = (unsigned char)level;
		return XC_OK;
	}
	rule = find_rule(table, name);
	if (rule == NULL && table->n_rules == XC_RULES_MAX)
		return XC_ERR_TOO_LARGE;
	if (rule == NULL) {
		rule = &table->rules[table->n_rules++];
		memset(rule, 0, sizeof(*rule));
		rule->len = (unsigned char)strlen(name);
		memcpy(rule->name, name, rule->len);
	}
	rule->level = (unsigned char)level;
	return XC_OK;
}

enum xc_err
xc_rules_set(const char *name, enum xc_log_level level)
{
	enum xc_err err;

	if (!xc_rules_name_valid(name) || (unsigned)level >= XC_LOG__MAX)
		return XC_ERR_INVALID;
	err = set_in(begin_change(), name, level);
	end_change(err == XC_OK);
	return err;
}

static enum xc_err
unset_in(struct table *table, const char *name)
{
	struct rule *rule;

	if (*name == '\0') {
		if (table->root == shared->base)
			return XC_ERR_NOT_FOUND;
		table->root = shared->base;
		return XC_OK;
	}
	rule = find_rule(table, name);
	if (rule == NULL)
		return XC_ERR_NOT_FOUND;
	*rule = table->rules[--table->n_rules];
	return XC_OK;
}

enum xc_err
xc_rules_unset(const char *name)
{
	enum xc_err err;

	err = unset_in(begin_change(), name);
	end_change(err == XC_OK);
	return err;
}

void
xc_rules_each(void (*fn)(void *ctx, const char *name,
    enum xc_log_level level), void *ctx)
{
	struct table table;
	unsigned i;

	/* A copy, so that fn may change the rules. */
	table = *begin_change();
	end_change(false);
	fn(ctx, "", (enum xc_log_level)table.root);
	for (i = 0; i < table.n_rules; i++)
		fn(ctx, table.rules[i].name,
		    (enum xc_log_level)table.rules[i].level);
}

/* SPDX-License-Identifier: MIT */
/* The levels by name, in memory that all processes of a manager share. */
#ifndef XC_RULES_H
#define XC_RULES_H

#include <stdbool.h>

#include <xcore/error.h>
#include <xcore/log.h>

#define XC_RULES_MAX		64
#define XC_RULE_NAME_SIZE	96	/* with the NUL */

/* Begins anew: no rules, all at the level base.  XC_ERR_NOMEM if there is
 * no memory to share: then the rules are this process's alone. */
enum xc_err xc_rules_reset(enum xc_log_level base);

/* Grows whenever a rule changes; never 0. */
unsigned xc_rules_version(void);

/* The level of a name; *version_r is that of the rules it was found in. */
enum xc_log_level xc_rules_level(const char *name, unsigned *version_r);

/* Whether it is words of a-z, 0-9, '_', '-' with dots between, or "". */
bool xc_rules_name_valid(const char *name);

/* As xc_log_set_level(), xc_log_unset_level() and xc_log_each_level(). */
enum xc_err xc_rules_set(const char *name, enum xc_log_level level);
enum xc_err xc_rules_unset(const char *name);
void xc_rules_each(void (*fn)(void *ctx, const char *name,
    enum xc_log_level level), void *ctx);

#endif

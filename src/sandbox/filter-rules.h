/* SPDX-License-Identifier: MIT */
/* What the filters say, as tables; see filter.h. */
#ifndef XC_FILTER_RULES_H
#define XC_FILTER_RULES_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

/* Stands in the compiled program until it is loaded; above all pids. */
#define XC_FILTER_OWN_PID UINT32_C(0x7fb1d001)

struct xc_filter_rule {
	int call;
	unsigned n_args;
	struct scmp_arg_cmp args[2];	/* all must be so */
};

struct xc_filter_calls {
	const int *calls;
	size_t n;
};

struct xc_filter_rules {
	const struct xc_filter_rule *rules;
	size_t n;
};

/* Allowed whatever the arguments. */
extern const struct xc_filter_calls xc_filter_serving_calls;
extern const struct xc_filter_calls xc_filter_loading_calls;
extern const struct xc_filter_calls xc_filter_forks_calls;
/* Nobody asks for these by mistake: the process ends. */
extern const struct xc_filter_calls xc_filter_attack_calls;

/* Allowed if one of the rules of that call fits. */
extern const struct xc_filter_rules xc_filter_serving_rules;
extern const struct xc_filter_rules xc_filter_serving_only_rules;
extern const struct xc_filter_rules xc_filter_loading_rules;
extern const struct xc_filter_rules xc_filter_threads_rules;
extern const struct xc_filter_rules xc_filter_forks_rules;

#endif

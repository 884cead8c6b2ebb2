/* SPDX-License-Identifier: MIT */
/*
 * The attacks of doctor/attacks.h, each in a sandbox of its own, several at a
 * time.  Who hosts them is a child process, so that an attack that gets at
 * its host is seen to have done so.
 */
#ifndef XC_XCORECTL_DOCTOR_ATTACKS_H
#define XC_XCORECTL_DOCTOR_ATTACKS_H

#include "lib/errbuf.h"
#include "plugin/runner.h"
#include "sandbox/jail.h"

struct json_object;

enum ctl_attack_end {
	CTL_ATTACK_UNKNOWN,	/* it could not be tried */
	CTL_ATTACK_SKIPPED,
	CTL_ATTACK_HELD,
	CTL_ATTACK_OTHERWISE,	/* stopped, but not as it should have been */
	CTL_ATTACK_THROUGH
};

struct ctl_attack_result {
	enum ctl_attack_end end;
	char outcome[200];
	uint32_t ms;
};

/* How many attacks there are. */
size_t ctl_attacks_count(void);

/* Runs them all; results_r has that many rows. */
enum xc_err ctl_attacks_run(const struct xc_jail_options *options,
    const struct xc_runner_spec *spec, struct ctl_attack_result *results_r,
    struct xc_errbuf *errbuf);

/* The rows as JSON: name, what, end, outcome, ms; a new reference. */
struct json_object *ctl_attacks_json(const struct ctl_attack_result *results);

#endif

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
struct xc_sandbox;

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

/* Who makes the sandboxes. */
struct ctl_maker {
	const struct xc_jail_options *options;
	const char *spawner;	/* its socket; "": we ourselves do */
	struct xc_jail *jail;	/* of ctl_maker_open() */
	int link;
};

enum xc_err ctl_maker_open(struct ctl_maker *maker,
    struct xc_errbuf *errbuf);
void ctl_maker_close(struct ctl_maker *maker);
enum xc_err ctl_maker_make(struct ctl_maker *maker,
    const struct xc_runner_spec *spec, struct xc_sandbox **sandbox_r,
    struct xc_errbuf *errbuf);

/* Runs them all; results_r has that many rows.  The maker is not open: each
 * host opens its own. */
enum xc_err ctl_attacks_run(const struct ctl_maker *maker,
    const struct xc_runner_spec *spec, struct ctl_attack_result *results_r,
    struct xc_errbuf *errbuf);

/* The rows as JSON: name, what, end, outcome, ms; a new reference. */
struct json_object *ctl_attacks_json(const struct ctl_attack_result *results);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The parts of `xcorectl doctor`.  Each section runs in a child process of
 * its own, so that one that hangs or dies is a finding and no more, and all
 * take as long as the slowest.
 */
#ifndef XC_XCORECTL_DOCTOR_H
#define XC_XCORECTL_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/settings.h"

struct json_object;
struct xc_connection;
struct xc_ctl;

enum ctl_health {
	CTL_OK,
	CTL_UNKNOWN,	/* it could not be looked at */
	CTL_WARNING,	/* works, but weaker or slower than it could */
	CTL_BAD,
	CTL_HEALTH__MAX
};

struct ctl_doctor {
	const struct xc_ctl *ctl;
	const struct xc_settings *settings;	/* NULL: not valid */
	const char *section;
	struct json_object *out;	/* of the section: "checks" and more */
	struct json_object *status;	/* the manager's, or NULL */
	const char *no_status;		/* why */
	bool no_right;		/* we may not ask the manager */
	bool known;		/* uid and gid are xcored's; else they are ours */
	uid_t uid;
	gid_t gid;
	pid_t manager;		/* 0: none runs, or it does not answer */
	uint32_t without;	/* layers, --without */
};

/*
 * Adds a finding; remedy may be NULL, and is a sentence that begins with a
 * verb.
 */
void ctl_doctor_find(const struct ctl_doctor *doctor, const char *name,
    enum ctl_health health, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A member of the manager's status that is a list: how long; else fallback. */
size_t ctl_doctor_count(const struct ctl_doctor *doctor, const char *list,
    size_t fallback);

void ctl_doctor_sandbox(const struct ctl_doctor *doctor);
void ctl_doctor_host(const struct ctl_doctor *doctor);
void ctl_doctor_server(const struct ctl_doctor *doctor);
void ctl_doctor_web(const struct ctl_doctor *doctor);
void ctl_doctor_database(const struct ctl_doctor *doctor);
void ctl_doctor_cache(const struct ctl_doctor *doctor);
void ctl_doctor_keys(const struct ctl_doctor *doctor);

/* Parts of the section "database".  The core's connection, to be freed; NULL:
 * that it does not connect is found. */
struct xc_connection *ctl_doctor_connect(const struct ctl_doctor *doctor);
/* What the core's account may do, and whether the services' and the plugins'
 * connect. */
void ctl_doctor_accounts(const struct ctl_doctor *doctor,
    struct xc_connection *connection);

/* What a section came to, for people. */
void ctl_doctor_print(struct json_object *section, bool colour);

#endif

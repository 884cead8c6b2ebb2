/* SPDX-License-Identifier: MIT */
/*
 * Attacks of a hostile plugin, each a function that tries one thing.  They
 * run inside a plugin: that of xcorectl-doctor(8), which wants to know what
 * holds on a host, and that of the tests.  None does lasting harm where it
 * gets through: what it makes it removes, what it forks ends by itself, and
 * a right is proved without being used.
 *
 * A request names the attack and says what its host put there to be attacked:
 *
 *	?attack=NAME	of the table
 *	&host=PID	of the process that hosts (worker, doctor)
 *	&dir=PATH	the plugin's own folder
 *	&port=N		a socket that listens on 127.0.0.1
 *	&unix=NAME	one that listens at this abstract address
 *	&secret=HEX	the address of 16 bytes in the host's memory
 *	&level=WORD	"inprocess": there is no channel to be attacked
 *
 * All but the first may be missing; an attack that needs what is missing
 * says "skipped".
 */
#ifndef XC_DOCTOR_ATTACKS_H
#define XC_DOCTOR_ATTACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xcore/error.h>

struct xc_request;

/* How an attack may end where the walls hold: bits. */
enum xc_attack_end {
	XC_ATTACK_REFUSED = 1,	/* it replies "refused ERRNO ..." */
	XC_ATTACK_LIMITED = 2,	/* it replies "limited ...": some, no more */
	XC_ATTACK_DIES = 4,	/* its process ends: breach crash */
	XC_ATTACK_CPU = 8,	/* killed at limits.cpu_ms */
	XC_ATTACK_WALL = 16,	/* killed at limits.timeout_ms */
	XC_ATTACK_CAUGHT = 32,	/* breach protocol: what it sent is not valid */
	XC_ATTACK_HARMLESS = 64	/* it replies "harmless ...": only it suffers */
};

struct xc_attack_scene {
	struct xc_request *req;
	const char *dir;	/* "" : not given */
	const char *unix_name;
	pid_t host;		/* 0: not given */
	int port;
	uintptr_t secret;
	bool inprocess;
	char text[256];		/* the reply, its first word as above, or
				 * "SUCCEEDED", or "skipped" */
};

struct xc_attack {
	const char *name;
	const char *text;	/* what it tries, for people */
	unsigned ends;		/* enum xc_attack_end */
	void (*run)(struct xc_attack_scene *scene);
};

/* Ends with a row without a name. */
extern const struct xc_attack xc_attacks[];

/* A handler: runs the attack that the query names and replies with its text
 * as text/plain.  XC_ERR_NOT_FOUND: there is no such attack. */
enum xc_err xc_attack_handle(struct xc_request *req);

#endif

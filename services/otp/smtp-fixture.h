/* SPDX-License-Identifier: MIT */
/* A mail server for tests: a process on a port of 127.0.0.1 that takes one
 * connection and tells what it was sent. */
#ifndef XC_SMTP_FIXTURE_H
#define XC_SMTP_FIXTURE_H

#include <stddef.h>
#include <sys/types.h>

enum smtp_flags {
	SMTP_TLS = 1,		/* from the first byte on (smtps) */
	SMTP_STARTTLS = 2,	/* offers it */
	SMTP_AUTH = 4		/* takes "xcore" with "secret", else nothing */
};

/* What it answers in place of what it should; "": it closes, "hang": it says
 * nothing more, "drip": a byte now and then. */
struct smtp_script {
	int flags;
	const char *at;		/* of "GREETING", "EHLO", "RCPT", ...; NULL */
	const char *answer;
};

struct smtp {
	pid_t pid;
	int port;
	int pipe;
	char folder[32];	/* holds ca.pem */
	char ca[48];
	char heard[65536];	/* lines as they came */
};

void smtp_begin(struct smtp *smtp, const struct smtp_script *script);

/* Ends it; heard has all of it then. */
void smtp_end(struct smtp *smtp);

/* A port on which nobody listens. */
int smtp_dead_port(void);

#endif

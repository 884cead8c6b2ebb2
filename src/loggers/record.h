/* SPDX-License-Identifier: MIT */
/* The shape of one log record. */
#ifndef XC_RECORD_H
#define XC_RECORD_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include <xcore/log.h>

/* The longest record with its newline: what a pipe takes in one piece. */
#define XC_RECORD_SIZE	4096

struct xc_record {
	struct timespec time;
	enum xc_log_level level;
	const char *name;
	pid_t pid;
	const char *request_id;	/* or NULL */
	const char *trace_id;	/* or NULL; in JSON alone */
	const char *text;
};

/*
 * Writes the record as one line with its newline, at most XC_RECORD_SIZE
 * bytes, into out; returns the length.  There is no NUL.  A text that is too
 * long is cut between characters and ends in "...".
 */
size_t xc_record_text(const struct xc_record *record, bool colour, char *out);
size_t xc_record_json(const struct xc_record *record, char *out);

/* For syslog, which adds time and process itself: no newline, NUL-terminated,
 * out has XC_RECORD_SIZE bytes. */
size_t xc_record_brief(const struct xc_record *record, char *out);

#endif

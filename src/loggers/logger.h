/* SPDX-License-Identifier: MIT */
/*
 * Named loggers.  A name is a path of words with dots, "xcore.worker" or
 * "plugin.todo"; its level is that of the longest rule that is the name or
 * begins it on a whole word.  The rules lie in shared memory made before the
 * first fork, so that the manager changes the level of every process at once.
 *
 * Sinks: a file (O_APPEND; reopened on SIGUSR1), stderr, syslog.  Formats:
 * text, coloured on a terminal unless NO_COLOR is set, or one JSON object a
 * line.  A record is one write(2) (or one datagram), so that those of many
 * processes never mix; control characters and invalid UTF-8 are escaped.
 */
#ifndef XC_LOGGER_H
#define XC_LOGGER_H

#include <stdbool.h>
#include <stddef.h>

#include <xcore/log.h>

#include "lib/errbuf.h"
#include "lib/host.h"

enum xc_log_format { XC_LOG_AUTO, XC_LOG_TEXT, XC_LOG_JSON };
enum xc_log_sink { XC_LOG_STDERR, XC_LOG_FILE, XC_LOG_SYSLOG };

struct xc_log_settings {
	enum xc_log_sink sink;
	enum xc_log_format format;	/* AUTO: text on a terminal or when
					 * development, else JSON */
	const char *file;		/* for XC_LOG_FILE, mode 0640 */
	enum xc_log_level level;	/* of all that no rule names */
	bool development;
};

/*
 * Opens the process-wide log; call it before the first fork.  Until then,
 * and if the sink fails later, records go to stderr.  May be called again
 * with other settings.  XC_ERR_IO with the reason if the file cannot be
 * opened: what was open stays in use.
 */
enum xc_err xc_log_open(const struct xc_log_settings *settings,
    struct xc_errbuf *errbuf);

/* Opens the file anew (after logrotate). */
enum xc_err xc_log_reopen(struct xc_errbuf *errbuf);
void xc_log_close(void);

/* Sets the level of a name and all below it; "" is the root.  Seen by every
 * process forked since xc_log_open().  XC_ERR_INVALID for a bad name,
 * XC_ERR_TOO_LARGE if there are more than 64 rules. */
enum xc_err xc_log_set_level(const char *name, enum xc_log_level level);

/* Forgets the rule for a name; XC_ERR_NOT_FOUND if there is none. */
enum xc_err xc_log_unset_level(const char *name);

/* Calls fn for each rule. */
void xc_log_each_level(void (*fn)(void *ctx, const char *name,
    enum xc_log_level level), void *ctx);

const char *xc_log_level_name(enum xc_log_level level);
bool xc_log_level_parse(const char *text, enum xc_log_level *level_r);

/* Whether a record would be written: one load and one compare when the
 * logger was asked before. */
struct xc_logger {
	const char *name;	/* static or outliving the logger */
	unsigned seen;		/* version of the rules that level is of */
	enum xc_log_level level;
};
#define XC_LOGGER(n) { .name = (n) }

bool xc_logger_enabled(struct xc_logger *logger, enum xc_log_level level);

/* Writes a record for the process's own components. */
void xc_logf(struct xc_logger *logger, enum xc_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void xc_logf_request(struct xc_logger *logger, enum xc_log_level level,
    const char *request_id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Which trace the request that this process answers is a part of: 32 hex
 * digits, which are copied, or NULL.  Until it is told anew, records in JSON
 * with a request's id have it too.
 */
#define XC_TRACE_ID 32
void xc_log_trace(const char *trace_id);

/* The table for struct xc_host; its ctx is NULL. */
extern const struct xc_log_ops xc_log_host_ops;

#endif

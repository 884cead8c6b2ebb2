/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "logger.h"
#include "record.h"
#include "rules.h"
#include "sink.h"

static struct {
	bool json;
	bool colour;
} shape;

static const char *const level_names[] = { "error", "warning", "notice",
	"info", "debug" };

const char *
xc_log_level_name(enum xc_log_level level)
{
	return (unsigned)level < XC_LOG__MAX ? level_names[level] : "unknown";
}

bool
xc_log_level_parse(const char *text, enum xc_log_level *level_r)
{
	unsigned i;

	for (i = 0; i < XC_LOG__MAX; i++) {
		if (strcmp(text, level_names[i]) != 0)
			continue;
		*level_r = (enum xc_log_level)i;
		return true;
	}
	return false;
}

static bool
want_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no != NULL && *no != '\0')
		return false;
	if (term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return xc_sink_is_terminal();
}

static bool
want_json(const struct xc_log_settings *settings)
{
	if (settings->format != XC_LOG_AUTO)
		return settings->format == XC_LOG_JSON;
	if (settings->sink == XC_LOG_SYSLOG)
		return false;
	return !settings->development && !xc_sink_is_terminal();
}

enum xc_err
xc_log_open(const struct xc_log_settings *settings, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_sink_open(settings->sink, settings->file, errbuf);
	if (err != XC_OK)
		return err;
	if (settings->sink == XC_LOG_SYSLOG)
		openlog(NULL, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	shape.json = want_json(settings);
	shape.colour = want_colour();
	if (xc_rules_reset(settings->level) != XC_OK)
		return xc_fail(errbuf, XC_ERR_NOMEM,
		    "no memory to share the log's levels in");
	return XC_OK;
}

enum xc_err
xc_log_reopen(struct xc_errbuf *errbuf)
{
	return xc_sink_reopen(errbuf);
}

void
xc_log_close(void)
{
	if (xc_sink_kind() == XC_LOG_SYSLOG)
		closelog();
	xc_sink_close();
	shape.colour = want_colour();
}

enum xc_err
xc_log_set_level(const char *name, enum xc_log_level level)
{
	return xc_rules_set(name, level);
}

enum xc_err
xc_log_unset_level(const char *name)
{
	return xc_rules_unset(name);
}

void
xc_log_each_level(void (*fn)(void *ctx, const char *name,
    enum xc_log_level level), void *ctx)
{
	xc_rules_each(fn, ctx);
}

bool
xc_logger_enabled(struct xc_logger *logger, enum xc_log_level level)
{
	if (logger->seen != xc_rules_version())
		logger->level = xc_rules_level(logger->name, &logger->seen);
	return level <= logger->level;
}

static void
emit_syslog(const struct xc_record *record)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_NOTICE,
		LOG_INFO, LOG_DEBUG };
	char line[XC_RECORD_SIZE];
	size_t len;

	if (shape.json) {
		len = xc_record_json(record, line);
		line[len - 1] = '\0';	/* instead of the newline */
	} else {
		xc_record_brief(record, line);
	}
	syslog(priorities[record->level], "%s", line);
}

static char trace[XC_TRACE_ID + 1];

void
xc_log_trace(const char *trace_id)
{
	trace[0] = '\0';
	if (trace_id != NULL)
		memcpy(trace, trace_id, XC_TRACE_ID);
}

static void
emit(const char *name, enum xc_log_level level, const char *request_id,
    const char *text)
{
	struct xc_record record = { .level = level, .name = name,
		.pid = getpid(), .request_id = request_id,
		.trace_id = request_id != NULL ? trace : NULL, .text = text };
	char line[XC_RECORD_SIZE];
	size_t len;

	clock_gettime(CLOCK_REALTIME, &record.time);
	if (xc_sink_kind() == XC_LOG_SYSLOG) {
		emit_syslog(&record);
		return;
	}
	len = shape.json ? xc_record_json(&record, line) :
	    xc_record_text(&record, shape.colour, line);
	xc_sink_write(line, len);
}

static void __attribute__((format(printf, 4, 0)))
emit_format(struct xc_logger *logger, enum xc_log_level level,
    const char *request_id, const char *format, va_list ap)
{
	char text[XC_RECORD_SIZE];

	/* A record longer than the buffer is cut here; the record's writer
	 * sees to it that it ends between two characters. */
	if (vsnprintf(text, sizeof(text), format, ap) < 0)
		return;
	emit(logger->name, level, request_id, text);
}

void
xc_logf(struct xc_logger *logger, enum xc_log_level level,
    const char *format, ...)
{
	va_list ap;

	if ((unsigned)level >= XC_LOG__MAX || !xc_logger_enabled(logger, level))
		return;
	va_start(ap, format);
	emit_format(logger, level, NULL, format, ap);
	va_end(ap);
}

void
xc_logf_request(struct xc_logger *logger, enum xc_log_level level,
    const char *request_id, const char *format, ...)
{
	va_list ap;

	if ((unsigned)level >= XC_LOG__MAX || !xc_logger_enabled(logger, level))
		return;
	va_start(ap, format);
	emit_format(logger, level, request_id, format, ap);
	va_end(ap);
}

static bool
host_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	unsigned version;

	(void)ctx;
	return level <= xc_rules_level(name, &version);
}

static void
host_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	if ((unsigned)level < XC_LOG__MAX && host_enabled(ctx, name, level))
		emit(name, level, request_id, text);
}

const struct xc_log_ops xc_log_host_ops = {
	.enabled = host_enabled,
	.write = host_write,
};

/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <xcore/log.h>

#include "host.h"
#include "plugin-private.h"
#include "request-private.h"

#define RECORD_MAX 4000
#define NO_PLUGIN "xcore.worker"

static bool
is_enabled(const struct xc_host *host, const char *name,
    enum xc_log_level level)
{
	return host != NULL && host->log != NULL &&
	    (unsigned)level < XC_LOG__MAX &&
	    host->log->enabled(host->log_ctx, name, level);
}

static void
write_record(const struct xc_host *host, const char *name,
    enum xc_log_level level, const char *id, const char *format, va_list ap)
    __attribute__((format(printf, 5, 0)));

static void
write_record(const struct xc_host *host, const char *name,
    enum xc_log_level level, const char *id, const char *format, va_list ap)
{
	char text[RECORD_MAX + 1];

	if (!is_enabled(host, name, level))
		return;
	if (vsnprintf(text, sizeof(text), format, ap) < 0)
		return;
	host->log->write(host->log_ctx, name, level, id, text);
}

void
xc_log(struct xc_request *req, enum xc_log_level level, const char *format,
    ...)
{
	const char *name = req->plugin != NULL ? req->plugin->logger
	    : NO_PLUGIN;
	va_list ap;

	va_start(ap, format);
	write_record(req->host, name, level, xc_request_id(req), format, ap);
	va_end(ap);
}

void
xc_log_plugin(struct xc_plugin *plugin, enum xc_log_level level,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	write_record(plugin->host, plugin->logger, level, NULL, format, ap);
	va_end(ap);
}

bool
xc_log_enabled(const struct xc_plugin *plugin, enum xc_log_level level)
{
	return is_enabled(plugin->host, plugin->logger, level);
}

/* SPDX-License-Identifier: MIT */
/*
 * Logging.  A plugin logs under the name "plugin.<name>"; its level is set in
 * the configuration or at run time with xcorectl(8).  A record is written
 * with one system call; control characters are escaped; it carries the
 * request's id where there is a request.  Never log a secret.
 */
#ifndef XCORE_LOG_H
#define XCORE_LOG_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xc_plugin;
struct xc_request;

enum xc_log_level {
	XC_LOG_ERROR,
	XC_LOG_WARNING,
	XC_LOG_NOTICE,
	XC_LOG_INFO,
	XC_LOG_DEBUG,
	XC_LOG__MAX
};

/* Logs for a request; a record is cut at 4,000 bytes. */
void xc_log(struct xc_request *req, enum xc_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Logs outside a request, for example from start(). */
void xc_log_plugin(struct xc_plugin *plugin, enum xc_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether a record of that level would be written: saves the making of it. */
bool xc_log_enabled(const struct xc_plugin *plugin, enum xc_log_level level);

#ifdef __cplusplus
}
#endif
#endif

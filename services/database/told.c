/* SPDX-License-Identifier: MIT */
#include "loggers/logger.h"
#include "told.h"

static struct xc_logger logger = XC_LOGGER("xcore.database");

/* How loud a failure is: what a handler expects and answers is not. */
static enum xc_log_level
loudness(enum xc_err err)
{
	switch (err) {
	case XC_ERR_EXISTS:
	case XC_ERR_BUSY:
		return XC_LOG_DEBUG;
	case XC_ERR_UNCERTAIN:
	case XC_ERR_FAILED:
	case XC_ERR_NOMEM:
		return XC_LOG_ERROR;
	default:
		return XC_LOG_WARNING;
	}
}

enum xc_err
xc_told(const struct xc_connection *connection, enum xc_err err,
    const char *schema, const char *sql)
{
	const struct xc_connection_error *e = xc_connection_error(connection);
	enum xc_log_level level = loudness(err);

	if (err == XC_OK || e->told || !xc_logger_enabled(&logger, level))
		return err;
	/* The values are not shown: they may be anyone's secrets. */
	xc_logf(&logger, level, "%s: %s (%u): schema %s: %.400s",
	    xc_strerror(err), e->message, e->number,
	    schema == NULL ? "" : schema, sql);
	return err;
}

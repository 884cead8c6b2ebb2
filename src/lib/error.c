/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <xcore/error.h>

#include "status.h"

/* One row for each code: its words, and the status of a reply that xcore
 * makes for a handler. */
static const struct {
	const char *words;
	int status;
} errors[] = {
	[XC_OK] = { "no error", 200 },
	[XC_ERR_INVALID] = { "not valid", 422 },
	[XC_ERR_NOT_FOUND] = { "not found", 404 },
	[XC_ERR_EXISTS] = { "exists already", 409 },
	[XC_ERR_DENIED] = { "not allowed", 403 },
	[XC_ERR_TOO_LARGE] = { "too large", 413 },
	[XC_ERR_BUSY] = { "busy", 503 },
	[XC_ERR_UNAVAILABLE] = { "not available", 503 },
	[XC_ERR_TIMEOUT] = { "time limit passed", 504 },
	[XC_ERR_UNCERTAIN] = { "not certain whether it was done", 500 },
	[XC_ERR_NOMEM] = { "out of memory", 500 },
	[XC_ERR_IO] = { "input or output failed", 500 },
	[XC_ERR_STATE] = { "not possible in this state", 500 },
	[XC_ERR_UNSUPPORTED] = { "not supported", 500 },
	[XC_ERR_FAILED] = { "failed", 500 },
};

_Static_assert(sizeof(errors) / sizeof(errors[0]) == XC_ERR__MAX,
    "each error has a row");

const char *
xc_strerror(enum xc_err err)
{
	if ((unsigned)err >= XC_ERR__MAX)
		return "unknown error";
	return errors[err].words;
}

int
xc_status_of(enum xc_err err)
{
	if (err == XC_OK || (unsigned)err >= XC_ERR__MAX)
		return 500;
	return errors[err].status;
}

const char *
xc_status_detail(enum xc_err err)
{
	switch (err) {
	case XC_ERR_INVALID:
		return "The input is not valid.";
	case XC_ERR_NOT_FOUND:
		return "There is no such thing.";
	case XC_ERR_EXISTS:
		return "It exists already, or is in use.";
	case XC_ERR_DENIED:
		return "This is not allowed.";
	case XC_ERR_TOO_LARGE:
		return "This is over a limit.";
	case XC_ERR_BUSY:
	case XC_ERR_UNAVAILABLE:
		return "A service does not answer now; try again soon.";
	case XC_ERR_TIMEOUT:
		return "A service did not answer in time.";
	case XC_ERR_UNCERTAIN:
		return "The connection to a service was lost: the change may "
		    "or may not have been made.";
	default:
		return "The request failed; the log has more under its id.";
	}
}

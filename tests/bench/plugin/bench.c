/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>
#include <time.h>

#include <xcore/xcore.h>

static enum xc_err
slow(struct xc_request *req)
{
	const struct timespec ts = { .tv_nsec = 20000000 };

	(void)nanosleep(&ts, NULL);
	return xc_reply_text(req, 200, "text/plain", "slept\n", 6);
}

static enum xc_err
brief(struct xc_request *req)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	(void)nanosleep(&ts, NULL);
	return xc_reply_text(req, 200, "text/plain", "slept\n", 6);
}

static enum xc_err
mine(struct xc_request *req)
{
	const char *name = xc_auth_name(req);

	return xc_reply_text(req, 200, "text/plain", name, strlen(name));
}

/* The code's own number, not the manifest's: old code must show.  The reload
 * bench makes other versions by writing other digits into the object. */
static enum xc_err
version(struct xc_request *req)
{
	static const char text[] = "{\"version\":\"1.0.1000\"}";

	return xc_reply_text(req, 200, "application/json", text,
	    sizeof(text) - 1);
}

static enum xc_err
echo(struct xc_request *req)
{
	size_t len;
	const void *body = xc_request_body(req, &len);

	return xc_reply_text(req, 200, "application/octet-stream", body, len);
}

static enum xc_err
boom(struct xc_request *req)
{
	(void)req;
	raise(SIGSEGV);
	return XC_OK;
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "boom", boom },
    { "brief", brief },
    { "echo", echo },
    { "mine", mine },
    { "slow", slow },
    { "version", version }));

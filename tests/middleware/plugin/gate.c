/* SPDX-License-Identifier: MIT */
/* Steps that do what the header X-Gate asks one of them to: PLUGIN:STEP:WORD. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xcore/auth.h>
#include <xcore/xcore.h>

/* What this step is to do; "" for nothing. */
static const char *
word_for(struct xc_request *req, const char *step)
{
	const char *asked = xc_request_header(req, "x-gate");
	const char *me = xc_printf(req, "%s:%s:",
	    xc_plugin_name(xc_request_plugin(req)), step);

	if (asked == NULL || me == NULL ||
	    strncmp(asked, me, strlen(me)) != 0)
		return "";
	return asked + strlen(me);
}

static enum xc_err
stream(struct xc_request *req)
{
	enum xc_err err = xc_reply_begin(req, 200, "text/plain");

	if (err == XC_OK)
		err = xc_reply_write(req, "streamed by ", 12);
	return err == XC_OK ? xc_reply_write(req, "the step\n", 9) : err;
}

static void
on_end(void *data)
{
	if (strcmp(data, "crash") == 0)
		abort();
}

static enum xc_err
act(struct xc_request *req, const char *word)
{
	if (strcmp(word, "deny") == 0)
		return XC_ERR_DENIED;
	if (strcmp(word, "fail") == 0)
		return XC_ERR_FAILED;
	if (strcmp(word, "answer") == 0)
		return xc_reply_text(req, 200, "text/plain",
		    "by the step\n", 12);
	if (strcmp(word, "stream") == 0)
		return stream(req);
	if (strcmp(word, "crash") == 0)
		abort();
	if (strcmp(word, "defer") == 0)
		return xc_defer(req, on_end, xc_printf(req, "crash"));
	while (strcmp(word, "hang") == 0)
		(void)usleep(1000);
	return XC_OK;
}

/* What it is given, and that nothing else is. */
static const char *
seen(struct xc_request *req)
{
	const char *who = xc_auth_subject(req), *id = xc_request_param(req,
	    "id");
	size_t len;

	(void)xc_request_body(req, &len);
	return xc_printf(req, "%s %s %zu %s %s", xc_request_method_name(req),
	    xc_request_path(req), len, id != NULL ? id : "-",
	    who != NULL ? who : "-");
}

static enum xc_err
trail(struct xc_request *req, const char *step)
{
	const char *what = seen(req);

	if (what == NULL)
		return XC_ERR_NOMEM;
	xc_log(req, XC_LOG_NOTICE, "passes %s, %s", step, what);
	/* Of a reply that is not made. */
	(void)xc_reply_header(req, "X-Lost", step);
	return act(req, word_for(req, step));
}

static enum xc_err
early(struct xc_request *req)
{
	return trail(req, "early");
}

static enum xc_err
check(struct xc_request *req)
{
	return trail(req, "check");
}

static enum xc_err
late(struct xc_request *req)
{
	return trail(req, "late");
}

static enum xc_err
behind(struct xc_request *req, const char *header, const char *step)
{
	const char *value = xc_printf(req, "%s %d",
	    xc_plugin_name(xc_request_plugin(req)), xc_reply_status(req));
	enum xc_err err = value == NULL ? XC_ERR_NOMEM :
	    xc_reply_header(req, header, value);

	if (err == XC_ERR_STATE)
		err = XC_OK;
	return err == XC_OK ? act(req, word_for(req, step)) : err;
}

static enum xc_err
tag(struct xc_request *req)
{
	return behind(req, "X-Tag", "tag");
}

static enum xc_err
seal(struct xc_request *req)
{
	const char *what = seen(req);

	if (what == NULL)
		return XC_ERR_NOMEM;
	(void)xc_reply_header(req, "X-Seen", what);
	return behind(req, "X-Seal", "seal");
}

/* --- what it answers itself ----------------------------------------------- */

static enum xc_err
get_item(struct xc_request *req)
{
	const char *text = xc_printf(req, "item %s\n",
	    xc_request_param(req, "id"));

	return text == NULL ? XC_ERR_NOMEM : xc_reply_text(req, 200,
	    "text/plain", text, strlen(text));
}

static enum xc_err
put_item(struct xc_request *req)
{
	size_t len;
	const void *body = xc_request_body(req, &len);

	return xc_reply_text(req, 200, "text/plain", body, len);
}

static enum xc_err
get_mine(struct xc_request *req)
{
	return xc_reply_text(req, 200, "text/plain", "mine\n", 5);
}

/* So large that it stays where a sandbox has put it. */
static enum xc_err
get_large(struct xc_request *req)
{
	size_t len = 1000000;
	char *text = xc_alloc(req, len);

	if (text == NULL)
		return XC_ERR_NOMEM;
	memset(text, 'x', len);
	return xc_reply_text(req, 200, "text/plain", text, len);
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "early", early },
    { "check", check },
    { "late", late },
    { "tag", tag },
    { "seal", seal },
    { "get_item", get_item },
    { "put_item", put_item },
    { "get_mine", get_mine },
    { "get_large", get_large }));

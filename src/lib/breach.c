/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <xcore/reply.h>

#include "breach.h"
#include "reply-private.h"

struct kind {
	const char *name;
	int status;
	bool fault;
	const char *title;
	const char *detail;
};

static const struct kind kinds[XC_BREACH__MAX] = {
	[XC_BREACH_NONE] = { "none", 0, false, "", "" },
	[XC_BREACH_CRASH] = { "crash", 500, true, "The plugin has failed",
	    "The plugin ended while it handled the request." },
	[XC_BREACH_TIMEOUT] = { "timeout", 504, true, "Time limit",
	    "The plugin did not answer in its time." },
	[XC_BREACH_CPU] = { "cpu", 504, true, "Processor time limit",
	    "The plugin used up its processor time." },
	[XC_BREACH_MEMORY] = { "memory", 503, true, "Memory limit",
	    "The plugin used up its memory." },
	[XC_BREACH_REPLY] = { "reply", 502, false, "Reply too large",
	    "The plugin's reply is over its limit." },
	[XC_BREACH_PROTOCOL] = { "protocol", 502, true, "Bad reply",
	    "The plugin's reply is not valid." },
	[XC_BREACH_RATE] = { "rate", 429, false, "Too many requests",
	    "There are more requests for this part of the site than it "
	    "takes." },
	[XC_BREACH_DENIED] = { "denied", 0, false, "", "" },
	[XC_BREACH_START] = { "start", 503, true, "Plugin not running",
	    "The plugin cannot be started at the moment." },
};

static const struct kind *
kind_of(enum xc_breach breach)
{
	return &kinds[(unsigned)breach < XC_BREACH__MAX ? breach :
	    XC_BREACH_CRASH];
}

const char *
xc_breach_name(enum xc_breach breach)
{
	return kind_of(breach)->name;
}

int
xc_breach_status(enum xc_breach breach)
{
	return kind_of(breach)->status;
}

bool
xc_breach_is_fault(enum xc_breach breach)
{
	return kind_of(breach)->fault;
}

void
xc_breach_problem(enum xc_breach breach, char type_r[XC_BREACH_TYPE_MAX],
    struct xc_problem *problem_r)
{
	const struct kind *kind = kind_of(breach);

	snprintf(type_r, XC_BREACH_TYPE_MAX, "urn:xcore:problem:%s",
	    kind->name);
	*problem_r = (struct xc_problem){ .type = type_r,
		.title = kind->title, .status = kind->status,
		.detail = kind->detail };
}

enum xc_err
xc_breach_reply_after(struct xc_request *req, enum xc_breach breach,
    uint32_t after_s)
{
	char type[XC_BREACH_TYPE_MAX], seconds[16];
	struct xc_problem problem;
	enum xc_err err = xc_reply_blank(req);

	if (err != XC_OK)
		return err;
	xc_breach_problem(breach, type, &problem);
	snprintf(seconds, sizeof(seconds), "%u", after_s);
	if (problem.status == 429 || problem.status == 503)
		(void)xc_reply_header(req, "Retry-After", seconds);
	return xc_reply_problem_typed(req, &problem);
}

enum xc_err
xc_breach_reply(struct xc_request *req, enum xc_breach breach)
{
	return xc_breach_reply_after(req, breach,
	    breach == XC_BREACH_RATE ? 1 : 10);
}

/* SPDX-License-Identifier: MIT */
#include "kit/tester.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include <xcore/json.h>
#include <xcore/reply.h>

#include "contract/contract.h"
#include "kit/ask.h"
#include "kit/expect.h"
#include "kit/halt.h"
#include "lib/reply-private.h"
#include "sandbox/process.h"

#define STOP_MS 5000
/* Accounts for sandboxes where this is run by root; see xcore.json(5). */
#define UID_FIRST 2019753984u
#define UID_COUNT 65536u

struct xc_tester {
	struct xc_tester_options options;
	struct xc_subject *subject;
	struct xc_fakes *fakes;
	struct xc_jail *jail;
	struct xc_sandbox *sandbox;
	struct xc_broker broker;
	struct xc_request req;
	struct xc_taker *taker;
	struct xc_errbuf wrong;	/* with the reply, by the document; "" */
	struct json_object *denied;
	const char *file;	/* of the test before */
	struct xc_limits limits;
};

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void
enter(struct xc_tester *tester, enum xc_phase phase)
{
	if (tester->options.phase != NULL)
		*tester->options.phase = phase;
}

/* ---- the sandbox -------------------------------------------------------- */

static void
note_denied(void *ctx, struct xc_plugin *plugin, enum xc_breach breach,
    const char *detail)
{
	struct xc_tester *tester = ctx;
	int64_t n = 0;

	(void)plugin;
	if (breach != XC_BREACH_DENIED)
		return;
	xc_json_int(tester->denied, detail, &n);
	json_object_object_add(tester->denied, detail,
	    json_object_new_int64(n + 1));
}

static enum xc_err
set_up(struct xc_tester *tester, struct xc_errbuf *errbuf)
{
	struct xc_jail_options jail = { .cgroup = "",
		.uid_first = UID_FIRST + (uint32_t)getpid() % UID_COUNT,
		.uid_count = 1, .trace = tester->options.trace };
	struct xc_plugin *plugin = &tester->subject->plugin;
	enum xc_err err = XC_OK;

	tester->denied = json_object_new_object();
	if (xc_fakes_create(&tester->fakes) != XC_OK ||
	    tester->denied == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	plugin->host = xc_fakes_host(tester->fakes);
	if (tester->options.allow_all)
		err = xc_subject_allow_all(tester->subject, errbuf);
	tester->limits = plugin->limits;
	tester->limits.cpu_ms *= tester->options.slow;
	tester->limits.timeout_ms *= tester->options.slow;
	tester->broker.host = plugin->host;
	tester->broker.plugin = plugin;
	tester->broker.note = note_denied;
	tester->broker.ctx = tester;
	tester->taker = xc_taker_create();
	if (err == XC_OK && (tester->taker == NULL || xc_request_init(
	    &tester->req, plugin->host, NULL) != XC_OK))
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	return err == XC_OK ? xc_jail_create(&jail, &tester->jail, errbuf) :
	    err;
}

enum xc_err
xc_tester_create(struct xc_subject *subject,
    const struct xc_tester_options *options, struct xc_tester **tester_r,
    struct xc_errbuf *errbuf)
{
	struct xc_tester *tester = calloc(1, sizeof(*tester));
	enum xc_err err;

	*tester_r = NULL;
	if (tester == NULL) {
		xc_subject_free(&subject);
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	}
	tester->options = *options;
	if (tester->options.slow == 0)
		tester->options.slow = 1;
	tester->subject = subject;
	err = set_up(tester, errbuf);
	if (err == XC_OK)
		*tester_r = tester;
	else
		xc_tester_free(&tester);
	return err;
}

void
xc_tester_free(struct xc_tester **tester_p)
{
	struct xc_tester *tester = *tester_p;

	if (tester == NULL)
		return;
	xc_sandbox_close(&tester->sandbox);
	xc_broker_end(&tester->broker);
	if (tester->req.magic != 0)
		xc_request_free(&tester->req);
	xc_taker_free(&tester->taker);
	xc_jail_free(&tester->jail);
	xc_subject_free(&tester->subject);
	xc_fakes_free(&tester->fakes);
	json_object_put(tester->denied);
	free(tester);
	*tester_p = NULL;
}

/* What the plugin wrote to its standard output and error. */
static void
take_output(struct xc_tester *tester)
{
	char text[4096];
	ssize_t n;

	while (tester->sandbox != NULL && tester->sandbox->output != -1 &&
	    (n = recv(tester->sandbox->output, text, sizeof(text),
	    MSG_DONTWAIT)) > 0)
		xc_fakes_output(tester->fakes, text, (size_t)n);
}

enum xc_err
xc_tester_start(struct xc_tester *tester, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	if (tester->sandbox != NULL && !tester->sandbox->dead)
		return XC_OK;
	xc_sandbox_close(&tester->sandbox);
	enter(tester, XC_PHASE_LOAD);
	err = xc_subject_expose(tester->subject, errbuf);
	if (err == XC_OK)
		err = xc_sandbox_solo(tester->jail, &tester->subject->spec,
		    true, &tester->sandbox, errbuf);
	if (err == XC_OK)
		err = xc_sandbox_wait(tester->sandbox, &tester->broker,
		    tester->options.start_ms, errbuf);
	enter(tester, XC_PHASE_NONE);
	xc_subject_hide(tester->subject);
	return err;
}

void
xc_tester_stop(struct xc_tester *tester)
{
	if (tester->sandbox == NULL || tester->sandbox->dead)
		return;
	enter(tester, XC_PHASE_STOP);
	(void)xc_halt(tester->sandbox, &tester->broker, STOP_MS);
	enter(tester, XC_PHASE_NONE);
}

/* ---- the operation ------------------------------------------------------ */

/* What a test asks for. */
struct aim {
	uint32_t number;	/* of the operation */
	bool event;
	const struct xc_step *step;	/* NULL: a handler */
};

static bool
find_event(struct xc_tester *tester, const char *name, struct aim *aim)
{
	const struct xc_manifest *manifest = tester->subject->manifest;

	for (size_t i = 0; i < manifest->n_events; i++) {
		if (strcmp(manifest->events[i].event, name) != 0)
			continue;
		aim->number = (uint32_t)(tester->subject->n_rows + i);
		return xc_request_bind(&tester->req, &tester->subject->plugin,
		    tester->subject->n_segments,
		    manifest->events[i].operation, NULL, 0) == XC_OK;
	}
	return false;
}

/* The request is any, of any plugin. */
static bool
find_step(struct xc_tester *tester, const char *name, struct aim *aim)
{
	const struct xc_manifest *manifest = tester->subject->manifest;

	for (size_t i = 0; i < manifest->steps.n; i++) {
		aim->step = &manifest->steps.list[i];
		if (strcmp(aim->step->order.operation, name) != 0)
			continue;
		aim->number = (uint32_t)(tester->subject->n_rows +
		    manifest->n_events + i);
		return xc_request_bind(&tester->req, &tester->subject->plugin,
		    0, name, NULL, 0) == XC_OK;
	}
	return false;
}

/* 0, or the status that a worker would answer with. */
static int
find_route(struct xc_tester *tester, struct aim *aim)
{
	const struct xc_subject *subject = tester->subject;
	struct xc_route_match match;
	const char *const *segments;
	size_t n = xc_request_segments(&tester->req, &segments);
	size_t skip = subject->n_segments;

	switch (n < skip ? XC_ROUTE_NONE : xc_routes_find(subject->routes,
	    xc_request_method(&tester->req), segments + skip, n - skip,
	    &match)) {
	case XC_ROUTE_MATCH:
		break;
	case XC_ROUTE_METHOD:
		return 405;
	default:
		return 404;
	}
	aim->number = (uint32_t)match.index;
	return xc_request_bind(&tester->req, &tester->subject->plugin, skip,
	    xc_routes_operation(subject->routes, match.index), match.params,
	    match.n_params) == XC_OK ? 0 : 500;
}

/* Finds what is asked for.  0, or the status that stands for what is wrong;
 * -1: there is no such event, or step. */
static int
aim_at(struct xc_tester *tester, const struct xc_case *test, struct aim *aim)
{
	const char *event = xc_json_string(test->json, "event");
	const char *step = xc_json_string(test->json, "step");

	if (step != NULL)
		return find_step(tester, step, aim) ? 0 : -1;
	aim->event = event != NULL;
	if (event == NULL)
		return find_route(tester, aim);
	return find_event(tester, event, aim) ? 0 : -1;
}

/* ---- a test ------------------------------------------------------------- */

static void
run(struct xc_tester *tester, const struct aim *aim,
    struct xc_outcome *outcome)
{
	struct xc_runner_step step = { .operation = aim->number };

	if (aim->step == NULL) {
		xc_sandbox_call(tester->sandbox, &tester->broker,
		    &tester->req, aim->number, &tester->limits, outcome);
		return;
	}
	step.name = aim->step->order.operation;
	step.on_reply = aim->step->on_reply;
	xc_sandbox_step(tester->sandbox, &tester->broker, &tester->req,
	    &step, &tester->limits, outcome);
}

static void
call(struct xc_tester *tester, const struct aim *aim,
    struct xc_verdict *verdict, struct xc_errbuf *errbuf)
{
	struct xc_outcome outcome = { .breach = XC_BREACH_NONE };

	enter(tester, XC_PHASE_REQUEST);
	run(tester, aim, &outcome);
	enter(tester, XC_PHASE_NONE);
	take_output(tester);
	verdict->cpu_us = outcome.cpu_us;
	if (outcome.breach == XC_BREACH_NONE)
		return;
	if (aim->step == NULL || !aim->step->on_reply)
		(void)xc_breach_reply(&tester->req, outcome.breach);
	xc_fail(errbuf, XC_OK, "%s: %s%s", xc_breach_name(outcome.breach),
	    outcome.detail, strstr(outcome.detail, "SIGSYS") != NULL ?
	    " (a system call that no plugin may make; \"xcore-install "
	    "profile\" names it)" : "");
}

/* As a worker does: an event is not held to the document. */
static bool
take(struct xc_tester *tester, const struct aim *aim,
    const struct xc_source *source)
{
	if (!aim->event)
		return xc_contract_take(tester->taker,
		    tester->subject->contract, aim->number, &tester->req,
		    source);
	if (xc_request_set_body(&tester->req, source->data, source->len) ==
	    XC_OK)
		return true;
	(void)xc_reply_problem_text(&tester->req, 500, NULL);
	return false;
}

/* Who asks, as authentication would have found out: it leaves no request to a
 * step behind it that it refuses. */
static bool
name_sender(struct xc_tester *tester)
{
	const struct xc_auth_need need = { .n = 0 };
	const struct xc_host *host = tester->subject->plugin.host;
	struct xc_auth_verdict verdict = { .grants = NULL };
	struct xc_request_who who = { .subject = verdict.subject,
		.name = verdict.name, .session = verdict.session };

	if (host->auth->check(host->auth_ctx, &tester->req, &need,
	    &verdict) != XC_OK)
		return true;
	who.grants = verdict.grants;
	return xc_request_set_who(&tester->req, &who) == XC_OK;
}

/* As a worker does: it has no body, and behind a handler a reply stands. */
static bool
take_step(struct xc_tester *tester, const struct xc_case *test,
    const struct aim *aim)
{
	int64_t status = 200;

	(void)xc_json_int(test->json, "reply", &status);
	if (!aim->step->order.before_auth && !name_sender(tester)) {
		(void)xc_reply_problem_text(&tester->req, 500, NULL);
		return false;
	}
	return !aim->step->on_reply || xc_reply_empty(&tester->req,
	    (int)status) == XC_OK;
}

static enum xc_err
fail_aim(const struct xc_case *test, struct xc_errbuf *errbuf)
{
	const char *step = xc_json_string(test->json, "step");

	if (step != NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "plugin.json has no "
		    "step of \"middleware\" with the operation %.80s", step);
	return xc_fail(errbuf, XC_ERR_INVALID, "plugin.json does not "
	    "subscribe to the event %.80s",
	    xc_json_string(test->json, "event"));
}

/* Makes the request and runs it, so that a reply stands.  errbuf gets what is
 * worth to be told besides. */
static enum xc_err
perform(struct xc_tester *tester, const struct xc_case *test,
    struct xc_verdict *verdict, struct xc_errbuf *errbuf)
{
	struct xc_ask ask = { .body = NULL };
	struct xc_errbuf why = { "" };
	struct aim aim = { .number = 0 };
	enum xc_err err = xc_tester_start(tester, errbuf);
	int status;

	if (err != XC_OK)
		return err;
	status = xc_ask_parse(&ask, tester->subject, test->json,
	    &tester->req, &why);
	if (status == 0)
		status = aim_at(tester, test, &aim);
	if (status == -1)
		err = fail_aim(test, errbuf);
	else if (status != 0)
		err = xc_reply_problem_text(&tester->req, status,
		    why.text[0] != '\0' ? why.text : NULL);
	else if (aim.step != NULL && take_step(tester, test, &aim))
		call(tester, &aim, verdict, errbuf);
	else if (aim.step == NULL && take(tester, &aim, &ask.source)) {
		call(tester, &aim, verdict, errbuf);
		if (!aim.event)
			(void)xc_contract_reply(tester->taker,
			    tester->subject->contract, aim.number,
			    &tester->req, &tester->wrong);
	}
	xc_ask_free(&ask);
	return err;
}

static enum xc_err
judge(struct xc_tester *tester, const struct xc_case *test,
    struct xc_verdict *verdict, struct xc_errbuf *errbuf)
{
	struct xc_errbuf besides = { "" }, why = { "" };
	enum xc_err err = xc_fakes_begin(tester->fakes, test->json, errbuf);

	tester->wrong.text[0] = '\0';
	if (err == XC_OK)
		err = perform(tester, test, verdict, &besides);
	if (err != XC_OK)
		return besides.text[0] != '\0' ? xc_fail(errbuf, err, "%s",
		    besides.text) : err;
	verdict->status = xc_request_reply(&tester->req)->status;
	/* That the script was left is the reason of what differs then. */
	err = xc_fakes_end(tester->fakes, &why);
	if (err == XC_OK)
		err = xc_expect(xc_json_member(test->json, "expect"),
		    &tester->req, tester->fakes, &why);
	if (err == XC_OK && tester->wrong.text[0] != '\0')
		err = xc_fail(&why, XC_ERR_INVALID, "the reply is none that "
		    "openapi.json has: %s", tester->wrong.text);
	if (err != XC_OK)
		xc_fail(errbuf, err, "%s%s%s", besides.text,
		    besides.text[0] != '\0' ? "; " : "", why.text);
	return err;
}

void
xc_tester_run(struct xc_tester *tester, const struct xc_case *test,
    struct xc_verdict *verdict_r)
{
	struct xc_errbuf why = { "" };
	double begun = now_ms();

	memset(verdict_r, 0, sizeof(*verdict_r));
	if (tester->file == NULL || strcmp(tester->file, test->file) != 0)
		xc_fakes_forget(tester->fakes);
	tester->file = test->file;
	verdict_r->passed = judge(tester, test, verdict_r, &why) == XC_OK;
	verdict_r->ms = now_ms() - begun;
	snprintf(verdict_r->reason, sizeof(verdict_r->reason), "%s",
	    verdict_r->passed ? "" : why.text);
	xc_request_reset(&tester->req);
	/* Nothing is to be left of a request at that level. */
	if (tester->subject->plugin.isolation == XC_ISOLATION_REQUEST)
		xc_sandbox_close(&tester->sandbox);
}

const struct xc_fakes *
xc_tester_fakes(const struct xc_tester *tester)
{
	return tester->fakes;
}

const struct xc_subject *
xc_tester_subject(const struct xc_tester *tester)
{
	return tester->subject;
}

struct json_object *
xc_tester_denied(const struct xc_tester *tester)
{
	return tester->denied;
}

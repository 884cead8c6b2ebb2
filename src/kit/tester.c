/* SPDX-License-Identifier: MIT */
#include "kit/tester.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "kit/expect.h"
#include "kit/halt.h"
#include "lib/reply-private.h"
#include "sandbox/process.h"

#define STOP_MS 5000
#define ENV_MAX 80		/* parameters of a request */
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
	if (err == XC_OK && xc_request_init(&tester->req, plugin->host,
	    NULL) != XC_OK)
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

/* ---- the request -------------------------------------------------------- */

/* FastCGI parameters; each is malloc'ed. */
struct parameters {
	char *list[ENV_MAX + 1];
	size_t n;
};

static void
add(struct parameters *parameters, const char *name, const char *value)
{
	if (parameters->n < ENV_MAX && asprintf(
	    &parameters->list[parameters->n], "%s=%s", name, value) != -1)
		parameters->n++;
	parameters->list[parameters->n] = NULL;
}

static void
free_parameters(struct parameters *parameters)
{
	for (size_t i = 0; i < parameters->n; i++)
		free(parameters->list[i]);
}

static void
add_escaped(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	for (; *text != '\0' && len + 4 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
			buf[len++] = (char)c;
		else
			len += (size_t)sprintf(buf + len, "%%%02X", c);
	}
	buf[len] = '\0';
}

static void
make_query(struct json_object *query, char *buf, size_t size)
{
	buf[0] = '\0';
	if (json_object_is_type(query, json_type_string)) {
		snprintf(buf, size, "%s", json_object_get_string(query));
		return;
	}
	if (query == NULL)
		return;
	json_object_object_foreach(query, name, value) {
		if (buf[0] != '\0')
			strncat(buf, "&", size - strlen(buf) - 1);
		add_escaped(buf, size, name);
		strncat(buf, "=", size - strlen(buf) - 1);
		add_escaped(buf, size, json_object_get_string(value));
	}
}

static void
add_header(struct parameters *parameters, const char *name,
    const char *value)
{
	char variable[200] = "HTTP_";
	size_t len = 5;

	if (strcasecmp(name, "content-type") == 0) {
		add(parameters, "CONTENT_TYPE", value);
		return;
	}
	for (; *name != '\0' && len + 1 < sizeof(variable); name++)
		variable[len++] = *name == '-' ? '_' : (char)(*name >= 'a' &&
		    *name <= 'z' ? *name - 'a' + 'A' : *name);
	variable[len] = '\0';
	add(parameters, variable, value);
}

static void
add_target(struct xc_tester *tester, struct json_object *test,
    struct parameters *parameters)
{
	const char *path = xc_json_string(test, "path");
	const char *event = xc_json_string(test, "event");
	char query[4096], uri[8192];

	make_query(xc_json_member(test, "query"), query, sizeof(query));
	if (event != NULL)
		snprintf(uri, sizeof(uri), "%s/events/%s",
		    tester->subject->plugin.prefix, event);
	else
		snprintf(uri, sizeof(uri), "%s%s%s%s",
		    tester->subject->plugin.prefix, path != NULL ? path : "/",
		    query[0] != '\0' ? "?" : "", query);
	add(parameters, "REQUEST_URI", uri);
	add(parameters, "QUERY_STRING", query);
}

/* The body of an event, as a worker makes it; a new reference. */
static struct json_object *
event_body(struct xc_tester *tester, struct json_object *test)
{
	struct json_object *body = json_object_new_object();
	const char *from = xc_json_string(test, "from");

	json_object_object_add(body, "event", json_object_get(
	    xc_json_member(test, "event")));
	json_object_object_add(body, "from", json_object_new_string(
	    from != NULL ? from : tester->subject->plugin.name));
	json_object_object_add(body, "data", json_object_get(
	    xc_json_member(test, "data")));
	return body;
}

/* 0, or the status with which the request is refused. */
static int
make_request(struct xc_tester *tester, struct json_object *test,
    struct xc_errbuf *errbuf)
{
	bool event = xc_json_string(test, "event") != NULL;
	struct json_object *body = event ? event_body(tester, test) :
	    json_object_get(xc_json_member(test, "body"));
	struct json_object *headers = xc_json_member(test, "headers");
	const char *method = xc_json_string(test, "method");
	struct parameters parameters = { .n = 0 };
	const char *text = "";
	bool typed = false;
	int status;

	if (body != NULL)
		text = json_object_is_type(body, json_type_string) ?
		    json_object_get_string(body) :
		    json_object_to_json_string_ext(body,
		    JSON_C_TO_STRING_PLAIN);
	add(&parameters, "REQUEST_METHOD", event ? "POST" :
	    method != NULL ? method : "GET");
	add_target(tester, test, &parameters);
	if (headers != NULL) {
		json_object_object_foreach(headers, name, value) {
			typed = typed || strcasecmp(name, "content-type") == 0;
			add_header(&parameters, name,
			    json_object_get_string(value));
		}
	}
	if (body != NULL && !typed)
		add(&parameters, "CONTENT_TYPE", json_object_is_type(body,
		    json_type_string) ? "text/plain" : "application/json");
	status = xc_request_parse(&tester->req, parameters.list, text,
	    strlen(text), errbuf);
	free_parameters(&parameters);
	json_object_put(body);
	return status;
}

/* ---- the operation ------------------------------------------------------ */

static bool
find_event(struct xc_tester *tester, const char *name, uint32_t *number_r)
{
	const struct xc_manifest *manifest = tester->subject->manifest;

	for (size_t i = 0; i < manifest->n_events; i++) {
		if (strcmp(manifest->events[i].event, name) != 0)
			continue;
		*number_r = (uint32_t)(tester->subject->n_rows + i);
		return xc_request_bind(&tester->req, &tester->subject->plugin,
		    tester->subject->n_segments,
		    manifest->events[i].operation, NULL, 0) == XC_OK;
	}
	return false;
}

/* 0, or the status that a worker would answer with. */
static int
find_route(struct xc_tester *tester, uint32_t *number_r)
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
	*number_r = (uint32_t)match.index;
	return xc_request_bind(&tester->req, &tester->subject->plugin, skip,
	    xc_routes_operation(subject->routes, match.index), match.params,
	    match.n_params) == XC_OK ? 0 : 500;
}

/* ---- a test ------------------------------------------------------------- */

static void
call(struct xc_tester *tester, uint32_t number, struct xc_verdict *verdict,
    struct xc_errbuf *errbuf)
{
	struct xc_outcome outcome = { .breach = XC_BREACH_NONE };

	enter(tester, XC_PHASE_REQUEST);
	xc_sandbox_call(tester->sandbox, &tester->broker, &tester->req,
	    number, &tester->limits, &outcome);
	enter(tester, XC_PHASE_NONE);
	take_output(tester);
	verdict->cpu_us = outcome.cpu_us;
	if (outcome.breach == XC_BREACH_NONE)
		return;
	(void)xc_breach_reply(&tester->req, outcome.breach);
	xc_fail(errbuf, XC_OK, "%s: %s%s", xc_breach_name(outcome.breach),
	    outcome.detail, strstr(outcome.detail, "SIGSYS") != NULL ?
	    " (a system call that no plugin may make; \"xcore-install "
	    "profile\" names it)" : "");
}

/* Runs it, so that a reply stands.  errbuf gets what is worth to be told
 * besides. */
static enum xc_err
perform(struct xc_tester *tester, const struct xc_case *test,
    struct xc_verdict *verdict, struct xc_errbuf *errbuf)
{
	const char *event = xc_json_string(test->json, "event");
	struct xc_errbuf why = { "" };
	uint32_t number = 0;
	enum xc_err err;
	int status;

	err = xc_tester_start(tester, errbuf);
	if (err != XC_OK)
		return err;
	status = make_request(tester, test->json, &why);
	if (status == 0 && event != NULL && !find_event(tester, event,
	    &number))
		return xc_fail(errbuf, XC_ERR_INVALID, "plugin.json does not "
		    "subscribe to the event %.80s", event);
	if (status == 0 && event == NULL)
		status = find_route(tester, &number);
	if (status != 0)
		return xc_reply_problem_text(&tester->req, status,
		    why.text[0] != '\0' ? why.text : NULL);
	call(tester, number, verdict, errbuf);
	return XC_OK;
}

static enum xc_err
judge(struct xc_tester *tester, const struct xc_case *test,
    struct xc_verdict *verdict, struct xc_errbuf *errbuf)
{
	struct xc_errbuf besides = { "" }, why = { "" };
	enum xc_err err = xc_fakes_begin(tester->fakes, test->json, errbuf);

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

/* SPDX-License-Identifier: MIT */
/* One version of a plugin: which of its sandboxes serves, which waits, which
 * is being made. */
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "config/settings.h"
#include "sandbox/sandboxes-private.h"

#define STOP_MS 250		/* for stop() of a version that is let go */
#define LIVED_MS 60000		/* who lived so long did not die at once */
#define BUSY_MS 10		/* until the spawner reads again */
#define FAILED_MS 1000		/* ... or memory may be had again */
#define PATIENCE_MS 250		/* of a request, for a pause to end */
#define SPAWNER_MS 3000		/* for one that is being replaced */

static void
set_error(struct xc_runner *runner, const char *text)
{
	snprintf(runner->last_error, sizeof(runner->last_error), "%s", text);
}

/* ---- making what is missing --------------------------------------------- */

/* When to look again; 0: never. */
static uint64_t
refill(struct xc_runner *runner, uint64_t now)
{
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	if (runner->coming || (runner->active && runner->spare) ||
	    runner->owner->link_fd < 0)
		return 0;
	if (now < runner->not_before_ms)
		return runner->not_before_ms;
	err = xc_box_start(runner, &runner->coming, &errbuf);
	if (err == XC_OK) {
		runner->restarts += runner->deaths > 0;
		return 0;
	}
	runner->not_before_ms = now +
	    (err == XC_ERR_BUSY ? BUSY_MS : FAILED_MS);
	set_error(runner, errbuf.text);
	return runner->not_before_ms;
}

static void
activate(struct xc_runner *runner, struct xc_box *box)
{
	runner->active = box;
	runner->worn = false;
	xc_recycle_begin(box, xc_box_now_ms());
	if (box->zygote)
		xc_zygote_begin(box);
}

/* The spare takes the place of the active one, if it can. */
static void
promote(struct xc_runner *runner)
{
	struct xc_box *spare = runner->spare;

	if (runner->active || !spare)
		return;
	runner->spare = NULL;
	activate(runner, spare);
}

static void
replace_worn(struct xc_runner *runner)
{
	if (!runner->worn || !runner->spare)
		return;
	xc_box_free(&runner->active);
	promote(runner);
}

void
xc_runner_ready(struct xc_runner *runner, struct xc_box *box)
{
	runner->coming = NULL;
	runner->last_error[0] = '\0';
	if (runner->active)
		runner->spare = box;
	else
		activate(runner, box);
}

/* ---- ends --------------------------------------------------------------- */

static void
count_death(struct xc_runner *runner, uint64_t lived_ms)
{
	if (lived_ms >= LIVED_MS)
		runner->deaths = 0;
	runner->deaths++;
	runner->good = 0;
	runner->not_before_ms = xc_box_now_ms() +
	    xc_box_pause(runner->deaths);
}

static void
tell_fault(struct xc_runner *runner, enum xc_breach breach,
    const char *operation, const char *request_id, const char *detail)
{
	const struct xc_sandboxes_options *options = &runner->owner->options;

	xc_logf_request(options->log, XC_LOG_WARNING, request_id,
	    "%s %s%s%s: %s: %s", runner->plugin->name,
	    runner->plugin->version, operation ? " " : "",
	    operation ? operation : "", xc_breach_name(breach), detail);
	if (options->fault)
		options->fault(options->ctx, runner->plugin, breach,
		    operation, request_id, detail);
}

void
xc_runner_failed(struct xc_runner *runner, struct xc_box *box,
    const char *reason, bool fault)
{
	char text[256];

	snprintf(text, sizeof(text), "%s", reason);
	if (runner->coming == box)
		runner->coming = NULL;
	xc_box_free(&box);
	set_error(runner, text);
	if (runner->opening)
		return;
	count_death(runner, 0);
	if (fault)
		tell_fault(runner, XC_BREACH_START, NULL, NULL, text);
	else
		xc_logf(runner->owner->options.log, XC_LOG_ERROR,
		    "%s %s: no sandbox: %s", runner->plugin->name,
		    runner->plugin->version, text);
}

static void
describe_end(const struct xc_spawn_end *end, char *text_r, size_t size)
{
	if (end->oom_kills > 0)
		snprintf(text_r, size, "the kernel ended it: over "
		    "limits.memory_mb");
	else if (WIFSIGNALED(end->status))
		snprintf(text_r, size, "signal SIG%s",
		    sigabbrev_np(WTERMSIG(end->status)));
	else
		snprintf(text_r, size, "status %d",
		    WEXITSTATUS(end->status));
}

static uint64_t
lived_ms(const struct xc_box *box)
{
	return xc_box_now_ms() - box->sandbox->born_ms;
}

/* One that is ready, and that nobody asks for anything now. */
static void
lose_idle(struct xc_runner *runner, struct xc_box *box,
    enum xc_breach breach, const char *text)
{
	if (runner->active == box)
		runner->active = NULL;
	if (runner->spare == box)
		runner->spare = NULL;
	count_death(runner, lived_ms(box));
	xc_box_free(&box);
	promote(runner);
	tell_fault(runner, breach, NULL, NULL, text);
	(void)refill(runner, xc_box_now_ms());
}

void
xc_runner_died(struct xc_runner *runner, struct xc_box *box,
    const struct xc_spawn_end *end)
{
	char text[256];

	xc_sandbox_last_words(box->sandbox, text, sizeof(text));
	if (text[0] == '\0' || end->oom_kills > 0)
		describe_end(end, text, sizeof(text));
	lose_idle(runner, box, end->oom_kills > 0 ? XC_BREACH_MEMORY :
	    XC_BREACH_CRASH, text);
}

void
xc_runner_lost(struct xc_runner *runner)
{
	xc_box_free(&runner->active);
	xc_box_free(&runner->spare);
	xc_box_free(&runner->coming);
	set_error(runner, "the spawner is gone");
}

/* ---- what is due -------------------------------------------------------- */

static void
check_coming(struct xc_runner *runner, uint64_t now)
{
	struct xc_box *box = runner->coming;
	char text[96];

	if (!box || now < box->until_ms)
		return;
	snprintf(text, sizeof(text), "%s after %lld ms "
	    "(reload.trial_timeout_ms)", box->stage == XC_BOX_ASKED ?
	    "the spawner has not answered" : "it was not ready",
	    (long long)runner->owner->options.settings->
	    reload.trial_timeout_ms);
	xc_runner_failed(runner, box, text, box->stage == XC_BOX_LOADING);
}

static uint64_t
tend_box(struct xc_box *box, uint64_t now)
{
	uint64_t again;

	if (!box)
		return 0;
	again = xc_output_tend(box, now);
	again = xc_box_sooner(again, xc_recycle_trim(box, now));
	if (box->zygote)
		again = xc_box_sooner(again, xc_zygote_tend(box, now));
	return again;
}

/* What a plugin has left running would otherwise have a processor for ever. */
static uint64_t
check_idle(struct xc_runner *runner, uint64_t now)
{
	struct xc_box *boxes[] = { runner->active, runner->spare };
	uint64_t again = 0;
	char text[256];

	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		if (!boxes[i])
			continue;
		again = xc_box_sooner(again, xc_recycle_watch(boxes[i], now,
		    text, sizeof(text)));
		if (text[0] != '\0')
			lose_idle(runner, boxes[i], XC_BREACH_CPU, text);
	}
	return again;
}

uint64_t
xc_runner_tend(struct xc_runner *runner, uint64_t now)
{
	uint64_t again;

	check_coming(runner, now);
	replace_worn(runner);
	again = check_idle(runner, now);
	again = xc_box_sooner(again, refill(runner, now));
	again = xc_box_sooner(again, tend_box(runner->active, now));
	again = xc_box_sooner(again, tend_box(runner->spare, now));
	if (!runner->coming)
		return again;
	if (runner->coming->stage == XC_BOX_LOADING)
		again = xc_box_sooner(again, tend_box(runner->coming, now));
	return xc_box_sooner(again, runner->coming->until_ms);
}

/* ---- open and close ----------------------------------------------------- */

static void
free_runner(struct xc_runner *runner)
{
	xc_box_free(&runner->active);
	xc_box_free(&runner->spare);
	xc_box_free(&runner->coming);
	xc_broker_end(&runner->broker);
	xc_broker_end(&runner->loading);
	*runner->back = runner->next;
	if (runner->next)
		runner->next->back = runner->back;
	free(runner->spec);
	free(runner);
}

static char *
make_spec(const struct xc_runner_spec *spec)
{
	struct json_object *object = xc_sandbox_spec(spec, true);
	char *text = NULL;

	if (object)
		text = strdup(json_object_to_json_string_ext(object,
		    JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	return text;
}

/* A denial: counted, and no fault. */
static void
on_note(void *ctx, struct xc_plugin *plugin, enum xc_breach breach,
    const char *detail)
{
	struct xc_runner *runner = ctx;
	const struct xc_sandboxes_options *options = &runner->owner->options;

	if (options->fault)
		options->fault(options->ctx, plugin, breach, NULL, NULL,
		    detail);
}

static void
begin_broker(struct xc_broker *broker, struct xc_runner *runner)
{
	broker->host = runner->owner->options.host;
	broker->plugin = runner->plugin;
	broker->issuer = runner->owner->options.settings->auth.issuer;
	broker->note = on_note;
	broker->ctx = runner;
}

static struct xc_runner *
make_runner(struct xc_sandboxes *owner, const struct xc_runner_spec *spec)
{
	const struct xc_fastcgi_settings *fastcgi =
	    &owner->options.settings->fastcgi;
	struct xc_runner *runner = calloc(1, sizeof(*runner));

	if (!runner)
		return NULL;
	runner->spec = make_spec(spec);
	if (!runner->spec) {
		free(runner);
		return NULL;
	}
	runner->owner = owner;
	runner->plugin = spec->plugin;
	runner->logger.name = spec->plugin->logger;
	runner->sizes = xc_sandbox_sizes((uint64_t)fastcgi->params_max +
	    (uint64_t)fastcgi->body_max, &spec->plugin->limits);
	begin_broker(&runner->broker, runner);
	begin_broker(&runner->loading, runner);
	runner->next = owner->runners;
	runner->back = &owner->runners;
	if (runner->next)
		runner->next->back = &runner->next;
	owner->runners = runner;
	return runner;
}

/* No version is to blame that the spawner is away, and none waits for it for
 * long: it has no sandbox until there is one again. */
static enum xc_err
go_without(struct xc_runner *runner, uint64_t now)
{
	struct xc_sandboxes *owner = runner->owner;

	owner->silent_ms = now;
	set_error(runner, "the spawner does not answer: its records in the "
	    "log say why");
	xc_logf(owner->options.log, XC_LOG_ERROR, "%s %s: no sandbox: %s",
	    runner->plugin->name, runner->plugin->version,
	    runner->last_error);
	return XC_OK;
}

/* Begins anew if the spawner is lost meanwhile; the plugin's own failure is
 * one. */
static enum xc_err
load_first(struct xc_runner *runner, struct xc_errbuf *errbuf)
{
	struct xc_sandboxes *owner = runner->owner;
	uint64_t now = xc_box_now_ms();
	uint64_t until = now +
	    (uint64_t)owner->options.settings->reload.trial_timeout_ms;
	uint64_t patience = now + (owner->silent_ms == 0 ? SPAWNER_MS : 0);
	enum xc_err err = XC_OK;

	while (err == XC_OK && !runner->active && now < until) {
		bool asked = !runner->coming ||
		    runner->coming->stage == XC_BOX_ASKED;

		if (asked && now >= patience)
			return go_without(runner, now);
		if (!runner->coming) {
			if (runner->last_error[0] != '\0' &&
			    owner->link_fd >= 0)
				break;
			if (xc_spawn_connect(owner, errbuf) == XC_OK)
				err = xc_box_start(runner, &runner->coming,
				    errbuf);
			else
				(void)poll(NULL, 0, BUSY_MS);
			now = xc_box_now_ms();
			continue;
		}
		(void)xc_sandboxes_turn(owner, (int64_t)((asked &&
		    patience < until ? patience : until) - now));
		now = xc_box_now_ms();
		check_coming(runner, now);
	}
	if (err != XC_OK || runner->active)
		return err;
	return xc_fail(errbuf, XC_ERR_FAILED, "%s",
	    runner->last_error[0] != '\0' ? runner->last_error :
	    "no sandbox of it became ready in time");
}

static enum xc_err
open_runner(void *ctx, const struct xc_runner_spec *spec,
    struct xc_runner **runner_r, struct xc_errbuf *errbuf)
{
	struct xc_sandboxes *owner = ctx;
	struct xc_runner *runner = make_runner(owner, spec);
	enum xc_err err;

	*runner_r = NULL;
	if (!runner)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	runner->opening = true;
	err = load_first(runner, errbuf);
	runner->opening = false;
	if (err != XC_OK) {
		free_runner(runner);
		return err;
	}
	(void)refill(runner, xc_box_now_ms());
	*runner_r = runner;
	return XC_OK;
}

static bool
begin_stop(const struct xc_box *box)
{
	struct xc_order order = { .kind = XC_ORDER_STOP,
		.log_level = XC_LOG_DEBUG };

	if (!box || box->zygote || box->sandbox->dead)
		return false;
	order.seq = ++box->sandbox->seq;
	return xc_channel_order(&box->sandbox->channel, &order) == XC_OK;
}

/* Serves what stop() calls for, until it has said that it is through. */
static void
finish_stop(struct xc_runner *runner, const struct xc_box *box,
    uint64_t until)
{
	struct xc_sandbox *sandbox = box->sandbox;
	struct pollfd pfd = { .fd = sandbox->channel.bell_read,
		.events = POLLIN };
	struct xc_notice notice;
	uint64_t now;

	while ((now = xc_box_now_ms()) < until &&
	    poll(&pfd, 1, (int)(until - now)) == 1) {
		if (xc_channel_notice(&sandbox->channel, sandbox->seq,
		    &notice) != XC_OK || notice.kind != XC_NOTICE_CALL ||
		    xc_broker_serve(&runner->loading, &sandbox->channel,
		    &notice) != XC_OK)
			return;
	}
}

static void
close_runner(void *ctx, struct xc_runner **runner)
{
	struct xc_runner *r = *runner;
	uint64_t until = xc_box_now_ms() + STOP_MS;
	bool active, spare;

	(void)ctx;
	if (!r)
		return;
	active = begin_stop(r->active);
	spare = begin_stop(r->spare);
	if (active)
		finish_stop(r, r->active, until);
	if (spare)
		finish_stop(r, r->spare, until);
	free_runner(r);
	*runner = NULL;
}

const struct xc_runner_ops xc_sandboxes_runner_ops = {
	.open = open_runner,
	.close = close_runner,
};

/* ---- for runner-call.c -------------------------------------------------- */

/* When something is to be tried again; 0: it is being tried, or never is. */
static uint64_t
retry_at(struct xc_runner *runner, uint64_t now)
{
	struct xc_sandboxes *owner = runner->owner;

	if (owner->link_fd < 0 && now >= owner->retry_ms)
		(void)xc_spawn_connect(owner, NULL);
	return owner->link_fd < 0 ? owner->retry_ms : refill(runner, now);
}

/*
 * What has died once or twice, or lost its spawner, is back soon: that is
 * waited for.  One that is paused for longer is not, or whoever can have it
 * crash could hold up this worker for all others.
 */
struct xc_box *
xc_runner_box(struct xc_runner *runner, uint64_t until_ms)
{
	uint64_t now = xc_box_now_ms(), at;

	replace_worn(runner);
	while (promote(runner), !runner->active) {
		at = retry_at(runner, now);
		if (runner->coming)
			at = until_ms;
		else if (at == 0 || at > now + PATIENCE_MS)
			return NULL;
		if (at > until_ms)
			at = until_ms;
		if (now >= until_ms)
			return NULL;
		(void)xc_sandboxes_turn(runner->owner,
		    at > now ? (int64_t)(at - now) : 0);
		now = xc_box_now_ms();
		check_coming(runner, now);
	}
	return runner->active;
}

/*
 * Makes more precise how it ended.  The spawner knows: of a process without a
 * last word the status (that of a zygote is our own signal), and with a
 * cgroup whether the kernel found it too large.
 */
static void
ask_end(const struct xc_runner *runner, const struct xc_box *box,
    struct xc_breach_told *told)
{
	bool silent = told->detail[0] == '\0' && !box->zygote;
	struct xc_spawn_end end;

	if (!silent &&
	    runner->owner->options.settings->sandbox.cgroup[0] == '\0')
		return;
	if (!xc_spawn_end_of(runner->owner, box->sandbox->id, told->wait_ms,
	    &end))
		return;
	if (end.oom_kills > 0)
		told->breach = XC_BREACH_MEMORY;
	if (end.oom_kills > 0 || silent)
		describe_end(&end, told->detail, told->size);
}

void
xc_runner_drop(struct xc_runner *runner, struct xc_breach_told *told)
{
	struct xc_box *box = runner->active;

	runner->active = NULL;
	if (told->count)
		count_death(runner, lived_ms(box));
	else
		runner->restarts++;
	xc_sandbox_kill(box->sandbox);
	if (told->breach == XC_BREACH_CRASH)
		ask_end(runner, box, told);
	if (told->detail[0] == '\0')
		snprintf(told->detail, told->size, "it ended without a word");
	xc_box_bury(&box);
	promote(runner);
	if (told->breach != XC_BREACH_NONE)
		tell_fault(runner, told->breach, told->operation,
		    told->request_id, told->detail);
	/* The rest comes when the client has its answer. */
	xc_sandboxes_kick(runner->owner);
}

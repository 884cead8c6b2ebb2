/* SPDX-License-Identifier: MIT */
/*
 * Loads a plugin, starts, warms and stops it, in a sandbox.  It is run by
 * xc_trial_run(), which reads what it says and ends it if it hangs.
 *
 *	xcore-trial FOLDER [TIMEOUT_MS]	(the configuration as JSON on stdin)
 *
 * This process is but the host: no code of the plugin runs in it, nor with its
 * rights.  A plugin of level "inprocess" is tried in a sandbox too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "kit/halt.h"
#include "kit/subject.h"
#include "lib/host.h"
#include "plugin/trial.h"
#include "sandbox/process.h"

#define CONFIG_MAX (1u << 20)
#define TIMEOUT_MS 60000
#define FRAMES 4		/* of a crash's trace that are told */
/* Accounts for sandboxes where this is run by root; see xcore.json(5). */
#define UID_FIRST 2019753984u
#define UID_COUNT 65536u

#define LAYERS_OF_SITE (XC_LAYER_BIT(XC_LAYER_UID) |			\
    XC_LAYER_BIT(XC_LAYER_CGROUP_MEMORY) |				\
    XC_LAYER_BIT(XC_LAYER_CGROUP_PIDS) |				\
    XC_LAYER_BIT(XC_LAYER_CGROUP_CPU) |					\
    XC_LAYER_BIT(XC_LAYER_CGROUP_KILL))

struct trial {
	struct xc_subject *subject;
	struct xc_jail *jail;
	struct xc_sandbox *sandbox;
	struct xc_broker broker;
	int64_t until_ms;
	int64_t timeout_ms;
};

/* What is to be put in order however this ends. */
static struct trial trial = { .timeout_ms = TIMEOUT_MS };

/* A leak checker cannot work in a sandbox, and would change the status of a
 * plugin that exits.  Called by LeakSanitizer alone. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return 1;
}

static const char *const stages[XC_STAGE__MAX] = {
	[XC_STAGE_JAIL] = "load", [XC_STAGE_LOAD] = "load",
	[XC_STAGE_START] = "start()",
	[XC_STAGE_WARM] = "warm()", [XC_STAGE_SERVE] = "warm()",
	[XC_STAGE_STOP] = "stop()",
};

/* ---- what is said to whoever runs us ------------------------------------ */

static void
say(struct json_object *message)
{
	const char *text = json_object_to_json_string_ext(message,
	    JSON_C_TO_STRING_PLAIN);
	size_t len = text != NULL ? strlen(text) : 0;
	char *line = malloc(len + 1);

	if (line != NULL) {
		memcpy(line, text != NULL ? text : "", len);
		line[len] = '\n';
		/* A reader that is gone needs no answer. */
		if (write(XC_TRIAL_RESULT_FD, line, len + 1) == -1)
			_exit(1);
	}
	free(line);
	json_object_put(message);
}

static void
say_stage(const char *stage)
{
	struct json_object *message = json_object_new_object();

	json_object_object_add(message, "stage",
	    json_object_new_string(stage));
	say(message);
}

static void __attribute__((noreturn, format(printf, 1, 2)))
refuse(const char *format, ...)
{
	struct json_object *message = json_object_new_object();
	char reason[800];
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	json_object_object_add(message, "ok", json_object_new_boolean(0));
	json_object_object_add(message, "reason",
	    json_object_new_string(reason));
	if (trial.subject != NULL)
		xc_subject_hide(trial.subject);
	say(message);
	exit(1);
}

static void __attribute__((noreturn))
accept_plugin(const char *warning)
{
	struct json_object *message = json_object_new_object();

	json_object_object_add(message, "ok", json_object_new_boolean(1));
	if (warning[0] != '\0')
		json_object_object_add(message, "warning",
		    json_object_new_string(warning));
	say(message);
	exit(0);
}

/* ---- the host ----------------------------------------------------------- */

static bool
log_enabled(void *ctx, const char *name, enum xc_log_level level)
{
	(void)ctx;
	(void)name;
	return level <= XC_LOG_INFO;
}

static void
log_write(void *ctx, const char *name, enum xc_log_level level,
    const char *request_id, const char *text)
{
	(void)ctx;
	(void)level;
	(void)request_id;
	fprintf(stderr, "%s: %s\n", name, text);
}

static const struct xc_log_ops log_ops = { .enabled = log_enabled,
	.write = log_write };
static const struct xc_host host = { .log = &log_ops };

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
left_ms(void)
{
	int64_t left = trial.until_ms - now_ms();

	return left > 0 ? left : 0;
}

/* What the plugin wrote to its standard output and error. */
static void
pass_output(void)
{
	char text[4096];
	ssize_t n;

	while (trial.sandbox->output != -1 &&
	    (n = recv(trial.sandbox->output, text, sizeof(text),
	    MSG_DONTWAIT)) > 0)
		fwrite(text, 1, (size_t)n, stderr);
}

/* The guest's own word; it may lie, and then a sentence is wrong. */
static enum xc_stage
stage_now(void)
{
	uint32_t stage = *(volatile uint32_t *)
	    &trial.sandbox->channel.head->stage;

	return stage < XC_STAGE__MAX ? (enum xc_stage)stage : XC_STAGE_LOAD;
}

static const char *
stage_of(void)
{
	return stages[stage_now()];
}

/* The first frames of a crash as " in a.so+0x12, b.so+0x3"; "" without. */
static void
frames_of(char *buf, size_t size)
{
	char trace[XC_CHANNEL_TRACE_MAX], *rest = trace, *line;
	size_t len = 0;
	int n = 0;

	buf[0] = '\0';
	xc_channel_trace(&trial.sandbox->channel, trace);
	while (n < FRAMES && (line = strsep(&rest, "\n")) != NULL) {
		char *name = strchr(line, ' ');

		if (line[0] != '#' || name == NULL)
			continue;
		name[1 + strcspn(name + 1, " ")] = '\0';
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    n++ == 0 ? " in" : " <", name);
		if (len >= size)
			break;
	}
}

/* "SEGV" if the trace or the status names a signal; else NULL. */
static const char *
signal_of(char *buf, size_t size)
{
	char trace[XC_CHANNEL_TRACE_MAX];
	static const char begin[] = "signal SIG";

	if (WIFSIGNALED(trial.sandbox->status))
		return sigabbrev_np(WTERMSIG(trial.sandbox->status));
	xc_channel_trace(&trial.sandbox->channel, trace);
	if (strncmp(trace, begin, strlen(begin)) != 0)
		return NULL;
	snprintf(buf, size, "%.*s", (int)strcspn(trace + strlen(begin), " ,\n"),
	    trace + strlen(begin));
	return buf;
}

static void __attribute__((noreturn))
refuse_ended(void)
{
	char name[32], frames[400], words[128];
	const char *number;

	pass_output();
	/* Reaps it. */
	xc_sandbox_last_words(trial.sandbox, words, sizeof(words));
	if (trial.sandbox->reaped || waitpid(trial.sandbox->pid,
	    &trial.sandbox->status, __WALL) == trial.sandbox->pid)
		trial.sandbox->reaped = true;
	number = signal_of(name, sizeof(name));
	frames_of(frames, sizeof(frames));
	if (number != NULL)
		refuse("died by SIG%s during %s%s", number, stage_of(),
		    frames);
	refuse("exited with %d during %s",
	    WEXITSTATUS(trial.sandbox->status), stage_of());
}

static void __attribute__((noreturn))
refuse_hung(void)
{
	xc_sandbox_kill(trial.sandbox);
	pass_output();
	refuse("hung: still in %s after %lld ms", stage_of(),
	    (long long)trial.timeout_ms);
}

/* ---- the steps ---------------------------------------------------------- */

static void
confine(void)
{
	struct rlimit none = { 0, 0 };

	/* Its parent's end must be its own. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		refuse("the trial cannot confine itself");
	signal(SIGPIPE, SIG_IGN);
}

/* All of stdin; NULL settings if it is empty. */
static struct json_object *
read_settings(void)
{
	char *text = malloc(CONFIG_MAX);
	struct json_object *settings = NULL;
	size_t len = 0;
	ssize_t n = 1;

	while (text != NULL && n > 0 && len < CONFIG_MAX) {
		n = read(STDIN_FILENO, text + len, CONFIG_MAX - len);
		if (n > 0)
			len += (size_t)n;
	}
	if (text == NULL || n < 0 || len == CONFIG_MAX)
		refuse("the configuration cannot be read");
	if (len > 0 && xc_json_parse(text, len, &settings, NULL, 0) != XC_OK)
		refuse("the configuration is not JSON");
	free(text);
	return settings;
}

static void
open_subject(const char *dir)
{
	struct json_object *settings = read_settings();
	struct xc_errbuf why = { "" };

	if (xc_subject_open(dir, settings, &host, &trial.subject, &why) !=
	    XC_OK)
		refuse("%s", why.text);
	json_object_put(settings);
	/* Those that only xcored's own place in the system can have: it looks
	 * when it loads the plugin. */
	trial.subject->spec.require &= ~LAYERS_OF_SITE;
	trial.broker.host = &host;
	trial.broker.plugin = &trial.subject->plugin;
}

static void __attribute__((noreturn))
refuse_host(const char *why)
{
	refuse("it cannot be tried: %s; \"xcorectl doctor sandbox\" tells what "
	    "this host lacks", why);
}

/* Without walls it is not tried: whoever has none here is told what to do. */
static void
make_sandbox(void)
{
	/* Trials of one host do not share an account. */
	struct xc_jail_options options = { .cgroup = "",
		.uid_first = UID_FIRST + (uint32_t)getpid() % UID_COUNT,
		.uid_count = 1 };
	struct xc_errbuf why = { "" };

	say_stage("load");
	if (xc_subject_expose(trial.subject, &why) != XC_OK ||
	    xc_jail_create(&options, &trial.jail, &why) != XC_OK ||
	    xc_sandbox_solo(trial.jail, &trial.subject->spec, true,
	    &trial.sandbox, &why) != XC_OK)
		refuse_host(why.text);
}

static void
wait_until_ready(void)
{
	struct xc_errbuf why = { "" };

	switch (xc_sandbox_wait(trial.sandbox, &trial.broker,
	    left_ms(), &why)) {
	case XC_OK:
		xc_subject_hide(trial.subject);
		return;
	case XC_ERR_TIMEOUT:
		refuse_hung();
	case XC_ERR_FAILED:
		refuse_ended();
	default:
		pass_output();
		if (stage_now() == XC_STAGE_JAIL)
			refuse_host(why.text);
		refuse("%s", why.text);
	}
}

/* Stops it and hears what stays. */
static void
stop(void)
{
	switch (xc_halt(trial.sandbox, &trial.broker, left_ms())) {
	case XC_OK:
		return;
	case XC_ERR_TIMEOUT:
		refuse_hung();
	case XC_ERR_FAILED:
		refuse_ended();
	default:
		refuse("said what a sandbox never says during stop()");
	}
}

static void
take_warning(char *buf, size_t size)
{
	char left[XC_CHANNEL_REASON_MAX];
	bool inside = trial.subject->plugin.isolation ==
	    XC_ISOLATION_INPROCESS;

	xc_channel_reason(&trial.sandbox->channel, left);
	snprintf(buf, size, "%s%s", left, left[0] == '\0' ? "" : inside ?
	    ", so workers are replaced when it is updated" :
	    ", which goes with its sandbox");
}

static bool
parse_timeout(const char *text, int64_t *timeout_r)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	*timeout_r = value;
	return errno == 0 && end != text && *end == '\0' && value > 0 &&
	    value <= INT32_MAX;
}

int
main(int argc, char **argv)
{
	char warning[XC_CHANNEL_REASON_MAX + 80];

	if (argc < 2 || argc > 3 || argv[1][0] == '-' || (argc == 3 &&
	    !parse_timeout(argv[2], &trial.timeout_ms)) ||
	    fcntl(XC_TRIAL_RESULT_FD, F_GETFD) == -1) {
		fprintf(stderr, "usage: xcore-trial FOLDER [TIMEOUT_MS], run "
		    "by xcore-install(1) with a result descriptor\n");
		return 2;
	}
	confine();
	trial.until_ms = now_ms() + trial.timeout_ms;
	open_subject(argv[1]);
	make_sandbox();
	wait_until_ready();
	stop();
	pass_output();
	take_warning(warning, sizeof(warning));
	xc_sandbox_close(&trial.sandbox);
	xc_broker_end(&trial.broker);
	xc_jail_free(&trial.jail);
	xc_subject_free(&trial.subject);
	accept_plugin(warning);
}

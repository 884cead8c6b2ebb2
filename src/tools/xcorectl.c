/* SPDX-License-Identifier: MIT */
/* xcorectl(8): asks a running manager, shows and tells. */
#include <getopt.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/near.h"
#include "config/settings.h"
#include "manager/control.h"
#include "manager/manager.h"
#include "plugin/migrate.h"
#include "tools/xcorectl.h"

#define ASK_MS 10000
#define STOP_GRACE_MS 10000	/* beyond server.drain_ms */

struct command {
	const char *name;
	int (*run)(struct xc_ctl *ctl);
};

static void
usage(FILE *out)
{
	fputs("usage: xcorectl [OPTION...] COMMAND\n"
	      "  status               what runs, what is served\n"
	      "  middleware           what each part of the chain costs\n"
	      "  reload               read the configuration again\n"
	      "  stop [--wait]        finish what was begun, then end\n"
	      "  upgrade              the program on disk takes over\n"
	      "  reopen               open the log files anew\n"
	      "  logs [NAME=LEVEL...] show or set levels; NAME= forgets\n"
	      "  config               what is in force, and from where\n"
	      "  migrate up [N]|down [N]|status|resume|\n"
	      "      mark NUMBER applied|reverted|new NAME\n"
	      "                       the tables of xcore, or of a plugin\n"
	      "  doctor [SECTION...]  what holds and what is wrong here\n"
	      "  keys init|list|rotate PURPOSE [--next|--activate]|\n"
	      "      retire ID [--force]|check\n"
	      "                       the site's secret keys\n"
	      "  user add|role|passwd|set|lock|unlock|reset-otp|list|show|\n"
	      "      sessions|logout|remove\n"
	      "                       the users of the site\n"
	      "  role list|show|add|set|remove\n"
	      "                       what users may, in bundles\n"
	      "  permission list      what there is to be allowed\n"
	      "  explain NAME PERMISSION\n"
	      "                       why a user may do something\n"
	      "  audit list|verify    what administrators did\n"
	      "  cache status|flush [PLUGIN]\n"
	      "                       Memcached; forget what is there\n"
	      "options:\n"
	      "  -c, --config FILE    the configuration\n"
	      "      --control PATH   the control socket, without it\n"
	      "      --json           one JSON object\n"
	      "      --plugin NAME    of migrate: its tables\n"
	      "      --dry-run        of migrate: show what would run\n"
	      "      --dir FOLDER     of migrate new: where, not sql\n"
	      "      --yes            of migrate mark: do not ask\n"
	      "      --without LAYER,...  of doctor: what a layer is worth\n"
	      "  -h, --help           this text\n"
	      "  -V, --version        the version\n"
	      "What a command of users, roles, keys or the log takes besides,\n"
	      "it tells when asked without a NAME; all is in xcorectl(8).\n",
	    out);
}

/* ---- how a command ends ------------------------------------------------- */

static const char *
title_of(int code)
{
	switch (code) {
	case XC_EXIT_USAGE:
		return "usage";
	case XC_EXIT_NOT_FOUND:
		return "not found";
	case XC_EXIT_CONFLICT:
		return "conflict";
	case XC_EXIT_POLICY:
		return "not allowed";
	case XC_EXIT_INVALID:
		return "not valid";
	default:
		return "failed";
	}
}

static void
print_object(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
print_failure(int code, const char *sentence)
{
	struct json_object *object = json_object_new_object();
	struct json_object *error = json_object_new_object();

	json_object_object_add(error, "type",
	    json_object_new_string("about:blank"));
	json_object_object_add(error, "title",
	    json_object_new_string(title_of(code)));
	json_object_object_add(error, "detail",
	    json_object_new_string(sentence));
	json_object_object_add(object, "ok", json_object_new_boolean(0));
	json_object_object_add(object, "code", json_object_new_int(code));
	json_object_object_add(object, "error", error);
	print_object(object);
	json_object_put(object);
}

int
ctl_fail(const struct xc_ctl *ctl, int code, const char *format, ...)
{
	char sentence[1200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	if (ctl->json)
		print_failure(code, sentence);
	else
		fprintf(stderr, "xcorectl: %s\n", sentence);
	return code;
}

int
ctl_found(int code, struct json_object *data)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "ok",
	    json_object_new_boolean(code == XC_EXIT_OK));
	json_object_object_add(object, "code", json_object_new_int(code));
	json_object_object_add(object, "data",
	    data == NULL ? json_object_new_object() : data);
	print_object(object);
	json_object_put(object);
	return code;
}

int
ctl_done(const struct xc_ctl *ctl, struct json_object *data,
    const char *sentence)
{
	if (ctl->json)
		return ctl_found(XC_EXIT_OK, data);
	if (sentence != NULL)
		fprintf(stderr, "%s\n", sentence);
	json_object_put(data);
	return XC_EXIT_OK;
}

/* ---- the configuration and the manager ---------------------------------- */

int
ctl_settings(struct xc_ctl *ctl)
{
	struct xc_errbuf errbuf;
	enum xc_err err;

	if (ctl->settings != NULL)
		return XC_EXIT_OK;
	err = xc_settings_load(ctl->config, &ctl->settings, &errbuf);
	if (err == XC_OK)
		return XC_EXIT_OK;
	return ctl_fail(ctl,
	    err == XC_ERR_INVALID ? XC_EXIT_INVALID : XC_EXIT_FAILED, "%s",
	    errbuf.text);
}

static int
code_of(enum xc_err err)
{
	switch (err) {
	case XC_ERR_UNAVAILABLE:
		return XC_EXIT_NOT_FOUND;
	case XC_ERR_DENIED:
		return XC_EXIT_POLICY;
	default:
		return XC_EXIT_FAILED;
	}
}

/* A live manager may have a configuration that is broken on disk by now. */
static int
find_control(struct xc_ctl *ctl, const char **path_r)
{
	int status;

	*path_r = ctl->control;
	if (ctl->control != NULL)
		return XC_EXIT_OK;
	status = ctl_settings(ctl);
	if (status == XC_EXIT_OK)
		*path_r = ctl->settings->server.control;
	else if (!ctl->json)
		fprintf(stderr, "xcorectl: with --control PATH a running "
		    "xcored can be reached without the configuration\n");
	return status;
}

static int
read_answer(struct xc_ctl *ctl, struct json_object *answer,
    struct json_object **data_r)
{
	struct json_object *value;
	int code = XC_EXIT_FAILED;

	if (json_object_object_get_ex(answer, "ok", &value) &&
	    json_object_get_boolean(value)) {
		if (json_object_object_get_ex(answer, "data", data_r))
			json_object_get(*data_r);
		return XC_EXIT_OK;
	}
	if (json_object_object_get_ex(answer, "code", &value))
		code = json_object_get_int(value);
	if (!json_object_object_get_ex(answer, "error", &value))
		value = NULL;
	return ctl_fail(ctl, code, "%s", value == NULL ?
	    "the manager refuses without a reason" :
	    json_object_get_string(value));
}

int
ctl_ask(struct xc_ctl *ctl, struct json_object *request,
    struct json_object **data_r)
{
	struct json_object *answer;
	struct xc_errbuf errbuf;
	const char *path;
	enum xc_err err;
	int status;

	*data_r = NULL;
	status = find_control(ctl, &path);
	if (status != XC_EXIT_OK)
		return status;
	err = xc_control_call(path, request, ASK_MS, &answer, &errbuf);
	if (err != XC_OK)
		return ctl_fail(ctl, code_of(err), "%s", errbuf.text);
	status = read_answer(ctl, answer, data_r);
	json_object_put(answer);
	return status;
}

struct json_object *
ctl_request(const char *name)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "command",
	    json_object_new_string(name));
	return request;
}

/* ---- commands ----------------------------------------------------------- */

static int
refuse_words(const struct xc_ctl *ctl)
{
	if (ctl->argc == 0)
		return XC_EXIT_OK;
	return ctl_fail(ctl, XC_EXIT_USAGE,
	    "'%s' is one argument too many; see xcorectl --help",
	    ctl->argv[0]);
}

static int
ask_simply(struct xc_ctl *ctl, const char *name, struct json_object **data_r)
{
	struct json_object *request;
	int status = refuse_words(ctl);

	*data_r = NULL;
	if (status != XC_EXIT_OK)
		return status;
	request = ctl_request(name);
	status = ctl_ask(ctl, request, data_r);
	json_object_put(request);
	return status;
}

bool
ctl_wants_colour(void)
{
	const char *none = getenv("NO_COLOR");

	return (none == NULL || none[0] == '\0') && isatty(STDOUT_FILENO);
}

static int
run_status(struct xc_ctl *ctl)
{
	struct json_object *data;
	int status = ask_simply(ctl, "status", &data);

	if (status != XC_EXIT_OK)
		return status;
	if (!ctl->json)
		ctl_print_status(data, stdout, ctl_wants_colour());
	return ctl_done(ctl, data, NULL);
}

static int
run_middleware(struct xc_ctl *ctl)
{
	struct json_object *data, *figures = NULL;
	int status = ask_simply(ctl, "status", &data);

	if (status != XC_EXIT_OK)
		return status;
	if (!json_object_object_get_ex(data, "middleware", &figures)) {
		json_object_put(data);
		return ctl_fail(ctl, XC_EXIT_FAILED, "the manager that runs "
		    "has no such figures: upgrade it");
	}
	figures = json_object_get(figures);
	json_object_put(data);
	if (!ctl->json)
		ctl_print_middleware(figures, stdout);
	return ctl_done(ctl, figures, NULL);
}

static int
run_reload(struct xc_ctl *ctl)
{
	struct json_object *data;
	int status = ask_simply(ctl, "reload", &data);

	if (status != XC_EXIT_OK)
		return status;
	return ctl_done(ctl, data, "the configuration is read again, the "
	    "workers are being replaced");
}

static int
run_upgrade(struct xc_ctl *ctl)
{
	struct json_object *data;
	int status = ask_simply(ctl, "upgrade", &data);

	if (status != XC_EXIT_OK)
		return status;
	return ctl_done(ctl, data, "the new program is being tested and then "
	    "takes over; see xcorectl status and the log");
}

static int
run_reopen(struct xc_ctl *ctl)
{
	struct json_object *data;
	int status = ask_simply(ctl, "reopen", &data);

	if (status != XC_EXIT_OK)
		return status;
	return ctl_done(ctl, data, "the log files are opened anew");
}

/* A descriptor that becomes readable when the manager has ended; -1 if it
 * cannot be had.  It needs no right over the process. */
static int
watch_manager(struct xc_ctl *ctl, int *status_r)
{
	struct json_object *data, *value;
	int fd = -1;

	*status_r = ask_simply(ctl, "status", &data);
	if (*status_r == XC_EXIT_OK &&
	    json_object_object_get_ex(data, "pid", &value))
		fd = (int)syscall(SYS_pidfd_open,
		    json_object_get_int(value), 0);
	json_object_put(data);
	return fd;
}

static int
wait_for_end(struct xc_ctl *ctl, int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	int limit = STOP_GRACE_MS;
	int n;

	if (ctl->settings != NULL)
		limit += (int)ctl->settings->server.drain_ms;
	n = poll(&end, 1, limit);
	close(fd);
	if (n == 1)
		return XC_EXIT_OK;
	return ctl_fail(ctl, XC_EXIT_FAILED,
	    "xcored was told to stop and still runs after %d s", limit / 1000);
}

static int
run_stop(struct xc_ctl *ctl)
{
	struct json_object *data;
	int fd = -1, status = XC_EXIT_OK;

	if (ctl->wait)
		fd = watch_manager(ctl, &status);
	if (status != XC_EXIT_OK)
		return status;
	status = ask_simply(ctl, "stop", &data);
	json_object_put(data);
	if (status == XC_EXIT_OK && fd != -1)
		status = wait_for_end(ctl, fd);
	if (status != XC_EXIT_OK)
		return status;
	return ctl_done(ctl, NULL, ctl->wait ? "xcored has stopped" :
	    "xcored stops when what was begun is finished");
}

static int
set_level(struct xc_ctl *ctl, const char *word)
{
	const char *equals = strchr(word, '=');
	struct json_object *request, *data;
	int status;

	if (equals == NULL)
		return ctl_fail(ctl, XC_EXIT_USAGE,
		    "'%s' is not NAME=LEVEL; see xcorectl --help", word);
	request = ctl_request("log");
	json_object_object_add(request, "name", json_object_new_string_len(
	    word, (int)(equals - word)));
	json_object_object_add(request, "level", equals[1] == '\0' ? NULL :
	    json_object_new_string(equals + 1));
	status = ctl_ask(ctl, request, &data);
	json_object_put(request);
	json_object_put(data);
	return status;
}

static int
show_levels(struct xc_ctl *ctl)
{
	struct json_object *request = ctl_request("log"), *data, *levels;
	int status;

	status = ctl_ask(ctl, request, &data);
	json_object_put(request);
	if (status != XC_EXIT_OK)
		return status;
	if (!ctl->json &&
	    json_object_object_get_ex(data, "levels", &levels)) {
		json_object_object_foreach(levels, name, level)
			printf("%-32s %s\n", name[0] == '\0' ? "(all)" : name,
			    json_object_get_string(level));
	}
	return ctl_done(ctl, data, NULL);
}

static int
run_logs(struct xc_ctl *ctl)
{
	int status = XC_EXIT_OK;

	if (ctl->argc == 0)
		return show_levels(ctl);
	for (int i = 0; i < ctl->argc && status == XC_EXIT_OK; i++)
		status = set_level(ctl, ctl->argv[i]);
	return status == XC_EXIT_OK ? ctl_done(ctl, NULL, NULL) : status;
}

static int
run_config(struct xc_ctl *ctl)
{
	int status = refuse_words(ctl);

	if (status == XC_EXIT_OK)
		status = ctl_settings(ctl);
	if (status != XC_EXIT_OK)
		return status;
	if (ctl->json)
		return ctl_done(ctl, xc_settings_json(ctl->settings), NULL);
	xc_settings_dump(ctl->settings, stdout);
	return XC_EXIT_OK;
}

static int
run_migrate(struct xc_ctl *ctl)
{
	const struct xc_migrate_options options = { .plugin = ctl->plugin,
		.dir = ctl->dir, .dry_run = ctl->dry_run, .yes = ctl->yes,
		.json = ctl->json };
	int status = XC_EXIT_OK;

	/* Who writes a plugin may have no site. */
	if (ctl->argc < 1 || strcmp(ctl->argv[0], "new") != 0)
		status = ctl_settings(ctl);
	if (status != XC_EXIT_OK)
		return status;
	return xc_migrate_command(ctl->settings, &options, ctl->argc,
	    ctl->argv);
}

static const struct command commands[] = {
	{ "status", run_status },
	{ "middleware", run_middleware },
	{ "reload", run_reload },
	{ "stop", run_stop },
	{ "upgrade", run_upgrade },
	{ "reopen", run_reopen },
	{ "logs", run_logs },
	{ "config", run_config },
	{ "migrate", run_migrate },
	{ "doctor", ctl_doctor },
	{ "keys", ctl_keys },
	{ "user", ctl_user },
	{ "role", ctl_role },
	{ "permission", ctl_permission },
	{ "explain", ctl_explain },
	{ "audit", ctl_audit },
	{ "cache", ctl_cache },
};

/* ---- the command line --------------------------------------------------- */

enum { OPT_CONTROL = 256, OPT_JSON, OPT_WAIT, OPT_WITHOUT, OPT_PLUGIN,
	OPT_DIR, OPT_DRY_RUN, OPT_YES, OPT_USERS };

const char *const ctl_option_names[CTL__OPTIONS] = {
	[CTL_NAME] = "name", [CTL_EMAIL] = "email",
	[CTL_DISPLAY] = "display", [CTL_ROLES] = "roles",
	[CTL_PASSWORD_FILE] = "password-file", [CTL_GENERATE] = "generate",
	[CTL_NO_PASSWORD] = "no-password", [CTL_REASON] = "reason",
	[CTL_STATE] = "state", [CTL_SEARCH] = "search", [CTL_SORT] = "sort",
	[CTL_PAGE] = "page", [CTL_PER_PAGE] = "per-page",
	[CTL_DESCRIPTION] = "description",
	[CTL_PERMISSIONS] = "permissions", [CTL_INCLUDES] = "includes",
	[CTL_ACTOR] = "actor", [CTL_ACTION] = "action",
	[CTL_NEXT] = "next", [CTL_ACTIVATE] = "activate",
	[CTL_FORCE] = "force"
};

static const struct option fixed_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "without", required_argument, NULL, OPT_WITHOUT },
	{ "plugin", required_argument, NULL, OPT_PLUGIN },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "yes", no_argument, NULL, OPT_YES },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' }
};

#define N_FIXED (sizeof(fixed_options) / sizeof(fixed_options[0]))

/* All options; what stands behind them is zero. */
static void
list_options(struct option options_r[static N_FIXED + CTL__OPTIONS])
{
	memcpy(options_r, fixed_options, sizeof(fixed_options));
	for (int i = 0; i < CTL__OPTIONS; i++)
		options_r[N_FIXED + (size_t)i] = (struct option){
			.name = ctl_option_names[i],
			.has_arg = i == CTL_GENERATE ||
			    i == CTL_NO_PASSWORD || i == CTL_NEXT ||
			    i == CTL_ACTIVATE || i == CTL_FORCE ? no_argument :
			    required_argument,
			.val = OPT_USERS + i };
}

/* Options may stand behind the command too.  Returns the exit status, or -1
 * to go on. */
static int
read_option(struct xc_ctl *ctl, int c)
{
	if (c >= OPT_USERS && c < OPT_USERS + CTL__OPTIONS) {
		ctl->options[c - OPT_USERS] = optarg != NULL ? optarg : "";
		return -1;
	}
	switch (c) {
	case 'c':
		ctl->config = optarg;
		return -1;
	case OPT_CONTROL:
		ctl->control = optarg;
		return -1;
	case OPT_JSON:
		ctl->json = true;
		return -1;
	case OPT_WAIT:
		ctl->wait = true;
		return -1;
	case OPT_WITHOUT:
		ctl->without = optarg;
		return -1;
	case OPT_PLUGIN:
		ctl->plugin = optarg;
		return -1;
	case OPT_DIR:
		ctl->dir = optarg;
		return -1;
	case OPT_DRY_RUN:
		ctl->dry_run = true;
		return -1;
	case OPT_YES:
		ctl->yes = true;
		return -1;
	case 'V':
		printf("xcorectl %s\n", PACKAGE_VERSION);
		return XC_EXIT_OK;
	case 'h':
		usage(stdout);
		return XC_EXIT_OK;
	default:
		usage(stderr);
		return XC_EXIT_USAGE;
	}
}

static int
read_words(int argc, char **argv, struct xc_ctl *ctl)
{
	struct option longs[N_FIXED + CTL__OPTIONS + 1] = { 0 };
	int c, status = -1;

	list_options(longs);
	while (status == -1 &&
	    (c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1)
		status = read_option(ctl, c);
	if (status != -1)
		return status;
	ctl->argc = argc - optind;
	ctl->argv = argv + optind;
	if (ctl->wait && (ctl->argc < 1 || strcmp(ctl->argv[0], "stop") != 0))
		return ctl_fail(ctl, XC_EXIT_USAGE, "--wait is for stop");
	if ((ctl->plugin != NULL || ctl->dir != NULL || ctl->dry_run ||
	    ctl->yes) && (ctl->argc < 1 ||
	    strcmp(ctl->argv[0], "migrate") != 0))
		return ctl_fail(ctl, XC_EXIT_USAGE, "--plugin, --dir, "
		    "--dry-run and --yes are for migrate");
	if (ctl->without != NULL && (ctl->argc < 1 ||
	    strcmp(ctl->argv[0], "doctor") != 0))
		return ctl_fail(ctl, XC_EXIT_USAGE, "--without is for doctor");
	return -1;
}

static int
run(struct xc_ctl *ctl)
{
	const char *name = ctl->argv[0];
	struct xc_near near;

	xc_near_init(&near, name);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		xc_near_try(&near, commands[i].name, 0);
		if (strcmp(commands[i].name, name) != 0)
			continue;
		ctl->argc--;
		ctl->argv++;
		return commands[i].run(ctl);
	}
	if (near.word != NULL)
		return ctl_fail(ctl, XC_EXIT_USAGE,
		    "there is no command '%s'; did you mean '%s'?", name,
		    near.word);
	return ctl_fail(ctl, XC_EXIT_USAGE,
	    "there is no command '%s'; see xcorectl --help", name);
}

int
main(int argc, char **argv)
{
	struct xc_ctl ctl = { .config = NULL };
	int status;

	status = read_words(argc, argv, &ctl);
	if (status != -1)
		return status;
	if (ctl.argc == 0) {
		usage(stderr);
		return XC_EXIT_USAGE;
	}
	status = run(&ctl);
	xc_settings_free(&ctl.settings);
	if (fflush(stdout) != 0 && status == XC_EXIT_OK)
		status = XC_EXIT_FAILED;
	return status;
}

/* SPDX-License-Identifier: MIT */
/* xcore-install(1): the command line. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "config/near.h"
#include "tools/xcore-install.h"

#define TIMEOUT_MS 60000
#define TIMEOUT_MAX_S 86400

enum {
	OPT_JSON = 256,
	OPT_CONFIG,
	OPT_WAIT,
	OPT_TIMEOUT,
	OPT_REPLACE,
	OPT_ALLOW_BREAKING,
	OPT_KEEP_SCHEMA,
	OPT_PURGE,
	OPT_WATCH,
	OPT_NO_MAKE,
	OPT_TYPES,
	OPT_NO_COLOR,
	OPT_VERSION,
	OPT_ISOLATION,
	OPT_LIMIT
};

static const struct option options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "yes", no_argument, NULL, 'y' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "output", required_argument, NULL, 'o' },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "replace", no_argument, NULL, OPT_REPLACE },
	{ "allow-breaking", no_argument, NULL, OPT_ALLOW_BREAKING },
	{ "keep-schema", no_argument, NULL, OPT_KEEP_SCHEMA },
	{ "purge", no_argument, NULL, OPT_PURGE },
	{ "watch", no_argument, NULL, OPT_WATCH },
	{ "no-make", no_argument, NULL, OPT_NO_MAKE },
	{ "types", no_argument, NULL, OPT_TYPES },
	{ "no-color", no_argument, NULL, OPT_NO_COLOR },
	{ "version", required_argument, NULL, OPT_VERSION },
	{ "isolation", required_argument, NULL, OPT_ISOLATION },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

const struct xc_verb xc_tool_verbs[] = {
	{ "install", 1, -1, true, xc_tool_install },
	{ "list", 0, 0, true, xc_tool_list },
	{ "status", 0, 1, true, xc_tool_status },
	{ "info", 1, 1, false, xc_tool_info },
	{ "enable", 1, -1, true, xc_tool_enable },
	{ "disable", 1, -1, true, xc_tool_disable },
	{ "reload", 1, -1, true, xc_tool_reload },
	{ "update", 1, -1, true, xc_tool_update },
	{ "rollback", 1, 1, true, xc_tool_rollback },
	{ "remove", 1, -1, true, xc_tool_remove },
	{ "verify", 0, 1, true, xc_tool_verify },
	{ "gc", 0, 0, true, xc_tool_gc },
	{ "pack", 1, 1, false, xc_tool_pack },
	{ "build", 1, -1, false, xc_tool_build },
	{ "check", 1, 1, false, xc_tool_check },
	{ "new", 1, 1, false, xc_tool_new },
	{ "test", 1, 2, false, xc_tool_test },
	{ "profile", 1, 2, false, xc_tool_profile },
	{ NULL, 0, 0, false, NULL }
};

const char *
xc_tool_text(const struct json_object *row, const char *key)
{
	const char *text = xc_json_string(row, key);

	return text != NULL ? text : "";
}

long long
xc_tool_number(const struct json_object *row, const char *key)
{
	int64_t number = 0;

	(void)xc_json_int(row, key, &number);
	return (long long)number;
}

static void
print_line(const struct xc_tool *tool, const char *colour, const char *word,
    const char *text)
{
	if (tool->colour)
		fprintf(stderr, "xcore-install: \033[%sm%s\033[0m%s\n",
		    colour, word, text);
	else
		fprintf(stderr, "xcore-install: %s%s\n", word, text);
}

void
xc_tool_warn(const struct xc_tool *tool, const char *format, ...)
{
	char text[1200];
	va_list args;

	if (tool->quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_line(tool, "33", "", text);
}

static void
say(void *ctx, bool warning, const char *text)
{
	const struct xc_tool *tool = ctx;

	if (tool->quiet || (!warning && !tool->verbose &&
	    (!tool->progress || tool->json)))
		return;
	print_line(tool, warning ? "33" : "2", "", text);
}

/* Only a person at a terminal can be asked. */
static bool
confirm(void *ctx, const char *question, const char *name)
{
	const struct xc_tool *tool = ctx;
	char answer[80];

	if (tool->yes)
		return true;
	if (tool->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "%s.\nType %s to do it: ", question, name);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	answer[strcspn(answer, "\n")] = '\0';
	return strcmp(answer, name) == 0;
}

static void
add_remedy(struct xc_errbuf *errbuf)
{
	size_t len = strlen(errbuf->text);

	snprintf(errbuf->text + len, sizeof(errbuf->text) - len,
	    "; run this as root or as xcored's user");
}

enum xc_exit
xc_tool_open(struct xc_tool *tool)
{
	struct xc_installer_options how = { .dry_run = tool->dry_run,
		.replace = tool->replace,
		.allow_breaking = tool->allow_breaking, .wait = tool->wait,
		.keep_schema = tool->keep_schema,
		.timeout_ms = tool->timeout_ms, .version = tool->version,
		.isolation = tool->isolation, .limits = tool->limits,
		.say = say, .accept = xc_tool_accept, .confirm = confirm,
		.ctx = tool };
	enum xc_err err;

	if (tool->installer != NULL)
		return XC_EXIT_DONE;
	if (xc_settings_load(tool->config, &tool->settings,
	    &tool->errbuf) != XC_OK)
		return XC_EXIT_FAILED;
	err = xc_installer_new(tool->settings, &how, &tool->installer,
	    &tool->errbuf);
	if (err == XC_ERR_DENIED && geteuid() != 0)
		add_remedy(&tool->errbuf);
	return err == XC_OK ? XC_EXIT_DONE : XC_EXIT_FAILED;
}

static enum xc_exit
usage(struct xc_tool *tool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum xc_exit
usage(struct xc_tool *tool, const char *format, ...)
{
	size_t len;
	va_list args;

	va_start(args, format);
	vsnprintf(tool->errbuf.text, sizeof(tool->errbuf.text), format,
	    args);
	va_end(args);
	len = strlen(tool->errbuf.text);
	snprintf(tool->errbuf.text + len, sizeof(tool->errbuf.text) - len,
	    "%ssee \"xcore-install --help\"",
	    len > 0 && tool->errbuf.text[len - 1] == '?' ? " " : "; ");
	return XC_EXIT_USAGE;
}

static bool
parse_timeout(struct xc_tool *tool, const char *text)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' ||
	    !(seconds >= 0 && seconds <= TIMEOUT_MAX_S))
		return false;
	tool->timeout_ms = (int64_t)(seconds * 1000);
	return true;
}

static enum xc_exit
unknown_option(struct xc_tool *tool, const char *text)
{
	struct xc_near near;

	if (strncmp(text, "--", 2) == 0) {
		xc_near_init(&near, text + 2);
		for (size_t i = 0; options[i].name != NULL; i++)
			xc_near_try(&near, options[i].name, 0);
		if (near.word != NULL)
			return usage(tool, "there is no option %s; did you "
			    "mean --%s?", text, near.word);
	}
	return usage(tool, "there is no option %s", text);
}

/* usage() writes where the reason stands. */
static const char *
words_of(const struct xc_tool *tool)
{
	static struct xc_errbuf words;

	words = tool->errbuf;
	return words.text;
}

static enum xc_exit
take_option(struct xc_tool *tool, int option)
{
	switch (option) {
	case OPT_JSON:
		tool->json = true;
		break;
	case 'y':
		tool->yes = true;
		break;
	case 'q':
		tool->quiet = true;
		break;
	case 'v':
		tool->verbose = true;
		break;
	case 'n':
		tool->dry_run = true;
		break;
	case 'o':
		tool->output = optarg;
		break;
	case OPT_CONFIG:
		tool->config = optarg;
		break;
	case OPT_WAIT:
		tool->wait = true;
		break;
	case OPT_TIMEOUT:
		if (!parse_timeout(tool, optarg))
			return usage(tool, "--timeout takes seconds, 0 to "
			    "%d, not \"%s\"", TIMEOUT_MAX_S, optarg);
		break;
	case OPT_REPLACE:
		tool->replace = true;
		break;
	case OPT_ALLOW_BREAKING:
		tool->allow_breaking = true;
		break;
	case OPT_KEEP_SCHEMA:
		tool->keep_schema = true;
		break;
	case OPT_PURGE:
		tool->purge = true;
		break;
	case OPT_WATCH:
		tool->watch = true;
		break;
	case OPT_NO_MAKE:
		tool->no_make = true;
		break;
	case OPT_TYPES:
		tool->types = true;
		break;
	case OPT_NO_COLOR:
		tool->colour = false;
		break;
	case OPT_VERSION:
		tool->version = optarg;
		break;
	case OPT_ISOLATION:
		if (!xc_tool_take_isolation(tool, optarg))
			return usage(tool, "%s", words_of(tool));
		break;
	case OPT_LIMIT:
		if (!xc_tool_take_limit(tool, optarg))
			return usage(tool, "%s", words_of(tool));
		break;
	case ':':
		return usage(tool, "the option %s needs a value",
		    tool->argv[optind - 1]);
	default:
		return unknown_option(tool, tool->argv[optind - 1]);
	}
	return XC_EXIT_DONE;
}

static const struct xc_verb *
find_verb(const char *name)
{
	for (const struct xc_verb *verb = xc_tool_verbs; verb->name != NULL;
	    verb++) {
		if (strcmp(verb->name, name) == 0)
			return verb;
	}
	return NULL;
}

/* Without a verb, what stands there is to be installed. */
static const struct xc_verb *
take_verb(struct xc_tool *tool, int argc, char **argv)
{
	const struct xc_verb *verb = argc > 0 ? find_verb(argv[0]) : NULL;

	tool->argc = argc;
	tool->argv = argv;
	if (verb != NULL) {
		tool->argc--;
		tool->argv++;
	} else if (argc > 0) {
		verb = find_verb("install");
		tool->implied = true;
	}
	tool->verb = verb != NULL ? verb->name : NULL;
	return verb;
}

/* Options that a verb would not look at are a mistake. */
static enum xc_exit
check_options(struct xc_tool *tool)
{
	const char *verb = tool->verb;
	bool changes = strcmp(verb, "install") == 0 ||
	    strcmp(verb, "update") == 0 || strcmp(verb, "enable") == 0 ||
	    strcmp(verb, "disable") == 0 || strcmp(verb, "rollback") == 0 ||
	    strcmp(verb, "reload") == 0 || strcmp(verb, "remove") == 0;

	if (tool->purge && strcmp(verb, "remove") != 0)
		return usage(tool, "--purge is for \"remove\"");
	if (tool->keep_schema && strcmp(verb, "rollback") != 0)
		return usage(tool, "--keep-schema is for \"rollback\"");
	if (tool->watch && strcmp(verb, "build") != 0)
		return usage(tool, "--watch is for \"build\"");
	if (tool->no_make && strcmp(verb, "profile") != 0 &&
	    strcmp(verb, "build") != 0)
		return usage(tool, "--no-make is for \"build\" and "
		    "\"profile\"");
	if (tool->no_make && !tool->watch && strcmp(verb, "build") == 0)
		return usage(tool, "--no-make goes with --watch");
	if (tool->watch && tool->json)
		return usage(tool, "--watch never ends, so it has no --json");
	if (tool->types && (strcmp(verb, "build") != 0 || tool->watch ||
	    tool->argc != 1))
		return usage(tool, "--types is for \"build\", with one "
		    "folder and without --watch");
	if (tool->output != NULL && strcmp(verb, "pack") != 0 && !tool->types)
		return usage(tool, "--output is for \"pack\" and "
		    "\"build --types\"");
	if (tool->version != NULL && strcmp(verb, "install") != 0 &&
	    strcmp(verb, "update") != 0 && strcmp(verb, "rollback") != 0)
		return usage(tool, "--version V is for install, update and "
		    "rollback");
	if ((tool->replace || tool->allow_breaking) &&
	    strcmp(verb, "install") != 0 && strcmp(verb, "update") != 0)
		return usage(tool, "--%s is for install and update",
		    tool->replace ? "replace" : "allow-breaking");
	if ((tool->isolation != NULL || tool->limits != NULL) &&
	    strcmp(verb, "install") != 0 && strcmp(verb, "update") != 0 &&
	    strcmp(verb, "enable") != 0)
		return usage(tool, "--isolation and --limit are for install, "
		    "update and enable");
	if (tool->dry_run && !changes && strcmp(verb, "gc") != 0)
		return usage(tool, "\"%s\" has no --dry-run", verb);
	if (tool->wait && !changes)
		return usage(tool, "\"%s\" has no --wait", verb);
	return XC_EXIT_DONE;
}

static enum xc_exit
check_operands(struct xc_tool *tool, const struct xc_verb *verb)
{
	if (tool->argc < verb->min)
		return usage(tool, "\"%s\" needs an operand", verb->name);
	if (verb->max >= 0 && tool->argc > verb->max)
		return usage(tool, "\"%s\" does not take \"%s\"", verb->name,
		    tool->argv[verb->max]);
	return check_options(tool);
}

static enum xc_exit
run(struct xc_tool *tool, const struct xc_verb *verb)
{
	enum xc_exit code = check_operands(tool, verb);

	if (code == XC_EXIT_DONE && verb->registry)
		code = xc_tool_open(tool);
	if (code == XC_EXIT_DONE)
		code = verb->run(tool);
	return code;
}

static int
finish(struct xc_tool *tool, enum xc_exit code)
{
	if (tool->json)
		xc_answer_json(code, tool->errbuf.text, tool->data);
	else if (code != XC_EXIT_DONE && tool->errbuf.text[0] != '\0')
		print_line(tool, "31", "error: ", tool->errbuf.text);
	if (fflush(stdout) != 0 && code == XC_EXIT_DONE)
		code = XC_EXIT_FAILED;
	json_object_put(tool->data);
	json_object_put(tool->limits);
	xc_installer_free(&tool->installer);
	xc_settings_free(&tool->settings);
	return (int)code;
}

/* --json counts wherever it stands, for errors before it too. */
static bool
wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

static void
init_tool(struct xc_tool *tool, int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	tool->argv = argv;
	tool->timeout_ms = TIMEOUT_MS;
	tool->json = wants_json(argc, argv);
	tool->progress = isatty(STDERR_FILENO) == 1;
	tool->colour = tool->progress &&
	    (no_color == NULL || no_color[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

int
main(int argc, char **argv)
{
	struct xc_tool tool = { .verb = NULL };
	const struct xc_verb *verb;
	enum xc_exit code = XC_EXIT_DONE;
	bool help = false;
	int option;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	init_tool(&tool, argc, argv);
	if (argc == 2 && (strcmp(argv[1], "-V") == 0 ||
	    strcmp(argv[1], "--version") == 0)) {
		printf("xcore-install %s\n", PACKAGE_VERSION);
		return 0;
	}
	opterr = 0;
	while (code == XC_EXIT_DONE && (option = getopt_long(argc, argv,
	    ":hyqvno:", options, NULL)) != -1) {
		if (option == 'h')
			help = true;
		else
			code = take_option(&tool, option);
	}
	if (code != XC_EXIT_DONE)
		return finish(&tool, code);
	verb = take_verb(&tool, argc - optind, argv + optind);
	if (help) {
		xc_tool_help(tool.verb);
		return 0;
	}
	if (verb == NULL)
		return finish(&tool, usage(&tool, "say what to do"));
	return finish(&tool, run(&tool, verb));
}

/* SPDX-License-Identifier: MIT */
/* What each command of the control socket does. */
#include <json-c/json.h>
#include <string.h>

#include "manager/manager-private.h"

struct command {
	const char *name;
	bool told;		/* who asked for it is logged */
	struct json_object *(*run)(struct xc_manager *m,
	    struct json_object *request);
};

static int
code_of(enum xc_err err)
{
	switch (err) {
	case XC_ERR_INVALID:
		return XC_EXIT_USAGE;
	case XC_ERR_BUSY:
	case XC_ERR_STATE:
		return XC_EXIT_CONFLICT;
	default:
		return XC_EXIT_FAILED;
	}
}

/* data may be NULL; its reference is taken. */
static struct json_object *
done(struct json_object *data)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(1));
	json_object_object_add(answer, "data",
	    data == NULL ? json_object_new_object() : data);
	return answer;
}

static struct json_object *
failed(int code, const char *sentence)
{
	struct json_object *answer = json_object_new_object();

	json_object_object_add(answer, "ok", json_object_new_boolean(0));
	json_object_object_add(answer, "code", json_object_new_int(code));
	json_object_object_add(answer, "error",
	    json_object_new_string(sentence));
	return answer;
}

static struct json_object *
run_status(struct xc_manager *m, struct json_object *request)
{
	(void)request;
	return done(xc_status_json(m));
}

static struct json_object *
run_reload(struct xc_manager *m, struct json_object *request)
{
	struct xc_errbuf errbuf;

	(void)request;
	if (xc_manager_reload(m, &errbuf) != XC_OK)
		return failed(XC_EXIT_INVALID, errbuf.text);
	return done(NULL);
}

static struct json_object *
run_stop(struct xc_manager *m, struct json_object *request)
{
	(void)request;
	xc_manager_stop(m, false);
	return done(NULL);
}

static struct json_object *
run_upgrade(struct xc_manager *m, struct json_object *request)
{
	struct xc_errbuf errbuf;

	(void)request;
	if (xc_upgrade_begin(m, &errbuf) != XC_OK)
		return failed(XC_EXIT_CONFLICT, errbuf.text);
	return done(NULL);
}

static struct json_object *
run_reopen(struct xc_manager *m, struct json_object *request)
{
	(void)request;
	xc_manager_reopen(m);
	return done(NULL);
}

static struct json_object *
run_poke(struct xc_manager *m, struct json_object *request)
{
	(void)request;
	xc_link_say(m, "poke");
	return done(NULL);
}

static void
add_level(void *ctx, const char *name, enum xc_log_level level)
{
	json_object_object_add(ctx, name,
	    json_object_new_string(xc_log_level_name(level)));
}

static struct json_object *
list_levels(void)
{
	struct json_object *levels = json_object_new_object();
	struct json_object *data = json_object_new_object();

	xc_log_each_level(add_level, levels);
	json_object_object_add(data, "levels", levels);
	return done(data);
}

static struct json_object *
set_level(const char *name, const char *text)
{
	enum xc_log_level level;
	enum xc_err err;

	if (!xc_log_level_parse(text, &level))
		return failed(XC_EXIT_USAGE, "a level is one of error, "
		    "warning, notice, info, debug");
	err = xc_log_set_level(name, level);
	if (err == XC_ERR_TOO_LARGE)
		return failed(XC_EXIT_CONFLICT,
		    "there are too many rules for levels: forget one");
	if (err != XC_OK)
		return failed(XC_EXIT_INVALID, "that is no name of a log: "
		    "words of letters, digits, '-' and '_' with dots between");
	return done(NULL);
}

static struct json_object *
forget_level(const char *name)
{
	enum xc_err err = xc_log_unset_level(name);

	if (err == XC_ERR_NOT_FOUND)
		return failed(XC_EXIT_NOT_FOUND,
		    "there is no level for that name");
	if (err != XC_OK)
		return failed(XC_EXIT_INVALID, "that is no name of a log");
	return done(NULL);
}

static struct json_object *
run_log(struct xc_manager *m, struct json_object *request)
{
	struct json_object *name, *level = NULL;

	(void)m;
	if (!json_object_object_get_ex(request, "name", &name))
		return list_levels();
	if (!json_object_is_type(name, json_type_string))
		return failed(XC_EXIT_USAGE, "\"name\" must be a string");
	if (!json_object_object_get_ex(request, "level", &level) ||
	    level == NULL)
		return forget_level(json_object_get_string(name));
	return set_level(json_object_get_string(name),
	    json_object_get_string(level));
}

static const struct command commands[] = {
	{ "status", false, run_status },
	{ "reload", true, run_reload },
	{ "stop", true, run_stop },
	{ "upgrade", true, run_upgrade },
	{ "reopen", true, run_reopen },
	{ "poke", false, run_poke },
	{ "log", true, run_log },
};

/* It is answered when it has ended. */
static struct json_object *
begin_act(struct xc_manager *m, struct json_object *request,
    const struct xc_control_client *client)
{
	struct xc_errbuf errbuf = { "" };
	enum xc_err err = xc_act_begin(m, request, client->serial, &errbuf);

	return err == XC_OK ? NULL : failed(code_of(err), errbuf.text);
}

struct json_object *
xc_control_answer(struct xc_manager *m, struct json_object *request,
    const struct xc_control_client *client)
{
	struct json_object *name;

	if (!json_object_object_get_ex(request, "command", &name) ||
	    !json_object_is_type(name, json_type_string))
		return failed(XC_EXIT_USAGE,
		    "the request has no \"command\", a string");
	if (strcmp(json_object_get_string(name), "act") == 0)
		return begin_act(m, request, client);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, json_object_get_string(name)) !=
		    0)
			continue;
		if (commands[i].told)
			xc_logf(&xc_manager_log, XC_LOG_NOTICE,
			    "%s: asked for by %s", commands[i].name,
			    client->who);
		return commands[i].run(m, request);
	}
	return failed(XC_EXIT_USAGE, "there is no such command: status, "
	    "reload, stop, upgrade, reopen, poke, log, act");
}

/* SPDX-License-Identifier: MIT */
/* A desk that follows a script. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "services/desk/desk.h"

static struct json_object *
parse(const char *text)
{
	return text != NULL ? json_tokener_parse(text) : NULL;
}

/* Says once what was asked wrongly; what comes behind it follows from it. */
static enum xc_err
complain(struct xc_desk_fake *fake, const char *operation,
    struct json_object *args)
{
	const struct xc_desk_step *step = &fake->steps[fake->at];

	if (fake->why[0] != '\0')
		return XC_ERR_FAILED;
	if (fake->at == fake->n)
		snprintf(fake->why, sizeof(fake->why), "the desk was asked "
		    "for %s, behind the last step", operation);
	else
		snprintf(fake->why, sizeof(fake->why), "step %zu of the desk "
		    "is %s %s; it was asked for %s %s", fake->at + 1,
		    step->operation, step->args != NULL ? step->args : "",
		    operation, json_object_to_json_string_ext(args,
		    JSON_C_TO_STRING_PLAIN));
	return XC_ERR_FAILED;
}

static bool
fits(const struct xc_desk_step *step, const char *operation,
    struct json_object *args)
{
	struct json_object *wanted = parse(step->args);
	bool ok;

	ok = strcmp(step->operation, operation) == 0 &&
	    (step->args == NULL || json_object_equal(wanted, args));
	json_object_put(wanted);
	return ok;
}

static enum xc_err
fake_ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_desk_fake *fake = ctx;
	const struct xc_desk_step *step;

	(void)req;
	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	if (fake->at == fake->n ||
	    !fits(&fake->steps[fake->at], operation, args))
		return complain(fake, operation, args);
	step = &fake->steps[fake->at++];
	if (step->err == XC_OK)
		*result_r = parse(step->result);
	else
		*refusal_r = step->refusal;
	return step->err;
}

/* What the services' tables say of the operations that begin so. */
static const struct {
	const char *family;
	const char *permission;
} usual[] = {
	{ "auth.", "auth" },
	{ "user.", "account" },
	{ "admin.", "admin" },
	{ "otp.", "otp" },
	{ "plugin.", "plugins" },
	{ "security.hash", "passwords" },
	{ "security.verify", "passwords" },
	{ "site.", "health" },
};

static const char *
fake_permission(void *ctx, const char *operation)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (strncmp(operation, usual[i].family,
		    strlen(usual[i].family)) == 0)
			return usual[i].permission;
	return NULL;
}

const struct xc_desk_ops xc_desk_fake_ops = {
	.ask = fake_ask,
	.permission = fake_permission,
};

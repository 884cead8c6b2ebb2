/* SPDX-License-Identifier: MIT */
/* The table of attacks, and the handler that runs one. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xcore/xcore.h>

#include "doctor/attacks-private.h"
#include "doctor/attacks-table.h"

#define ROW(name, text, ends, run) { name, text, ends, run },

const struct xc_attack xc_attacks[] = {
	XC_ATTACKS(ROW)
	{ NULL, NULL, 0, NULL }
};

static void __attribute__((format(printf, 3, 0)))
put(struct xc_attack_scene *scene, const char *word, const char *format,
    va_list ap)
{
	int len = snprintf(scene->text, sizeof(scene->text), "%s ", word);

	vsnprintf(scene->text + len, sizeof(scene->text) - (size_t)len,
	    format, ap);
}

void
xc_attack_succeeded(struct xc_attack_scene *scene, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put(scene, "SUCCEEDED", format, ap);
	va_end(ap);
}

void
xc_attack_limited(struct xc_attack_scene *scene, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put(scene, "limited", format, ap);
	va_end(ap);
}

void
xc_attack_harmless(struct xc_attack_scene *scene, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put(scene, "harmless", format, ap);
	va_end(ap);
}

void
xc_attack_skipped(struct xc_attack_scene *scene, const char *why)
{
	snprintf(scene->text, sizeof(scene->text), "skipped %s", why);
}

void
xc_attack_refused(struct xc_attack_scene *scene, const char *what, int error)
{
	const char *name = strerrorname_np(error);

	snprintf(scene->text, sizeof(scene->text), "refused %s %s",
	    name != NULL ? name : "?", what);
}

void
xc_attack_result(struct xc_attack_scene *scene, const char *what, long result)
{
	if (result == -1)
		xc_attack_refused(scene, what, errno);
	else
		xc_attack_succeeded(scene, "%s", what);
}

void
xc_attack_wait_ms(long ms)
{
	struct timespec pause = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		continue;
}

static const struct xc_attack *
find(const char *name)
{
	for (const struct xc_attack *row = xc_attacks; row->name != NULL;
	    row++) {
		if (strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static const char *
query(struct xc_request *req, const char *name)
{
	const char *text = xc_request_query(req, name);

	return text != NULL ? text : "";
}

enum xc_err
xc_attack_handle(struct xc_request *req)
{
	const struct xc_attack *attack = find(query(req, "attack"));
	struct xc_attack_scene *scene = xc_alloc(req, sizeof(*scene));

	if (attack == NULL)
		return XC_ERR_NOT_FOUND;
	if (scene == NULL)
		return XC_ERR_NOMEM;
	memset(scene, 0, sizeof(*scene));
	scene->req = req;
	scene->dir = query(req, "dir");
	scene->unix_name = query(req, "unix");
	scene->host = (pid_t)strtol(query(req, "host"), NULL, 10);
	scene->port = (int)strtol(query(req, "port"), NULL, 10);
	scene->secret = (uintptr_t)strtoull(query(req, "secret"), NULL, 16);
	scene->inprocess = strcmp(query(req, "level"), "inprocess") == 0;
	attack->run(scene);
	/* Attacks on the reply have made it already. */
	if (xc_reply_done(req))
		return XC_OK;
	return xc_reply_text(req, 200, "text/plain", scene->text,
	    strlen(scene->text));
}

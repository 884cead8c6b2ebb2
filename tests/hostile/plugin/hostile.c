/* SPDX-License-Identifier: MIT */
/*
 * A plugin that attacks whoever runs it: in the ways of xcorectl-doctor(8),
 * and with lies to its host that take too long, or know too much, for that.
 */
#include <stdio.h>
#include <string.h>

#include <xcore/xcore.h>

#include "hostile.h"

static const struct xc_attack *const tables[] = {
	xc_attacks, xc_hostile_replies, xc_hostile_asks, xc_hostile_bells,
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

static const struct xc_attack *
find(const char *name)
{
	for (size_t i = 1; i < N_TABLES; i++) {
		for (const struct xc_attack *row = tables[i];
		    row->name != NULL; row++) {
			if (strcmp(row->name, name) == 0)
				return row;
		}
	}
	return NULL;
}

static const char *
query(const struct xc_request *req, const char *name)
{
	const char *text = xc_request_query(req, name);

	return text != NULL ? text : "";
}

static enum xc_err
attack(struct xc_request *req)
{
	struct xc_attack_scene scene = { .req = req };
	const struct xc_attack *row = find(query(req, "attack"));

	if (row == NULL)
		return xc_attack_handle(req);
	scene.inprocess = strcmp(query(req, "level"), "inprocess") == 0;
	row->run(&scene);
	if (xc_reply_done(req))
		return XC_OK;
	return xc_reply_text(req, 200, "text/plain", scene.text,
	    strlen(scene.text));
}

/* A line for each: its name, how it may end as a number, what it tries. */
static enum xc_err
list(struct xc_request *req)
{
	char text[16384];
	size_t len = 0;

	for (size_t i = 0; i < N_TABLES; i++) {
		for (const struct xc_attack *row = tables[i];
		    row->name != NULL; row++) {
			len += (size_t)snprintf(text + len, sizeof(text) - len,
			    "%s %u %s\n", row->name, row->ends, row->text);
			if (len >= sizeof(text))
				return XC_ERR_TOO_LARGE;
		}
	}
	return xc_reply_text(req, 200, "text/plain", text, len);
}

/* That an answer belongs to its request is seen by the word in it. */
static enum xc_err
ping(struct xc_request *req)
{
	const char *word = query(req, "word");

	return xc_reply_text(req, 200, "text/plain", word, strlen(word));
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "attack", attack }, { "list", list }, { "ping", ping }));

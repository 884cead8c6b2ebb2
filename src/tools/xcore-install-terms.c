/* SPDX-License-Identifier: MIT */
/* On which terms a plugin runs: what is asked, decided and shown of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "plugin/limit.h"
#include "plugin/registry-terms.h"
#include "tools/xcore-install.h"

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

bool
xc_tool_take_isolation(struct xc_tool *tool, const char *text)
{
	enum xc_isolation level;

	if (strcmp(text, "manifest") != 0 &&
	    !xc_isolation_parse(text, &level)) {
		xc_fail(&tool->errbuf, XC_ERR_INVALID, "--isolation takes "
		    "inprocess, pool, request or manifest, not \"%.40s\"",
		    text);
		return false;
	}
	tool->isolation = strcmp(text, "manifest") == 0 ? "" : text;
	return true;
}

/* "manifest" takes the operator's word back; 0 is none where there may be
 * none. */
static bool
set_limit(struct xc_tool *tool, const char *name, const char *text)
{
	struct xc_limits limits;
	struct xc_errbuf why;
	long long number;
	char *end;

	if (strcmp(text, "manifest") == 0) {
		if (xc_limit_set(&limits, name, 0, &tool->errbuf) != XC_OK)
			return false;
		json_object_object_add(tool->limits, name, NULL);
		return true;
	}
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' ||
	    (number == 0 && !xc_limit_may_be_none(name)))
		number = -1;
	if (xc_limit_set(&limits, name, number, &why) != XC_OK) {
		xc_fail(&tool->errbuf, XC_ERR_INVALID, "--limit %.40s=%.40s: "
		    "%.300s", name, text, why.text);
		return false;
	}
	json_object_object_add(tool->limits, name,
	    json_object_new_int64(number));
	return true;
}

bool
xc_tool_take_limit(struct xc_tool *tool, const char *text)
{
	const char *equal = strchr(text, '=');
	char name[48];

	if (equal == NULL || equal == text ||
	    equal - text >= (ptrdiff_t)sizeof(name)) {
		xc_fail(&tool->errbuf, XC_ERR_INVALID, "--limit takes "
		    "NAME=NUMBER or NAME=manifest, not \"%.60s\"", text);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equal - text), text);
	if (tool->limits == NULL)
		tool->limits = json_object_new_object();
	return set_limit(tool, name, equal + 1);
}

/* Somebody's words shall not steer the terminal: control characters, also
 * those of two bytes in UTF-8, become '?'. */
static void
print_clean(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)text[0];
		unsigned char next = (unsigned char)text[1];

		if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
			text++;
		fputc(c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 &&
		    next <= 0x9f) ? '?' : c, stderr);
	}
}

static struct json_object *
member(const struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static void
print_asks(const struct json_object *asks)
{
	struct json_object *list = member(asks, "permissions");

	fprintf(stderr, "%s %s by ", xc_tool_text(asks, "name"),
	    xc_tool_text(asks, "version"));
	print_clean(xc_tool_text(asks, "author"));
	fprintf(stderr, ", at level %s, asks to\n",
	    xc_tool_text(asks, "level"));
	if (json_object_get_boolean(member(asks, "inprocess")))
		fprintf(stderr, "  %s, with all that the server has "
		    "(inprocess)\n", XC_INPROCESS_WORDS);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const struct json_object *row =
		    json_object_array_get_idx(list, i);

		fprintf(stderr, "  %s (%s)\n", xc_tool_text(row, "words"),
		    xc_tool_text(row, "permission"));
	}
}

bool
xc_tool_accept(void *ctx, const struct json_object *asks)
{
	const struct xc_tool *tool = ctx;
	char answer[80];

	if (tool->yes)
		return true;
	if (tool->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	print_asks(asks);
	fputs("Allow it? [y/N] ", stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

/* ---- what is shown ------------------------------------------------------ */

static void
add_quarantined(struct json_object *list, const char *version,
    const char *hash, const struct xc_quarantined *quarantined)
{
	struct json_object *row;

	if (quarantined->at[0] == '\0')
		return;
	row = json_object_new_object();
	add_text(row, "version", version);
	add_text(row, "hash", hash);
	add_text(row, "at", quarantined->at);
	add_text(row, "by", quarantined->by);
	add_text(row, "reason", quarantined->reason);
	json_object_array_add(list, row);
}

/* {"permission":accepted}, with the events of others that it hears. */
static struct json_object *
permissions_of(const struct xc_registry_plugin *plugin)
{
	const struct xc_manifest *manifest = plugin->manifest;
	struct json_object *object = json_object_new_object();
	char hears[XC_TERMS_HEARS_SIZE];

	for (size_t i = 0; i < manifest->n_permissions; i++)
		json_object_object_add(object, manifest->permissions[i],
		    json_object_new_boolean(xc_terms_allow(plugin, manifest,
		    manifest->permissions[i])));
	for (size_t i = 0; i < manifest->n_events; i++) {
		bool yes = xc_terms_hears(plugin, manifest, i, hears);

		if (hears[0] != '\0')
			json_object_object_add(object, hears,
			    json_object_new_boolean(yes));
	}
	return object;
}

void
xc_tool_add_terms(const struct xc_tool *tool, struct json_object *row,
    const struct xc_registry_plugin *plugin)
{
	struct json_object *quarantined = json_object_new_array();
	const char *asked;
	struct xc_terms terms;

	add_quarantined(quarantined, plugin->version, plugin->hash,
	    &plugin->quarantined);
	add_quarantined(quarantined, plugin->previous_version,
	    plugin->previous_hash, &plugin->previous_quarantined);
	json_object_object_add(row, "quarantined", quarantined);
	add_text(row, "isolation", plugin->isolation);
	json_object_object_add(row, "operator_limits",
	    json_object_get(plugin->limits));
	if (plugin->manifest == NULL)
		return;
	xc_terms_of(tool->settings, plugin, plugin->manifest, &terms);
	asked = plugin->manifest->isolation;
	add_text(row, "level", xc_isolation_name(terms.isolation));
	add_text(row, "level_asked", asked != NULL ? asked : "");
	add_text(row, "level_why", terms.why);
	json_object_object_add(row, "limits", xc_limits_json(&terms.limits));
	json_object_object_add(row, "permissions", permissions_of(plugin));
}

static void
print_limits(const struct json_object *row)
{
	struct json_object *ours = member(row, "operator_limits");
	struct lh_entry *entry;

	printf("%-14s", "limits");
	lh_foreach(json_object_get_object(member(row, "limits")), entry)
		printf(" %s=%lld%s", (const char *)lh_entry_k(entry), (long long)
		    json_object_get_int64(lh_entry_v(entry)),
		    ours != NULL && json_object_object_get_ex(ours,
		    lh_entry_k(entry), NULL) ? " (set here)" : "");
	putchar('\n');
}

const char *
xc_tool_which(const struct json_object *row, const struct json_object *one,
    char *buf, size_t size)
{
	buf[0] = '\0';
	if (strcmp(xc_tool_text(row, "version"),
	    xc_tool_text(row, "previous_version")) == 0)
		snprintf(buf, size, " (%.12s)", xc_tool_text(one, "hash"));
	return buf;
}

void
xc_tool_print_terms(const struct json_object *row)
{
	struct json_object *list = member(row, "quarantined");
	struct lh_entry *entry;

	if (member(row, "level") != NULL) {
		printf("%-14s %s: %s\n", "level", xc_tool_text(row, "level"),
		    xc_tool_text(row, "level_why"));
		print_limits(row);
		printf("%-14s%s", "accepted", json_object_object_length(
		    member(row, "permissions")) == 0 ? " nothing: it asks "
		    "for none" : "");
		lh_foreach(json_object_get_object(member(row,
		    "permissions")), entry)
			printf(" %s%s", (const char *)lh_entry_k(entry),
			    json_object_get_boolean(lh_entry_v(entry)) ? "" :
			    " (not)");
		putchar('\n');
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const struct json_object *one =
		    json_object_array_get_idx(list, i);
		char which[24];

		printf("%-14s %s%s since %s by %s: %s\n", "quarantined",
		    xc_tool_text(one, "version"),
		    xc_tool_which(row, one, which, sizeof(which)),
		    xc_tool_text(one, "at"),
		    xc_tool_text(one, "by"), xc_tool_text(one, "reason"));
	}
}

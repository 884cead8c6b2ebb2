/* SPDX-License-Identifier: MIT */
/*
 * The operator's word: what a plugin asks for that needs a yes (permissions,
 * and to run inside of the server), and the level and limits that he or she
 * sets over the plugin's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "plugin/installer-private.h"
#include "plugin/permission.h"
#include "plugin/registry-private.h"
#include "plugin/registry-terms.h"

/* A sentence of it has room for a name, a version, an author, a remedy. */
#define TEXT_MAX 600
#define TEXT_ENOUGH 300

static void
add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

/* Whose choice of a level holds after this command: "" is nobody's. */
static const char *
chosen_level(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin)
{
	if (installer->options.isolation != NULL)
		return installer->options.isolation;
	return plugin != NULL ? plugin->isolation : "";
}

static bool
asks_inprocess(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	return !manifest->core && manifest->isolation != NULL &&
	    strcmp(manifest->isolation, "inprocess") == 0 &&
	    chosen_level(installer, plugin)[0] == '\0' &&
	    (plugin == NULL || !plugin->accepted_inprocess);
}

static void
add_asked(struct json_object *list, const char *name)
{
	struct json_object *row = json_object_new_object();
	char words[400];

	xc_permission_words(name, words, sizeof(words));
	add_text(row, "permission", name);
	add_text(row, "words", words);
	json_object_array_add(list, row);
}

/* A subscription is asked for as a permission is. */
static struct json_object *
asked_permissions(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	struct json_object *list = json_object_new_array();
	char hears[XC_TERMS_HEARS_SIZE];

	for (size_t i = 0; i < manifest->n_permissions; i++) {
		if (!xc_terms_allow(plugin, manifest,
		    manifest->permissions[i]))
			add_asked(list, manifest->permissions[i]);
	}
	for (size_t i = 0; i < manifest->n_events; i++) {
		if (!xc_terms_hears(plugin, manifest, i, hears))
			add_asked(list, hears);
	}
	return list;
}

struct json_object *
xc_installer_asks(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	static const struct xc_registry_plugin nothing = { .isolation = "" };
	bool inprocess = asks_inprocess(installer, plugin, manifest);
	struct json_object *permissions, *asks;
	struct xc_terms terms;

	permissions = asked_permissions(plugin, manifest);
	if (!inprocess && json_object_array_length(permissions) == 0) {
		json_object_put(permissions);
		return NULL;
	}
	xc_terms_of(installer->settings, plugin != NULL ? plugin : &nothing,
	    manifest, &terms);
	if (!xc_isolation_parse(chosen_level(installer, plugin),
	    &terms.isolation) && inprocess)
		terms.isolation = XC_ISOLATION_INPROCESS;
	asks = json_object_new_object();
	add_text(asks, "name", manifest->name);
	add_text(asks, "version", manifest->version);
	add_text(asks, "author", manifest->author);
	add_text(asks, "level", xc_isolation_name(terms.isolation));
	json_object_object_add(asks, "inprocess",
	    json_object_new_boolean(inprocess));
	json_object_object_add(asks, "permissions", permissions);
	return asks;
}

static void
append(char *text, size_t size, const char *words, const char *name)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s (%s)", len > 0 ? ", " : "",
	    words, name);
}

/* "run inside of the server (inprocess), keep ... (database)", and how many
 * more there are where it would be long. */
static void
asks_text(const struct json_object *asks, char *text, size_t size)
{
	struct json_object *list = xc_json_member(asks, "permissions");
	size_t n = json_object_array_length(list), len;

	text[0] = '\0';
	if (json_object_get_boolean(xc_json_member(asks, "inprocess")))
		append(text, size, XC_INPROCESS_WORDS, "inprocess");
	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(list, i);

		len = strlen(text);
		if (len > TEXT_ENOUGH) {
			snprintf(text + len, size - len, " and %zu more",
			    n - i);
			return;
		}
		append(text, size, xc_registry_text(row, "words"),
		    xc_registry_text(row, "permission"));
	}
}

enum xc_err
xc_installer_ask(struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct json_object **agreed,
    struct xc_errbuf *errbuf)
{
	const struct xc_installer_options *options = &installer->options;
	struct json_object *asks = xc_installer_asks(installer, plugin,
	    manifest);
	char text[TEXT_MAX];

	/* What was agreed to is not asked for again, nor less of it. */
	if (asks == NULL || json_object_equal(asks, *agreed)) {
		json_object_put(asks);
		return XC_OK;
	}
	asks_text(asks, text, sizeof(text));
	if (options->dry_run)
		xc_installer_say(installer, true, "%s %s by %s asks to %s",
		    manifest->name, manifest->version, manifest->author,
		    text);
	else if (options->accept == NULL ||
	    !options->accept(options->ctx, asks)) {
		json_object_put(installer->refused);
		installer->refused = asks;
		return xc_fail(errbuf, XC_ERR_DENIED, "%s %s by %s asks to "
		    "%s: say yes on a terminal, or use --yes",
		    manifest->name, manifest->version, manifest->author,
		    text);
	}
	json_object_put(*agreed);
	*agreed = asks;
	return XC_OK;
}

struct json_object *
xc_installer_refusal(struct xc_installer *installer, const char *name)
{
	struct json_object *data;

	if (installer->refused == NULL && installer->faults == NULL &&
	    installer->breaking == NULL)
		return NULL;
	data = json_object_new_object();
	add_text(data, "name", name);
	json_object_object_add(data, "changed",
	    json_object_new_boolean(false));
	if (installer->refused != NULL)
		json_object_object_add(data, "asks", installer->refused);
	if (installer->faults != NULL)
		json_object_object_add(data, "faults", installer->faults);
	if (installer->breaking != NULL)
		json_object_object_add(data, "breaking",
		    installer->breaking);
	installer->refused = installer->faults = installer->breaking = NULL;
	return data;
}

/* ---- what is set -------------------------------------------------------- */

/* The operator's limits with those of this command laid over; a new reference,
 * NULL if there is none. */
static struct json_object *
merge_limits(const struct json_object *old, const struct json_object *set)
{
	struct json_object *limits = json_object_new_object();
	struct lh_entry *entry;

	if (old != NULL) {
		lh_foreach(json_object_get_object(old), entry)
			json_object_object_add(limits, lh_entry_k(entry),
			    json_object_get(lh_entry_v(entry)));
	}
	lh_foreach(json_object_get_object(set), entry) {
		if (lh_entry_v(entry) == NULL)
			json_object_object_del(limits, lh_entry_k(entry));
		else
			json_object_object_add(limits, lh_entry_k(entry),
			    json_object_get(lh_entry_v(entry)));
	}
	if (json_object_object_length(limits) > 0)
		return limits;
	json_object_put(limits);
	return NULL;
}

/* All that was accepted ever, since a rollback brings old versions back. */
static struct json_object *
merge_accepted(const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest)
{
	struct json_object *list = json_object_new_array();
	size_t n = plugin == NULL || plugin->accepted == NULL ? 0 :
	    json_object_array_length(plugin->accepted);
	char hears[XC_TERMS_HEARS_SIZE];

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, json_object_get(
		    json_object_array_get_idx(plugin->accepted, i)));
	for (size_t i = 0; i < manifest->n_permissions; i++) {
		const char *name = manifest->permissions[i];

		if (!xc_terms_allow(plugin, manifest, name))
			json_object_array_add(list,
			    json_object_new_string(name));
	}
	for (size_t i = 0; i < manifest->n_events; i++) {
		if (!xc_terms_hears(plugin, manifest, i, hears))
			json_object_array_add(list,
			    json_object_new_string(hears));
	}
	return list;
}

static char *
copy_text(struct json_object *value)
{
	return strdup(value == NULL ? "" : json_object_to_json_string_ext(
	    value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Of the level that will hold, whoever chose it. */
static enum xc_err
check_level(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct xc_errbuf *errbuf)
{
	const struct xc_registry_plugin then = { .accepted_inprocess = true,
		.isolation = chosen_level(installer, plugin) };
	struct xc_terms terms;

	if (!xc_steps_have_site(&manifest->steps))
		return XC_OK;
	xc_terms_of(installer->settings, &then, manifest, &terms);
	if (terms.isolation != XC_ISOLATION_REQUEST)
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_INVALID, "%s %s is to run at the level "
	    "\"request\" (%s): " XC_STEPS_LEVEL, manifest->name,
	    manifest->version, terms.why);
}

enum xc_err
xc_installer_take_terms(const struct xc_installer *installer,
    const struct xc_registry_plugin *plugin,
    const struct xc_manifest *manifest, struct xc_installer_terms *terms,
    struct xc_errbuf *errbuf)
{
	const struct xc_installer_options *options = &installer->options;
	struct json_object *old = plugin != NULL ? plugin->limits : NULL;
	struct json_object *limits, *accepted;
	bool inprocess;

	xc_installer_free_terms(terms);
	if (check_level(installer, plugin, manifest, errbuf) != XC_OK)
		return XC_ERR_INVALID;
	inprocess = asks_inprocess(installer, plugin, manifest);
	accepted = merge_accepted(plugin, manifest);
	terms->accepted = copy_text(accepted);
	terms->put.accepted = terms->accepted;
	terms->put.accept_inprocess = inprocess;
	terms->changed = inprocess || plugin == NULL ||
	    json_object_array_length(accepted) > (plugin->accepted == NULL ?
	    0 : json_object_array_length(plugin->accepted));
	json_object_put(accepted);
	if (options->isolation != NULL) {
		terms->put.isolation = options->isolation;
		terms->changed |= plugin == NULL ||
		    strcmp(options->isolation, plugin->isolation) != 0;
	}
	if (options->limits != NULL) {
		limits = merge_limits(old, options->limits);
		terms->changed |= !json_object_equal(limits, old);
		terms->limits = copy_text(limits);
		terms->put.limits = terms->limits;
		json_object_put(limits);
	}
	if (terms->accepted != NULL &&
	    (options->limits == NULL || terms->limits != NULL))
		return XC_OK;
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

void
xc_installer_free_terms(struct xc_installer_terms *terms)
{
	free(terms->limits);
	free(terms->accepted);
	memset(terms, 0, sizeof(*terms));
}

void
xc_installer_note_before(const struct xc_registry_plugin *plugin,
    struct xc_before *before)
{
	snprintf(before->isolation, sizeof(before->isolation), "%s",
	    plugin->isolation);
	snprintf(before->limits, sizeof(before->limits), "%s",
	    plugin->limits == NULL ? "" : json_object_to_json_string_ext(
	    plugin->limits, JSON_C_TO_STRING_PLAIN));
}

/* SPDX-License-Identifier: MIT */
/* Waiting until every host serves a change, and undoing a rejected one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "lib/text.h"
#include "manager/control.h"
#include "plugin/installer-private.h"
#include "plugin/registry-private.h"

/* A host that was silent for longer is not waited for. */
#define HOST_ALIVE_MS 12000
/* A trial may stand between two of its signs of life, and so much more. */
#define BESIDE_TRIAL_MS 5000
#define WAIT_POLL_MS 20
#define POKE_MS 5000

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

void
xc_installer_poke(struct xc_installer *installer)
{
	struct json_object *request = json_object_new_object();
	struct json_object *reply = NULL;

	json_object_object_add(request, "command",
	    json_object_new_string("poke"));
	/* The hosts ask by themselves; this is only sooner. */
	(void)xc_control_call(installer->settings->server.control, request,
	    POKE_MS, &reply, NULL);
	json_object_put(reply);
	json_object_put(request);
}

/* Whether the host gave a sign of life not long ago. */
static bool
is_alive(const struct xc_installer *installer,
    const struct json_object *host)
{
	int64_t limit = installer->settings->reload.trial_timeout_ms +
	    BESIDE_TRIAL_MS;

	if (limit < HOST_ALIVE_MS)
		limit = HOST_ALIVE_MS;
	return xc_registry_number(host, "age_ms") <= (uint64_t)limit;
}

static const struct json_object *
find_rejection(const struct json_object *host,
    const struct xc_awaited *awaited)
{
	struct json_object *list = NULL;

	if (awaited->hash == NULL ||
	    !json_object_object_get_ex(host, "rejected", &list))
		return NULL;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		const char *hash = xc_registry_text(row, "hash");

		if (strcmp(xc_registry_text(row, "name"), awaited->name) == 0
		    && (hash[0] == '\0' || strcmp(hash, awaited->hash) == 0))
			return row;
	}
	return NULL;
}

/* XC_OK: it serves it.  XC_ERR_BUSY: not yet. */
static enum xc_err
look_at_host(const struct json_object *host,
    const struct xc_awaited *awaited, struct xc_errbuf *errbuf)
{
	const struct json_object *rejection;

	if (xc_registry_number(host, "desired") < awaited->generation)
		return XC_ERR_BUSY;
	rejection = find_rejection(host, awaited);
	if (rejection != NULL)
		return xc_fail(errbuf, XC_ERR_FAILED,
		    "the host %s rejects %s %s: %s",
		    xc_registry_text(host, "name"), awaited->name,
		    awaited->version, xc_registry_text(rejection, "reason"));
	if (xc_registry_number(host, "applied") < awaited->generation ||
	    xc_registry_number(host, "pending") > 0)
		return XC_ERR_BUSY;
	return XC_OK;
}

static void
name_late_host(const struct json_object *host,
    const struct xc_awaited *awaited, struct xc_errbuf *errbuf)
{
	xc_fail(errbuf, XC_ERR_TIMEOUT,
	    "the host %s has not applied generation %" PRIu64 " in time: it "
	    "has seen %" PRIu64 ", its workers serve %" PRIu64
	    ", %" PRIu64 " of %" PRIu64 " are behind; see \"xcorectl status\" "
	    "there", xc_registry_text(host, "name"), awaited->generation,
	    xc_registry_number(host, "desired"),
	    xc_registry_number(host, "applied"),
	    xc_registry_number(host, "pending"),
	    xc_registry_number(host, "workers"));
}

/* XC_ERR_BUSY: errbuf names one that is not there yet. */
static enum xc_err
look_at_hosts(struct xc_installer *installer,
    const struct xc_awaited *awaited, size_t *n_r, struct xc_errbuf *errbuf)
{
	struct json_object *hosts;
	enum xc_err worst = XC_OK;
	enum xc_err err;

	err = xc_registry_hosts(installer->registry, &hosts, errbuf);
	if (err != XC_OK)
		return err;
	*n_r = 0;
	for (size_t i = 0; i < json_object_array_length(hosts); i++) {
		struct json_object *host = json_object_array_get_idx(hosts,
		    i);

		if (!is_alive(installer, host))
			continue;
		++*n_r;
		err = look_at_host(host, awaited, errbuf);
		if (err == XC_ERR_FAILED) {
			worst = err;
			break;
		}
		if (err == XC_ERR_BUSY) {
			name_late_host(host, awaited, errbuf);
			worst = err;
		}
	}
	json_object_put(hosts);
	return worst;
}

enum xc_err
xc_installer_await(struct xc_installer *installer,
    const struct xc_awaited *awaited, struct xc_errbuf *errbuf)
{
	const struct timespec pause = { .tv_nsec = WAIT_POLL_MS * 1000000 };
	int64_t end = now_ms() + installer->options.timeout_ms;
	enum xc_err err;
	size_t n = 0;

	for (;;) {
		err = look_at_hosts(installer, awaited, &n, errbuf);
		if (err != XC_ERR_BUSY)
			break;
		if (now_ms() >= end)
			return XC_ERR_TIMEOUT;
		nanosleep(&pause, NULL);
	}
	if (err == XC_OK && n == 0)
		xc_installer_say(installer, true,
		    "no host runs now; it is served when one starts");
	else if (err == XC_OK)
		xc_installer_say(installer, false,
		    "applied on %zu host%s", n, n == 1 ? "" : "s");
	return err;
}

/* How a change is undone. */
enum undo { UNDO_DISABLE, UNDO_BACK, UNDO_TERMS };

static struct xc_registry_change
undo_change(const char *name, const struct xc_before *before, enum undo how,
    const char *detail)
{
	struct xc_registry_change change = { .name = name,
		.action = XC_REGISTRY_DISABLE,
		.package_id = before->package_id, .detail = detail };

	if (how == UNDO_DISABLE)
		return change;
	change.action = how == UNDO_BACK ? XC_REGISTRY_ROLLBACK :
	    XC_REGISTRY_ENABLE;
	change.terms.isolation = before->isolation;
	change.terms.limits = before->limits;
	return change;
}

/* One step back; the registry may move meanwhile. */
static enum xc_err
undo_step(struct xc_installer *installer, const char *name,
    const struct xc_before *before, enum undo how, const char *reason,
    uint64_t *generation_r, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_ERR_BUSY;

	for (unsigned try = 0; try < XC_INSTALLER_TRIES &&
	    err == XC_ERR_BUSY; try++) {
		char detail[250];
		struct xc_registry_change change = undo_change(name, before,
		    how, detail);
		struct xc_registry_view *view;

		/* MariaDB takes no half of a character, and no other bytes:
		 * the reason may hold a plugin's own words. */
		snprintf(detail, sizeof(detail), "%.240s", reason);
		detail[xc_utf8_span(detail, strlen(detail))] = '\0';
		err = xc_registry_read(installer->registry, &view, errbuf);
		if (err != XC_OK)
			return err;
		err = xc_installer_change(installer, view, &change,
		    generation_r, errbuf);
		xc_registry_view_free(&view);
	}
	return err;
}

/* Back, if the version before stands as the previous one; its terms, if only
 * these were changed.  XC_ERR_STATE: what was rejected is not in force any
 * more, somebody else has changed it. */
static enum xc_err
look_back(struct xc_installer *installer, const struct xc_awaited *awaited,
    const struct xc_before *before, enum undo *how_r,
    struct xc_errbuf *errbuf)
{
	const struct xc_registry_plugin *plugin;
	struct xc_registry_view *view;
	enum xc_err err;

	*how_r = UNDO_DISABLE;
	err = xc_registry_read(installer->registry, &view, errbuf);
	if (err != XC_OK)
		return err;
	plugin = xc_registry_find(view, awaited->name);
	if (plugin == NULL || strcmp(plugin->hash, awaited->hash) != 0)
		err = xc_fail(errbuf, XC_ERR_STATE,
		    "%s was changed meanwhile", awaited->name);
	else if (before->installed && before->enabled &&
	    plugin->package_id == before->package_id)
		*how_r = UNDO_TERMS;
	else if (before->installed &&
	    plugin->previous_id == before->package_id &&
	    plugin->package_id != before->package_id)
		*how_r = UNDO_BACK;
	xc_registry_view_free(&view);
	return err;
}

static enum xc_exit
undo(struct xc_installer *installer, const struct xc_awaited *awaited,
    const struct xc_before *before, struct xc_errbuf *errbuf)
{
	enum undo how = UNDO_DISABLE;
	struct xc_awaited again = { .name = awaited->name,
		.version = awaited->version };
	struct xc_errbuf why = { "" };
	enum xc_err err;

	/* Under the lease nobody else changes it between look and step. */
	err = xc_installer_hold(installer, &why);
	if (err == XC_OK)
		err = look_back(installer, awaited, before, &how, &why);
	if (err == XC_OK)
		err = undo_step(installer, awaited->name, before, how,
		    errbuf->text, &again.generation, &why);
	if (err == XC_OK && how == UNDO_BACK && !before->enabled)
		err = undo_step(installer, awaited->name, before,
		    UNDO_DISABLE, errbuf->text, &again.generation, &why);
	xc_installer_release(installer);
	if (err != XC_OK) {
		xc_fail_prefix(errbuf, err, "it could not be undone (%s)",
		    why.text);
		return XC_EXIT_FAILED;
	}
	xc_installer_poke(installer);
	(void)xc_installer_await(installer, &again, NULL);
	if (how != UNDO_DISABLE) {
		xc_fail_prefix(errbuf, err, how == UNDO_BACK ?
		    "the version before it serves again" :
		    "its level and limits are as before");
		return XC_EXIT_ROLLED_BACK;
	}
	xc_fail_prefix(errbuf, err, "%s is disabled, there is no version "
	    "before it", awaited->name);
	return XC_EXIT_INVALID;
}

enum xc_exit
xc_installer_finish(struct xc_installer *installer,
    const struct xc_awaited *awaited, const struct xc_before *before,
    struct xc_errbuf *errbuf)
{
	enum xc_err err;

	xc_installer_poke(installer);
	if (!installer->options.wait)
		return XC_EXIT_DONE;
	xc_installer_say(installer, false, "waiting for the hosts");
	err = xc_installer_await(installer, awaited, errbuf);
	if (err == XC_OK)
		return XC_EXIT_DONE;
	if (err == XC_ERR_TIMEOUT)
		return XC_EXIT_NOT_APPLIED;
	if (err == XC_ERR_FAILED && before != NULL)
		return undo(installer, awaited, before, errbuf);
	if (err == XC_ERR_FAILED)
		return XC_EXIT_INVALID;
	return xc_exit_of(err);
}

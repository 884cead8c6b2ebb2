/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "config/near.h"
#include "config/settings.h"
#include "lib/text.h"
#include "manager/manager.h"
#include "plugin/registry.h"
#include "services/security/keyring.h"
#include "services/security/password.h"
#include "tools/xcorectl-identity.h"

/* ---- the services ------------------------------------------------------- */

/* Without one the log's head is not signed; one that is there and cannot be
 * read would leave it unsigned behind the back of who relies on it. */
static enum xc_err
open_ring(struct ctl_site *site, struct xc_errbuf *errbuf)
{
	char path[4096];
	enum xc_err err = xc_keyring_path(site->ctl->settings, path,
	    sizeof(path), errbuf);

	if (err == XC_OK)
		err = xc_keyring_load(path, &site->identity.ring, errbuf);
	return err == XC_ERR_NOT_FOUND ? XC_OK : err;
}

static int
open_site(struct ctl_site *site)
{
	struct xc_ctl *ctl = site->ctl;
	struct xc_errbuf errbuf = { "" };
	int status = ctl_settings(ctl);
	enum xc_err err;

	if (status != XC_EXIT_OK)
		return status;
	site->identity.settings = ctl->settings;
	err = open_ring(site, &errbuf);
	if (err == XC_OK)
		err = xc_store_new(&ctl->settings->database, XC_ACCOUNT_CORE,
		    &site->identity.store, &errbuf);
	if (err == XC_OK)
		err = xc_hasher_new(&ctl->settings->security, -1,
		    &site->identity.hasher, &errbuf);
	if (err == XC_OK)
		err = xc_admin_new(&site->identity, NULL, &site->admin,
		    &errbuf);
	if (err == XC_OK)
		err = xc_desk_add(&site->desk, xc_admin_rows, site->admin);
	if (err == XC_OK)
		return XC_EXIT_OK;
	return ctl_fail(ctl, err == XC_ERR_DENIED ? XC_EXIT_POLICY :
	    XC_EXIT_FAILED, "%s", errbuf.text[0] != '\0' ? errbuf.text :
	    xc_strerror(err));
}

static void
close_site(struct ctl_site *site)
{
	xc_admin_free(&site->admin);
	xc_hasher_free(&site->identity.hasher);
	xc_store_free(&site->identity.store);
	xc_keyring_free(&site->identity.ring);
}

/* ---- verbs -------------------------------------------------------------- */

static int
check_verb(const struct xc_ctl *ctl, const struct ctl_verb *verb)
{
	for (size_t i = 0; i < CTL__OPTIONS; i++)
		if (ctl->options[i] != NULL &&
		    (verb->options & CTL_BIT(i)) == 0)
			return ctl_fail(ctl, XC_EXIT_USAGE, "--%s is not for "
			    "this; usage: xcorectl %s", ctl_option_names[i],
			    verb->usage);
	if (ctl->argc < verb->min || ctl->argc > verb->max)
		return ctl_fail(ctl, XC_EXIT_USAGE, "usage: xcorectl %s",
		    verb->usage);
	return XC_EXIT_OK;
}

static int
run_verb(struct xc_ctl *ctl, const struct ctl_verb *verb)
{
	struct ctl_site site = { .ctl = ctl, .caller = {
		.name = xc_registry_actor(), .session = "", .grants = "",
		.address = "", .agent = "xcorectl", .request_id = "",
		.root = true } };
	int status;

	ctl->argc--;
	ctl->argv++;
	status = check_verb(ctl, verb);
	if (status != XC_EXIT_OK)
		return status;
	status = open_site(&site);
	if (status == XC_EXIT_OK)
		status = verb->run(&site);
	close_site(&site);
	return status;
}

int
ctl_verbs(struct xc_ctl *ctl, const struct ctl_verb *verbs)
{
	const char *name = ctl->argc > 0 ? ctl->argv[0] : "";
	struct xc_near near;

	xc_near_init(&near, name);
	for (const struct ctl_verb *verb = verbs; verb->name != NULL;
	    verb++) {
		if (strcmp(verb->name, name) == 0)
			return run_verb(ctl, verb);
		xc_near_try(&near, verb->name, 0);
	}
	if (near.word != NULL && *name != '\0')
		return ctl_fail(ctl, XC_EXIT_USAGE, "there is no '%s' here; "
		    "did you mean '%s'?", name, near.word);
	return ctl_fail(ctl, XC_EXIT_USAGE, "%s%s%s; see xcorectl --help",
	    *name != '\0' ? "there is no '" : "a word is missing", name,
	    *name != '\0' ? "' here" : "");
}

/* ---- asking ------------------------------------------------------------- */

static int
exit_of(enum xc_err err, const struct xc_refusal *refusal)
{
	switch (refusal->pointer[0] != '\0' ? 422 : refusal->status) {
	case 403:
		return XC_EXIT_POLICY;
	case 404:
		return XC_EXIT_NOT_FOUND;
	case 409:
	case 412:
		return XC_EXIT_CONFLICT;
	case 422:
		return XC_EXIT_INVALID;
	default:
		return err == XC_ERR_INVALID ? XC_EXIT_INVALID :
		    XC_EXIT_FAILED;
	}
}

/* Which of several words was refused, as roles/1, and where to look it up; one
 * word alone may be a password, and is known to who wrote it. */
static int
say_refused(struct ctl_site *site, int status,
    const struct xc_refusal *refusal, struct json_object *args)
{
	struct json_object *value = NULL;
	const char *remedy = "";

	if (strcmp(refusal->code, "no_role") == 0)
		remedy = "; xcorectl role list shows those that there are";
	else if (strcmp(refusal->code, "no_permission") == 0)
		remedy = "; xcorectl permission list shows those that there "
		    "are";
	if (strchr(refusal->pointer + 1, '/') == NULL ||
	    json_pointer_get(args, refusal->pointer, &value) != 0)
		return ctl_fail(site->ctl, status, "%s: %s%s",
		    refusal->pointer + 1, refusal->detail, remedy);
	return ctl_fail(site->ctl, status, "%s: '%s': %s%s",
	    refusal->pointer + 1, json_object_get_string(value),
	    refusal->detail, remedy);
}

static int
say_failed(struct ctl_site *site, enum xc_err err,
    const struct xc_refusal *refusal, struct json_object *args)
{
	const struct xc_connection_error *error = xc_connection_error(
	    xc_store_connection(site->identity.store));
	int status = exit_of(err, refusal);

	if (refusal->pointer[0] != '\0')
		return say_refused(site, status, refusal, args);
	if (refusal->detail[0] != '\0')
		return ctl_fail(site->ctl, status, "%s", refusal->detail);
	if (error->number == 1146)
		return ctl_fail(site->ctl, status, "the tables are not "
		    "there; run: xcorectl migrate up");
	if (error->message[0] != '\0')
		return ctl_fail(site->ctl, status, "%s (%u)", error->message,
		    error->number);
	return ctl_fail(site->ctl, status, "%s", xc_strerror(err));
}

int
ctl_store_failed(struct ctl_site *site, enum xc_err err)
{
	const struct xc_refusal none = { 0 };

	return say_failed(site, err, &none, NULL);
}

int
ctl_desk(struct ctl_site *site, const char *operation,
    struct json_object *args, struct json_object **result_r)
{
	struct xc_refusal refusal = { 0 };
	enum xc_err err;
	int status;

	*result_r = NULL;
	err = args == NULL ? XC_ERR_NOMEM : xc_desk_ask(&site->desk,
	    &site->caller, operation, args, result_r, &refusal);
	status = err == XC_OK ? XC_EXIT_OK :
	    say_failed(site, err, &refusal, args);
	json_object_put(args);
	return status;
}

static int
find(struct ctl_site *site, const char *what, const char *sql,
    const char *name, int64_t *id_r)
{
	enum xc_err err = xc_store_number(site->identity.store, id_r,
	    sql, XC_ARGS(xc_text(name), xc_text(name)));

	if (err == XC_ERR_NOT_FOUND)
		return ctl_fail(site->ctl, XC_EXIT_NOT_FOUND,
		    "there is no %s '%s'", what, name);
	return err == XC_OK ? XC_EXIT_OK : ctl_store_failed(site, err);
}

int
ctl_find_user(struct ctl_site *site, const char *name, int64_t *id_r)
{
	return find(site, "user", "SELECT id FROM xc_user WHERE name_key ="
	    " LOWER(?) OR email_key = LOWER(?)", name, id_r);
}

int
ctl_find_role(struct ctl_site *site, const char *name, int64_t *id_r)
{
	return find(site, "role", "SELECT id FROM xc_role WHERE name ="
	    " LOWER(?) AND ? IS NOT NULL", name, id_r);
}

/* ---- arguments ---------------------------------------------------------- */

struct json_object *
ctl_args(int64_t id)
{
	struct json_object *args = json_object_new_object();

	if (id != 0)
		json_object_object_add(args, "id",
		    json_object_new_int64(id));
	return args;
}

void
ctl_add_text(const struct ctl_site *site, struct json_object *args,
    const char *name, enum ctl_option option)
{
	const char *text = site->ctl->options[option];

	if (text != NULL)
		json_object_object_add(args, name, *text != '\0' ?
		    json_object_new_string(text) : NULL);
}

void
ctl_add_list(const struct ctl_site *site, struct json_object *args,
    const char *name, enum ctl_option option)
{
	const char *text = site->ctl->options[option];
	struct json_object *list;

	if (text == NULL)
		return;
	list = json_object_new_array();
	while (*text != '\0') {
		size_t len = strcspn(text, ",");

		if (len > 0)
			json_object_array_add(list,
			    json_object_new_string_len(text, (int)len));
		text += len + (text[len] == ',');
	}
	json_object_object_add(args, name, list);
}

static void
add_number(const struct ctl_site *site, struct json_object *args,
    const char *name, enum ctl_option option)
{
	const char *text = site->ctl->options[option];
	char *end;
	long long number;

	if (text == NULL)
		return;
	number = strtoll(text, &end, 10);
	/* What is none is refused as the text that it is. */
	json_object_object_add(args, name, *text != '\0' && *end == '\0' ?
	    json_object_new_int64(number) : json_object_new_string(text));
}

struct json_object *
ctl_page_args(const struct ctl_site *site)
{
	struct json_object *args = ctl_args(0);

	add_number(site, args, "page", CTL_PAGE);
	add_number(site, args, "per_page", CTL_PER_PAGE);
	ctl_add_text(site, args, "q", CTL_SEARCH);
	ctl_add_text(site, args, "sort", CTL_SORT);
	return args;
}

/* ---- printing ----------------------------------------------------------- */

void
ctl_print_text(const char *text, int width)
{
	char copy[1024];

	snprintf(copy, sizeof(copy), "%s", text);
	(void)xc_utf8_cut(copy, strlen(copy));
	xc_utf8_tidy(copy);
	for (char *at = copy; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	printf("%-*s", width, copy);
}

void
ctl_print_member(struct json_object *object, const char *name, int width)
{
	struct json_object *value = xc_json_member(object, name);
	char list[1024] = "";
	size_t n;

	if (!json_object_is_type(value, json_type_array)) {
		ctl_print_text(value == NULL ? "-" :
		    json_object_get_string(value), width);
		return;
	}
	n = json_object_array_length(value);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(list);

		snprintf(list + len, sizeof(list) - len, "%s%s",
		    i > 0 ? "," : "", json_object_get_string(
		    json_object_array_get_idx(value, i)));
	}
	ctl_print_text(n == 0 ? "-" : list, width);
}

void
ctl_print_pagination(struct json_object *list)
{
	struct json_object *place = xc_json_member(list, "pagination");
	int64_t page = 0, pages = 0, total = 0;

	(void)xc_json_int(place, "page", &page);
	(void)xc_json_int(place, "pages", &pages);
	(void)xc_json_int(place, "total", &total);
	fprintf(stderr, "page %lld of %lld, %lld in all\n", (long long)page,
	    (long long)pages, (long long)total);
}

void
ctl_print_object(struct json_object *object)
{
	json_object_object_foreach(object, name, value) {
		(void)value;
		printf("%-14s ", name);
		ctl_print_member(object, name, 0);
		putchar('\n');
	}
}

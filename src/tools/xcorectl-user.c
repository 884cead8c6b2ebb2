/* SPDX-License-Identifier: MIT */
/* Users for xcorectl(8). */
#include <ctype.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "config/settings.h"
#include "manager/manager.h"
#include "tools/xcorectl-identity.h"

/* A password that was made is shown once, here. */
static int
done(struct ctl_site *site, struct json_object *result, const char *made,
    const char *sentence)
{
	if (made != NULL && result == NULL)
		result = json_object_new_object();
	if (made != NULL && site->ctl->json)
		json_object_object_add(result, "generated_password",
		    json_object_new_string(made));
	else if (made != NULL)
		printf("%s\n", made);
	return ctl_done(site->ctl, result, sentence);
}

static int
add_user(struct ctl_site *site)
{
	struct json_object *args, *result;
	char *password;
	bool made;
	int status = ctl_read_password(site, &password, &made);

	if (status != XC_EXIT_OK)
		return status;
	args = ctl_args(0);
	json_object_object_add(args, "name",
	    json_object_new_string(site->ctl->argv[0]));
	if (password != NULL)
		json_object_object_add(args, "password",
		    json_object_new_string(password));
	ctl_add_text(site, args, "email", CTL_EMAIL);
	ctl_add_text(site, args, "display", CTL_DISPLAY);
	ctl_add_list(site, args, "roles", CTL_ROLES);
	status = ctl_desk(site, "admin.user_add", args, &result);
	if (status == XC_EXIT_OK)
		status = done(site, result, made ? password : NULL,
		    "the user is made");
	xc_secret_free(&password);
	return status;
}

/* The user that the first word names, as "id" of args. */
static int
begin(struct ctl_site *site, struct json_object **args_r)
{
	int64_t id = 0;
	int status = ctl_find_user(site, site->ctl->argv[0], &id);

	*args_r = status == XC_EXIT_OK ? ctl_args(id) : NULL;
	return status;
}

static int
simple(struct ctl_site *site, const char *operation,
    struct json_object *args, const char *sentence)
{
	struct json_object *result;
	int status = ctl_desk(site, operation, args, &result);

	return status == XC_EXIT_OK ? ctl_done(site->ctl, result, sentence) :
	    status;
}

static int
set_password(struct ctl_site *site)
{
	struct json_object *args, *result;
	char *password = NULL;
	bool made;
	int status = begin(site, &args);

	if (status == XC_EXIT_OK)
		status = ctl_read_password(site, &password, &made);
	if (status != XC_EXIT_OK) {
		json_object_put(args);
		return status;
	}
	json_object_object_add(args, "password",
	    json_object_new_string(password));
	status = ctl_desk(site, "admin.user_password", args, &result);
	if (status == XC_EXIT_OK)
		status = done(site, result, made ? password : NULL,
		    "the password is set; the user's sessions have ended");
	xc_secret_free(&password);
	return status;
}

static int
set_roles(struct ctl_site *site)
{
	struct json_object *args, *roles;
	int status = begin(site, &args);

	if (status != XC_EXIT_OK)
		return status;
	roles = json_object_new_array();
	for (int i = 1; i < site->ctl->argc; i++)
		json_object_array_add(roles,
		    json_object_new_string(site->ctl->argv[i]));
	json_object_object_add(args, "roles", roles);
	return simple(site, "admin.user_roles", args,
	    "the user has these roles now, and no other");
}

/* Where only the id stands in args, all would be left as it is. */
static int
nothing_named(struct ctl_site *site, struct json_object *args,
    const char *usage)
{
	json_object_put(args);
	return ctl_fail(site->ctl, XC_EXIT_USAGE,
	    "nothing to change was named; usage: xcorectl %s", usage);
}

static int
set_user(struct ctl_site *site)
{
	struct json_object *args;
	int status = begin(site, &args);

	if (status != XC_EXIT_OK)
		return status;
	ctl_add_text(site, args, "name", CTL_NAME);
	ctl_add_text(site, args, "email", CTL_EMAIL);
	ctl_add_text(site, args, "display", CTL_DISPLAY);
	if (json_object_object_length(args) == 1)
		return nothing_named(site, args, "user set NAME, with --name, "
		    "--email or --display");
	return simple(site, "admin.user_set", args, "the user is changed");
}

static int
set_lock(struct ctl_site *site, bool locked, const char *sentence)
{
	struct json_object *args;
	int status = begin(site, &args);

	if (status != XC_EXIT_OK)
		return status;
	json_object_object_add(args, "locked",
	    json_object_new_boolean(locked));
	ctl_add_text(site, args, "reason", CTL_REASON);
	return simple(site, "admin.user_lock", args, sentence);
}

static int
lock_user(struct ctl_site *site)
{
	return set_lock(site, true,
	    "the user is locked; the sessions have ended");
}

static int
unlock_user(struct ctl_site *site)
{
	return set_lock(site, false, "the user can log in again");
}

static int
reset_otp(struct ctl_site *site)
{
	struct json_object *args;
	int status = begin(site, &args);

	return status == XC_EXIT_OK ? simple(site, "admin.user_otp_reset",
	    args, "the second factor is forgotten") : status;
}

static int
remove_user(struct ctl_site *site)
{
	struct json_object *args;
	int status = begin(site, &args);

	return status == XC_EXIT_OK ? simple(site, "admin.user_remove", args,
	    "the user is removed") : status;
}

static int
log_out(struct ctl_site *site)
{
	struct json_object *args;
	int status = begin(site, &args);

	return status == XC_EXIT_OK ? simple(site, "admin.user_sessions_end",
	    args, "the sessions have ended") : status;
}

static int
show_user(struct ctl_site *site)
{
	struct json_object *args, *result;
	int status = begin(site, &args);

	if (status == XC_EXIT_OK)
		status = ctl_desk(site, "admin.user", args, &result);
	if (status != XC_EXIT_OK)
		return status;
	if (!site->ctl->json)
		ctl_print_object(result);
	return ctl_done(site->ctl, result, NULL);
}

/* Columns of a list; the last has a NULL name. */
struct column {
	const char *name;
	int width;
};

/* Their names, as "LAST LOGIN AT" for last_login_at. */
static void
print_heading(const struct column *columns)
{
	for (; columns->name != NULL; columns++) {
		int width = columns[1].name != NULL ? columns->width + 1 : 0;
		const char *at = columns->name;

		for (; *at != '\0'; at++, width--)
			putchar(*at == '_' ? ' ' : toupper((unsigned char)*at));
		if (columns[1].name != NULL)
			printf("%*s", width, "");
	}
	putchar('\n');
}

static int
list(struct ctl_site *site, const char *operation, struct json_object *args,
    const struct column *columns)
{
	struct json_object *result, *items;
	int status = ctl_desk(site, operation, args, &result);

	if (status != XC_EXIT_OK)
		return status;
	if (site->ctl->json)
		return ctl_done(site->ctl, result, NULL);
	items = xc_json_member(result, "items");
	if (json_object_array_length(items) > 0)
		print_heading(columns);
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items,
		    i);

		for (const struct column *column = columns;
		    column->name != NULL; column++) {
			ctl_print_member(item, column->name, column->width);
			putchar(column[1].name != NULL ? ' ' : '\n');
		}
	}
	ctl_print_pagination(result);
	return ctl_done(site->ctl, result, NULL);
}

static int
list_users(struct ctl_site *site)
{
	static const struct column columns[] = { { "id", 8 }, { "name", 24 },
		{ "state", 8 }, { "roles", 24 }, { "last_login_at", 24 },
		{ "email", 0 }, { NULL, 0 } };
	struct json_object *args = ctl_page_args(site);

	ctl_add_text(site, args, "role", CTL_ROLES);
	ctl_add_text(site, args, "state", CTL_STATE);
	return list(site, "admin.users", args, columns);
}

static int
list_sessions(struct ctl_site *site)
{
	static const struct column columns[] = { { "id", 32 }, { "kind", 6 },
		{ "created_at", 24 }, { "seen_at", 24 }, { "address", 16 },
		{ "agent", 0 }, { NULL, 0 } };
	struct json_object *args;
	int status = begin(site, &args);

	return status == XC_EXIT_OK ? list(site, "admin.user_sessions", args,
	    columns) : status;
}

/* ---- roles and permissions ---------------------------------------------- */

static int
list_roles(struct ctl_site *site)
{
	static const struct column columns[] = { { "id", 8 }, { "name", 24 },
		{ "description", 0 }, { NULL, 0 } };

	return list(site, "admin.roles", ctl_page_args(site), columns);
}

static int
list_permissions(struct ctl_site *site)
{
	static const struct column columns[] = { { "name", 32 },
		{ "description", 0 }, { NULL, 0 } };

	return list(site, "admin.permissions", ctl_page_args(site), columns);
}

static int
begin_role(struct ctl_site *site, struct json_object **args_r)
{
	int64_t id = 0;
	int status = ctl_find_role(site, site->ctl->argv[0], &id);

	*args_r = status == XC_EXIT_OK ? ctl_args(id) : NULL;
	return status;
}

static void
add_role_options(struct ctl_site *site, struct json_object *args)
{
	if (site->ctl->options[CTL_DESCRIPTION] != NULL)
		json_object_object_add(args, "description",
		    json_object_new_string(
		    site->ctl->options[CTL_DESCRIPTION]));
	ctl_add_list(site, args, "permissions", CTL_PERMISSIONS);
	ctl_add_list(site, args, "includes", CTL_INCLUDES);
}

static int
add_role(struct ctl_site *site)
{
	struct json_object *args = ctl_args(0);

	json_object_object_add(args, "name",
	    json_object_new_string(site->ctl->argv[0]));
	add_role_options(site, args);
	return simple(site, "admin.role_add", args, "the role is made");
}

static int
set_role(struct ctl_site *site)
{
	struct json_object *args;
	int status = begin_role(site, &args);

	if (status != XC_EXIT_OK)
		return status;
	add_role_options(site, args);
	if (json_object_object_length(args) == 1)
		return nothing_named(site, args, "role set NAME, with "
		    "--description, --permissions or --includes");
	return simple(site, "admin.role_set", args, "the role is changed");
}

static int
show_role(struct ctl_site *site)
{
	struct json_object *args, *result;
	int status = begin_role(site, &args);

	if (status == XC_EXIT_OK)
		status = ctl_desk(site, "admin.role", args, &result);
	if (status != XC_EXIT_OK)
		return status;
	if (!site->ctl->json)
		ctl_print_object(result);
	return ctl_done(site->ctl, result, NULL);
}

static int
remove_role(struct ctl_site *site)
{
	struct json_object *args;
	int status = begin_role(site, &args);

	return status == XC_EXIT_OK ? simple(site, "admin.role_remove", args,
	    "the role is removed") : status;
}

static int
explain(struct ctl_site *site)
{
	struct json_object *args, *result, *because;
	bool allowed = false;
	int status = begin(site, &args);

	if (status != XC_EXIT_OK)
		return status;
	json_object_object_add(args, "permission",
	    json_object_new_string(site->ctl->argv[1]));
	status = ctl_desk(site, "admin.explain", args, &result);
	if (status != XC_EXIT_OK || site->ctl->json)
		return status != XC_EXIT_OK ? status : ctl_done(site->ctl,
		    result, NULL);
	(void)xc_json_bool(result, "allowed", &allowed);
	printf("%s: %s\n", allowed ? "allowed" : "not allowed",
	    xc_json_string(result, "state"));
	because = xc_json_member(result, "because");
	for (size_t i = 0; i < json_object_array_length(because); i++) {
		struct json_object *one = json_object_array_get_idx(because,
		    i);

		printf("  ");
		ctl_print_member(one, "permission", 32);
		printf(" by ");
		if (xc_json_member(one, "role") == NULL)
			printf("everyone");
		else
			ctl_print_member(one, "via", 0);
		putchar('\n');
	}
	return ctl_done(site->ctl, result, NULL);
}

/* ---- the words ---------------------------------------------------------- */

#define PASSWORD (CTL_BIT(CTL_PASSWORD_FILE) | CTL_BIT(CTL_GENERATE))
#define LIST (CTL_BIT(CTL_PAGE) | CTL_BIT(CTL_PER_PAGE) |		\
	CTL_BIT(CTL_SEARCH) | CTL_BIT(CTL_SORT))
#define ROLE (CTL_BIT(CTL_DESCRIPTION) | CTL_BIT(CTL_PERMISSIONS) |	\
	CTL_BIT(CTL_INCLUDES))
#define PROFILE (CTL_BIT(CTL_EMAIL) | CTL_BIT(CTL_DISPLAY))

static const struct ctl_verb user_verbs[] = {
	{ "add", add_user, 1, 1, PASSWORD | PROFILE | CTL_BIT(CTL_ROLES) |
	    CTL_BIT(CTL_NO_PASSWORD), "user add NAME [--email ADDRESS] "
	    "[--display TEXT] [--roles ROLE,...] [--password-file FILE | "
	    "--generate | --no-password]" },
	{ "role", set_roles, 1, 101, 0, "user role NAME [ROLE...]" },
	{ "passwd", set_password, 1, 1, PASSWORD,
	    "user passwd NAME [--password-file FILE | --generate]" },
	{ "set", set_user, 1, 1, PROFILE | CTL_BIT(CTL_NAME), "user set NAME "
	    "[--name NAME] [--email ADDRESS] [--display TEXT]" },
	{ "lock", lock_user, 1, 1, CTL_BIT(CTL_REASON),
	    "user lock NAME [--reason TEXT]" },
	{ "unlock", unlock_user, 1, 1, 0, "user unlock NAME" },
	{ "reset-otp", reset_otp, 1, 1, 0, "user reset-otp NAME" },
	{ "list", list_users, 0, 0, LIST | CTL_BIT(CTL_ROLES) |
	    CTL_BIT(CTL_STATE), "user list [--search TEXT] [--roles ROLE] "
	    "[--state active|locked] [--sort COLUMN] [--page N] "
	    "[--per-page N]" },
	{ "show", show_user, 1, 1, 0, "user show NAME" },
	{ "sessions", list_sessions, 1, 1, 0, "user sessions NAME" },
	{ "logout", log_out, 1, 1, 0, "user logout NAME" },
	{ "remove", remove_user, 1, 1, 0, "user remove NAME" },
	{ NULL, NULL, 0, 0, 0, NULL }
};

static const struct ctl_verb role_verbs[] = {
	{ "list", list_roles, 0, 0, LIST, "role list [--search TEXT] "
	    "[--sort COLUMN] [--page N] [--per-page N]" },
	{ "show", show_role, 1, 1, 0, "role show NAME" },
	{ "add", add_role, 1, 1, ROLE, "role add NAME [--description TEXT] "
	    "[--permissions PERMISSION,...] [--includes ROLE,...]" },
	{ "set", set_role, 1, 1, ROLE, "role set NAME [--description TEXT] "
	    "[--permissions PERMISSION,...] [--includes ROLE,...]" },
	{ "remove", remove_role, 1, 1, 0, "role remove NAME" },
	{ NULL, NULL, 0, 0, 0, NULL }
};

static const struct ctl_verb permission_verbs[] = {
	{ "list", list_permissions, 0, 0, LIST, "permission list "
	    "[--search TEXT] [--page N] [--per-page N]" },
	{ NULL, NULL, 0, 0, 0, NULL }
};

int
ctl_user(struct xc_ctl *ctl)
{
	return ctl_verbs(ctl, user_verbs);
}

int
ctl_role(struct xc_ctl *ctl)
{
	return ctl_verbs(ctl, role_verbs);
}

int
ctl_permission(struct xc_ctl *ctl)
{
	return ctl_verbs(ctl, permission_verbs);
}

/* "user explain" without the first word. */
int
ctl_explain(struct xc_ctl *ctl)
{
	static const struct ctl_verb verb[] = {
		{ "explain", explain, 2, 2, 0, "explain NAME PERMISSION" },
		{ NULL, NULL, 0, 0, 0, NULL }
	};

	ctl->argc++;
	ctl->argv--;
	return ctl_verbs(ctl, verb);
}

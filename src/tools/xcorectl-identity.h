/* SPDX-License-Identifier: MIT */
/* Users and roles for xcorectl(8): the same services that the workers have,
 * asked as one who may do everything. */
#ifndef XC_XCORECTL_IDENTITY_H
#define XC_XCORECTL_IDENTITY_H

#include "services/admin/admin.h"
#include "tools/xcorectl.h"

struct json_object;

struct ctl_site {
	struct xc_ctl *ctl;
	struct xc_identity identity;
	struct xc_admin *admin;
	struct xc_desk desk;
	struct xc_caller caller;
};

/* A word behind a command of this kind ("add" behind "user"). */
struct ctl_verb {
	const char *name;
	int (*run)(struct ctl_site *site);
	int min;		/* words behind it */
	int max;
	uint64_t options;	/* CTL_BIT of each that it takes */
	const char *usage;
};

#define CTL_BIT(option) (UINT64_C(1) << (option))

/* Runs the verb that the first word names; the last has a NULL name.  Returns
 * the exit status. */
int ctl_verbs(struct xc_ctl *ctl, const struct ctl_verb *verbs);

/* Asks a service, of which args' reference is taken.  On 0 *result_r is a new
 * reference; else the failure has been said and it is the exit status. */
int ctl_desk(struct ctl_site *site, const char *operation,
    struct json_object *args, struct json_object **result_r);

/* Says what a statement in the store failed of; returns the exit status. */
int ctl_store_failed(struct ctl_site *site, enum xc_err err);

/* The id of a user by name or address, of a role by name; 0, or the exit
 * status. */
int ctl_find_user(struct ctl_site *site, const char *name, int64_t *id_r);
int ctl_find_role(struct ctl_site *site, const char *name, int64_t *id_r);

/* {"id": id} and, with an option that was given, name as text, number or list
 * of words with commas between. */
struct json_object *ctl_args(int64_t id);
void ctl_add_text(const struct ctl_site *site, struct json_object *args,
    const char *name, enum ctl_option option);
void ctl_add_list(const struct ctl_site *site, struct json_object *args,
    const char *name, enum ctl_option option);
/* page, per_page, q and sort. */
struct json_object *ctl_page_args(const struct ctl_site *site);

/* Prints a text so that it cannot steer a terminal; width 0: as it is. */
void ctl_print_text(const char *text, int width);
/* ... a member of an object; an array with commas between. */
void ctl_print_member(struct json_object *object, const char *name,
    int width);
/* "page 1 of 3, 25 in all" below a list. */
void ctl_print_pagination(struct json_object *list);
/* Each member of an object on a line. */
void ctl_print_object(struct json_object *object);

/*
 * A new password: --password-file, --generate, or asked for twice on the
 * terminal.  *password_r is malloc'ed; wipe it with xc_secret_free().  It is
 * NULL with --no-password.  *made_r: it was generated.  0 or the exit status.
 */
int ctl_read_password(struct ctl_site *site, char **password_r,
    bool *made_r);

#endif

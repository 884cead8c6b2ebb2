/* SPDX-License-Identifier: MIT */
/* The inside of the service admin, for services/admin. */
#ifndef XC_ADMIN_PRIVATE_H
#define XC_ADMIN_PRIVATE_H

#include "services/admin/admin.h"
#include "services/admin/audit.h"

#define XC_NAME_SIZE 64		/* of a user or a role */
#define XC_EMAIL_SIZE 255
#define XC_ROLES_MAX 100	/* of one user, and in one role */
#define XC_ROLE_PERMISSIONS_MAX 500

/* A time of MariaDB as RFC 3339 has it, in SQL. */
#define XC_TIME(column) "CONCAT(REPLACE(" column ", ' ', 'T'), 'Z')"

/* Lists longer than this are counted anew only after a while. */
#define XC_COUNT_EXACT 20000
#define XC_COUNT_KEEP_S 10
#define XC_COUNTS 8

struct xc_count {
	uint64_t key;		/* of what was counted; 0: nothing */
	int64_t n;
	int64_t at;		/* monotonic seconds */
};

struct xc_admin {
	struct xc_identity identity;
	struct xc_otp *otp;
	struct xc_count counts[XC_COUNTS];
	size_t next_count;
};

/* ---- args.c: what stands in an operation's arguments -------------------- */

/* Members that are not among the names (the last is NULL) are refused, so that
 * none is taken for done. */
enum xc_err xc_args_only(struct json_object *args, const char *const *names,
    struct xc_refusal *refusal_r);
/* Whether a member stands there, be it null. */
bool xc_args_have(struct json_object *args, const char *name);
/* A number of 1 or more that must be there. */
enum xc_err xc_args_id(struct json_object *args, int64_t *id_r,
    struct xc_refusal *refusal_r);
enum xc_err xc_args_bool(struct json_object *args, const char *name,
    bool *value_r, struct xc_refusal *refusal_r);
/* A text of at most max characters without control characters and such that
 * turn the writing; trimmed of nothing.  It belongs to args; "" if it is
 * absent or null. */
enum xc_err xc_args_text(struct json_object *args, const char *name,
    size_t max, const char **text_r, struct xc_refusal *refusal_r);
/* A password with its length, as it is; NULL if it is absent. */
enum xc_err xc_args_password(struct json_object *args, const char *name,
    const char **text_r, size_t *len_r, struct xc_refusal *refusal_r);
/* A name of a user or role, folded: [a-z0-9][a-z0-9._-]{0,62}. */
enum xc_err xc_args_name(struct json_object *args, const char *name,
    char name_r[XC_NAME_SIZE], struct xc_refusal *refusal_r);
/* An e-mail address and its key; both "" if it is absent or null. */
enum xc_err xc_args_email(struct json_object *args,
    char email_r[XC_EMAIL_SIZE], char key_r[XC_EMAIL_SIZE],
    struct xc_refusal *refusal_r);
/* Compares "revision", a number or a list of them, with the one in force: 412
 * if it is another. */
enum xc_err xc_args_revision(struct json_object *args, int64_t revision,
    struct xc_refusal *refusal_r);
/* A list of texts that must be an array of at most max; NULL if absent. */
enum xc_err xc_args_list(struct json_object *args, const char *name,
    size_t max, struct json_object **list_r, struct xc_refusal *refusal_r);
/* Whether it is "plugin:resource:action" with any word "*". */
bool xc_permission_form(const char *text);

/* ---- list.c: pages ------------------------------------------------------ */

#define XC_LIST_ARGS 12
#define XC_PATTERN_SIZE 520

struct xc_sort {
	const char *name;	/* "created_at" */
	const char *column;	/* of the inner query */
	const char *outer;	/* of the outer one */
	const char *index;	/* that has its order; NULL */
	bool alone;		/* no two have the same there */
};

/* A list: what is selected of what.  All text is fixed; what a client sent
 * stands in args alone. */
struct xc_list {
	const char *columns;	/* of the outer query, over x.id */
	const char *join;	/* "JOIN xc_user u ON u.id = x.id" */
	char from[256];
	char where[512];	/* "" or " WHERE ..." */
	const char *id;		/* of the inner query: "u.id" */
	const struct xc_sort *sorts;	/* the first is the default */
	bool down;		/* ... and begins with the last */
	struct xc_value args[XC_LIST_ARGS];
	size_t n_args;
	/* Says how the rows are found, when it is known how they are sorted
	 * and whether they are many; NULL: from and id are right as they are.
	 * It may set sort, to one that the page is sorted by in the end. */
	void (*plan)(struct xc_list *list, struct xc_sort *sort, bool many);
	bool role;		/* for plan: of users of one role */
	bool sought;		/* ... of those that a word finds */
	/* Makes a row fit to be shown; NULL. */
	enum xc_err (*fix)(struct json_object *row);
	int64_t total;		/* -1: it is counted */
	char pattern[XC_PATTERN_SIZE];	/* of xc_list_search() */
};

/* Adds a condition with the value for each of its n question marks. */
void xc_list_where(struct xc_list *list, const char *condition,
    const struct xc_value *value, size_t n);

/* Answers "page", "per_page" and "sort" of args with the items and the
 * pagination. */
enum xc_err xc_list_run(struct xc_admin *admin, struct xc_list *list,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r);

/* Adds, if there is a "q", a condition with the pattern for each of its n
 * question marks.  The list must stay where it is. */
enum xc_err xc_list_search(struct xc_list *list, struct json_object *args,
    const char *condition, size_t n, struct xc_refusal *refusal_r);

/* "q" as a pattern for LIKE that finds what begins so, lower-case; "" if there
 * is none. */
enum xc_err xc_list_pattern(struct json_object *args,
    char pattern_r[XC_PATTERN_SIZE], struct xc_refusal *refusal_r);

/* ---- change.c: one act of an administrator ------------------------------ */

/*
 * An act in one transaction: what it needs is locked, body does it, the last
 * administrator is seen to, and the audit log gets its row.
 */
struct xc_change {
	struct xc_admin *admin;
	const struct xc_caller *caller;
	struct json_object *args;
	struct json_object *result;	/* what body makes of it */
	struct xc_refusal *refusal_r;
	enum xc_err (*body)(struct xc_store *store, struct xc_change *change);
	void *data;		/* body's */
	const char *action;	/* "user.create" */
	bool alone;		/* changes nobody's rights but may only make
				 * or change the caller's own account */
	int64_t id;
	char target[129];	/* of the log: "user:42 ana" */
	struct json_object *before;	/* ... new references */
	struct json_object *after;
};

enum xc_err xc_change_run(struct xc_change *change,
    struct json_object **result_r);

/* xc_user_grants(), xc_role_grants(). */
typedef enum xc_err xc_grants_fn(struct xc_store *store, int64_t id,
    char **grants_r);

/* For bodies: 403 unless the caller has all that the changed one has. */
enum xc_err xc_change_reach(struct xc_store *store,
    const struct xc_change *change, xc_grants_fn *grants_of);
/* Puts "user:42 ana", of change's id. */
void xc_change_target(struct xc_change *change, const char *kind,
    const char *name);
/* The members of these names (the last is NULL), for the log; a new
 * reference. */
enum xc_err xc_change_log(struct json_object *object,
    const char *const *names, struct json_object **log_r);
/* Each statement (the last is NULL), of which the id is the one value. */
enum xc_err xc_change_rows(struct xc_store *store,
    const char *const *statements, int64_t id);
/* All that is remembered of grants is out of date. */
enum xc_err xc_change_grants(struct xc_store *store);

/* ---- grants.c ----------------------------------------------------------- */

/* As xc_user_grants(), of a role with those that it includes. */
enum xc_err xc_role_grants(struct xc_store *store, int64_t role_id,
    char **grants_r);

/* ---- users.c ------------------------------------------------------------ */

/* The user as clients see it, a new reference; XC_ERR_NOT_FOUND. */
enum xc_err xc_user_json(struct xc_store *store, int64_t id,
    struct json_object **user_r);
/* What of it goes into the log; a new reference. */
enum xc_err xc_user_log_json(struct json_object *user,
    struct json_object **log_r);
/* The same of one that is read for it. */
enum xc_err xc_user_log(struct xc_store *store, int64_t id,
    struct json_object **log_r);
/* 404. */
enum xc_err xc_no_user(struct xc_refusal *refusal_r);
/* 409, in the same words for a name and an address. */
enum xc_err xc_user_taken(struct xc_refusal *refusal_r);

struct xc_user_row {
	int64_t revision;
	char name[XC_NAME_SIZE];
	char email_key[XC_EMAIL_SIZE];
	char password[256];
	bool locked;
};

/* Reads it; with lock, until the transaction ends. */
enum xc_err xc_user_read(struct xc_store *store, int64_t id, bool lock,
    struct xc_user_row *row_r);

struct xc_new_user {
	char name[XC_NAME_SIZE];
	char email[XC_EMAIL_SIZE];
	char email_key[XC_EMAIL_SIZE];
	const char *display;
	char password[256];	/* PHC; "" */
};

/* Reads name, email, display and password, which is hashed. */
enum xc_err xc_new_user_read(struct xc_admin *admin,
    struct json_object *args, bool need_password, struct xc_new_user *user_r,
    struct xc_refusal *refusal_r);
/* In a transaction: inserts it with the roles (NULL: "user"). */
enum xc_err xc_new_user_insert(struct xc_store *store,
    const struct xc_change *change, const struct xc_new_user *user,
    struct json_object *roles, int64_t *id_r);
/* In a transaction: gives a user these roles and no other. */
enum xc_err xc_user_put_roles(struct xc_store *store,
    const struct xc_change *change, int64_t id, struct json_object *roles);
/* Checks and hashes a new password. */
enum xc_err xc_new_password(struct xc_admin *admin, const char *password,
    size_t len, const char *name, const char *email, const char *pointer,
    char phc_r[256], struct xc_refusal *refusal_r);

/* The operations. */
xc_desk_fn xc_op_users, xc_op_user, xc_op_user_add, xc_op_user_remove,
    xc_op_user_set, xc_op_user_roles, xc_op_user_lock, xc_op_user_password,
    xc_op_user_otp_reset, xc_op_user_sessions, xc_op_user_sessions_end,
    xc_op_roles, xc_op_role, xc_op_role_add, xc_op_role_set,
    xc_op_role_remove, xc_op_permissions, xc_op_explain, xc_op_audit,
    xc_op_register, xc_op_profile, xc_op_profile_set, xc_op_password;

#endif

/* SPDX-License-Identifier: MIT */
/* What users are told about themselves, and how they leave. */
#include "auth-private.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#define PER_PAGE_MAX 100
#define PAGE_MAX 1000000

/* The caller's own session. */
static enum xc_err
own_session(const struct xc_caller *caller,
    unsigned char id_r[XC_SESSION_ID_LEN], struct xc_refusal *refusal_r)
{
	if (xc_hex_read(caller->session, id_r, XC_SESSION_ID_LEN) == XC_OK)
		return XC_OK;
	return xc_refuse(refusal_r, XC_ERR_STATE, 409, "no_session",
	    "The request is of no session.");
}

struct own {
	struct json_object *obj;	/* what is told */
	bool cookie;
	unsigned char csrf[XC_DIGEST_LEN];
	bool has_csrf;
};

/* --- logout --------------------------------------------------------------- */

static enum xc_err
read_kind(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct own *own = ctx;

	(void)n_cells;
	own->cookie = strcmp(cells[0].data, "cookie") == 0;
	own->has_csrf = cells[1].len == sizeof(own->csrf);
	if (own->has_csrf)
		memcpy(own->csrf, cells[1].data, sizeof(own->csrf));
	return XC_OK;
}

static enum xc_err
look(struct xc_auth *auth, const struct xc_caller *caller,
    const unsigned char id[XC_SESSION_ID_LEN], struct own *own)
{
	return xc_store_one(auth->of.store, read_kind, own, "SELECT kind, "
	    "csrf FROM xc_session WHERE id = ? AND user_id = ?",
	    XC_ARGS(xc_blob(id, XC_SESSION_ID_LEN),
	    xc_int(caller->user_id)));
}

enum xc_err
xc_auth_do_logout(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;
	unsigned char id[XC_SESSION_ID_LEN];
	struct own own = { .cookie = false };
	bool all = false;
	enum xc_err err;

	(void)xc_json_bool(args, "all", &all);
	err = own_session(caller, id, refusal_r);
	if (err == XC_OK)
		err = look(auth, caller, id, &own);
	/* It was ended meanwhile: so be it. */
	if (err == XC_ERR_NOT_FOUND)
		err = XC_OK;
	if (err == XC_OK)
		err = all ? xc_sessions_end(auth->of.store, caller->user_id,
		    NULL, NULL) : xc_session_end(auth->of.store,
		    caller->user_id, id, NULL);
	if (err != XC_OK)
		return err;
	xc_logf(&xc_auth_logger, XC_LOG_NOTICE, "logout of user %lld from "
	    "%.64s%s; request %.64s", (long long)caller->user_id,
	    caller->address, all ? ", all sessions" : "", caller->request_id);
	*result_r = json_object_new_object();
	if (own.cookie && !xc_auth_put(*result_r, "cookie",
	    json_object_new_string(xc_cookie_gone())))
		return XC_ERR_NOMEM;
	return *result_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

enum xc_err
xc_auth_do_csrf(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	unsigned char id[XC_SESSION_ID_LEN];
	struct own own = { .cookie = false };
	char text[XC_TOKEN_SIZE];
	enum xc_err err;

	(void)args;
	err = own_session(caller, id, refusal_r);
	if (err == XC_OK)
		err = look(service, caller, id, &own);
	if (err == XC_ERR_NOT_FOUND || (err == XC_OK && !own.has_csrf))
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "no_cookie",
		    "The request is of no browser's session, and needs no "
		    "such token.");
	if (err == XC_OK)
		err = xc_base64url(own.csrf, sizeof(own.csrf), text,
		    sizeof(text));
	if (err != XC_OK)
		return err;
	*result_r = json_object_new_object();
	return xc_auth_put(*result_r, "csrf_token",
	    json_object_new_string(text)) ? XC_OK : XC_ERR_NOMEM;
}

enum xc_err
xc_auth_do_jwks(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;

	(void)caller;
	(void)args;
	(void)refusal_r;
	if (auth->jwt == NULL)
		return xc_auth_no_ring(auth);
	return xc_jwt_jwks(auth->jwt, result_r);
}

/* --- sessions ------------------------------------------------------------- */

/* What a list is sorted by; the id comes behind it. */
static const struct {
	const char *name;
	const char *up, *down;
} sorts[] = {
#define SORT(column) { column, column ", id", column " DESC, id" }
	SORT("created_at"), SORT("seen_at"), SORT("expires_at"),
};

struct listing {
	struct json_object *items;
	int64_t user_id;
	const char *own;	/* id of the caller's session */
	int64_t page;
	int64_t per_page;
	int64_t total;
};

/* id, kind, created_at, seen_at, expires_at of a session. */
static bool
put_session(struct json_object *item, const struct xc_cell *cells)
{
	char id[XC_SESSION_TEXT_SIZE];

	xc_hex_write(cells[0].data, XC_SESSION_ID_LEN, id);
	return xc_auth_put(item, "id", json_object_new_string(id)) &&
	    xc_auth_put(item, "kind",
	    json_object_new_string(cells[1].data)) &&
	    xc_auth_put(item, "created_at", xc_auth_time(cells[2].data)) &&
	    xc_auth_put(item, "seen_at", xc_auth_time(cells[3].data)) &&
	    xc_auth_put(item, "expires_at", xc_auth_time(cells[4].data));
}

static enum xc_err
read_session(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct listing *listing = ctx;
	struct json_object *item = json_object_new_object();
	char id[XC_SESSION_TEXT_SIZE];

	(void)n_cells;
	if (cells[0].len != XC_SESSION_ID_LEN) {
		json_object_put(item);
		return XC_ERR_FAILED;
	}
	xc_hex_write(cells[0].data, XC_SESSION_ID_LEN, id);
	if (put_session(item, cells) &&
	    xc_auth_put(item, "address",
	    json_object_new_string(cells[5].data)) &&
	    xc_auth_put(item, "agent",
	    json_object_new_string(cells[6].data)) &&
	    xc_auth_put(item, "current",
	    json_object_new_boolean(strcmp(id, listing->own) == 0)) &&
	    json_object_array_add(listing->items, item) == 0)
		return XC_OK;
	json_object_put(item);
	return XC_ERR_NOMEM;
}

static int64_t
bounded(struct json_object *args, const char *key, int64_t def, int64_t max)
{
	int64_t value = def;

	(void)xc_json_int(args, key, &value);
	return value < 1 ? 1 : value > max ? max : value;
}

static struct json_object *
make_place(const struct listing *listing)
{
	int64_t total = listing->total, per_page = listing->per_page;
	struct json_object *place = json_object_new_object();

	if (xc_auth_put(place, "page",
	    json_object_new_int64(listing->page)) &&
	    xc_auth_put(place, "per_page", json_object_new_int64(per_page)) &&
	    xc_auth_put(place, "total", json_object_new_int64(total)) &&
	    xc_auth_put(place, "pages",
	    json_object_new_int64((total + per_page - 1) / per_page)))
		return place;
	json_object_put(place);
	return NULL;
}

/* Sessions that have ended by their time, but are not purged, are none. */
#define LIVE								\
	" FROM xc_session WHERE user_id = ? AND "			\
	"expires_at > UTC_TIMESTAMP(3) AND "				\
	"(LEFT(address, CHAR_LENGTH(?)) = ? OR "			\
	"LOWER(LEFT(agent, CHAR_LENGTH(?))) = LOWER(?))"

/* The columns in their order; NULL if there are none of that name. */
static const char *
order_of(struct json_object *args)
{
	const char *name = xc_json_string(args, "sort");
	bool down = name == NULL || *name == '-';

	if (name == NULL || *name == '\0')
		return sorts[0].down;
	name += down;
	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		if (strcmp(sorts[i].name, name) == 0)
			return down ? sorts[i].down : sorts[i].up;
	return NULL;
}

/* Those of the user that q finds. */
static enum xc_err
read_sessions(struct xc_store *store, struct json_object *args,
    const char *order, struct listing *listing)
{
	const char *q = xc_json_string(args, "q");
	const struct xc_value word = xc_text(q != NULL ? q : "");
	int64_t first = (listing->page - 1) * listing->per_page;
	char sql[512];
	enum xc_err err;

	err = xc_store_number(store, &listing->total, "SELECT COUNT(*)" LIVE,
	    XC_ARGS(xc_int(listing->user_id), word, word, word, word));
	if (err != XC_OK)
		return err;
	snprintf(sql, sizeof(sql), "SELECT id, kind, created_at, seen_at, "
	    "expires_at, address, agent" LIVE " ORDER BY %s LIMIT ? OFFSET ?",
	    order);
	return xc_store_each(store, read_session, listing, sql,
	    XC_ARGS(xc_int(listing->user_id), word, word, word, word,
	    xc_int(listing->per_page), xc_int(first)));
}

enum xc_err
xc_auth_do_sessions(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_store *store = ((struct xc_auth *)service)->of.store;
	struct listing listing = { .user_id = caller->user_id,
		.own = caller->session,
		.page = bounded(args, "page", 1, PAGE_MAX),
		.per_page = bounded(args, "per_page", 20, PER_PAGE_MAX) };
	const char *order = order_of(args);
	enum xc_err err;

	if (order == NULL)
		return xc_refuse_at(refusal_r, "/sort", "sort",
		    "there is nothing of that name to sort by");
	listing.items = json_object_new_array();
	if (listing.items == NULL)
		return XC_ERR_NOMEM;
	err = read_sessions(store, args, order, &listing);
	if (err != XC_OK) {
		json_object_put(listing.items);
		return err;
	}
	*result_r = json_object_new_object();
	if (!xc_auth_put(*result_r, "items", listing.items) ||
	    !xc_auth_put(*result_r, "pagination",
	    make_place(&listing)))
		return XC_ERR_NOMEM;
	return XC_OK;
}

enum xc_err
xc_auth_do_session_end(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;
	const char *text = xc_auth_text(args, "id");
	unsigned char id[XC_SESSION_ID_LEN];
	bool found = false;
	enum xc_err err = XC_OK;

	(void)result_r;
	/* Another's session is not there for the caller. */
	if (text != NULL && xc_hex_read(text, id, sizeof(id)) == XC_OK)
		err = xc_session_end(auth->of.store, caller->user_id, id,
		    &found);
	if (err != XC_OK)
		return err;
	if (!found)
		return xc_refuse(refusal_r, XC_ERR_NOT_FOUND, 404, "no_session",
		    "You have no such session.");
	xc_logf(&xc_auth_logger, XC_LOG_NOTICE, "user %lld has ended a session "
	    "from %.64s; request %.64s", (long long)caller->user_id,
	    caller->address, caller->request_id);
	return XC_OK;
}

/* --- me ------------------------------------------------------------------- */

static enum xc_err
read_me(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct own *own = ctx;
	struct json_object *email = NULL;

	(void)n_cells;
	if (cells[2].type != XC_CELL_NULL)
		email = json_object_new_string(cells[2].data);
	if (xc_auth_put(own->obj, "id",
	    json_object_new_int64(cells[0].integer)) &&
	    xc_auth_put(own->obj, "name",
	    json_object_new_string(cells[1].data)) &&
	    json_object_object_add(own->obj, "email", email) == 0 &&
	    xc_auth_put(own->obj, "display",
	    json_object_new_string(cells[3].data)))
		return XC_OK;
	return XC_ERR_NOMEM;
}

static enum xc_err
read_own_session(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct own *own = ctx;
	struct json_object *item = json_object_new_object();

	(void)n_cells;
	if (cells[0].len == XC_SESSION_ID_LEN && put_session(item, cells) &&
	    xc_auth_put(own->obj, "session", item))
		return XC_OK;
	return XC_ERR_NOMEM;
}

static enum xc_err
read_role(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct json_object *name = json_object_new_string(cells[0].data);

	(void)n_cells;
	if (name != NULL && json_object_array_add(ctx, name) == 0)
		return XC_OK;
	json_object_put(name);
	return XC_ERR_NOMEM;
}

/* "a:b:c d:*:*" as an array. */
static struct json_object *
make_permissions(const char *grants)
{
	struct json_object *list = json_object_new_array();
	struct json_object *item;
	size_t len;

	for (grants += strspn(grants, " "); list != NULL && *grants != '\0';
	    grants += strspn(grants, " ")) {
		len = strcspn(grants, " ");
		item = json_object_new_string_len(grants, (int)len);
		if (item == NULL || json_object_array_add(list, item) != 0) {
			json_object_put(item);
			json_object_put(list);
			return NULL;
		}
		grants += len;
	}
	return list;
}

static enum xc_err
put_roles(struct xc_auth *auth, const struct xc_caller *caller,
    struct json_object *me)
{
	struct json_object *roles = json_object_new_array();
	enum xc_err err = XC_ERR_NOMEM;

	if (roles != NULL)
		err = xc_store_each(auth->of.store, read_role, roles,
		    "SELECT r.name FROM xc_user_role ur JOIN xc_role r ON "
		    "r.id = ur.role_id WHERE ur.user_id = ? ORDER BY r.name",
		    XC_ARGS(xc_int(caller->user_id)));
	if (err != XC_OK) {
		json_object_put(roles);
		return err;
	}
	return xc_auth_put(me, "roles", roles) && xc_auth_put(me,
	    "permissions", make_permissions(caller->grants)) ? XC_OK
	    : XC_ERR_NOMEM;
}

enum xc_err
xc_auth_do_me(void *service, const struct xc_caller *caller,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_auth *auth = service;
	struct xc_store *store = auth->of.store;
	struct own own = { .obj = json_object_new_object() };
	unsigned char id[XC_SESSION_ID_LEN] = { 0 };
	bool enrolled = false;
	enum xc_err err = own.obj != NULL ? XC_OK : XC_ERR_NOMEM;

	(void)args;
	(void)refusal_r;
	*result_r = own.obj;
	if (err == XC_OK)
		err = xc_store_one(store, read_me, &own, "SELECT id, name, "
		    "email, display FROM xc_user WHERE id = ?",
		    XC_ARGS(xc_int(caller->user_id)));
	if (err == XC_OK)
		err = put_roles(auth, caller, own.obj);
	(void)xc_hex_read(caller->session, id, sizeof(id));
	if (err == XC_OK)
		err = xc_store_each(store, read_own_session, &own, "SELECT "
		    "id, kind, created_at, seen_at, expires_at FROM "
		    "xc_session WHERE id = ?",
		    XC_ARGS(xc_blob(id, sizeof(id))));
	if (err == XC_OK && auth->otp != NULL)
		err = xc_otp_enrolled(auth->otp, caller->user_id, &enrolled);
	if (err == XC_OK && !xc_auth_put(own.obj, "otp",
	    json_object_new_boolean(enrolled)))
		err = XC_ERR_NOMEM;
	return err;
}

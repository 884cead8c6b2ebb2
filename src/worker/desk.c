/* SPDX-License-Identifier: MIT */
#include "worker/desk.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "lib/text.h"
#include "services/admin/admin.h"
#include "services/otp/otp.h"
#include "worker/worker.h"

#define KEYS_MS 1000

/* ---- who asks ----------------------------------------------------------- */

static void
copy_agent(const struct xc_request *req, char *to, size_t size)
{
	const char *agent = xc_request_header(req, "user-agent");

	snprintf(to, size, "%s", agent != NULL ? agent : "");
	xc_utf8_tidy(to);
	to[xc_utf8_cut(to, strlen(to))] = '\0';
}

static int64_t
id_of(const char *subject)
{
	char *end;
	long long id = strtoll(subject, &end, 10);

	return end != subject && *end == '\0' && id > 0 ? id : 0;
}

/* agent_r must live as long as the caller. */
static struct xc_caller
caller_of(const struct xc_request *req, char *agent_r, size_t size)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	copy_agent(req, agent_r, size);
	return (struct xc_caller){
		.user_id = id_of(xc_block_text(&req->in, head->subject)),
		.name = xc_block_text(&req->in, head->name),
		.session = xc_block_text(&req->in, head->session),
		.grants = xc_block_text(&req->in, head->grants),
		.address = xc_request_remote(req),
		.agent = agent_r,
		.request_id = xc_request_id(req),
		.plugin = req->plugin != NULL ? req->plugin->name : NULL,
		.request = req,
	};
}

/* ---- the tables of the host --------------------------------------------- */

static enum xc_err
ask(void *ctx, struct xc_request *req, const char *operation,
    struct json_object *args, struct json_object **result_r,
    struct xc_refusal *refusal_r)
{
	struct xc_staff *staff = ctx;
	const struct xc_desk *desk = &staff->own;
	struct xc_caller caller;
	char agent[256];

	*result_r = NULL;
	memset(refusal_r, 0, sizeof(*refusal_r));
	xc_staff_tend(staff);
	if (xc_desk_find(desk, operation) == NULL)
		desk = &staff->users;
	if (desk == &staff->users && staff->auth == NULL)
		return xc_refuse(refusal_r, XC_ERR_UNAVAILABLE, 503,
		    "no_login", "Nobody can be logged in now.");
	caller = caller_of(req, agent, sizeof(agent));
	return xc_desk_ask(desk, &caller, operation, args, result_r,
	    refusal_r);
}

static const char *
permission(void *ctx, const char *operation)
{
	const struct xc_staff *staff = ctx;
	const struct xc_desk_row *row = xc_desk_find(&staff->own, operation);

	if (row == NULL)
		row = xc_desk_find(&staff->users, operation);
	return row != NULL ? row->permission : NULL;
}

static const struct xc_desk_ops desk_ops = {
	.ask = ask,
	.permission = permission,
};

static enum xc_err
check(void *ctx, struct xc_request *req, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict_r)
{
	struct xc_staff *staff = ctx;

	xc_staff_tend(staff);
	if (staff->auth == NULL)
		return XC_ERR_UNAVAILABLE;
	return xc_auth_service_ops.check(staff->auth, req, need, verdict_r);
}

static const struct xc_auth_ops auth_ops = { .check = check };

/* ---- the services -------------------------------------------------------- */

static void
dismiss(struct xc_staff *staff)
{
	memset(&staff->users, 0, sizeof(staff->users));
	xc_admin_free(&staff->admin);
	xc_auth_free(&staff->auth);
	xc_otp_free(&staff->otp);
	xc_keyring_free(&staff->ring);
	staff->worker->host.auth = NULL;
	staff->worker->host.auth_ctx = NULL;
}

/* The operations are known, and which permission each needs, also while there
 * is nobody to do them. */
static enum xc_err
list_operations(struct xc_staff *staff)
{
	enum xc_err err;

	memset(&staff->users, 0, sizeof(staff->users));
	err = xc_desk_add(&staff->users, xc_auth_rows, staff->auth);
	if (err == XC_OK)
		err = xc_desk_add(&staff->users, xc_otp_rows, staff->otp);
	if (err == XC_OK)
		err = xc_desk_add(&staff->users, xc_admin_rows,
		    staff->admin);
	return err;
}

static enum xc_err
hire(struct xc_staff *staff, struct xc_errbuf *errbuf)
{
	const struct xc_identity identity = { .settings = staff->settings,
		.store = staff->store, .ring = staff->ring,
		.hasher = staff->hasher };
	enum xc_err err;

	err = xc_otp_new(&identity, &staff->otp, errbuf);
	if (err == XC_OK)
		err = xc_auth_new(&identity, staff->otp, &staff->auth,
		    errbuf);
	if (err == XC_OK)
		err = xc_admin_new(&identity, staff->otp, &staff->admin,
		    errbuf);
	return err;
}

static enum xc_err
read_ring(struct xc_staff *staff, struct xc_errbuf *errbuf)
{
	char path[PATH_MAX];
	enum xc_err err = xc_keyring_path(staff->settings, path, sizeof(path),
	    errbuf);

	return err == XC_OK ? xc_keyring_load(path, &staff->ring, errbuf) :
	    err;
}

/* Said once, and again when it is another reason.  A site without users needs
 * no keys, so that there are none is no warning. */
static void
complain(struct xc_staff *staff, enum xc_err err,
    const struct xc_errbuf *errbuf)
{
	if (strcmp(staff->why, errbuf->text) == 0)
		return;
	snprintf(staff->why, sizeof(staff->why), "%s", errbuf->text);
	xc_logf(&staff->worker->log, err == XC_ERR_NOT_FOUND ?
	    XC_LOG_NOTICE : XC_LOG_WARNING, "nobody can be logged in: %s",
	    errbuf->text);
}

static void
begin_users(struct xc_staff *staff)
{
	struct xc_errbuf errbuf = { "" };
	enum xc_err err;

	if (staff->store == NULL || staff->hasher == NULL)
		return;
	err = read_ring(staff, &errbuf);
	if (err == XC_OK)
		err = hire(staff, &errbuf);
	if (err != XC_OK) {
		dismiss(staff);
		(void)list_operations(staff);
		complain(staff, err, &errbuf);
		return;
	}
	(void)list_operations(staff);
	if (staff->why[0] != '\0')
		xc_logf(&staff->worker->log, XC_LOG_NOTICE,
		    "users can be logged in now");
	staff->why[0] = '\0';
	staff->worker->host.auth = &auth_ops;
	staff->worker->host.auth_ctx = staff;
}

/* What cannot be read now may be half written: what is known stays in use. */
static void
refresh_ring(struct xc_staff *staff)
{
	struct xc_errbuf errbuf = { "" };
	bool changed = false;
	enum xc_err err = xc_keyring_refresh(staff->ring, &changed, &errbuf);

	if (err == XC_OK && changed)
		err = xc_auth_keys(staff->auth, &errbuf);
	if (err != XC_OK && !staff->complained)
		xc_logf(&staff->worker->log, XC_LOG_ERROR,
		    "the key ring stays as it was: %s", errbuf.text);
	staff->complained = err != XC_OK;
	if (changed && err == XC_OK)
		xc_logf(&staff->worker->log, XC_LOG_INFO,
		    "the key ring was read anew");
}

void
xc_staff_tend(struct xc_staff *staff)
{
	uint64_t now_ms = xc_now_ms();

	if (staff == NULL || now_ms < staff->keys_ms)
		return;
	staff->keys_ms = now_ms + KEYS_MS;
	if (staff->auth != NULL)
		refresh_ring(staff);
	else
		begin_users(staff);
}

/* ---- open and close ------------------------------------------------------ */

static void
open_store(struct xc_staff *staff)
{
	struct xc_errbuf errbuf = { "" };
	const struct xc_settings *settings = staff->settings;
	enum xc_err err;

	err = xc_store_new(&settings->database, XC_ACCOUNT_SERVICE,
	    &staff->store, &errbuf);
	if (err == XC_OK)
		err = xc_hasher_new(&settings->security,
		    staff->worker->heritage->places_fd, &staff->hasher,
		    &errbuf);
	if (err != XC_OK)
		complain(staff, err, &errbuf);
}

enum xc_err
xc_staff_open(struct xc_worker *worker, struct xc_errbuf *errbuf)
{
	struct xc_staff *staff = calloc(1, sizeof(*staff));
	enum xc_err err;

	if (staff == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	worker->staff = staff;
	staff->worker = worker;
	staff->settings = worker->settings;
	staff->board = worker->board;
	staff->cache = &worker->cache;
	staff->security.ring = &staff->ring;
	staff->security.hasher = &staff->hasher;
	err = xc_desk_add(&staff->own, xc_operator_rows, staff);
	if (err == XC_OK)
		err = xc_desk_add(&staff->own, xc_health_rows, staff);
	if (err == XC_OK)
		err = xc_desk_add(&staff->own, xc_security_rows,
		    &staff->security);
	if (err == XC_OK)
		err = list_operations(staff);
	if (err != XC_OK)
		return xc_fail(errbuf, err, "too many services");
	worker->host.desk = &desk_ops;
	worker->host.desk_ctx = staff;
	open_store(staff);
	xc_staff_tend(staff);
	return XC_OK;
}

void
xc_staff_close(struct xc_worker *worker)
{
	struct xc_staff *staff = worker->staff;

	worker->staff = NULL;
	worker->host.desk = NULL;
	if (staff == NULL)
		return;
	dismiss(staff);
	json_object_put(staff->health.report);
	xc_hasher_free(&staff->hasher);
	xc_store_free(&staff->store);
	free(staff);
}

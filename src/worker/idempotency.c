/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include <xcore/auth.h>
#include <xcore/reply.h>

#include "lib/breach.h"
#include "lib/reply-private.h"
#include "loggers/logger.h"
#include "services/database/store.h"
#include "services/security/token.h"
#include "worker/idempotency.h"

#define KEY_MAX 255
#define TYPE_MAX 128		/* as xc_idempotency has it */
#define TRIES 3
#define GRACE_MS 5000		/* behind the handler's time */
#define UNLIMITED_MS 300000	/* of one whose time has no limit */
#define SWEEP_EVERY 64		/* claims of a worker */

/* status of a row, if it is none of HTTP. */
#define WORKING 0		/* or dead, when the lease is over */
#define LOST 1			/* it ran, and there is no answer */

/* --- what is claimed ----------------------------------------------------- */

/* One text after the other, each with its length, so that none runs into the
 * next. */
static bool
mix(EVP_MD_CTX *md, const void *data, size_t len)
{
	const uint64_t size = len;

	return EVP_DigestUpdate(md, &size, sizeof(size)) == 1 &&
	    EVP_DigestUpdate(md, data, len) == 1;
}

static bool
mix_text(EVP_MD_CTX *md, const char *text)
{
	return mix(md, text, strlen(text));
}

static bool
mix_whose(EVP_MD_CTX *md, const struct xc_idempotency *with,
    const struct xc_request *req, const char *key)
{
	const char *subject = xc_auth_subject(req);

	return mix_text(md, subject != NULL ? "user" : "address") &&
	    mix_text(md, subject != NULL ? subject : xc_request_remote(req)) &&
	    mix_text(md, with->plugin) && mix_text(md, with->operation) &&
	    mix_text(md, key);
}

/* With the key, which is not kept: there may be a password in the body, and
 * who can read the table must not be able to guess at it. */
static bool
mix_request(EVP_MD_CTX *md, const struct xc_idempotency *with,
    const struct xc_request *req, const char *key)
{
	const char *type = xc_request_header(req, "content-type");

	return mix_text(md, key) &&
	    mix_text(md, xc_request_method_name(req)) &&
	    mix_text(md, xc_request_path(req)) &&
	    mix_text(md, xc_request_query_string(req)) &&
	    mix_text(md, type != NULL ? type : "") &&
	    mix(md, with->body_len > 0 ? with->body : "", with->body_len);
}

struct digests {
	unsigned char whose[32];
	unsigned char request[32];
};

static bool
digest(const struct xc_idempotency *with, const struct xc_request *req,
    const char *key, struct digests *digests_r)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool good;

	good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    mix_whose(md, with, req, key) &&
	    EVP_DigestFinal_ex(md, digests_r->whose, NULL) == 1 &&
	    EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    mix_request(md, with, req, key) &&
	    EVP_DigestFinal_ex(md, digests_r->request, NULL) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

static bool
key_ok(const char *key)
{
	size_t len = strlen(key);
	size_t i;

	for (i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return false;
	return len > 0 && len <= KEY_MAX;
}

/* --- answers ------------------------------------------------------------- */

/* detail may be NULL.  False, so that a function can end with it. */
static bool
refuse(struct xc_request *req, int status, const char *retry_s,
    const char *detail)
{
	if (retry_s != NULL)
		(void)xc_reply_header(req, "Retry-After", retry_s);
	(void)xc_reply_problem_text(req, status, detail);
	return false;
}

static bool
refuse_code(struct xc_request *req, const char *code, const char *detail)
{
	const struct xc_problem problem = { .type = "about:blank",
		.title = "Conflict", .status = 409, .detail = detail,
		.code = code };

	(void)xc_reply_problem_typed(req, &problem);
	return false;
}

static bool
refuse_unknown(struct xc_request *req)
{
	return refuse(req, 503, "10", "Nobody can tell now whether this "
	    "request was seen before; try again soon.");
}

/* How long a claim's handler may run. */
static int64_t
lease_us(const struct xc_idempotency *with)
{
	return 1000 * (int64_t)(GRACE_MS + (with->timeout_ms != 0 ?
	    with->timeout_ms : UNLIMITED_MS));
}

/* What was found under a key. */
struct found {
	struct xc_request *req;
	const unsigned char *request;	/* of the one that asks now */
	enum { FOUND_OTHER, FOUND_WORKING, FOUND_LOST, FOUND_REPLY } what;
	bool made;		/* the reply stands */
};

/* Puts the header lines back, as they were added. */
static bool
add_lines(struct xc_request *req, const char *lines)
{
	char line[XC_IDEMPOTENCY_HEAD_MAX];
	char *value;
	size_t len;

	for (; *lines != '\0'; lines += len + 2) {
		len = strcspn(lines, "\r");
		if (len >= sizeof(line) || lines[len] != '\r' ||
		    lines[len + 1] != '\n')
			return false;
		memcpy(line, lines, len);
		line[len] = '\0';
		value = strstr(line, ": ");
		if (value == NULL)
			return false;
		*value = '\0';
		if (xc_reply_header(req, line, value + 2) != XC_OK)
			return false;
	}
	return xc_reply_header(req, "Idempotency-Replayed", "true") == XC_OK;
}

static bool
replay(struct xc_request *req, const struct xc_cell *cells)
{
	const char *type = cells[2].len > 0 ? cells[2].data : NULL;
	uint32_t body;

	if (!add_lines(req, cells[3].data) || xc_reply_open(req,
	    (int)cells[1].integer, type) != XC_OK)
		return false;
	body = req->out.used;
	if (xc_block_put(&req->out, cells[4].data, cells[4].len) != XC_OK) {
		xc_reply_abandon(req);
		return false;
	}
	return xc_reply_close(req, body) == XC_OK;
}

static enum xc_err
take_found(void *ctx, const struct xc_cell *cells, size_t n)
{
	struct found *found = ctx;

	(void)n;
	if (cells[0].len != 32 || memcmp(cells[0].data, found->request, 32) !=
	    0)
		found->what = FOUND_OTHER;
	else if (cells[1].integer == WORKING && cells[5].integer != 0)
		found->what = FOUND_WORKING;
	else if (cells[1].integer == WORKING || cells[1].integer == LOST)
		found->what = FOUND_LOST;
	else {
		found->what = FOUND_REPLY;
		found->made = replay(found->req, cells);
	}
	return XC_OK;
}

/* Answers by what another has made of the key; XC_ERR_NOT_FOUND if he has let
 * go of it meanwhile. */
static enum xc_err
answer(const struct xc_idempotency *with, struct xc_request *req,
    const struct digests *digests)
{
	struct found found = { .req = req, .request = digests->request };
	enum xc_err err = xc_store_one(with->store, take_found, &found,
	    "SELECT request, status, content_type, headers, body, "
	    "created_at + INTERVAL ? MICROSECOND > UTC_TIMESTAMP(3) "
	    "FROM xc_idempotency WHERE hash = ? "
	    "AND expires_at > UTC_TIMESTAMP(3)",
	    XC_ARGS(xc_int(lease_us(with)), xc_blob(digests->whose, 32)));

	if (err != XC_OK)
		return err;
	if (found.what == FOUND_OTHER)
		(void)refuse(req, 422, NULL, "This Idempotency-Key was used "
		    "for another request; take a new one for each.");
	else if (found.what == FOUND_WORKING) {
		(void)xc_reply_header(req, "Retry-After", "1");
		(void)refuse_code(req, "idempotency_working", "A request with "
		    "this Idempotency-Key is being worked on; ask again "
		    "soon.");
	} else if (found.what == FOUND_LOST)
		(void)refuse_code(req, "idempotency_uncertain", "A request "
		    "with this Idempotency-Key was begun, and its answer is "
		    "lost. See what it has done before you send it with a new "
		    "key.");
	else if (!found.made)
		(void)refuse(req, 500, NULL, NULL);
	return XC_OK;
}

/* --- claiming ------------------------------------------------------------ */

/* MariaDB sets the columns one after the other: what tells whether the time of
 * the one that is there has passed comes last.  Unchanged rows do not count. */
static const char claim_sql[] =
    "INSERT INTO xc_idempotency (hash, request, status, headers, body, "
    "created_at, expires_at) VALUES (?, ?, 0, '', ?, UTC_TIMESTAMP(3), "
    "UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND) ON DUPLICATE KEY UPDATE "
    "request = IF(expires_at > UTC_TIMESTAMP(3), request, VALUES(request)), "
    "status = IF(expires_at > UTC_TIMESTAMP(3), status, 0), "
    "content_type = IF(expires_at > UTC_TIMESTAMP(3), content_type, ''), "
    "headers = IF(expires_at > UTC_TIMESTAMP(3), headers, ''), "
    "body = IF(expires_at > UTC_TIMESTAMP(3), body, VALUES(body)), "
    "created_at = IF(expires_at > UTC_TIMESTAMP(3), created_at, "
    "VALUES(created_at)), "
    "expires_at = IF(expires_at > UTC_TIMESTAMP(3), expires_at, "
    "VALUES(expires_at))";

/* XC_OK: ours; XC_ERR_EXISTS: another's. */
static enum xc_err
claim(const struct xc_idempotency *with, const struct digests *digests,
    struct xc_claim *claim_r)
{
	const int64_t keep_us = 1000000 * with->keep_s;
	const int64_t work_us = lease_us(with);
	struct xc_db_result result = { .affected = 0 };
	enum xc_err err = xc_random(claim_r->nonce, sizeof(claim_r->nonce));

	if (err == XC_OK)
		err = xc_store_exec(with->store, &result, claim_sql,
		    XC_ARGS(xc_blob(digests->whose, 32),
		    xc_blob(digests->request, 32),
		    xc_blob(claim_r->nonce, sizeof(claim_r->nonce)),
		    xc_int(keep_us > work_us ? keep_us : work_us)));
	if (err != XC_OK)
		return err;
	if (result.affected == 0)
		return XC_ERR_EXISTS;
	memcpy(claim_r->hash, digests->whose, sizeof(claim_r->hash));
	claim_r->held = true;
	return XC_OK;
}

/* Answers that nobody asks for any more. */
static void
sweep(const struct xc_idempotency *with)
{
	static unsigned n;

	if (n++ % SWEEP_EVERY == 0)
		(void)xc_store_exec(with->store, NULL, "DELETE FROM "
		    "xc_idempotency WHERE expires_at <= UTC_TIMESTAMP(3) "
		    "ORDER BY expires_at LIMIT 500", XC_NO_ARGS);
}

bool
xc_idempotency_begin(const struct xc_idempotency *with,
    struct xc_request *req, struct xc_claim *claim_r)
{
	const char *key = xc_request_header(req, "idempotency-key");
	struct digests digests;
	enum xc_err err = XC_ERR_NOT_FOUND;
	int i;

	memset(claim_r, 0, sizeof(*claim_r));
	if (key == NULL)
		return true;
	if (!key_ok(key))
		return refuse(req, 400, NULL, "An Idempotency-Key has 1 to 255 "
		    "visible ASCII characters.");
	if (with->store == NULL)
		return refuse_unknown(req);
	if (!digest(with, req, key, &digests))
		return refuse(req, 500, NULL, NULL);
	/* Two that make the row at once may be in each other's way. */
	for (i = 0; i < TRIES && (err == XC_ERR_BUSY ||
	    err == XC_ERR_NOT_FOUND); i++) {
		err = claim(with, &digests, claim_r);
		if (err == XC_ERR_EXISTS)
			err = answer(with, req, &digests);
	}
	if (claim_r->held)
		sweep(with);
	if (err != XC_OK && !xc_reply_done(req))
		return refuse_unknown(req);
	return claim_r->held;
}

/* --- keeping ------------------------------------------------------------- */

static bool
has_line(const char *lines, const char *name)
{
	size_t len = strlen(name);

	while (*lines != '\0') {
		if (strncasecmp(lines, name, len) == 0 && lines[len] == ':')
			return true;
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
	return false;
}

/* Why a reply is not kept; NULL: it is.  "": it says that nothing was done. */
static const char *
why_not(const struct xc_request *req)
{
	const struct xc_reply_head *head = xc_request_reply(req);

	if (req->reply != XC_REPLY_WHOLE)
		return "it is streamed";
	/* These ask to try again. */
	if (head->status >= 500 || head->status == 408 ||
	    head->status == 425 || head->status == 429)
		return "";
	if (head->body.len > XC_IDEMPOTENCY_BODY_MAX)
		return "it is larger than 256 KiB";
	if (head->head.len >= XC_IDEMPOTENCY_HEAD_MAX ||
	    head->content_type.len > TYPE_MAX)
		return "its header is too large";
	if (has_line(xc_block_text(&req->out, head->head), "set-cookie"))
		return "it sets a cookie";
	return NULL;
}

static enum xc_err
keep(const struct xc_idempotency *with, const struct xc_request *req,
    const struct xc_claim *claim)
{
	const struct xc_reply_head *head = xc_request_reply(req);
	struct xc_db_result result = { .affected = 0 };
	enum xc_err err;

	err = xc_store_exec(with->store, &result,
	    "UPDATE xc_idempotency SET status = ?, content_type = ?, "
	    "headers = ?, expires_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND, "
	    "body = ? WHERE hash = ? AND status = 0 AND body = ?",
	    XC_ARGS(xc_int(head->status),
	    xc_text(xc_block_text(&req->out, head->content_type)),
	    xc_text(xc_block_text(&req->out, head->head)),
	    xc_int(with->keep_s), xc_blob(xc_reply_body(req),
	    head->body.len), xc_blob(claim->hash, 32),
	    xc_blob(claim->nonce, sizeof(claim->nonce))));
	/* Its time had passed altogether, and another has taken it over. */
	return err == XC_OK && result.affected == 0 ? XC_ERR_NOT_FOUND : err;
}

/* Nobody knows the answer; it must not run again. */
static void
lose(const struct xc_idempotency *with, const struct xc_claim *claim)
{
	(void)xc_store_exec(with->store, NULL, "UPDATE xc_idempotency SET "
	    "status = ? WHERE hash = ? AND status = 0 AND body = ?",
	    XC_ARGS(xc_int(LOST), xc_blob(claim->hash, 32),
	    xc_blob(claim->nonce, sizeof(claim->nonce))));
}

static void
let_go(const struct xc_idempotency *with, const struct xc_claim *claim)
{
	(void)xc_store_exec(with->store, NULL, "DELETE FROM xc_idempotency "
	    "WHERE hash = ? AND status = 0 AND body = ?",
	    XC_ARGS(xc_blob(claim->hash, 32), xc_blob(claim->nonce,
	    sizeof(claim->nonce))));
}

/* The handler was cut off, or could not say whether it has done it. */
static bool
is_lost(const struct xc_request *req, enum xc_err ran)
{
	return ran == XC_ERR_UNCERTAIN || req->breach == XC_BREACH_REPLY ||
	    (req->breach != XC_BREACH_START &&
	    xc_breach_is_fault(req->breach));
}

static void
tell(const struct xc_idempotency *with, const struct xc_request *req,
    enum xc_log_level level, const char *why)
{
	xc_logf_request(with->log, level, xc_request_id(req),
	    "%s, %s: the reply is not kept for its Idempotency-Key: %s",
	    with->plugin, with->operation, why);
}

void
xc_idempotency_end(const struct xc_idempotency *with,
    struct xc_request *req, enum xc_err ran, struct xc_claim *claim)
{
	const char *why;
	enum xc_err err;

	if (!claim->held)
		return;
	claim->held = false;
	why = is_lost(req, ran) ? "the handler did not end in good order" :
	    why_not(req);
	if (why == NULL) {
		err = keep(with, req, claim);
		if (err == XC_OK)
			return;
		tell(with, req, XC_LOG_WARNING, err == XC_ERR_NOT_FOUND ?
		    "it came after its time" : xc_strerror(err));
	} else if (why[0] != '\0') {
		tell(with, req, XC_LOG_NOTICE, why);
	} else {
		let_go(with, claim);
		return;
	}
	lose(with, claim);
}

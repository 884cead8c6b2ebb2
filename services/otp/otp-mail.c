/* SPDX-License-Identifier: MIT */
/* Codes by mail. */
#include <stdio.h>
#include <string.h>

#include "otp-private.h"

#define TRIES_MAX 5		/* of one code */
#define HOUR_S 3600

struct addressee {
	char email[256];
	char name[72];
};

static enum xc_err
take_addressee(void *ctx, const struct xc_cell *cells, size_t n)
{
	struct addressee *to = ctx;

	(void)n;
	snprintf(to->email, sizeof(to->email), "%s", cells[0].data);
	snprintf(to->name, sizeof(to->name), "%s", cells[1].data);
	return XC_OK;
}

static enum xc_err
find(struct xc_otp *otp, int64_t user_id, struct addressee *to_r,
    struct xc_refusal *refusal_r)
{
	enum xc_err err = xc_store_one(otp->identity.store, take_addressee,
	    to_r, "SELECT email, name FROM xc_user "
	    "WHERE id = ? AND email IS NOT NULL", XC_ARGS(xc_int(user_id)));

	if (err == XC_ERR_NOT_FOUND)
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "no_address",
		    "There is no address that a code could be mailed to.");
	return err;
}

/* One that was mailed before does not count from here on. */
static enum xc_err
keep(struct xc_otp *otp, int64_t user_id, const char *purpose,
    const char *code)
{
	unsigned char digest[XC_DIGEST_LEN];
	const struct xc_value life = xc_int(
	    otp->identity.settings->otp.mail_s);
	enum xc_err err = xc_code_digest(otp->identity.ring, 0, purpose,
	    user_id, code, digest);

	if (err != XC_OK)
		return err;
	return xc_store_exec(otp->identity.store, NULL,
	    "REPLACE INTO xc_otp_mail (user_id, purpose, hash, tries, "
	    "sent_at, expires_at) VALUES (?, ?, ?, 0, UTC_TIMESTAMP(3), "
	    "UTC_TIMESTAMP(3) + INTERVAL ? SECOND)",
	    XC_ARGS(xc_int(user_id), xc_text(purpose),
	    xc_blob(digest, sizeof(digest)), life));
}

static enum xc_err
post(struct xc_otp *otp, const struct addressee *to, const char *purpose,
    const char *code)
{
	const struct xc_otp_settings *settings = &otp->identity.settings->otp;
	struct xc_errbuf errbuf = { .text = "" };
	char subject[160], text[640];
	const struct xc_letter letter = { .to = to->email,
		.subject = subject, .text = text };
	enum xc_err err;

	snprintf(subject, sizeof(subject), "Your code for %.100s",
	    settings->issuer);
	snprintf(text, sizeof(text), "%s is your code for %s at %.100s.\n"
	    "It is good for %lld minutes, and once.\n\n"
	    "If you did not ask for it, somebody else knows your password or "
	    "uses\nyour session: change your password. Nobody will ever ask "
	    "you for\nthis code.\n", code, strcmp(purpose, "login") == 0 ?
	    "logging in" : "going on", settings->issuer,
	    (long long)(settings->mail_s / 60));
	err = otp->mail.ops->send(otp->mail.ctx, &letter, &errbuf);
	xc_wipe(text, sizeof(text));
	if (err != XC_OK)
		xc_logf(&xc_otp_log, XC_LOG_ERROR, "a code was not mailed: %s",
		    errbuf.text);
	return err;
}

static enum xc_err
send_code(struct xc_otp *otp, int64_t user_id, const char *purpose,
    const struct addressee *to)
{
	char code[XC_CODE_SIZE];
	enum xc_err err = xc_code_mail(code);

	if (err == XC_OK)
		err = keep(otp, user_id, purpose, code);
	if (err == XC_OK) {
		err = post(otp, to, purpose, code);
		/* Nobody has seen it. */
		if (err != XC_OK)
			(void)xc_store_exec(otp->identity.store, NULL,
			    "DELETE FROM xc_otp_mail WHERE user_id = ? "
			    "AND purpose = ?", XC_ARGS(xc_int(user_id),
			    xc_text(purpose)));
	}
	xc_wipe(code, sizeof(code));
	return err;
}

static enum xc_err
send_counted(struct xc_otp *otp, int64_t user_id, const char *purpose,
    const struct addressee *to, struct xc_refusal *refusal_r)
{
	const struct xc_throttle throttle = { .scope = "otp-mails",
		.user_id = user_id, .seconds = HOUR_S,
		.max = otp->identity.settings->otp.mails_per_hour };
	uint32_t retry_s;
	enum xc_err err;

	err = xc_throttle_rate(otp->identity.store, &throttle, &retry_s);
	if (err == XC_ERR_BUSY) {
		(void)xc_refuse(refusal_r, err, 429, "otp_mails",
		    "Too many codes were mailed; try again in %u seconds.",
		    retry_s);
		refusal_r->retry_s = retry_s;
	}
	if (err != XC_OK)
		return err;
	err = send_code(otp, user_id, purpose, to);
	if (err == XC_OK)
		return XC_OK;
	(void)xc_throttle_undo(otp->identity.store, &throttle);
	return xc_refuse(refusal_r, err == XC_ERR_TIMEOUT ? err
	    : XC_ERR_UNAVAILABLE, 503, "no_mail",
	    "The code could not be mailed; try again later.");
}

/* Who has an app shows its code: a mailbox would be the weaker one. */
static enum xc_err
check_app(struct xc_otp *otp, int64_t user_id, const char *purpose,
    struct xc_refusal *refusal_r)
{
	bool enrolled = false;
	enum xc_err err = XC_OK;

	if (strcmp(purpose, "step-up") == 0)
		err = xc_otp_enrolled(otp, user_id, &enrolled);
	if (err == XC_OK && enrolled)
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "otp_app",
		    "Show a code of your app, or a recovery code.");
	return err;
}

enum xc_err
xc_otp_send(struct xc_otp *otp, int64_t user_id, const char *purpose,
    struct xc_refusal *refusal_r)
{
	struct addressee to = { .email = "" };
	enum xc_err err = xc_otp_ring(otp, refusal_r);

	if (err != XC_OK)
		return err;
	if (!xc_otp_purpose_ok(purpose))
		return XC_ERR_INVALID;
	/* A mail server that is slow must not hold locks. */
	if (xc_connection_in_transaction(xc_store_connection(
	    otp->identity.store)))
		return XC_ERR_STATE;
	if (otp->mail.ops == NULL)
		return xc_refuse(refusal_r, XC_ERR_STATE, 409, "no_mail",
		    "This site mails no codes.");
	err = check_app(otp, user_id, purpose, refusal_r);
	if (err == XC_OK)
		err = find(otp, user_id, &to, refusal_r);
	if (err == XC_OK)
		err = send_counted(otp, user_id, purpose, &to, refusal_r);
	return err;
}

/* The try counts in the same statement that allows it. */
enum xc_err
xc_otp_take_mail(struct xc_otp *otp, int64_t user_id, const char *purpose,
    const char *code)
{
	struct xc_db_result result = { .affected = 0 };
	unsigned char digest[XC_DIGEST_LEN];
	enum xc_err err;
	size_t n;

	err = xc_store_exec(otp->identity.store, &result,
	    "UPDATE xc_otp_mail SET tries = tries + 1 WHERE user_id = ? "
	    "AND purpose = ? AND expires_at > UTC_TIMESTAMP(3) AND tries < ?",
	    XC_ARGS(xc_int(user_id), xc_text(purpose), xc_int(TRIES_MAX)));
	for (n = 0; err == XC_OK; n++) {
		if (result.affected == 0 && n == 0)
			return XC_ERR_DENIED;
		err = xc_code_digest(otp->identity.ring, n, purpose, user_id,
		    code, digest);
		if (err == XC_OK)
			err = xc_store_exec(otp->identity.store, &result,
			    "DELETE FROM xc_otp_mail WHERE user_id = ? "
			    "AND purpose = ? AND hash = ? "
			    "AND expires_at > UTC_TIMESTAMP(3)",
			    XC_ARGS(xc_int(user_id), xc_text(purpose),
			    xc_blob(digest, sizeof(digest))));
		if (err == XC_OK && result.affected > 0)
			return XC_OK;
	}
	return err == XC_ERR_NOT_FOUND ? XC_ERR_DENIED
	    : err == XC_ERR_BUSY ? XC_ERR_UNAVAILABLE : err;
}

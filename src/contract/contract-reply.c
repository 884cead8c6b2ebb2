/* SPDX-License-Identifier: MIT */
/* Whether a reply is one that the document has; asked in development only. */
#include <string.h>

#include "lib/reply-private.h"

#include "contract-private.h"

#define KEEP (UINT32_C(64) * 1024)
#define VALUES_MAX 1000000

/* What is looked at. */
struct looking {
	struct xc_taker *taker;
	const struct xc_contract *contract;
	const struct operation *operation;
	const char *name;	/* of the operation */
	const struct xc_request *req;
	const struct xc_reply_head *reply;
	struct xc_errbuf *errbuf;
};

static const char *
type_of(const struct looking *looking)
{
	return xc_block_text(&looking->req->out,
	    looking->reply->content_type);
}

/* The status itself comes before its class, and that before the default. */
static const struct answer *
find_answer(const struct looking *looking)
{
	const uint16_t wanted[] = { looking->reply->status,
		looking->reply->status / 100, 0 };
	struct rows rows = looking->operation->answers;
	const struct answer *all = looking->contract->answers;
	size_t i;
	uint32_t j;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		for (j = rows.first; j < rows.first + rows.n; j++)
			if (all[j].status == wanted[i])
				return &all[j];
	return NULL;
}

/* Every operation may fail, and then it is xcore that says so. */
static bool
is_failure(const struct looking *looking)
{
	return looking->reply->status >= 500 &&
	    strcmp(type_of(looking), "application/problem+json") == 0;
}

static enum xc_err
look_at_text(const struct looking *looking, const struct content *content,
    const char *text, size_t len)
{
	static const struct xc_tape_limits limits = { .values = VALUES_MAX };
	struct xc_validator *validator = looking->taker->validator;
	const struct xc_schema_fault *fault;
	struct xc_tape_error error;
	struct xc_tape tape;
	uint32_t off;
	enum xc_err err;

	err = xc_tape_scan(text, len, &limits, &looking->taker->scratch, &off,
	    &tape, &error);
	if (err == XC_ERR_INVALID)
		return xc_fail(looking->errbuf, err, "%s replies %u with what "
		    "is no JSON: %s at line %zu, column %zu", looking->name,
		    looking->reply->status, error.what, error.line,
		    error.column);
	if (err != XC_OK || content->entry == XC_NO_ENTRY)
		return XC_OK;
	err = xc_schema_run(validator, looking->contract->schema,
	    content->entry, &tape, 0);
	fault = xc_validator_fault(validator, 0);
	if (err != XC_ERR_INVALID || fault == NULL)
		return XC_OK;
	return xc_fail(looking->errbuf, err, "%s replies %u with a body that "
	    "its schema does not take: \"%.200s\" %.400s (%s)", looking->name,
	    looking->reply->status, fault->pointer, fault->sentence,
	    fault->keyword);
}

/* A copy is what is looked at: a sandbox may still write where a large body
 * lies. */
static enum xc_err
look_at_json(const struct looking *looking, const struct content *content)
{
	struct xc_block *scratch = &looking->taker->scratch;
	size_t len = looking->reply->body.len;
	const char *body = xc_reply_body(looking->req);
	struct xc_block copy = { .base = NULL };
	enum xc_err err;

	xc_block_reset(scratch, KEEP);
	if (looking->req->far_body != NULL) {
		if (xc_block_put(&copy, body, len) != XC_OK)
			return XC_OK;
		body = (const char *)copy.base;
	}
	err = look_at_text(looking, content, body, len);
	xc_block_free(&copy);
	return err;
}

static enum xc_err
look_at_body(const struct looking *looking, const struct answer *answer)
{
	const struct content *content;
	const char *type = type_of(looking);
	struct xc_media media;

	if (looking->reply->body.len == 0) {
		if (answer->contents.n == 0 ||
		    xc_request_method(looking->req) == XC_HEAD)
			return XC_OK;
		return xc_fail(looking->errbuf, XC_ERR_INVALID, "%s replies "
		    "%u without a body, where its document has one",
		    looking->name, looking->reply->status);
	}
	if (answer->contents.n == 0)
		return xc_fail(looking->errbuf, XC_ERR_INVALID, "%s replies "
		    "%u with a body, where its document has none",
		    looking->name, looking->reply->status);
	content = xc_media_parse(type, &media) ? xc_contract_find_content(
	    looking->contract, answer->contents, &media) : NULL;
	if (content == NULL)
		return xc_fail(looking->errbuf, XC_ERR_INVALID, "%s replies "
		    "%u as %.200s, which its document does not have for this "
		    "status", looking->name, looking->reply->status, type);
	return xc_media_kind(&media) == XC_MEDIA_JSON
	    ? look_at_json(looking, content) : XC_OK;
}

enum xc_err
xc_contract_reply(struct xc_taker *taker, const struct xc_contract *contract,
    size_t index, const struct xc_request *req, struct xc_errbuf *errbuf)
{
	const struct looking looking = {
		.taker = taker,
		.contract = contract,
		.operation = &contract->operations[index],
		.name = xc_routes_operation(contract->routes, index),
		.req = req,
		.reply = xc_request_reply(req),
		.errbuf = errbuf,
	};
	const struct answer *answer;

	if (taker->replied || req->reply != XC_REPLY_WHOLE)
		return XC_OK;
	answer = find_answer(&looking);
	if (answer == NULL && is_failure(&looking))
		return XC_OK;
	if (answer == NULL)
		return xc_fail(errbuf, XC_ERR_INVALID, "%s replies %u, which "
		    "its document does not have; say it under \"responses\"",
		    looking.name, looking.reply->status);
	/* With a default for all, a failure of xcore's is like that too. */
	return is_failure(&looking) && answer->status == 0 ? XC_OK
	    : look_at_body(&looking, answer);
}

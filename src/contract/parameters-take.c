/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "contract/fault.h"
#include "lib/session.h"

#include "parameters-private.h"

static struct xc_request_head *
head_of(const struct xc_take *take)
{
	return (struct xc_request_head *)(void *)take->req->in.base;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_piece(const char *text, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(text, name, len) == 0;
}

/* "name=value", with blanks around it (RFC 6265, section 5.4). */
static void
offer_cookie(struct xc_gather *gather, struct xc_span piece)
{
	const char *text = xc_gather_text(gather, piece);
	struct xc_hit hit = { .value = { 0 } };
	const char *equals;

	while (piece.len > 0 && is_blank(text[0])) {
		text++;
		piece.off++;
		piece.len--;
	}
	while (piece.len > 0 && is_blank(text[piece.len - 1]))
		piece.len--;
	equals = memchr(text, '=', piece.len);
	if (equals == NULL)
		return;
	hit.value.off = piece.off + (uint32_t)(equals + 1 - text);
	hit.value.len = piece.len - (uint32_t)(equals + 1 - text);
	piece.len = (uint32_t)(equals - text);
	/* What says who it is, is for the worker. */
	if (is_piece(text, piece.len, XC_SESSION_COOKIE) ||
	    is_piece(text, piece.len, XC_DEVICE_COOKIE))
		return;
	xc_gather_offer(gather, piece, &hit);
}

static void
offer_cookies(struct xc_gather *gather, struct xc_span header)
{
	const char *text = xc_gather_text(gather, header);
	struct xc_span piece = { header.off, 0 };
	uint32_t i;

	for (i = 0; i <= header.len; i++) {
		if (i < header.len && text[i] != ';')
			continue;
		piece.len = header.off + i - piece.off;
		offer_cookie(gather, piece);
		piece.off = header.off + i + 1;
	}
}

static void
gather_cookies(struct xc_gather *gather)
{
	const struct xc_block *block = &gather->take->req->in;
	struct xc_pairs headers = head_of(gather->take)->headers;
	struct xc_pair pair;
	uint32_t i;

	for (i = 0; xc_block_pair(block, headers, i, &pair); i++)
		if (pair.name.len == 6 && memcmp(xc_gather_text(gather,
		    pair.name), "cookie", 6) == 0)
			offer_cookies(gather, pair.value);
}

static void
gather_place(struct xc_gather *gather, enum xc_place place)
{
	const struct xc_request_head *head = head_of(gather->take);
	struct xc_span none = { 0 };

	switch (place) {
	case XC_PLACE_PATH:
		xc_gather_pairs(gather, head->params, none);
		break;
	case XC_PLACE_QUERY:
		xc_gather_pairs(gather, head->query, head->query_string);
		break;
	case XC_PLACE_HEADER:
		xc_gather_pairs(gather, head->headers, none);
		break;
	default:
		gather_cookies(gather);
		break;
	}
}

/* Writes the object of one place, if there is something in it. */
static enum xc_err
take_place(const struct xc_parameters *parameters, const struct xc_take *take,
    enum xc_place place, uint32_t *at, uint32_t *n_faults)
{
	const struct xc_fields *set = &parameters->places[place];
	struct xc_gather gather;
	bool has;

	xc_gather_begin(&gather, set, take);
	gather.defaults = &parameters->defaults;
	gather_place(&gather, place);
	has = xc_gather_has(&gather);
	if (has) {
		xc_tape_make_key(take->make, set->in, strlen(set->in));
		xc_tape_make_open(take->make, XC_TOKEN_OBJECT);
	}
	xc_gather_write(&gather, at);
	if (has)
		xc_tape_make_close(take->make);
	*n_faults += gather.n_faults;
	return gather.err;
}

/* The validator's pointers begin with the place. */
static void
add_faults(const struct xc_take *take, const char *in)
{
	size_t n = xc_validator_n_faults(take->validator);
	const struct xc_schema_fault *fault;
	size_t skip = strlen(in) + 1;
	size_t i;

	for (i = 0; i < n; i++) {
		fault = xc_validator_fault(take->validator, i);
		if (strlen(fault->pointer) < skip)
			skip = 0;
		xc_contract_fault(take->faults, in, fault->pointer + skip,
		    fault->keyword[0] != '\0' ? fault->keyword : "limit",
		    "%s", fault->sentence);
	}
	if (xc_validator_has_more(take->validator))
		take->faults->more = true;
}

/* Runs the schemas of what came in one place. */
static enum xc_err
check_place(const struct xc_fields *set, const struct xc_take *take,
    const struct xc_tape *tape, const uint32_t *at)
{
	enum xc_err worst = XC_OK;
	enum xc_err err;
	uint32_t entry;
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		entry = xc_fields_row(set, i)->entry;
		if (at[i] == 0 || entry == XC_NO_ENTRY)
			continue;
		err = xc_schema_run(take->validator, take->schema, entry,
		    tape, at[i]);
		if (err == XC_OK)
			continue;
		if (err != XC_ERR_INVALID && err != XC_ERR_TOO_LARGE)
			return err;
		add_faults(take, set->in);
		worst = XC_ERR_INVALID;
	}
	return worst;
}

static enum xc_err
check_all(const struct xc_parameters *parameters, const struct xc_take *take,
    struct xc_tape_ref ref, const uint32_t *at)
{
	enum xc_err worst = XC_OK;
	struct xc_tape tape;
	enum xc_err err;
	unsigned i;

	if (!xc_tape_look(&take->req->in, ref, &tape))
		return XC_ERR_STATE;
	for (i = 0; i < XC_PLACES; i++) {
		err = check_place(&parameters->places[i], take, &tape, at);
		if (err != XC_OK && err != XC_ERR_INVALID)
			return err;
		if (err != XC_OK)
			worst = err;
		at += parameters->places[i].n;
	}
	return worst;
}

enum xc_err
xc_parameters_take(const struct xc_parameters *parameters,
    const struct xc_take *take)
{
	uint32_t at[XC_PARAMETERS_MAX];
	struct xc_request_head *head;
	struct xc_tape_ref ref;
	uint32_t n_faults = 0;
	uint32_t n = 0;
	enum xc_err err = XC_OK;
	unsigned i;

	xc_tape_make_begin(take->make, 0);
	xc_tape_make_open(take->make, XC_TOKEN_OBJECT);
	for (i = 0; i < XC_PLACES && err == XC_OK; i++) {
		if (parameters->places[i].n == 0)
			continue;
		err = take_place(parameters, take, i, at + n, &n_faults);
		n += parameters->places[i].n;
	}
	xc_tape_make_close(take->make);
	if (err == XC_OK)
		err = xc_tape_make_end(take->make, &take->req->in, &ref);
	/* That would be ours: only numbers are said to be numbers. */
	if (err == XC_ERR_INVALID)
		err = XC_ERR_STATE;
	if (err == XC_OK)
		err = check_all(parameters, take, ref, at);
	if (err != XC_OK)
		return err;
	if (n_faults > 0)
		return XC_ERR_INVALID;
	head = head_of(take);
	head->args = ref;
	head->size = take->req->in.used;
	return XC_OK;
}

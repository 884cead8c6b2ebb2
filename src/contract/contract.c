/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcore/reply.h>

#include "lib/reply-private.h"

#include "contract-private.h"

#define DETAIL_MAX 1024

void
xc_contract_free(struct xc_contract **contract)
{
	struct xc_contract *old = *contract;
	size_t i;

	*contract = NULL;
	if (old == NULL)
		return;
	for (i = 0; i < old->n_operations; i++)
		xc_parameters_free(&old->operations[i].parameters);
	for (i = 0; i < old->n_forms; i++)
		xc_form_free(&old->forms[i]);
	xc_routes_free(&old->routes);
	xc_schema_free(&old->schema);
	free(old->operations);
	free(old->contents);
	free(old->answers);
	free(old->forms);
	free(old->needs);
	free(old->schemes);
	free(old->scopes);
	free(old->text);
	free(old);
}

const struct xc_routes *
xc_contract_routes(const struct xc_contract *contract)
{
	return contract->routes;
}

size_t
xc_contract_size(const struct xc_contract *contract)
{
	return contract->size;
}

bool
xc_contract_hashes(const struct xc_contract *contract, size_t index)
{
	return contract->operations[index].hashes;
}

bool
xc_contract_is_idempotent(const struct xc_contract *contract, size_t index)
{
	return contract->operations[index].idempotent;
}

struct xc_taker *
xc_taker_create(void)
{
	struct xc_taker *taker = calloc(1, sizeof(*taker));

	if (taker == NULL)
		return NULL;
	taker->validator = xc_validator_create(NULL);
	if (taker->validator == NULL)
		xc_taker_free(&taker);
	return taker;
}

void
xc_taker_free(struct xc_taker **taker)
{
	struct xc_taker *old = *taker;

	*taker = NULL;
	if (old == NULL)
		return;
	xc_validator_free(&old->validator);
	xc_validator_free(&old->wide);
	xc_tape_make_free(&old->make);
	xc_contract_faults_free(&old->faults);
	xc_block_free(&old->scratch);
	xc_block_free(&old->copy);
	free(old);
}

bool
xc_contract_refuse(const struct taking *taking, int status,
    const char *format, ...)
{
	struct xc_contract_faults *faults = &taking->taker->faults;
	struct xc_problem problem = { .type = "about:blank",
		.title = xc_status_text(status), .status = status };
	char detail[DETAIL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	problem.detail = detail;
	if (faults->n > 0)
		xc_contract_faults_end(faults);
	/* There is none if there was no room for its end. */
	if (faults->n > 0 && faults->text.used > 0) {
		problem.errors = (const char *)faults->text.base;
		problem.errors_len = faults->text.used;
	}
	taking->taker->replied = true;
	if (xc_reply_problem_typed(taking->req, &problem) == XC_OK)
		return false;
	/* There was no room for all that was to be said. */
	(void)xc_reply_problem_text(taking->req, status, NULL);
	return false;
}

/* What is wrong with parameters and body, in one answer. */
static bool
refuse_invalid(const struct taking *taking)
{
	const struct xc_contract_faults *faults = &taking->taker->faults;

	if (faults->n == 0)
		return xc_contract_refuse(taking, 500, "Memory is out.");
	if (faults->more)
		return xc_contract_refuse(taking, 422, "More than %zu things "
		    "in the request are not valid; these are the first.",
		    faults->n);
	if (faults->n == 1)
		return xc_contract_refuse(taking, 422,
		    "One thing in the request is not valid.");
	return xc_contract_refuse(taking, 422,
	    "%zu things in the request are not valid.", faults->n);
}

static bool
take_parameters(const struct taking *taking)
{
	const struct xc_contract_faults *faults = &taking->taker->faults;

	switch (xc_parameters_take(taking->operation->parameters,
	    &taking->take)) {
	case XC_OK:
		return true;
	case XC_ERR_INVALID:
		/* The body's faults go into the same answer. */
		if (faults->n > 0 || faults->more)
			return true;
		return xc_contract_refuse(taking, 400,
		    "The parameters are not valid.");
	case XC_ERR_TOO_LARGE:
		return xc_contract_refuse(taking, 400,
		    "The parameters are over a limit.");
	default:
		return xc_contract_refuse(taking, 500, "Memory is out.");
	}
}

/* Whether a body came, in whichever way. */
static bool
has_body(const struct xc_request *req, const struct xc_source *source)
{
	const struct xc_request_head *head = (const void *)req->in.base;

	return (source != NULL && source->data != NULL && source->len > 0) ||
	    head->body.len > 0;
}

static bool
take_content(const struct taking *taking)
{
	const struct operation *operation = taking->operation;
	struct xc_request *req = taking->req;

	xc_contract_faults_begin(&taking->taker->faults);
	if (operation->parameters != NULL && !take_parameters(taking))
		return false;
	if (!xc_contract_take_body(taking))
		return false;
	if (taking->taker->faults.n > 0 || taking->taker->faults.more)
		return refuse_invalid(taking);
	((struct xc_request_head *)(void *)req->in.base)->size = req->in.used;
	return true;
}

static struct taking
begin(struct xc_taker *taker, const struct xc_contract *contract,
    size_t index, struct xc_request *req, const struct xc_source *source)
{
	return (struct taking){
		.taker = taker,
		.contract = contract,
		.operation = &contract->operations[index],
		.req = req,
		.source = source,
		.take = {
			.req = req,
			.schema = contract->schema,
			.validator = taker->validator,
			.make = &taker->make,
			.faults = &taker->faults,
			.scratch = &taker->scratch,
		},
	};
}

bool
xc_contract_secure(struct xc_taker *taker, const struct xc_contract *contract,
    size_t index, struct xc_request *req)
{
	struct taking taking;

	taker->replied = false;
	if (contract->operations[index].needs.n == 0)
		return true;
	taking = begin(taker, contract, index, req, NULL);
	xc_contract_faults_begin(&taker->faults);
	return xc_contract_ask(&taking);
}

bool
xc_contract_content(struct xc_taker *taker,
    const struct xc_contract *contract, size_t index, struct xc_request *req,
    const struct xc_source *source)
{
	struct taking taking;

	taker->replied = false;
	if (contract->operations[index].plain && !has_body(req, source))
		return true;
	taking = begin(taker, contract, index, req, source);
	return take_content(&taking);
}

bool
xc_contract_take(struct xc_taker *taker, const struct xc_contract *contract,
    size_t index, struct xc_request *req, const struct xc_source *source)
{
	return xc_contract_secure(taker, contract, index, req) &&
	    xc_contract_content(taker, contract, index, req, source);
}

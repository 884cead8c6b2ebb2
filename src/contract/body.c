/* SPDX-License-Identifier: MIT */
/*
 * The body of a request: whether there may or must be one, what its media type
 * makes of it, and whether that is what the document asks for.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <xcore/reply.h>

#include "lib/text.h"

#include "contract-private.h"

#define ACCEPT_MAX 1024
#define BOUNDARY_MAX 71		/* RFC 2046: 70 characters */
#define NO_TYPE "application/octet-stream"	/* RFC 9110, section 8.3 */

static struct xc_request_head *
head_of(const struct taking *taking)
{
	return (void *)taking->req->in.base;
}

/* Where the body is: behind the source, or in the request already. */
static bool
is_outside(const struct taking *taking)
{
	return taking->source != NULL && taking->source->data != NULL;
}

static size_t
length_of(const struct taking *taking)
{
	return is_outside(taking) ? taking->source->len
	    : head_of(taking)->body.len;
}

static bool
refuse_memory(const struct taking *taking)
{
	return xc_contract_refuse(taking, 500, "Memory is out.");
}

static bool
refuse_large(const struct taking *taking, const char *what)
{
	return xc_contract_refuse(taking, 413, "The body is over a limit: "
	    "%s.", what);
}

/* Has the body in the request.  False: a reply stands. */
static bool
place(const struct taking *taking)
{
	enum xc_err err;

	if (!is_outside(taking))
		return true;
	err = xc_request_set_body(taking->req, taking->source->data,
	    taking->source->len);
	if (err == XC_OK)
		return true;
	return err == XC_ERR_TOO_LARGE ? refuse_large(taking,
	    "more bytes than a request may have") : refuse_memory(taking);
}

/* --- media types --------------------------------------------------------- */

const struct content *
xc_contract_find_content(const struct xc_contract *contract,
    struct rows rows, const struct xc_media *media)
{
	const struct content *row;
	struct xc_media key;
	uint32_t i;

	for (i = 0; i < rows.n; i++) {
		row = &contract->contents[rows.first + i];
		if (xc_media_parse(contract->text + row->key, &key) &&
		    xc_media_takes(&key, media))
			return row;
	}
	return NULL;
}

/* The row whose key is the very text: the usual case. */
static const struct content *
find_same(const struct taking *taking, const char *type)
{
	struct rows rows = taking->operation->contents;
	const struct content *row = taking->contract->contents + rows.first;
	uint32_t i;

	for (i = 0; i < rows.n; i++, row++)
		if (row->exact && strcmp(taking->contract->text + row->key,
		    type) == 0)
			return row;
	return NULL;
}

/* What came: its type, and the row that takes it. */
struct arrival {
	const char *type;	/* of the header, or NULL */
	const struct content *content;	/* NULL: none takes it */
	enum xc_media_kind kind;
	bool foreign;		/* in another charset */
	char boundary[BOUNDARY_MAX];
};

static void
read_type(const struct taking *taking, struct arrival *arrival)
{
	const char *type = arrival->type != NULL ? arrival->type : NO_TYPE;
	struct xc_media media;

	arrival->content = find_same(taking, type);
	if (arrival->content != NULL && !arrival->content->range) {
		arrival->kind = arrival->content->kind;
		return;
	}
	arrival->content = NULL;
	if (!xc_media_parse(type, &media) || xc_media_is_range(&media))
		return;
	arrival->kind = xc_media_kind(&media);
	arrival->foreign = xc_media_is_foreign(&media);
	(void)xc_media_param(&media, "boundary", arrival->boundary,
	    sizeof(arrival->boundary));
	arrival->content = xc_contract_find_content(taking->contract,
	    taking->operation->contents, &media);
	/* A range has no form to read it by. */
	if (arrival->content != NULL && arrival->content->range &&
	    (arrival->kind == XC_MEDIA_FORM ||
	    arrival->kind == XC_MEDIA_MULTIPART))
		arrival->kind = XC_MEDIA_BYTES;
}

/* Writes "application/json, text/plain", as much as fits. */
static void
list_accepted(const struct taking *taking, char *buf, size_t size)
{
	struct rows rows = taking->operation->contents;
	const struct content *row = taking->contract->contents + rows.first;
	size_t used = 0;
	const char *key;
	uint32_t i;

	buf[0] = '\0';
	for (i = 0; i < rows.n; i++, row++) {
		key = taking->contract->text + row->key;
		if (used + strlen(key) + 3 > size)
			return;
		used += (size_t)sprintf(buf + used, "%s%s",
		    used > 0 ? ", " : "", key);
	}
}

/* Says what is taken: Accept (RFC 9110, section 12.5.1), and the headers that
 * were made for the two methods (LDP 7.1; RFC 5789, section 3.1). */
static bool
refuse_type(const struct taking *taking, const struct arrival *arrival)
{
	enum xc_method method = xc_request_method(taking->req);
	char accepted[ACCEPT_MAX];

	list_accepted(taking, accepted, sizeof(accepted));
	(void)xc_reply_header(taking->req, "Accept", accepted);
	if (method == XC_POST)
		(void)xc_reply_header(taking->req, "Accept-Post", accepted);
	else if (method == XC_PATCH)
		(void)xc_reply_header(taking->req, "Accept-Patch", accepted);
	if (arrival->type == NULL)
		return xc_contract_refuse(taking, 415, "The body has no "
		    "Content-Type; this takes %.400s.", accepted);
	return xc_contract_refuse(taking, 415, "The Content-Type is %.200s; "
	    "this takes %.400s.", arrival->type, accepted);
}

static bool
is_encoded(const struct taking *taking)
{
	const char *encoding = xc_request_header(taking->req,
	    "content-encoding");

	return encoding != NULL && strcasecmp(encoding, "identity") != 0;
}

static bool
refuse_encoding(const struct taking *taking)
{
	(void)xc_reply_header(taking->req, "Accept-Encoding", "identity");
	return xc_contract_refuse(taking, 415,
	    "The body is encoded; send it as it is.");
}

static bool
refuse_charset(const struct taking *taking)
{
	return xc_contract_refuse(taking, 415,
	    "The body is in another charset; send it in UTF-8.");
}

/* --- validation ---------------------------------------------------------- */

static bool
run(const struct taking *taking, const struct content *content,
    const struct xc_tape *tape, bool *valid_r)
{
	enum xc_err err = XC_OK;

	if (content->entry != XC_NO_ENTRY)
		err = xc_schema_run(taking->taker->validator,
		    taking->contract->schema, content->entry, tape, 0);
	*valid_r = err == XC_OK;
	return err != XC_ERR_NOMEM || refuse_memory(taking);
}

static bool
validate(const struct taking *taking, const struct content *content,
    const struct xc_tape *tape)
{
	bool valid;

	if (!run(taking, content, tape, &valid))
		return false;
	if (!valid)
		xc_contract_faults_take(&taking->taker->faults, "body", "",
		    taking->taker->validator);
	return true;
}

/* --- JSON ---------------------------------------------------------------- */

/* What is no JSON is said alone: of the rest nothing is known. */
static bool
refuse_json(const struct taking *taking, int status, const char *code,
    const struct xc_tape_error *error)
{
	struct xc_contract_faults *faults = &taking->taker->faults;

	xc_contract_faults_begin(faults);
	xc_contract_fault(faults, "body", error->pointer, code,
	    "%s, at line %zu, column %zu", error->what, error->line,
	    error->column);
	return xc_contract_refuse(taking, status, "%s: %s, at line %zu, "
	    "column %zu.", status == 400 ? "The body is no JSON"
	    : "The body is over a limit", error->what, error->line,
	    error->column);
}

/* Makes the tape; the text is that in the request, also where a copy of it
 * that does not move is what is read. */
static enum xc_err
scan(const struct taking *taking, struct xc_tape *tape_r,
    struct xc_tape_error *error)
{
	struct xc_block *block = &taking->req->in;
	struct xc_tape_ref ref = { .text = head_of(taking)->body };
	enum xc_err err;

	if (is_outside(taking))
		err = xc_tape_scan(taking->source->data, taking->source->len,
		    NULL, block, &ref.off, tape_r, error);
	else
		err = xc_tape_scan_in(block, ref.text, NULL, &ref, tape_r,
		    error);
	if (err == XC_OK)
		head_of(taking)->data = ref;
	return err;
}

static bool
take_json(const struct taking *taking, const struct arrival *arrival)
{
	struct xc_tape_error error = { .what = "" };
	struct xc_tape tape;

	/* RFC 8259, section 8.1. */
	if (arrival->foreign)
		return refuse_charset(taking);
	if (!place(taking))
		return false;
	switch (scan(taking, &tape, &error)) {
	case XC_OK:
		return validate(taking, arrival->content, &tape);
	case XC_ERR_INVALID:
		return refuse_json(taking, 400, "json", &error);
	case XC_ERR_TOO_LARGE:
		return refuse_json(taking, 413, "limit", &error);
	default:
		return refuse_memory(taking);
	}
}

/* --- forms --------------------------------------------------------------- */

/* A form that was read. */
struct filled {
	const struct taking *taking;
	const struct content *content;
	const struct xc_form *form;
	struct xc_tape tape;
};

/* Whether a text of the tape is what a file is called, for a property whose
 * schema is for the file's content. */
static bool
is_filename(const struct filled *filled, uint32_t at)
{
	const struct xc_block *block = &filled->taking->req->in;
	const struct xc_request_head *head = head_of(filled->taking);
	struct xc_part_row row;
	uint32_t i;

	for (i = 0; i < head->parts.n; i++) {
		memcpy(&row, block->base + head->parts.off +
		    i * sizeof(row), sizeof(row));
		if (row.filename.off != 0 &&
		    row.filename.off == filled->tape.tokens[at].off)
			return xc_form_is_file(filled->form,
			    (const char *)block->base + row.name.off,
			    row.name.len);
	}
	return false;
}

/*
 * Whether a fault is about the name of a file, which no schema speaks of.  All
 * other values are held to theirs, or a client could have anything taken by
 * sending it as a file's name.  A fault without a keyword says that the
 * validator has given up, and so that nothing is known of the rest.
 */
static bool
is_of_file(const struct filled *filled, const struct xc_schema_fault *fault)
{
	uint32_t at = 0;

	return fault->keyword[0] != '\0' &&
	    xc_tape_find(&filled->tape, fault->pointer,
	    strlen(fault->pointer), &at) &&
	    xc_tape_type(&filled->tape, at) == XC_TOKEN_STRING &&
	    is_filename(filled, at);
}

/* The validator that has them all, also where files alone have more faults
 * than are told. */
static const struct xc_validator *
find_all_faults(const struct filled *filled)
{
	static const struct xc_validator_limits limits = { .faults = 1000 };
	const struct taking *taking = filled->taking;
	struct xc_taker *taker = taking->taker;

	if (head_of(taking)->parts.n == 0 ||
	    !xc_validator_has_more(taker->validator))
		return taker->validator;
	if (taker->wide == NULL)
		taker->wide = xc_validator_create(&limits);
	if (taker->wide == NULL)
		return taker->validator;
	(void)xc_schema_run(taker->wide, taking->contract->schema,
	    filled->content->entry, &filled->tape, 0);
	return taker->wide;
}

/* Files are there or not; what else a schema says of them is not for their
 * names. */
static void
take_form_faults(const struct filled *filled)
{
	const struct xc_validator *validator = find_all_faults(filled);
	struct xc_contract_faults *faults = &filled->taking->taker->faults;
	const struct xc_schema_fault *fault;
	size_t left_out = 0;
	size_t n = xc_validator_n_faults(validator);
	size_t i;

	for (i = 0; i < n; i++) {
		fault = xc_validator_fault(validator, i);
		if (is_of_file(filled, fault))
			left_out++;
		else
			xc_contract_fault(faults, "body", fault->pointer,
			    fault->keyword[0] != '\0' ? fault->keyword
			    : "limit", "%s", fault->sentence);
	}
	/* What is not known to be right is not let through. */
	if (left_out == n && (n == 0 || xc_validator_has_more(validator)))
		xc_contract_faults_take(faults, "body", "", validator);
	else if (xc_validator_has_more(validator))
		faults->more = true;
}

/* What a form's reader has made of the body. */
static bool
settle_form(const struct taking *taking, const struct arrival *arrival,
    enum xc_err err)
{
	struct filled filled = { .taking = taking,
		.content = arrival->content,
		.form = taking->contract->forms[arrival->content->form - 1] };
	bool valid;

	/* What is said of a field leaves the rest as it is. */
	if (err == XC_ERR_INVALID && !taking->taker->faults.whole &&
	    taking->taker->faults.n > 0)
		return true;
	if (err == XC_ERR_INVALID)
		return xc_contract_refuse(taking, 400,
		    "The body is no form as its Content-Type says.");
	if (err == XC_ERR_TOO_LARGE)
		return refuse_large(taking, "too many or too large fields");
	if (err != XC_OK || !xc_tape_look(&taking->req->in,
	    head_of(taking)->data, &filled.tape))
		return refuse_memory(taking);
	if (!run(taking, arrival->content, &filled.tape, &valid))
		return false;
	if (!valid)
		take_form_faults(&filled);
	return true;
}

static bool
take_form(const struct taking *taking, const struct arrival *arrival)
{
	const struct xc_form *form =
	    taking->contract->forms[arrival->content->form - 1];

	if (arrival->foreign)
		return refuse_charset(taking);
	if (!place(taking))
		return false;
	return settle_form(taking, arrival, xc_form_take_urlencoded(form,
	    &taking->take, head_of(taking)->body));
}

/* A body that lies in the request is copied out: the block that the parts are
 * put into may move. */
static enum xc_err
find_source(const struct taking *taking, struct xc_source *source)
{
	struct xc_block *copy = &taking->taker->copy;
	const struct xc_request *req = taking->req;
	enum xc_err err;

	if (is_outside(taking)) {
		*source = *taking->source;
		return XC_OK;
	}
	xc_block_reset(copy, UINT32_C(64) * 1024);
	err = xc_block_put(copy, xc_block_text(&req->in,
	    head_of(taking)->body), head_of(taking)->body.len);
	*source = (struct xc_source){ .data = (const char *)copy->base,
		.len = copy->used, .fd = -1 };
	return err;
}

static bool
take_multipart(const struct taking *taking, const struct arrival *arrival)
{
	const struct xc_form *form =
	    taking->contract->forms[arrival->content->form - 1];
	struct xc_source source;

	if (arrival->boundary[0] == '\0')
		return xc_contract_refuse(taking, 400, "The Content-Type of "
		    "the body has no boundary of 1 to 70 characters.");
	if (find_source(taking, &source) != XC_OK)
		return refuse_memory(taking);
	return settle_form(taking, arrival, xc_multipart_take(form,
	    &taking->take, &source, arrival->boundary,
	    strlen(arrival->boundary)));
}

/* --- anything else ------------------------------------------------------- */

/* Holds a text to its schema as if it stood in JSON. */
static bool
check_text(const struct taking *taking, const struct content *content)
{
	struct xc_span body = head_of(taking)->body;
	const char *text = xc_block_text(&taking->req->in, body);
	const struct xc_token token = { .len = body.len, .next = 1,
		.meta = XC_TOKEN_STRING };
	const struct xc_tape tape = { .text = text, .tokens = &token,
		.len = body.len, .n = 1 };
	size_t valid = xc_utf8_span(text, body.len);

	if (valid == body.len)
		return validate(taking, content, &tape);
	xc_contract_faults_begin(&taking->taker->faults);
	xc_contract_fault(&taking->taker->faults, "body", "", "utf-8",
	    "no UTF-8 at byte %zu", valid + 1);
	return xc_contract_refuse(taking, 400,
	    "The body is no text in UTF-8.");
}

static bool
take_raw(const struct taking *taking, const struct arrival *arrival)
{
	bool checked = arrival->kind == XC_MEDIA_TEXT &&
	    arrival->content->texts;

	/* Nothing gets by a schema for being in another charset. */
	if (checked && arrival->foreign)
		return refuse_charset(taking);
	if (!place(taking))
		return false;
	return !checked || check_text(taking, arrival->content);
}

/* --- all of them --------------------------------------------------------- */

/* A body that nobody has asked for.  It means nothing on GET, HEAD and DELETE
 * (RFC 9110, section 9.3.1), so it is left out; elsewhere a client that sends
 * one believes that it does something. */
static bool
drop(const struct taking *taking)
{
	enum xc_method method = xc_request_method(taking->req);

	if (length_of(taking) > 0 && (method == XC_POST || method == XC_PUT ||
	    method == XC_PATCH))
		return xc_contract_refuse(taking, 415,
		    "This operation takes no body.");
	head_of(taking)->body = (struct xc_span){ 0 };
	return true;
}

/* Whether nothing is what was sent, and no form, text or file that happens to
 * be empty. */
static bool
is_absent(const struct taking *taking, const struct arrival *arrival)
{
	return length_of(taking) == 0 && (arrival->type == NULL ||
	    arrival->content == NULL || arrival->kind == XC_MEDIA_JSON ||
	    arrival->kind == XC_MEDIA_MULTIPART);
}

bool
xc_contract_take_body(const struct taking *taking)
{
	struct arrival arrival = { .kind = XC_MEDIA_BYTES };

	if (!taking->operation->takes_body)
		return drop(taking);
	arrival.type = xc_request_header(taking->req, "content-type");
	read_type(taking, &arrival);
	if (is_absent(taking, &arrival)) {
		if (taking->operation->requires_body)
			xc_contract_fault(&taking->taker->faults, "body", "",
			    "required", "is missing");
		return true;
	}
	if (arrival.content == NULL)
		return refuse_type(taking, &arrival);
	if (arrival.kind != XC_MEDIA_BYTES && is_encoded(taking))
		return refuse_encoding(taking);
	switch (arrival.kind) {
	case XC_MEDIA_JSON:
		return take_json(taking, &arrival);
	case XC_MEDIA_FORM:
		return take_form(taking, &arrival);
	case XC_MEDIA_MULTIPART:
		return take_multipart(taking, &arrival);
	default:
		return take_raw(taking, &arrival);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * A urlencoded body; or, behind a newline, fields of a multipart form, each on
 * a line: name, value and media type with tabs between them.
 */
#include "fuzz-take.h"

#define FIELDS_MAX 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] = "{\"schema\":{\"type\":\"object\","
    "\"properties\":{\"t\":{\"type\":\"string\"},\"i\":{\"type\":["
    "\"integer\",\"null\"]},\"l\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"number\"}},\"c\":{\"type\":\"array\"},\"o\":{\"type\":\"object\"},"
    "\"d\":{\"type\":\"object\"},\"s\":{\"type\":\"object\",\"properties\":"
    "{\"x\":{},\"y\":{\"type\":\"array\"}}},\"j\":{\"type\":\"array\","
    "\"items\":{\"type\":\"object\"}},\"f\":{\"type\":\"string\"}}},"
    "\"encoding\":{\"c\":{\"explode\":false,\"allowReserved\":true},"
    "\"d\":{\"style\":\"deepObject\"},\"s\":{\"style\":\"form\"},"
    "\"f\":{\"contentType\":\"image/png, text/*\"}}}";

static struct xc_form *
compile(bool multipart)
{
	struct xc_plan_node root;
	struct xc_form *form;

	xc_plan_root(&fixture.plan, &root);
	if (xc_form_compile(&fixture.plan, &root, multipart, &form) != XC_OK)
		abort();
	return form;
}

static struct xc_span
put(const char *text, size_t len)
{
	struct xc_span span;

	assert(xc_block_append(&fixture.req.in, text, len, &span) == XC_OK);
	return span;
}

/* The bytes up to a mark; steps over it. */
static struct xc_span
next(const char **at, const char *end, char mark)
{
	const char *stop = memchr(*at, mark, (size_t)(end - *at));
	struct xc_span span;

	if (stop == NULL)
		stop = end;
	span = put(*at, (size_t)(stop - *at));
	*at = stop < end ? stop + 1 : end;
	return span;
}

static enum xc_err
take_fields(const struct xc_form *form, const char *at, const char *end)
{
	struct xc_form_field fields[FIELDS_MAX];
	size_t n;

	for (n = 0; n < FIELDS_MAX && at < end; n++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (stop == NULL)
			stop = end;
		fields[n].name = next(&at, stop, '\t');
		fields[n].value = next(&at, stop, '\t');
		fields[n].type = next(&at, stop, '\t');
		fields[n].is_file = at < stop;
		if (fields[n].type.len == 0)
			fields[n].type.off = 0;
		at = stop < end ? stop + 1 : end;
	}
	return xc_form_take(form, &fixture.take, fields, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xc_form *forms[2];
	const char *text = (const char *)data;
	const struct xc_request_head *head;
	enum xc_err err;

	if (forms[0] == NULL) {
		fixture_plan(document);
		forms[0] = compile(false);
		forms[1] = compile(true);
		fixture_open(document);
	}
	assert(xc_request_blank(&fixture.req) == XC_OK);
	xc_contract_faults_begin(&fixture.faults);
	if (size > 0 && data[0] == '\n')
		err = take_fields(forms[1], text + 1, text + size);
	else
		err = xc_form_take_urlencoded(forms[0], &fixture.take,
		    put(text, size));
	head = (const void *)fixture.req.in.base;
	check(err, head->data);
	xc_request_reset(&fixture.req);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"

#include "fault.h"

#define KEEP (UINT32_C(64) * 1024)
#define SENTENCE_MAX 1024

void
xc_contract_faults_begin(struct xc_contract_faults *faults)
{
	xc_block_reset(&faults->text, KEEP);
	faults->n = 0;
	faults->more = false;
	faults->whole = false;
}

static enum xc_err
put(struct xc_block *text, const char *bytes)
{
	return xc_block_put(text, bytes, strlen(bytes));
}

/* Writes a byte that does not stand in a JSON string as it is. */
static enum xc_err
put_escaped(struct xc_block *text, unsigned char c)
{
	char escape[8];

	if (c >= 0x80)
		return put(text, "\xef\xbf\xbd");
	if (c == '"' || c == '\\')
		snprintf(escape, sizeof(escape), "\\%c", c);
	else
		snprintf(escape, sizeof(escape), "\\u%04x", c);
	return put(text, escape);
}

/* Bytes from at on that stand in a JSON string as they are. */
static size_t
plain_span(const char *at, size_t valid)
{
	size_t i = 0;

	while (i < valid && (unsigned char)at[i] >= 0x20 && at[i] != '"' &&
	    at[i] != '\\' && at[i] != 0x7f)
		i++;
	return i;
}

/* The inside of a JSON string; what is no UTF-8 becomes U+FFFD. */
static enum xc_err
put_string(struct xc_block *text, const char *at)
{
	const char *end = at + strlen(at);
	enum xc_err err = XC_OK;
	size_t valid;
	size_t n;

	while (at < end && err == XC_OK) {
		valid = xc_utf8_span(at, (size_t)(end - at));
		n = plain_span(at, valid);
		if (n > 0)
			err = xc_block_put(text, at, n);
		else
			err = put_escaped(text, (unsigned char)*at);
		at += n > 0 ? n : 1;
	}
	return err;
}

/* What a row says. */
struct row {
	const char *in;
	const char *under;	/* stands before the pointer */
	const char *pointer;
	const char *code;
	const char *detail;
};

static enum xc_err
put_row(struct xc_block *text, bool first, const struct row *row)
{
	const struct {
		const char *before;
		const char *value;
	} pieces[] = {
		{ first ? "[{\"in\":\"" : ",{\"in\":\"", row->in },
		{ "\",\"pointer\":\"", row->under },
		{ "", row->pointer },
		{ "\",\"code\":\"", row->code },
		{ "\",\"detail\":\"", row->detail },
	};
	enum xc_err err = XC_OK;
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (err == XC_OK)
			err = put(text, pieces[i].before);
		if (err == XC_OK)
			err = put_string(text, pieces[i].value);
	}
	return err == XC_OK ? put(text, "\"}") : err;
}

static void
add(struct xc_contract_faults *faults, const struct row *row)
{
	uint32_t used = faults->text.used;

	faults->whole = faults->whole || (strcmp(row->in, "body") == 0 &&
	    row->under[0] == '\0' && row->pointer[0] == '\0');
	if (faults->n == XC_CONTRACT_FAULTS_MAX) {
		faults->more = true;
		return;
	}
	if (put_row(&faults->text, faults->n == 0, row) == XC_OK) {
		faults->n++;
		return;
	}
	/* Out of memory: say that there is one more, at least. */
	faults->text.used = used;
	faults->more = true;
}

void
xc_contract_fault(struct xc_contract_faults *faults, const char *in,
    const char *pointer, const char *code, const char *format, ...)
{
	char detail[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	/* A cut in the middle of a character is not worth a U+FFFD. */
	xc_utf8_cut(detail, strlen(detail));
	add(faults, &(const struct row){ .in = in, .under = "",
	    .pointer = pointer, .code = code, .detail = detail });
}

void
xc_contract_faults_take(struct xc_contract_faults *faults, const char *in,
    const char *under, const struct xc_validator *validator)
{
	size_t n = xc_validator_n_faults(validator);
	const struct xc_schema_fault *fault;
	size_t i;

	for (i = 0; i < n; i++) {
		fault = xc_validator_fault(validator, i);
		/* Given up over a limit: no keyword says so. */
		add(faults, &(const struct row){ .in = in, .under = under,
		    .pointer = fault->pointer,
		    .code = fault->keyword[0] != '\0' ? fault->keyword
		    : "limit", .detail = fault->sentence });
	}
	if (xc_validator_has_more(validator))
		faults->more = true;
	/* What was refused without a reason is refused all the same. */
	else if (n == 0)
		add(faults, &(const struct row){ .in = in, .under = under,
		    .pointer = "", .code = "limit",
		    .detail = "is not known to be valid" });
}

void
xc_contract_faults_end(struct xc_contract_faults *faults)
{
	if (faults->n == 0 || xc_block_put(&faults->text, "]", 1) != XC_OK)
		faults->text.used = 0;
}

void
xc_contract_faults_free(struct xc_contract_faults *faults)
{
	xc_block_free(&faults->text);
	faults->n = 0;
	faults->more = false;
}

/* SPDX-License-Identifier: MIT */
/*
 * The check of a document, in steps: JSON, shape, what each place is,
 * references, operations, schemas, and the values that are given for them.
 * A step says nothing of what one before it has said.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document-private.h"

#define WORDS_MAX 100

void
xc_checker_fault(struct checker *checker, uint32_t at, const char *format,
    ...)
{
	char pointer[POINTER_SIZE], sentence[800];
	va_list args;

	xc_tape_pointer(&checker->tape, at, pointer, sizeof(pointer));
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	checker->said[at] = true;
	xc_notes_add(checker->notes, "openapi.json: %s%s%s", pointer,
	    pointer[0] != '\0' ? ": " : "", sentence);
}

uint32_t
xc_checker_member(const struct checker *checker, uint32_t at,
    const char *name)
{
	return xc_tape_member(&checker->tape, at, name, strlen(name));
}

struct words
xc_checker_words(const struct checker *checker, uint32_t at)
{
	enum xc_token_type type = xc_checker_type(checker, at);
	struct words words = { 0, "" };
	size_t len;

	if (type != XC_TOKEN_STRING && type != XC_TOKEN_KEY)
		return words;
	words.text = xc_tape_string(&checker->tape, at, &len);
	while (len > WORDS_MAX &&
	    (len > WORDS_MAX + 4 ||
	    ((unsigned char)words.text[len] & 0xc0) == 0x80))
		len--;
	words.len = (int)len;
	return words;
}

bool
xc_checker_is(const struct checker *checker, uint32_t at, const char *text)
{
	enum xc_token_type type = xc_checker_type(checker, at);

	return (type == XC_TOKEN_STRING || type == XC_TOKEN_KEY) &&
	    xc_tape_is(&checker->tape, at, text, strlen(text));
}

bool
xc_checker_same(const struct checker *checker, uint32_t a, uint32_t b)
{
	size_t len;
	const char *text = xc_tape_string(&checker->tape, a, &len);

	return xc_tape_is(&checker->tape, b, text, len);
}

bool
xc_checker_next(const struct checker *checker, struct walk_over *walk)
{
	const struct xc_tape *tape = &checker->tape;
	enum xc_token_type type = xc_tape_type(tape, walk->of);
	uint32_t next;

	if ((type != XC_TOKEN_OBJECT && type != XC_TOKEN_ARRAY) ||
	    walk->i >= xc_tape_count(tape, walk->of))
		return false;
	next = walk->i == 0 ? xc_tape_first(walk->of) :
	    xc_tape_next(tape, walk->at);
	walk->key = type == XC_TOKEN_OBJECT ? next : 0;
	walk->at = type == XC_TOKEN_OBJECT ? xc_tape_value(tape, next) : next;
	walk->i++;
	return true;
}

void
xc_checker_add(struct checker *checker, struct xc_block *block,
    const void *row, size_t size)
{
	enum xc_err err = xc_block_put(block, row, size);

	if (checker->err == XC_OK)
		checker->err = err;
}

/* ---- references within the document ------------------------------------- */

static int
hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX; the length, or SIZE_MAX. */
static size_t
decode(const char *text, size_t len, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n == size)
			return SIZE_MAX;
		buf[n] = text[i];
		if (text[i] == '%') {
			int high = i + 2 < len ? hex_of(text[i + 1]) : -1;
			int low = i + 2 < len ? hex_of(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return SIZE_MAX;
			buf[n] = (char)(high << 4 | low);
			i += 2;
		}
		n++;
	}
	return n;
}

uint32_t
xc_checker_find(const struct checker *checker, uint32_t ref)
{
	char pointer[POINTER_SIZE];
	uint32_t at = 0;
	const char *text;
	size_t len;

	if (ref == 0 || xc_checker_type(checker, ref) != XC_TOKEN_STRING)
		return 0;
	text = xc_tape_string(&checker->tape, ref, &len);
	if (len > sizeof(DOCUMENT_URI) - 1 && memcmp(text, DOCUMENT_URI,
	    sizeof(DOCUMENT_URI) - 1) == 0) {
		text += sizeof(DOCUMENT_URI) - 1;
		len -= sizeof(DOCUMENT_URI) - 1;
	}
	if (len < 2 || text[0] != '#' || text[1] != '/')
		return 0;
	len = decode(text + 1, len - 1, pointer, sizeof(pointer));
	if (len == SIZE_MAX ||
	    !xc_tape_find(&checker->tape, pointer, len, &at))
		return 0;
	return at;
}

uint32_t
xc_checker_follow(const struct checker *checker, uint32_t at)
{
	for (int hops = 0; hops < 32 && at != 0; hops++) {
		uint32_t ref = xc_checker_member(checker, at, "$ref");

		if (ref == 0)
			return at;
		at = xc_checker_find(checker, ref);
	}
	return 0;
}

char *
xc_checker_ref(struct checker *checker, uint32_t at)
{
	static const char plain[] = "/-._~!$&'()*+,;=:@";
	char pointer[POINTER_SIZE];
	char *ref, *to;

	xc_tape_pointer(&checker->tape, at, pointer, sizeof(pointer));
	ref = malloc(sizeof(DOCUMENT_URI) + 1 + 3 * strlen(pointer));
	if (ref == NULL) {
		checker->err = XC_ERR_NOMEM;
		return NULL;
	}
	to = stpcpy(ref, DOCUMENT_URI "#");
	for (const char *from = pointer; *from != '\0'; from++) {
		char c = *from;

		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' &&
		    (c | 0x20) <= 'z') || strchr(plain, c) != NULL)
			*to++ = c;
		else
			to += sprintf(to, "%%%02X", (unsigned char)c);
	}
	*to = '\0';
	return ref;
}

/* ---- the whole ---------------------------------------------------------- */

static enum xc_err
scan(struct checker *checker)
{
	struct xc_tape_error error;
	enum xc_err err;
	uint32_t off;

	err = xc_tape_scan(checker->text, checker->len, NULL, &checker->block,
	    &off, &checker->tape, &error);
	if (err == XC_OK || err == XC_ERR_NOMEM)
		return err;
	xc_notes_add(checker->notes, "openapi.json: line %zu, column %zu: %s",
	    error.line, error.column, error.what);
	return XC_ERR_INVALID;
}

static enum xc_err
allocate(struct checker *checker)
{
	/* A token more, so that an empty look ahead stays inside. */
	size_t n = (size_t)checker->tape.n + 1;

	checker->kinds = calloc(n, sizeof(*checker->kinds));
	checker->said = calloc(n, sizeof(*checker->said));
	return checker->kinds == NULL || checker->said == NULL ?
	    XC_ERR_NOMEM : XC_OK;
}

static void
free_checker(struct checker *checker)
{
	xc_block_free(&checker->block);
	xc_block_free(&checker->refs);
	xc_block_free(&checker->schemas);
	xc_block_free(&checker->values);
	free(checker->kinds);
	free(checker->said);
	xc_schema_free(&checker->program);
	xc_schema_set_free(&checker->set);
}

static void
run_steps(struct checker *checker)
{
	static void (*const steps[])(struct checker *checker) = {
		xc_document_shape, xc_document_walk, xc_document_refs,
		xc_document_operations, xc_document_schemas,
		xc_document_values };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) &&
	    checker->err == XC_OK; i++)
		steps[i](checker);
}

enum xc_err
xc_document_check(const char *text, size_t len, struct xc_notes *notes)
{
	struct checker checker = { .text = text, .len = len,
		.notes = notes };
	size_t before = notes->n + notes->left_out;

	checker.err = scan(&checker);
	if (checker.err == XC_OK)
		checker.err = allocate(&checker);
	if (checker.err == XC_OK)
		run_steps(&checker);
	free_checker(&checker);
	if (checker.err == XC_OK && notes->n + notes->left_out > before)
		return XC_ERR_INVALID;
	if (checker.err == XC_ERR_TOO_LARGE)
		return XC_ERR_NOMEM;
	return checker.err;
}

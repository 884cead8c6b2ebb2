/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "settings-json.h"

#define DEPTH_MAX	32

struct scan {
	const char *file;
	char *text;		/* a copy, comments made blank */
	size_t len;
	size_t at;
	unsigned depth;
	struct xc_place mark;	/* the place asked for last, */
	size_t mark_at;		/* from which the next one is counted */
	struct xc_errbuf *errbuf;
};

static struct xc_place
place_of(struct scan *scan, size_t at)
{
	if (at < scan->mark_at || scan->mark.line == 0) {
		scan->mark = (struct xc_place){ scan->file, 1, 1 };
		scan->mark_at = 0;
	}
	for (; scan->mark_at < at && scan->mark_at < scan->len;
	    scan->mark_at++) {
		scan->mark.column++;
		if (scan->text[scan->mark_at] == '\n') {
			scan->mark.line++;
			scan->mark.column = 1;
		}
	}
	return scan->mark;
}

static enum xc_err
bad(struct scan *scan, size_t at, const char *what)
{
	struct xc_place place = place_of(scan, at);

	return xc_fail_at(scan->errbuf, &place, NULL, NULL, "%s", what);
}

/* The end of a comment that begins at i; i if there is none there; if it
 * has no end: SIZE_MAX. */
static size_t
comment_end(const char *text, size_t len, size_t i)
{
	const char *end;

	if (text[i] == '#' ||
	    (text[i] == '/' && i + 1 < len && text[i + 1] == '/')) {
		end = memchr(text + i, '\n', len - i);
		return end == NULL ? len : (size_t)(end - text);
	}
	if (text[i] != '/' || i + 1 >= len || text[i + 1] != '*')
		return i;
	end = i + 2 < len ? memmem(text + i + 2, len - i - 2, "*/", 2) : NULL;
	return end == NULL ? SIZE_MAX : (size_t)(end - text) + 2;
}

static size_t
string_end(const char *text, size_t len, size_t i)
{
	for (i++; i < len && text[i] != '"' && text[i] != '\n'; i++)
		if (text[i] == '\\' && i + 1 < len)
			i++;
	return i < len ? i + 1 : len;
}

static enum xc_err
blank_comments(struct scan *scan)
{
	size_t i = 0, end;

	while (i < scan->len) {
		if (scan->text[i] == '"') {
			i = string_end(scan->text, scan->len, i);
			continue;
		}
		end = comment_end(scan->text, scan->len, i);
		if (end == SIZE_MAX)
			return bad(scan, i, "this comment has no end");
		if (end == i) {
			i++;
			continue;
		}
		for (; i < end; i++)
			if (scan->text[i] != '\n')
				scan->text[i] = ' ';
	}
	return XC_OK;
}

static int
peek(struct scan *scan)
{
	while (scan->at < scan->len &&
	    strchr(" \t\r\n", scan->text[scan->at]) != NULL)
		scan->at++;
	return scan->at < scan->len ? (unsigned char)scan->text[scan->at] : -1;
}

static bool
accept(struct scan *scan, char c)
{
	if (peek(scan) != c)
		return false;
	scan->at++;
	return true;
}

static enum xc_err
parse_span(struct scan *scan, size_t from, struct json_object **value_r)
{
	enum json_tokener_error error;
	struct json_tokener *tokener;
	size_t len = scan->at - from, end;
	char *copy;

	*value_r = NULL;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	/* A NUL behind it tells the tokener where a number ends. */
	copy = strndup(scan->text + from, len);
	if (tokener == NULL || copy == NULL) {
		if (tokener != NULL)
			json_tokener_free(tokener);
		free(copy);
		return xc_fail(scan->errbuf, XC_ERR_NOMEM, "out of memory");
	}
	json_tokener_set_flags(tokener,
	    JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*value_r = json_tokener_parse_ex(tokener, copy, (int)len + 1);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	free(copy);
	if (error == json_tokener_success && end >= len)
		return XC_OK;
	json_object_put(*value_r);
	*value_r = NULL;
	return bad(scan, from + (end < len ? end : 0),
	    error == json_tokener_success ? "this is no JSON value" :
	    json_tokener_error_desc(error));
}

static enum xc_err
scan_string(struct scan *scan)
{
	size_t from = scan->at, i;

	scan->at = string_end(scan->text, scan->len, from);
	for (i = from + 1; i < scan->at; i++)
		if ((unsigned char)scan->text[i] < 0x20)
			return bad(scan, i, "a control character or the end "
			    "of the line in a string; write \\n or \\u00XX");
	if (scan->at - from < 2 || scan->text[scan->at - 1] != '"')
		return bad(scan, from, "this string has no end");
	return XC_OK;
}

/* Reads a name and its colon.  *name_r is a new reference. */
static enum xc_err
scan_name(struct scan *scan, struct json_object *seen,
    struct json_object **name_r)
{
	size_t from = scan->at;
	const char *name;
	enum xc_err err;

	*name_r = NULL;
	if (peek(scan) != '"')
		return bad(scan, scan->at, "a name in double quotes expected");
	from = scan->at;
	err = scan_string(scan);
	if (err == XC_OK)
		err = parse_span(scan, from, name_r);
	if (err != XC_OK)
		return err;
	name = json_object_get_string(*name_r);
	if (name == NULL ||
	    strlen(name) != (size_t)json_object_get_string_len(*name_r))
		err = bad(scan, from, "a name cannot have a NUL in it");
	else if (json_object_object_get_ex(seen, name, NULL))
		err = bad(scan, from, "this name stands here twice");
	else if (json_object_object_add(seen, name, NULL) != 0)
		err = xc_fail(scan->errbuf, XC_ERR_NOMEM, "out of memory");
	else if (!accept(scan, ':'))
		err = bad(scan, scan->at, "':' expected");
	if (err != XC_OK) {
		json_object_put(*name_r);
		*name_r = NULL;
	}
	return err;
}

typedef enum xc_err value_fn(struct scan *scan, const char *name, size_t at,
    void *ctx);

static enum xc_err scan_value(struct scan *scan, const char *name, size_t at,
    void *ctx);

/* Whether another name follows.  Behind the last section or key a comma may
 * stand, so that the line after it can be made a comment. */
static bool
more(struct scan *scan, value_fn *fn)
{
	size_t comma;

	if (!accept(scan, ','))
		return false;
	comma = scan->at - 1;
	if (fn == scan_value || peek(scan) != '}')
		return true;
	scan->text[comma] = ' ';
	return false;
}

/* Calls fn, which must read the value, for each name of an object. */
static enum xc_err
scan_object(struct scan *scan, value_fn *fn, void *ctx)
{
	struct json_object *seen, *name;
	enum xc_err err = XC_OK;
	size_t at;

	if (!accept(scan, '{'))
		return bad(scan, scan->at, "'{' expected");
	if (accept(scan, '}'))
		return XC_OK;
	seen = json_object_new_object();
	if (seen == NULL)
		return xc_fail(scan->errbuf, XC_ERR_NOMEM, "out of memory");
	do {
		peek(scan);
		at = scan->at;
		err = scan_name(scan, seen, &name);
		if (err != XC_OK)
			break;
		err = fn(scan, json_object_get_string(name), at, ctx);
		json_object_put(name);
	} while (err == XC_OK && more(scan, fn));
	if (err == XC_OK && !accept(scan, '}'))
		err = bad(scan, scan->at, "',' or '}' expected");
	json_object_put(seen);
	return err;
}

static enum xc_err
scan_array(struct scan *scan)
{
	enum xc_err err;

	scan->at++;
	if (accept(scan, ']'))
		return XC_OK;
	do {
		err = scan_value(scan, NULL, scan->at, NULL);
		if (err != XC_OK)
			return err;
	} while (accept(scan, ','));
	if (!accept(scan, ']'))
		return bad(scan, scan->at, "',' or ']' expected");
	return XC_OK;
}

static enum xc_err
scan_word(struct scan *scan)
{
	static const char in_word[] =
	    "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct json_object *value;
	size_t from = scan->at;
	const char *c = scan->text + from;
	enum xc_err err;

	while (scan->at < scan->len && scan->text[scan->at] != '\0' &&
	    strchr(in_word, scan->text[scan->at]) != NULL)
		scan->at++;
	if (scan->at == from || (*c != '-' && (*c < '0' || *c > '9') &&
	    *c != 't' && *c != 'f' && *c != 'n'))
		return bad(scan, from, "a value expected: a string in double "
		    "quotes, a number, true, false, null, [ or {");
	err = parse_span(scan, from, &value);
	json_object_put(value);
	if (err == XC_ERR_INVALID)
		return bad(scan, from, "neither a number nor true, false or "
		    "null");
	return err;
}

/* Walks over one value of any kind. */
static enum xc_err
scan_value(struct scan *scan, const char *name, size_t at, void *ctx)
{
	enum xc_err err;
	int c = peek(scan);

	(void)name;
	(void)at;
	(void)ctx;
	if (c == '"')
		return scan_string(scan);
	if (c != '{' && c != '[')
		return scan_word(scan);
	if (++scan->depth >= DEPTH_MAX)
		return bad(scan, scan->at, "too deep");
	err = c == '{' ? scan_object(scan, scan_value, NULL) :
	    scan_array(scan);
	scan->depth--;
	return err;
}

struct walk {
	xc_member_fn *fn;
	void *ctx;
	const char *section;
};

static enum xc_err
scan_key(struct scan *scan, const char *name, size_t at, void *ctx)
{
	struct walk *walk = ctx;
	struct xc_member member = { .section = walk->section, .key = name,
		.place = place_of(scan, at) };
	enum xc_err err;
	size_t from;

	peek(scan);
	from = scan->at;
	err = scan_value(scan, NULL, from, NULL);
	if (err == XC_OK)
		err = parse_span(scan, from, &member.value);
	if (err == XC_OK)
		err = walk->fn(walk->ctx, &member, scan->errbuf);
	json_object_put(member.value);
	return err;
}

/* "$schema" beside the sections is for editors. */
static enum xc_err
scan_schema(struct scan *scan)
{
	if (peek(scan) != '"')
		return bad(scan, scan->at, "$schema: a string expected, where "
		    "the schema is");
	return scan_string(scan);
}

static enum xc_err
scan_section(struct scan *scan, const char *name, size_t at, void *ctx)
{
	struct walk *walk = ctx;
	struct xc_member member = { .section = name,
		.place = place_of(scan, at) };
	enum xc_err err;

	if (strcmp(name, "$schema") == 0)
		return scan_schema(scan);
	err = walk->fn(walk->ctx, &member, scan->errbuf);
	if (err != XC_OK)
		return err;
	if (peek(scan) != '{')
		return xc_fail_at(scan->errbuf, &member.place, name, NULL,
		    "an object expected: {\"key\": value, ...}");
	walk->section = name;
	return scan_object(scan, scan_key, walk);
}

static enum xc_err
scan_all(struct scan *scan, struct walk *walk)
{
	const char *nul = memchr(scan->text, '\0', scan->len);
	enum xc_err err;

	if (nul != NULL)
		return bad(scan, (size_t)(nul - scan->text),
		    "a NUL byte: this is no text");
	err = blank_comments(scan);
	if (err != XC_OK)
		return err;
	err = scan_object(scan, scan_section, walk);
	if (err == XC_OK && peek(scan) != -1)
		err = bad(scan, scan->at, "something stands behind the "
		    "closing '}'");
	return err;
}

/* Scans; *plain_r, if it is not NULL, gets the text without what is no JSON,
 * or NULL. */
static enum xc_err
scan_text(struct scan *scan, const char *text, struct walk *walk,
    char **plain_r)
{
	enum xc_err err;

	if (scan->len > XC_CONFIG_FILE_MAX)
		return xc_fail(scan->errbuf, XC_ERR_TOO_LARGE,
		    "%s: larger than %u bytes", scan->file,
		    XC_CONFIG_FILE_MAX);
	scan->text = malloc(scan->len + 1);
	if (scan->text == NULL)
		return xc_fail(scan->errbuf, XC_ERR_NOMEM, "out of memory");
	if (scan->len > 0)
		memcpy(scan->text, text, scan->len);
	scan->text[scan->len] = '\0';
	err = scan_all(scan, walk);
	if (err == XC_OK && plain_r != NULL)
		*plain_r = scan->text;
	else
		free(scan->text);
	return err;
}

enum xc_err
xc_settings_scan(const char *file, const char *text, size_t len,
    xc_member_fn *fn, void *ctx, struct xc_errbuf *errbuf)
{
	struct scan scan = { .file = file, .len = len, .errbuf = errbuf };
	struct walk walk = { .fn = fn, .ctx = ctx };

	return scan_text(&scan, text, &walk, NULL);
}

static enum xc_err
take_none(void *ctx, const struct xc_member *member, struct xc_errbuf *errbuf)
{
	(void)ctx;
	(void)member;
	(void)errbuf;
	return XC_OK;
}

enum xc_err
xc_settings_plain(const char *text, size_t len, char **plain_r)
{
	struct xc_errbuf errbuf;
	struct scan scan = { .file = "", .len = len, .errbuf = &errbuf };
	struct walk walk = { .fn = take_none };

	*plain_r = NULL;
	return scan_text(&scan, text, &walk, plain_r);
}

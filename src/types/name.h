/* SPDX-License-Identifier: MIT */
/* Names of C out of what a document calls things. */
#ifndef XC_TYPES_NAME_H
#define XC_TYPES_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json_object;

#define XC_NAME_MAX 100

/*
 * In buf, which is returned: the words of a text in small letters with _
 * between them ("NewItem" and "new-item" are "new_item"); never empty, cut
 * where it is long.  It may begin with a digit.
 */
char *xc_name_words(const char *text, char buf[XC_NAME_MAX]);

/* The same in capitals. */
char *xc_name_capitals(const char *text, char buf[XC_NAME_MAX]);

/* Makes a member's name of words in buf: no digit first, no word of C or C++
 * and no macro of the system's headers. */
char *xc_name_member(char buf[XC_NAME_MAX]);

/* In buf, which is returned: what the names of a plugin's types begin with. */
char *xc_name_prefix(const char *plugin, char buf[XC_NAME_MAX]);

/* Whether a tag of that name is, or looks like, one of xcore's, json-c's or
 * the system's. */
bool xc_name_is_foreign(const char *tag);

/* Writes a text as a literal of C. */
void xc_name_literal(FILE *out, const char *text);

/* Writes a text into a comment: nothing that ends or nests one, and only what
 * is plain. */
void xc_name_plain(FILE *out, const char *text, size_t n);

/* Writes a text for a comment: on lines that begin with `begin`, cut after
 * some of them. */
void xc_name_comment(FILE *out, const char *begin, const char *text);

#endif

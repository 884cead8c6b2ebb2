/* SPDX-License-Identifier: MIT */
/* What bytes may stand in a text: the checks that all parsers share. */
#ifndef XC_TEXT_H
#define XC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a hexadecimal digit, or -1. */
int xc_hex(unsigned char c);

/* Whether len bytes are an RFC 9110 token; an empty one is not. */
bool xc_is_token(const char *text, size_t len);

/* A character of a parameter's name after "HTTP_" as it stands in a header's
 * name: lower case, '-' for '_'; '\0' if it may not stand there. */
char xc_header_char(char c);

/*
 * Whether no byte is a control character.  A tab is one unless tab is true.
 * Bytes from 0x80 on are not looked at.
 */
bool xc_is_plain(const char *text, size_t len, bool tab);

/* The length of the longest prefix of whole, valid UTF-8 (RFC 3629: nothing
 * overlong, no surrogates); len if all of it is. */
size_t xc_utf8_span(const char *text, size_t len);

/* Cuts what a text that was cut to len bytes has of a character at its end;
 * gives the length that is left and puts a NUL there. */
size_t xc_utf8_cut(char *text, size_t len);

/* Puts '?' for each byte of a NUL-terminated text that is of no valid
 * UTF-8, in place. */
void xc_utf8_tidy(char *text);

#endif

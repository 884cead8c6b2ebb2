/* SPDX-License-Identifier: MIT */
/* Header lines that stand on every reply, made when the configuration is
 * read; a handler's own header of that name takes the place of one. */
#ifndef XC_LINES_H
#define XC_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/middleware.h"

#define XC_LINES_MAX 24

enum xc_line_for { XC_FOR_ALL, XC_FOR_HTML, XC_FOR_OTHERS };

struct xc_line {
	const char *text;	/* "Name: value" CR LF */
	uint32_t len;
	uint32_t name_len;
	enum xc_line_for which;
	bool https;		/* over https alone */
};

struct xc_lines {
	struct xc_line rows[XC_LINES_MAX];
	size_t n;
	/* All rows of a reply in one: by https and by HTML. */
	struct {
		const char *text;
		uint32_t len;
	} joined[2][2];
	char id_name[72];	/* "X-Request-Id: "; "": none */
	uint32_t id_len;
	char *memory;
};

/* headers NULL: none but the request's id.  XC_ERR_NOMEM. */
enum xc_err xc_lines_make(const struct xc_headers_settings *headers,
    const char *id_name, struct xc_lines *lines_r);
void xc_lines_free(struct xc_lines *lines);

/* Which rows (bits) a text of header lines has the names of. */
uint32_t xc_lines_taken(const struct xc_lines *lines, const char *text,
    size_t len);

/* Whether a row stands on a reply. */
bool xc_line_is_for(const struct xc_line *line, bool https, bool html);

#endif

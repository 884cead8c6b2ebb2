/* SPDX-License-Identifier: MIT */
#include "services/middleware/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

/* Texts while they are gathered. */
struct maker {
	struct xc_lines *lines;
	FILE *out;
};

static void
add(struct maker *maker, const char *name, const char *value,
    enum xc_line_for which, bool https)
{
	struct xc_lines *lines = maker->lines;
	struct xc_line *row = &lines->rows[lines->n];

	if (value[0] == '\0' || lines->n == XC_LINES_MAX)
		return;
	lines->n++;
	row->name_len = (uint32_t)strlen(name);
	row->len = (uint32_t)fprintf(maker->out, "%s: %s\r\n", name, value);
	row->which = which;
	row->https = https;
}

static void
add_all(struct maker *maker, const struct xc_headers_settings *headers)
{
	if (headers->nosniff)
		add(maker, "X-Content-Type-Options", "nosniff", XC_FOR_ALL,
		    false);
	add(maker, "Referrer-Policy", headers->referrer_policy, XC_FOR_ALL,
	    false);
	add(maker, "Strict-Transport-Security",
	    headers->strict_transport_security, XC_FOR_ALL, true);
	add(maker, "Cross-Origin-Opener-Policy", headers->opener_policy,
	    XC_FOR_ALL, false);
	add(maker, "Cross-Origin-Resource-Policy", headers->resource_policy,
	    XC_FOR_ALL, false);
	add(maker, "Content-Security-Policy",
	    headers->content_security_policy, XC_FOR_OTHERS, false);
	add(maker, "Content-Security-Policy", headers->html_security_policy,
	    XC_FOR_HTML, false);
	if (headers->more == NULL)
		return;
	json_object_object_foreach(headers->more, name, value)
		add(maker, name, json_object_get_string(value), XC_FOR_ALL,
		    false);
}

bool
xc_line_is_for(const struct xc_line *line, bool https, bool html)
{
	return (https || !line->https) && (line->which == XC_FOR_ALL ||
	    html == (line->which == XC_FOR_HTML));
}

/* Copies of the rows behind them, for each kind of reply in one piece. */
static enum xc_err
join(struct xc_lines *lines, size_t size)
{
	char *memory = realloc(lines->memory, size * 5 + 1), *to;
	unsigned kind;
	size_t i;

	if (memory == NULL)
		return XC_ERR_NOMEM;
	lines->memory = memory;
	to = memory + size;
	for (i = 0; i < lines->n; i++)
		lines->rows[i].text = i == 0 ? memory :
		    lines->rows[i - 1].text + lines->rows[i - 1].len;
	for (kind = 0; kind < 4; kind++) {
		lines->joined[kind & 1][kind >> 1].text = to;
		for (i = 0; i < lines->n; i++) {
			const struct xc_line *row = &lines->rows[i];

			if (!xc_line_is_for(row, kind & 1, kind >> 1))
				continue;
			memcpy(to, row->text, row->len);
			to += row->len;
		}
		lines->joined[kind & 1][kind >> 1].len = (uint32_t)(to -
		    lines->joined[kind & 1][kind >> 1].text);
	}
	return XC_OK;
}

enum xc_err
xc_lines_make(const struct xc_headers_settings *headers, const char *id_name,
    struct xc_lines *lines_r)
{
	struct maker maker = { .lines = lines_r };
	size_t size = 0;

	memset(lines_r, 0, sizeof(*lines_r));
	if (id_name[0] != '\0')
		lines_r->id_len = (uint32_t)snprintf(lines_r->id_name,
		    sizeof(lines_r->id_name), "%.64s: ", id_name);
	maker.out = open_memstream(&lines_r->memory, &size);
	if (maker.out == NULL)
		return XC_ERR_NOMEM;
	if (headers != NULL)
		add_all(&maker, headers);
	if (fclose(maker.out) != 0)
		return XC_ERR_NOMEM;
	return join(lines_r, size);
}

void
xc_lines_free(struct xc_lines *lines)
{
	free(lines->memory);
	memset(lines, 0, sizeof(*lines));
}

uint32_t
xc_lines_taken(const struct xc_lines *lines, const char *text, size_t len)
{
	const char *end = text + len, *next;
	const struct xc_line *row;
	uint32_t taken = 0;
	size_t i, left;

	for (; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (next == NULL)
			break;
		left = (size_t)(next - text);
		for (i = 0; i < lines->n; i++) {
			row = &lines->rows[i];
			if (left > row->name_len &&
			    text[row->name_len] == ':' &&
			    strncasecmp(text, row->text, row->name_len) == 0)
				taken |= 1u << i;
		}
	}
	return taken;
}

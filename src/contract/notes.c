/* SPDX-License-Identifier: MIT */
/* Lines for a person, up to a number. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>

#include "document.h"
#include "lib/text.h"

#define LINE_MAX_BYTES 1000

/* One line, whatever stands in a document. */
static void
tidy(char *line)
{
	for (size_t i = 0; line[i] != '\0'; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	if (strlen(line) == LINE_MAX_BYTES - 1)
		xc_utf8_cut(line, strlen(line));
	xc_utf8_tidy(line);
}

void
xc_notes_add(struct xc_notes *notes, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	if (notes->lines == NULL)
		notes->lines = calloc(XC_NOTES_MAX, sizeof(*notes->lines));
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	tidy(line);
	if (notes->lines != NULL && notes->n < XC_NOTES_MAX)
		notes->lines[notes->n] = strdup(line);
	if (notes->lines != NULL && notes->n < XC_NOTES_MAX &&
	    notes->lines[notes->n] != NULL)
		notes->n++;
	else
		notes->left_out++;
}

void
xc_notes_free(struct xc_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->lines[i]);
	free(notes->lines);
	memset(notes, 0, sizeof(*notes));
}

void
xc_notes_text(const struct xc_notes *notes, struct xc_errbuf *errbuf)
{
	const size_t room = sizeof(errbuf->text) - sizeof("; and 12345 more");
	size_t len = 0, i;

	errbuf->text[0] = '\0';
	for (i = 0; i < notes->n; i++) {
		if (i > 0 && len + 2 + strlen(notes->lines[i]) > room)
			break;
		len += (size_t)snprintf(errbuf->text + len,
		    sizeof(errbuf->text) - len, "%s%s", i > 0 ? "; " : "",
		    notes->lines[i]);
		if (len > room)
			len = xc_utf8_cut(errbuf->text, room);
	}
	if (i < notes->n || notes->left_out > 0)
		snprintf(errbuf->text + len, sizeof(errbuf->text) - len,
		    "; and %zu more", notes->n - i + notes->left_out);
}

struct json_object *
xc_notes_json(const struct xc_notes *notes)
{
	struct json_object *list = json_object_new_array();
	char more[64];

	for (size_t i = 0; i < notes->n; i++)
		json_object_array_add(list,
		    json_object_new_string(notes->lines[i]));
	if (notes->left_out > 0) {
		snprintf(more, sizeof(more), "and %zu more",
		    notes->left_out);
		json_object_array_add(list, json_object_new_string(more));
	}
	return list;
}

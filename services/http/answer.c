/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define LINES_MAX ((size_t)64 * 1024)
#define N_LINES_MAX 256
#define CAP_MIN ((size_t)1024)

static bool
fail(struct xc_http_answer *answer, enum xc_err err)
{
	answer->err = err;
	return false;
}

/* Makes room for len more bytes and one. */
static bool
make_room(char **base, size_t *cap, size_t used, size_t len)
{
	size_t want = *cap > 0 ? *cap : CAP_MIN;
	char *more;

	while (want - used <= len)
		want *= 2;
	if (want == *cap)
		return true;
	more = realloc(*base, want);
	if (more == NULL)
		return false;
	*base = more;
	*cap = want;
	return true;
}

/* Writes "name: value" with the name in lower case.  What is no character of
 * a value would go on to wherever the handler puts it: a blank for it. */
static void
put_line(char *to, const char *line, size_t name, size_t len)
{
	size_t i;

	for (i = 0; i < name; i++)
		to[i] = line[i] >= 'A' && line[i] <= 'Z' ?
		    (char)(line[i] - 'A' + 'a') : line[i];
	for (; i < len; i++)
		to[i] = (unsigned char)line[i] < ' ' || line[i] == 0x7f ?
		    ' ' : line[i];
	to[len] = '\0';
}

bool
xc_http_answer_line(struct xc_http_answer *answer, const char *line,
    size_t len)
{
	const char *colon;
	size_t name;

	/* An answer that was preliminary (1xx) went before. */
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		answer->lines_len = 0;
		answer->n_lines = 0;
		return true;
	}
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r' ||
	    line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	colon = len > 0 ? memchr(line, ':', len) : NULL;
	name = colon != NULL ? (size_t)(colon - line) : 0;
	/* The end of the head; what no server should send; a trailer. */
	if (!xc_is_token(line, name) || answer->body_len > 0)
		return true;
	if (answer->n_lines == N_LINES_MAX ||
	    len + 1 > LINES_MAX - answer->lines_len)
		return fail(answer, XC_ERR_TOO_LARGE);
	if (!make_room(&answer->lines, &answer->lines_cap, answer->lines_len,
	    len))
		return fail(answer, XC_ERR_NOMEM);
	put_line(answer->lines + answer->lines_len, line, name, len);
	answer->lines_len += len + 1;
	answer->n_lines++;
	return true;
}

bool
xc_http_answer_body(struct xc_http_answer *answer, const void *data,
    size_t len)
{
	if (len == 0)
		return true;
	if (len > answer->body_max - answer->body_len)
		return fail(answer, XC_ERR_TOO_LARGE);
	if (!make_room(&answer->body, &answer->body_cap, answer->body_len,
	    len))
		return fail(answer, XC_ERR_NOMEM);
	memcpy(answer->body + answer->body_len, data, len);
	answer->body_len += len;
	return true;
}

enum xc_err
xc_http_answer_finish(const struct xc_http_answer *answer, int status,
    struct xc_http_got *got_r)
{
	size_t table = answer->n_lines * sizeof(char *);
	const char **headers = malloc(table + answer->lines_len +
	    answer->body_len + 1);
	char *at;
	size_t i;

	memset(got_r, 0, sizeof(*got_r));
	if (headers == NULL)
		return XC_ERR_NOMEM;
	at = (char *)headers + table;
	if (answer->lines_len > 0)
		memcpy(at, answer->lines, answer->lines_len);
	for (i = 0; i < answer->n_lines; i++) {
		headers[i] = at;
		at += strlen(at) + 1;
	}
	if (answer->body_len > 0)
		memcpy(at, answer->body, answer->body_len);
	at[answer->body_len] = '\0';
	got_r->memory = headers;
	got_r->status = status;
	got_r->headers = headers;
	got_r->n_headers = answer->n_lines;
	got_r->body = at;
	got_r->body_len = answer->body_len;
	return XC_OK;
}

void
xc_http_answer_free(struct xc_http_answer *answer)
{
	free(answer->lines);
	free(answer->body);
	memset(answer, 0, sizeof(*answer));
}

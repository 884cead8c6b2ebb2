/* SPDX-License-Identifier: MIT */
/* An answer as it comes in, piece by piece. */
#ifndef XC_SERVICE_ANSWER_H
#define XC_SERVICE_ANSWER_H

#include <stddef.h>

#include "lib/host.h"

/* Zero, and body_max set, is an empty one. */
struct xc_http_answer {
	size_t body_max;
	enum xc_err err;	/* why it takes no more; sticks */
	char *lines;		/* each with a NUL behind it */
	size_t lines_len;
	size_t lines_cap;
	size_t n_lines;
	char *body;
	size_t body_len;
	size_t body_cap;
};

/* One line of the head, as it came, with its end.  False: it is over a limit
 * or memory is out. */
bool xc_http_answer_line(struct xc_http_answer *answer, const char *line,
    size_t len);
bool xc_http_answer_body(struct xc_http_answer *answer, const void *data,
    size_t len);

/* Makes one block of it.  XC_ERR_NOMEM. */
enum xc_err xc_http_answer_finish(const struct xc_http_answer *answer,
    int status, struct xc_http_got *got_r);
void xc_http_answer_free(struct xc_http_answer *answer);

#endif

/* SPDX-License-Identifier: MIT */
/* The request of a test, as a web server would send it. */
#ifndef XC_KIT_ASK_H
#define XC_KIT_ASK_H

#include "contract/multipart.h"
#include "kit/subject.h"
#include "lib/request-private.h"

struct json_object;

/* What goes with the request until it is taken; zero it before. */
struct xc_ask {
	struct json_object *body;
	char *made;		/* a form, or NULL */
	const char *type;	/* of the body, unless the test says it */
	struct xc_source source;
};

/*
 * Makes the request that a test describes, without its body, which is in
 * ask->source.  Returns 0, or the status with which it is refused.
 */
int xc_ask_parse(struct xc_ask *ask, const struct xc_subject *subject,
    struct json_object *test, struct xc_request *req,
    struct xc_errbuf *errbuf);
void xc_ask_free(struct xc_ask *ask);

/*
 * ask-form.c: the text of a form, malloc'ed, the caller's; NULL if memory is
 * out.  form is {"name": "value" or ["value", ...]}; parts are
 * [{"name", "value", "filename", "type"}].
 */
char *xc_ask_form(struct json_object *form);
char *xc_ask_multipart(struct json_object *parts);

#define XC_ASK_BOUNDARY "xcore-install-test-7f1d3a5c"

/* Appends text to buf with all that is not unreserved escaped. */
void xc_ask_escape(char *buf, size_t size, const char *text);

#endif

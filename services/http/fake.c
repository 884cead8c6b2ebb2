/* SPDX-License-Identifier: MIT */
/* Other servers that go through a script. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "http.h"

struct fake {
	const struct xc_http_step *steps;
	size_t n_steps;
	size_t at;
	struct xc_errbuf wrong;	/* the first thing that was; "" */
};

static bool
differs(const char *want, const char *got, size_t len)
{
	return want != NULL && (strlen(want) != len ||
	    memcmp(want, got, len) != 0);
}

/* The step for this request, or NULL: then it is noted what was wrong. */
static const struct xc_http_step *
step_for(struct fake *fake, const struct xc_http_ask *ask)
{
	const struct xc_http_step *step = &fake->steps[fake->at];
	const char *what = NULL;

	if (fake->wrong.text[0] != '\0')
		return NULL;
	if (fake->at == fake->n_steps)
		what = "it comes after the last step";
	else if (differs(step->method, ask->method, strlen(ask->method)))
		what = "another method was expected";
	else if (differs(step->url, ask->url, strlen(ask->url)))
		what = "another URL was expected";
	else if (differs(step->body, ask->body, ask->body_len))
		what = "another body was expected";
	if (what == NULL) {
		fake->at++;
		return step;
	}
	xc_fail(&fake->wrong, XC_ERR_STATE, "step %zu: %s %s: %s",
	    fake->at + 1, ask->method, ask->url, what);
	return NULL;
}

static enum xc_err
fake_ask(void *ctx, const struct xc_http_ask *ask, struct xc_http_got *got_r)
{
	static const char type[] = "content-type: text/plain";
	struct xc_http_answer answer = { .body_max = ask->reply_max };
	const struct xc_http_step *step = step_for(ctx, ask);
	enum xc_err err;

	memset(got_r, 0, sizeof(*got_r));
	if (step == NULL)
		return XC_ERR_STATE;
	if (step->err != XC_OK)
		return step->err;
	if (step->reply != NULL &&
	    xc_http_answer_line(&answer, type, sizeof(type) - 1))
		(void)xc_http_answer_body(&answer, step->reply,
		    strlen(step->reply));
	err = answer.err;
	if (err == XC_OK)
		err = xc_http_answer_finish(&answer, step->status, got_r);
	xc_http_answer_free(&answer);
	return err;
}

static const struct xc_http_ops fake_ops = { .ask = fake_ask };

enum xc_err
xc_http_fake(const struct xc_http_step *steps, size_t n_steps,
    struct xc_http_service *service)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	memset(service, 0, sizeof(*service));
	if (fake == NULL)
		return XC_ERR_NOMEM;
	fake->steps = steps;
	fake->n_steps = n_steps;
	service->ops = &fake_ops;
	service->ctx = fake;
	service->close = free;
	return XC_OK;
}

bool
xc_http_fake_done(const struct xc_http_service *service,
    struct xc_errbuf *why_r)
{
	const struct fake *fake = service->ctx;

	*why_r = fake->wrong;
	if (why_r->text[0] == '\0' && fake->at < fake->n_steps)
		xc_fail(why_r, XC_ERR_STATE, "step %zu was not asked for",
		    fake->at + 1);
	return why_r->text[0] == '\0';
}

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "calls-private.h"
#include "lib/host.h"

void
xc_call_put_refusal(struct xc_call_writer *w,
    const struct xc_refusal *refusal)
{
	xc_call_put_u32(w, (uint32_t)refusal->status);
	xc_call_put_text(w, refusal->code);
	xc_call_put_text(w, refusal->pointer);
	xc_call_put_text(w, refusal->detail);
	xc_call_put_text(w, refusal->challenge);
	xc_call_put_u32(w, refusal->retry_s);
}

static void
get_text(struct xc_call_reader *r, char *text_r, size_t size)
{
	const char *text = xc_call_get_text(r);

	text_r[0] = '\0';
	if (text == NULL || strlen(text) >= size)
		r->bad = true;
	else
		strcpy(text_r, text);
}

void
xc_call_get_refusal(struct xc_call_reader *r, struct xc_refusal *refusal_r)
{
	uint32_t status = xc_call_get_u32(r);

	memset(refusal_r, 0, sizeof(*refusal_r));
	if (status > 599)
		r->bad = true;
	else
		refusal_r->status = (int)status;
	get_text(r, refusal_r->code, sizeof(refusal_r->code));
	get_text(r, refusal_r->pointer, sizeof(refusal_r->pointer));
	get_text(r, refusal_r->detail, sizeof(refusal_r->detail));
	get_text(r, refusal_r->challenge, sizeof(refusal_r->challenge));
	refusal_r->retry_s = xc_call_get_u32(r);
}

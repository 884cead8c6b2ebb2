/* SPDX-License-Identifier: MIT */
/* An authentication that believes a test. */
#include "services/auth/auth.h"

#include <stdio.h>
#include <string.h>

static enum xc_err
check_scopes(const struct xc_auth_fake *fake,
    const struct xc_auth_scheme *scheme, struct xc_auth_verdict *verdict_r)
{
	for (size_t i = 0; i < scheme->n_scopes; i++) {
		if (xc_grants_have(fake->grants, scheme->scopes[i]))
			continue;
		snprintf(verdict_r->detail, sizeof(verdict_r->detail),
		    "This needs the permission %.64s.", scheme->scopes[i]);
		return XC_ERR_DENIED;
	}
	return XC_OK;
}

static enum xc_err
check(void *ctx, struct xc_request *req, const struct xc_auth_need *need,
    struct xc_auth_verdict *verdict_r)
{
	struct xc_auth_fake *fake = ctx;
	enum xc_err err = XC_OK;

	(void)req;
	memset(verdict_r, 0, sizeof(*verdict_r));
	fake->asked++;
	if (fake->subject == NULL)
		return XC_ERR_INVALID;
	for (size_t i = 0; i < need->n && err == XC_OK; i++)
		err = check_scopes(fake, &need->schemes[i], verdict_r);
	if (err == XC_OK && need->step_up_s > 0 && !fake->stepped_up) {
		snprintf(verdict_r->challenge, sizeof(verdict_r->challenge),
		    "Bearer error=\"insufficient_user_authentication\"");
		err = XC_ERR_INVALID;
	}
	if (err != XC_OK)
		return err;
	snprintf(verdict_r->subject, sizeof(verdict_r->subject), "%s",
	    fake->subject);
	snprintf(verdict_r->name, sizeof(verdict_r->name), "%s",
	    fake->name != NULL ? fake->name : "");
	snprintf(verdict_r->session, sizeof(verdict_r->session), "%s",
	    fake->session != NULL ? fake->session : "");
	verdict_r->grants = fake->grants;
	return XC_OK;
}

const struct xc_auth_ops xc_auth_fake_ops = { .check = check };

/* SPDX-License-Identifier: MIT */
/*
 * A form that only remembers what it was given, in place of form.c, and a
 * request for multipart bodies to be put into.  For one file each.
 */
#ifndef XC_MULTIPART_FIXTURE_H
#define XC_MULTIPART_FIXTURE_H

#include <string.h>

#include "contract/multipart-private.h"
#include "lib/host.h"

static struct {
	struct xc_request req;
	struct xc_host host;
	struct xc_contract_faults faults;
	struct xc_take take;
	const struct xc_form_field *fields;	/* of the last form */
	size_t n;
	struct xc_multipart multipart;
} fixture;

/* The property "json" takes an object, all others texts. */
bool
xc_form_is_json(const struct xc_form *form, const char *name, size_t len)
{
	(void)form;
	return len == 4 && memcmp(name, "json", 4) == 0;
}

enum xc_err
xc_form_take(const struct xc_form *form, const struct xc_take *take,
    const struct xc_form_field *fields, size_t n)
{
	(void)form;
	(void)take;
	fixture.fields = fields;
	fixture.n = n;
	return XC_OK;
}

static bool
fixture_open(void)
{
	memset(&fixture, 0, sizeof(fixture));
	fixture.take.req = &fixture.req;
	fixture.take.faults = &fixture.faults;
	return xc_request_init(&fixture.req, &fixture.host, NULL) == XC_OK;
}

/* Takes a body apart, as xc_multipart_take() does; fd may be any number, it is
 * not used. */
static enum xc_err
fixture_take(const char *boundary, size_t boundary_len, const char *body,
    size_t len, int fd)
{
	xc_request_reset(&fixture.req);
	if (xc_request_blank(&fixture.req) != XC_OK)
		return XC_ERR_NOMEM;
	xc_contract_faults_begin(&fixture.faults);
	fixture.n = 0;
	if (!xc_multipart_begin(&fixture.multipart, boundary, boundary_len))
		return XC_ERR_INVALID;
	fixture.multipart.take = &fixture.take;
	fixture.multipart.source = (struct xc_source){ body, len, fd };
	return xc_multipart_run(&fixture.multipart);
}

#endif

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/validate.h"

static struct xc_manifest *
make(const char *name, const char *version, const char *more)
{
	struct xc_errbuf why = { "" };
	struct xc_manifest *manifest;
	char text[600];

	snprintf(text, sizeof(text), "{\"name\":\"%s\",\"version\":\"%s\","
	    "\"author\":\"A\",\"description\":\"D\",\"license\":\"MIT\"%s}",
	    name, version, more);
	if (xc_manifest_parse(text, strlen(text), &manifest, &why) != XC_OK)
		fail_msg("%s", why.text);
	return manifest;
}

/* A site of three: mail; auth, which needs mail; shop, which is disabled and
 * needs auth. */
struct site {
	struct xc_manifest *manifests[3];
	struct xc_installed rows[3];
};

static void
open_site(struct site *site)
{
	site->manifests[0] = make("mail", "1.4.0", "");
	site->manifests[1] = make("auth", "2.0.0",
	    ",\"requires\":{\"plugins\":{\"mail\":\"^1.2\"}}");
	site->manifests[2] = make("shop", "0.1.0",
	    ",\"core\":true,"
	    "\"prefix\":[\"/app/buy/here\",\"/app/sell/here\"],"
	    "\"requires\":{\"plugins\":{\"auth\":\"2.x\"}}");
	for (size_t i = 0; i < 3; i++) {
		site->rows[i] = (struct xc_installed){
			.name = site->manifests[i]->name,
			.version = site->manifests[i]->version,
			.prefix = site->manifests[i]->prefix,
			.enabled = i != 2,
			.manifest = site->manifests[i] };
	}
}

static void
close_site(struct site *site)
{
	for (size_t i = 0; i < 3; i++)
		xc_manifest_free(&site->manifests[i]);
}

/* says NULL: it fits. */
static void
expect(const char *name, const char *version, const char *more,
    const char *says)
{
	struct xc_manifest *manifest = make(name, version, more);
	struct xc_errbuf why = { "" };
	struct site site;
	enum xc_err err;

	open_site(&site);
	err = xc_validate_site(manifest, site.rows, 3, &why);
	assert_int_equal(err, says == NULL ? XC_OK : XC_ERR_EXISTS);
	if (says != NULL && strstr(why.text, says) == NULL)
		fail_msg("%s", why.text);
	close_site(&site);
	xc_manifest_free(&manifest);
}

static void
test_prefix(void **state)
{
	(void)state;
	expect("new", "1.0.0", "", NULL);
	expect("mail", "1.5.0", "", NULL);
	expect("new", "1.0.0", ",\"prefix\":\"/app/mail\"",
	    "remove mail");
	expect("new", "1.0.0", ",\"prefix\":\"/app/mail/box\"", "is taken");
	expect("new", "1.0.0", ",\"prefix\":\"/app/buy\"", "is taken");
	expect("new", "1.0.0", ",\"prefix\":\"/app/mailbox\"", NULL);
	expect("new", "1.0.0", ",\"prefix\":\"/app/mai\"", NULL);
	expect("new", "1.0.0", ",\"core\":true,"
	    "\"prefix\":[\"/docs\",\"/app/mail/box\"]",
	    "/app/mail/box is taken by plugin mail");
	expect("new", "1.0.0", ",\"core\":true,"
	    "\"prefix\":[\"/docs\",\"/app/more\"]", NULL);
	expect("new", "1.0.0", ",\"prefix\":\"/app/sell\"",
	    "is taken by plugin shop 0.1.0 (/app/sell/here)");
}

static void
test_requires(void **state)
{
	(void)state;
	expect("new", "1.0.0",
	    ",\"requires\":{\"plugins\":{\"mail\":\"^1\"}}", NULL);
	expect("new", "1.0.0",
	    ",\"requires\":{\"plugins\":{\"mail\":\"^2\"}}",
	    "but 1.4.0 is installed");
	expect("new", "1.0.0",
	    ",\"requires\":{\"plugins\":{\"sms\":\"*\"}}",
	    "is not installed");
	expect("new", "1.0.0",
	    ",\"requires\":{\"plugins\":{\"shop\":\"*\"}}",
	    "xcore-install enable shop");
}

static void
test_dependents(void **state)
{
	(void)state;
	expect("mail", "1.2.0", "", NULL);
	expect("mail", "1.1.0", "", "plugin auth 2.0.0 requires mail ^1.2");
	expect("mail", "2.0.0", "", "requires mail");
	/* Who is disabled does not hold others back. */
	expect("auth", "3.0.0", "", NULL);
}

static void
test_circle(void **state)
{
	(void)state;
	expect("mail", "1.5.0",
	    ",\"requires\":{\"plugins\":{\"auth\":\"*\"}}", "lead back");
}

static void
test_removal(void **state)
{
	struct xc_errbuf why = { "" };
	struct site site;

	(void)state;
	open_site(&site);
	assert_int_equal(xc_validate_removal("mail", site.rows, 3, &why),
	    XC_ERR_EXISTS);
	assert_non_null(strstr(why.text, "xcore-install disable auth"));
	assert_int_equal(xc_validate_removal("auth", site.rows, 3, &why),
	    XC_OK);
	assert_int_equal(xc_validate_removal("shop", site.rows, 3, &why),
	    XC_OK);
	assert_int_equal(xc_validate_removal("other", site.rows, 3, &why),
	    XC_OK);
	close_site(&site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_requires),
		cmocka_unit_test(test_dependents),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

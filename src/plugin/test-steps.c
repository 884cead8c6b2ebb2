/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/step-order.h"
#include "plugin/validate.h"

#define HEAD "{\"name\":\"gate\",\"version\":\"1.0.0\",\"author\":\"A\"," \
	"\"description\":\"D\",\"license\":\"MIT\""
#define STEP HEAD ",\"middleware\":[{\"operation\":\"check\""
#define MAX 8

/* ---- the order ----------------------------------------------------------- */

static const char *const none[] = { NULL };
static const char *const a[] = { "a", NULL };
static const char *const b[] = { "b", NULL };
static const char *const b_two[] = { "b:two", NULL };
static const char *const c_and_gone[] = { "gone", "gone:x", "c", NULL };
static const char *const c_longer[] = { "c:on", "cc", NULL };

/* Steps, and the order that they get: "operation operation ...".  For a ring
 * says is a part of the sentence and order the operations that are in it. */
static const struct {
	struct xc_order_step steps[MAX];
	size_t n;
	const char *order;
	const char *says;
} orders[] = {
	{ { { .plugin = NULL } }, 0, "", NULL },
	/* By name, and within a plugin as they stand. */
	{ { { "c", "one", false, none, none },
	    { "b", "two", false, none, none },
	    { "b", "one", false, none, none } }, 3, "two one one", NULL },
	/* What is ahead of authentication is ahead of all that is behind. */
	{ { { "a", "one", false, none, none },
	    { "z", "two", true, none, none } }, 2, "two one", NULL },
	{ { { "a", "one", false, none, b },
	    { "b", "two", false, none, none } }, 2, "two one", NULL },
	{ { { "a", "one", false, none, none },
	    { "b", "two", false, a, none } }, 2, "two one", NULL },
	/* Of one step alone. */
	{ { { "a", "one", false, none, b_two },
	    { "b", "two", false, none, none },
	    { "b", "three", false, none, none } }, 3, "two one three", NULL },
	/* Who is not there is not waited for; names count whole. */
	{ { { "a", "one", false, none, c_and_gone },
	    { "c", "two", false, none, none } }, 2, "two one", NULL },
	{ { { "a", "one", false, none, c_longer },
	    { "c", "one1", false, none, none } }, 2, "one one1", NULL },
	/* Both say the same. */
	{ { { "a", "one", false, none, b },
	    { "b", "two", false, a, none } }, 2, "two one", NULL },
	{ { { "a", "one", false, b, none },
	    { "b", "two", false, a, none },
	    { "c", "three", false, none, none } }, 3, "one two",
	    "a:one before b:two before a:one" },
	{ { { "a", "one", false, b, none },
	    { "b", "two", true, none, none } }, 2, "one two",
	    ": a:one before b:two before authentication before a:one; " },
	{ { { "d", "four", false, none, c_and_gone },
	    { "c", "three", false, none, b },
	    { "b", "two", false, none, a },
	    { "a", "one", false, none, c_and_gone } }, 4, "three two one",
	    " before " },
};

static void
add_word(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len > 0 ? " " : "", word);
}

static void
test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		const struct xc_order_step *steps = orders[i].steps;
		size_t n = orders[i].n, order[MAX] = { 0 };
		struct xc_errbuf why = { "" };
		bool in_ring[MAX] = { false };
		char text[200] = "";
		enum xc_err err;

		err = xc_step_order(steps, n, order, in_ring, &why);
		assert_int_equal(err, orders[i].says == NULL ? XC_OK :
		    XC_ERR_EXISTS);
		for (size_t j = 0; j < n; j++) {
			if (err == XC_OK)
				add_word(text, sizeof(text),
				    steps[order[j]].operation);
			else if (in_ring[j])
				add_word(text, sizeof(text),
				    steps[j].operation);
		}
		assert_string_equal(text, orders[i].order);
		if (err != XC_OK && strstr(why.text, orders[i].says) == NULL)
			fail_msg("%s", why.text);
		assert_int_equal(xc_step_order(steps, n, order, NULL, NULL),
		    err);
	}
}

/* ---- the manifest -------------------------------------------------------- */

static enum xc_err
parse(const char *text, struct xc_manifest **manifest_r,
    struct xc_errbuf *why)
{
	why->text[0] = '\0';
	return xc_manifest_parse(text, strlen(text), manifest_r, why);
}

static void
test_manifest(void **state)
{
	struct xc_manifest *manifest;
	const struct xc_step *step;
	struct xc_errbuf why;

	(void)state;
	if (parse(HEAD ",\"isolation\":\"pool\","
	    "\"permissions\":[\"middleware\"],\"middleware\":["
	    "{\"operation\":\"check\",\"phase\":\"request\","
	    "\"scope\":\"site\",\"before\":[\"auth\",\"tenant\"],"
	    "\"after\":[\"cors\",\"gate:look\",\"quota:count\"]},"
	    "{\"operation\":\"look\",\"after\":[\"auth\"]},"
	    "{\"operation\":\"stamp\",\"phase\":\"reply\","
	    "\"scope\":\"own\"}]}", &manifest, &why) != XC_OK)
		fail_msg("%s", why.text);
	assert_int_equal(manifest->steps.n, 3);
	assert_true(xc_steps_have_site(&manifest->steps));
	step = &manifest->steps.list[0];
	assert_string_equal(step->order.plugin, "gate");
	assert_string_equal(step->order.operation, "check");
	assert_true(step->site && step->order.before_auth);
	assert_false(step->on_reply);
	assert_string_equal(step->order.before[0], "tenant");
	assert_null(step->order.before[1]);
	assert_string_equal(step->order.after[0], "gate:look");
	assert_string_equal(step->order.after[1], "quota:count");
	assert_null(step->order.after[2]);
	step = &manifest->steps.list[1];
	assert_false(step->site || step->on_reply || step->order.before_auth);
	assert_null(step->order.before[0]);
	assert_null(step->order.after[0]);
	assert_true(manifest->steps.list[2].on_reply);
	xc_manifest_free(&manifest);
	assert_int_equal(parse(HEAD ",\"middleware\":[]}", &manifest, &why),
	    XC_OK);
	assert_int_equal(manifest->steps.n, 0);
	assert_false(xc_steps_have_site(&manifest->steps));
	xc_manifest_free(&manifest);
}

static const struct {
	const char *text;
	const char *says;
} refused[] = {
	{ HEAD ",\"middleware\":{}}", "/middleware: is an object" },
	{ HEAD ",\"middleware\":[1]}", "/middleware/0" },
	{ HEAD ",\"middleware\":[{}]}",
	    "/middleware/0/operation: is missing" },
	{ HEAD ",\"middleware\":[{\"operation\":\"a b\"}]}",
	    "/middleware/0/operation: must be the name of a handler" },
	{ HEAD ",\"middleware\":[{\"operation\":7}]}",
	    "/middleware/0/operation" },
	{ STEP ",\"phases\":\"reply\"}]}", "did you mean \"phase\"?" },
	{ STEP ",\"phase\":\"after\"}]}",
	    "/middleware/0/phase: is \"after\", not one of \"request\"" },
	{ STEP ",\"scope\":\"all\"}]}", "/middleware/0/scope" },
	{ STEP ",\"before\":\"auth\"}]}", "/middleware/0/before" },
	{ STEP ",\"before\":[\"Auth!\"]}]}",
	    "/middleware/0/before/0: is neither a part of the chain" },
	{ STEP ",\"after\":[\"tenant:\"]}]}", "nor PLUGIN:OPERATION" },
	{ STEP ",\"after\":[7]}]}", "/middleware/0/after/0" },
	{ STEP ",\"before\":[\"cors\"]}]}", "/middleware/0/before: \"cors\" "
	    "is ahead of the steps of all plugins" },
	{ STEP ",\"before\":[\"auth\"],\"after\":[\"auth\"]}]}",
	    "\"auth\" stands in \"after\" too" },
	{ STEP ",\"before\":[\"mail\"],\"after\":[\"mail\"]}]}",
	    "\"mail\" stands in \"after\" too" },
	{ STEP ",\"before\":[\"gate\"]}]}", "is this plugin itself" },
	{ STEP ",\"after\":[\"gate\"]}]}", "/middleware/0/after: \"gate\" is "
	    "this plugin itself" },
	{ STEP ",\"after\":[\"gate:check\"]}]}", "is this step itself" },
	{ STEP ",\"after\":[\"gate:chekc\"]}]}", "no step of this plugin" },
	{ STEP ",\"scope\":\"site\"}]}", "/middleware/0/scope: \"site\" "
	    "needs a yes: add \"middleware\" to \"permissions\"" },
	{ HEAD ",\"isolation\":\"request\",\"permissions\":[\"middleware\"],"
	    "\"middleware\":[{\"operation\":\"x\",\"scope\":\"site\"}]}",
	    "use \"pool\" or \"inprocess\"" },
	{ STEP "},{\"operation\":\"check\",\"phase\":\"reply\"}]}",
	    "/middleware/1/operation: \"check\" stands there twice" },
	{ STEP "}],\"events\":{\"a.b\":\"check\"}}", "handles an event" },
};

static void
test_refused(void **state)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(parse(refused[i].text, &manifest, &why),
		    XC_ERR_INVALID);
		assert_null(manifest);
		if (strstr(why.text, refused[i].says) == NULL)
			fail_msg("%s: %s", refused[i].text, why.text);
	}
}

static void
test_many(void **state)
{
	char text[4000] = HEAD ",\"middleware\":[";
	struct xc_manifest *manifest;
	struct xc_errbuf why;

	(void)state;
	for (int i = 0; i < 17; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len,
		    "%s{\"operation\":\"s%d\"}", i > 0 ? "," : "", i);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "]}");
	assert_int_equal(parse(text, &manifest, &why), XC_ERR_INVALID);
	assert_non_null(strstr(why.text, "has 17 items, 16 are the most"));
}

/* ---- the site ------------------------------------------------------------ */

static struct xc_manifest *
make(const char *name, const char *step)
{
	struct xc_manifest *manifest;
	struct xc_errbuf why;
	char text[600];

	snprintf(text, sizeof(text), "{\"name\":\"%s\",\"version\":\"1.0.0\","
	    "\"author\":\"A\",\"description\":\"D\",\"license\":\"MIT\","
	    "\"middleware\":[{\"operation\":\"step\"%s}]}", name, step);
	if (parse(text, &manifest, &why) != XC_OK)
		fail_msg("%s", why.text);
	return manifest;
}

/* tenant, behind gate, is there; quota too, but nobody uses it. */
static void
expect(const char *name, const char *step, bool enabled, const char *says)
{
	struct xc_manifest *tenant = make("tenant", ",\"after\":[\"gate\"]");
	struct xc_manifest *manifest = make(name, step);
	const struct xc_installed rows[] = {
		{ "quota", "1.0.0", "/app/quota", true, NULL },
		{ "tenant", "1.0.0", "/app/tenant", enabled, tenant },
	};
	struct xc_errbuf why = { "" };
	enum xc_err err = xc_validate_site(manifest, rows, 2, &why);

	assert_int_equal(err, says == NULL ? XC_OK : XC_ERR_EXISTS);
	if (says != NULL && strstr(why.text, says) == NULL)
		fail_msg("%s", why.text);
	xc_manifest_free(&tenant);
	xc_manifest_free(&manifest);
}

static void
test_site(void **state)
{
	(void)state;
	expect("gate", "", true, NULL);
	expect("gate", ",\"before\":[\"tenant\"]", true, NULL);
	expect("gate", ",\"after\":[\"tenant\"]", true, "tenant:step "
	    "before gate:step before tenant:step; change \"before\" or");
	expect("gate", ",\"after\":[\"tenant:step\"]", true, "tenant:step");
	expect("gate", ",\"after\":[\"tenant\"]", false, NULL);
	expect("gate", ",\"after\":[\"quota\"]", true, NULL);
	/* In the place of the one that is there. */
	expect("tenant", ",\"before\":[\"gate\"]", true, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plugin/semver.h"

static void
test_valid(void **state)
{
	/* From the list behind the regular expression of semver.org. */
	static const char *const valid[] = { "0.0.4", "1.2.3", "10.20.30",
		"1.1.2-prerelease+meta", "1.1.2+meta", "1.1.2+meta-valid",
		"1.0.0-alpha", "1.0.0-beta", "1.0.0-alpha.beta",
		"1.0.0-alpha.beta.1", "1.0.0-alpha.1", "1.0.0-alpha0.valid",
		"1.0.0-alpha.0valid",
		"1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
		"1.0.0-rc.1+build.1", "2.0.0-rc.1+build.123", "1.2.3-beta",
		"10.2.3-DEV-SNAPSHOT", "1.2.3-SNAPSHOT-123", "1.0.0", "2.0.0",
		"1.1.7", "2.0.0+build.1848", "2.0.1-alpha.1227",
		"1.0.0-alpha+beta",
		"1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
		"1.2.3----R-S.12.9.1--.12+meta",
		"1.2.3----RC-SNAPSHOT.12.9.1--.12",
		"1.0.0+0.build.1-rc.10000aaa-kk-0.1",
		"1.0.0-0A.is.legal", "18446744073709551615.0.0" };
	struct xc_semver version;

	(void)state;
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		if (!xc_semver_parse(valid[i], &version))
			fail_msg("%s is refused", valid[i]);
	}
}

static void
test_invalid(void **state)
{
	static const char *const invalid[] = { "", "1", "1.2", "1.2.3-0123",
		"1.2.3-0123.0123", "1.1.2+.123", "+invalid", "-invalid",
		"-invalid+invalid", "-invalid.01", "alpha", "alpha.beta",
		"alpha.beta.1", "alpha.1", "alpha+beta", "alpha_beta",
		"alpha.", "alpha..", "beta", "1.0.0-alpha_beta", "-alpha.",
		"1.0.0-alpha..", "1.0.0-alpha..1", "1.0.0-alpha...1",
		"01.1.1", "1.01.1", "1.1.01", "1.2.3.DEV", "1.2-SNAPSHOT",
		"1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
		"1.2-RC-SNAPSHOT", "-1.0.3-gamma+b7718", "+justmeta",
		"9.8.7+meta+meta", "9.8.7-whatever+meta+meta", "v1.2.3",
		" 1.2.3", "1.2.3 ", "1.2.3-", "1.2.3+",
		"18446744073709551616.0.0",
		"99999999999999999999999.999999999999999999.99999999999999999"
	};
	struct xc_semver version;

	(void)state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		if (xc_semver_parse(invalid[i], &version))
			fail_msg("%s is taken", invalid[i]);
	}
}

static void
test_order(void **state)
{
	/* semver.org, item 11, and more; each below the next. */
	static const char *const order[] = { "0.0.1", "0.1.0", "1.0.0-0",
		"1.0.0-9", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1",
		"1.0.0-alpha.beta", "1.0.0-alpha0", "1.0.0-beta",
		"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
		"1.0.1", "1.2.0", "1.10.0", "2.0.0", "2.1.0", "2.1.1" };
	size_t n = sizeof(order) / sizeof(order[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			int want = (i > k) - (i < k);
			int got = xc_semver_compare_text(order[i], order[k]);

			if ((got > 0) - (got < 0) != want)
				fail_msg("%s and %s: %d", order[i], order[k],
				    got);
		}
	}
	assert_int_equal(xc_semver_compare_text("1.0.0+a", "1.0.0+b"), 0);
	assert_true(xc_semver_compare_text("nonsense", "0.0.0-0") < 0);
}

static void
test_in_range(void **state)
{
	static const struct {
		const char *range;
		const char *version;
	} in[] = {
		{ "1.0.0 - 2.0.0", "1.2.3" }, { "1.0.0 - 2", "2.9.9" },
		{ "^1.2.3+build", "1.2.3" }, { "^1.2.3+build", "1.3.0" },
		{ "1.2.3-pre+a - 2.4.3-pre+b", "1.2.3" },
		{ "1.2.3-pre+a - 2.4.3-pre+b", "1.2.3-pre.2" },
		{ "1.2.3-pre+a - 2.4.3-pre+b", "2.4.3-alpha" },
		{ "1.0.0", "1.0.0" }, { "=1.0.0", "1.0.0+x" },
		{ ">=*", "0.2.4" }, { "*", "1.2.3" }, { "x", "0.0.1" },
		{ ">=1.0.0", "1.0.0" }, { ">=1.0.0", "1.1.0" },
		{ ">1.0.0", "1.0.1" }, { "<=2.0.0", "2.0.0" },
		{ "<=2.0.0", "1.9999.9999" }, { "<2.0.0", "0.2.9" },
		{ ">= 1.0.0", "1.0.0" }, { ">=  1.0.0", "1.0.1" },
		{ "<\t2.0.0", "0.2.9" }, { "0.1.20 || 1.2.4", "1.2.4" },
		{ ">=0.2.3 || <0.0.1", "0.0.0" }, { "2.x.x", "2.1.3" },
		{ "1.2.x", "1.2.3" }, { "1.2.x || 2.x", "2.1.3" },
		{ "2.*.*", "2.1.3" }, { "1.2.*||2.*", "1.2.3" },
		{ "2", "2.1.2" }, { "2.3", "2.3.1" }, { "~0.0.1", "0.0.2" },
		{ "~2.4", "2.4.5" }, { "~1", "1.2.3" }, { "~1.0", "1.0.2" },
		{ "~ 1.0.3", "1.0.12" }, { "~1.2.1 >=1.2.3", "1.2.3" },
		{ ">=1", "1.0.0" }, { "<1.2", "1.1.1" }, { ">1.2", "1.3.0" },
		{ "<=1.2", "1.2.9" }, { "^1.2.3", "1.8.1" },
		{ "^0.1.2", "0.1.2" }, { "^0.1", "0.1.2" },
		{ "^0.0.1", "0.0.1" }, { "^0", "0.9.9" }, { "^0.0", "0.0.9" },
		{ "^1.2 ^1", "1.4.2" }, { "^1.2.3-alpha", "1.2.3-pre" },
		{ "^0.0.1-beta", "0.0.1-beta.4" }, { "^1.x", "1.0.0" },
		{ "~1.2.x", "1.2.0" }, { "1 - 2 || 4", "4.4.4" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		if (!xc_semver_in_range(in[i].version, in[i].range))
			fail_msg("%s is not in %s", in[i].version,
			    in[i].range);
	}
}

static void
test_out_of_range(void **state)
{
	static const struct {
		const char *range;
		const char *version;
	} out[] = {
		{ "1.0.0 - 2.0.0", "2.2.3" },
		{ "1.2.3+asdf - 2.4.3+asdf", "1.2.3-pre.2" },
		{ "^1.2.3", "2.0.0-pre" }, { "^1.2", "2.0.0-0" },
		{ "^1.2.3", "1.3.0-beta" }, { "1.0.0", "1.0.1" },
		{ ">=1.0.0", "0.0.0" }, { ">1.0.0", "1.0.0" },
		{ "<=2.0.0", "2.0.1" }, { "<2.0.0", "2.0.0" },
		{ "<2.0.0", "2.0.0-alpha" }, { "<2", "2.0.0-alpha" },
		{ "0.1.20 || 1.2.4", "1.2.3" }, { "2.x.x", "1.1.3" },
		{ "1.2.x || 2.x", "3.1.3" }, { "~2.4", "2.5.0" },
		{ "~2.4", "2.3.9" }, { "~0.0.1", "0.1.0-alpha" },
		{ "~1.0", "1.1.0" }, { ">1.2", "1.2.8" },
		{ "<1", "1.0.0" }, { "^0.0.1", "0.0.2" },
		{ "^0.1", "0.2.0" }, { "^1.2.3", "1.2.2" },
		{ ">*", "1.0.0" }, { "<*", "1.0.0" },
		{ "*", "1.2.3-foo" }, { "^1.0.0-alpha", "1.0.1-alpha" },
		{ ">=1.2 <1.3", "1.3.0" }, { "^1.2 ^2", "1.4.2" },
		{ "^1", "nonsense" }, { "nonsense", "1.0.0" },
		{ "", "1.0.0" }, { ">18446744073709551615", "1.0.0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		if (xc_semver_in_range(out[i].version, out[i].range))
			fail_msg("%s is in %s", out[i].version, out[i].range);
	}
}

static void
test_bad_range(void **state)
{
	static const char *const bad[] = { "", " ", "||", "1.0 ||", "|| 1.0",
		"1.0 | 2.0", "latest", "^", ">=", "=>1.0", "==1", "!1.0",
		"~>1.0", "^^1", "1.2.3.4", "1..2", "x.1", "1.x.3", "v1.0",
		"1.0.0-", "1.0 -", "- 1.0", "1 - 2 - 3", ">1 - 2", "1 -2",
		"01.0", "1.0,2.0", "1.0 and 2.0", "1.2-rc", "1.",
		"99999999999999999999" };
	struct xc_errbuf why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why.text[0] = '\0';
		if (xc_semver_range_check(bad[i], &why) != XC_ERR_INVALID)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_non_null(strstr(why.text, "write for example"));
	}
	assert_int_equal(xc_semver_range_check("^1.2 || 2.x", &why), XC_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_in_range),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_bad_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

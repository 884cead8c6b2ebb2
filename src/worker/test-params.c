/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "worker/params.h"

static char a[] = "REQUEST_METHOD=GET";
static char x1[] = "HTTP_X=1";
static char x2[] = "HTTP_X=2";
static char x3[] = "HTTP_X=";
static char c1[] = "HTTP_COOKIE=a=1";
static char c2[] = "HTTP_COOKIE=b=2";
static char proxy[] = "HTTP_PROXY=evil";
static char secret[] = "XCORE_SECRET=s3cret";

static void
joins_headers(void **state)
{
	char *envp[] = { a, x1, c1, x2, c2, x3, NULL };
	struct xc_params params;
	const char *why;

	(void)state;
	assert_true(xc_params_join(envp, &params, &why));
	assert_int_equal(params.n, 3);
	assert_string_equal(params.envp[0], a);
	assert_string_equal(params.envp[1], "HTTP_X=1, 2, ");
	assert_string_equal(params.envp[2], "HTTP_COOKIE=a=1; b=2");
	assert_null(params.envp[3]);
	assert_null(params.secret);
	assert_string_equal(x1, "HTTP_X=1");
	xc_params_free(&params);
}

static void
refuses_the_rest(void **state)
{
	char *envp[] = { a, x1, x2, a, NULL };
	struct xc_params params;
	const char *why;

	(void)state;
	assert_false(xc_params_join(envp, &params, &why));
	assert_non_null(why);
}

static void
leaves_out(void **state)
{
	char *envp[] = { proxy, secret, a, NULL };
	struct xc_params params;
	const char *why;

	(void)state;
	assert_true(xc_params_join(envp, &params, &why));
	assert_int_equal(params.n, 1);
	assert_string_equal(params.envp[0], a);
	assert_string_equal(params.secret, "s3cret");
	assert_string_equal(xc_params_get(params.envp, "REQUEST_METHOD"),
	    "GET");
	assert_null(xc_params_get(params.envp, "REQUEST"));
	assert_null(xc_params_get(params.envp, "XCORE_SECRET"));
	xc_params_free(&params);
}

static void
bounds_their_number(void **state)
{
	static char names[XC_PARAMS_MAX + 1][16];
	char *envp[XC_PARAMS_MAX + 2];
	struct xc_params params;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i <= XC_PARAMS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "HTTP_%zu=v", i);
		envp[i] = names[i];
	}
	envp[XC_PARAMS_MAX + 1] = NULL;
	assert_false(xc_params_join(envp, &params, &why));
	envp[XC_PARAMS_MAX] = NULL;
	assert_true(xc_params_join(envp, &params, &why));
	assert_int_equal(params.n, XC_PARAMS_MAX);
	assert_null(params.envp[XC_PARAMS_MAX]);
	xc_params_free(&params);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_headers),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(leaves_out),
		cmocka_unit_test(bounds_their_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

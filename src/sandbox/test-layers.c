/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/layers.h"

static void
test_names(void **state)
{
	enum xc_layer layer;

	(void)state;
	for (unsigned i = 0; i < XC_LAYER__MAX; i++) {
		assert_true(xc_layer_parse(xc_layer_name(i), &layer));
		assert_int_equal(layer, i);
		assert_true(strlen(xc_layer_loss(i)) > 10);
		assert_non_null(xc_layer_reason(i, EPERM));
		assert_non_null(xc_layer_reason(i, 0));
	}
	assert_false(xc_layer_parse("netn", &layer));
	assert_false(xc_layer_parse(NULL, &layer));
	assert_string_equal(xc_layer_name(XC_LAYER__MAX), "unknown");
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_LANDLOCK, EOPNOTSUPP),
	    "lsm="));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_USERNS, EPERM),
	    "chroot"));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_USERNS, ENOSPC),
	    "max_"));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_CGROUP_MEMORY,
	    ENODEV), "cgroup v1"));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_CGROUP_CPU, EINVAL),
	    "no folder of cgroup v2"));
	assert_non_null(strstr(xc_layer_reason(XC_LAYER_CGROUP_PIDS, ENOENT),
	    "sandbox.cgroup"));
}

static void
test_suffice(void **state)
{
	struct xc_layers layers = { .active = XC_LAYERS_ALWAYS };
	struct xc_errbuf why = { "" };

	(void)state;
	assert_int_equal(xc_layers_suffice(&layers, 0, &why), XC_OK);
	xc_layers_note(&layers, XC_LAYER_NETNS, EPERM);
	assert_int_equal(xc_layers_suffice(&layers,
	    XC_LAYER_BIT(XC_LAYER_NETNS) | XC_LAYER_BIT(XC_LAYER_MDWE), &why),
	    XC_ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "netns (not allowed"));
	assert_non_null(strstr(why.text, "mdwe ("));
	/* A bit from a newer version. */
	assert_int_equal(xc_layers_suffice(&layers, UINT32_C(1) << 31, &why),
	    XC_ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "no such layer"));
	xc_layers_note(&layers, XC_LAYER_SECCOMP, EINVAL);
	assert_int_equal(xc_layers_suffice(&layers, 0, &why),
	    XC_ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "seccomp (not built"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_suffice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

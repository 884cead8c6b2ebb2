# SPDX-License-Identifier: MIT
# Steps that requests pass, in real sandboxes.
check_PROGRAMS += src/sandbox/test-steps
TESTS += src/sandbox/test-steps
src_sandbox_test_steps_SOURCES = src/sandbox/test-steps.c $(host_fixture)
src_sandbox_test_steps_LDADD = $(host_libs) $(CMOCKA_LIBS)
EXTRA_src_sandbox_test_steps_DEPENDENCIES = \
	src/sandbox/host-plugin.la src/tools/xcore-spawner$(EXEEXT)

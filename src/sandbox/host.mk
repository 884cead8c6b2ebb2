# SPDX-License-Identifier: MIT
# The worker's side of sandboxes, and whoever makes one of his own.
noinst_LTLIBRARIES += libsandbox.la
libsandbox_la_SOURCES = \
	src/sandbox/box.c \
	src/sandbox/hide.c src/sandbox/hide.h \
	src/sandbox/link.c src/sandbox/link.h \
	src/sandbox/output.c \
	src/sandbox/process.c src/sandbox/process.h \
	src/sandbox/process-call.c \
	src/sandbox/process-solo.c \
	src/sandbox/process-spec.c \
	src/sandbox/recycle.c \
	src/sandbox/reply-check.c src/sandbox/reply-check.h \
	src/sandbox/runner.c \
	src/sandbox/runner-call.c \
	src/sandbox/sandboxes.c src/sandbox/sandboxes.h \
	src/sandbox/sandboxes-private.h \
	src/sandbox/spawn.c \
	src/sandbox/zygote-host.c

# The real spawner and a plugin that oversteps.
host_fixture = src/sandbox/host-fixture.c src/sandbox/host-fixture.h
host_libs = libsandbox.la libbroker.la libguest.la libjail.la libplugin.la \
	libloggers.la libxcore.la $(JSONC_LIBS)
host_tests = src/sandbox/test-process src/sandbox/test-sandboxes \
	src/sandbox/test-spawner
check_PROGRAMS += $(host_tests)
TESTS += $(host_tests)
src_sandbox_test_spawner_SOURCES = src/sandbox/test-spawner.c $(host_fixture)
src_sandbox_test_spawner_LDADD = $(host_libs) $(CMOCKA_LIBS)
EXTRA_src_sandbox_test_spawner_DEPENDENCIES = \
	src/sandbox/host-plugin.la src/tools/xcore-spawner$(EXEEXT)
src_sandbox_test_process_SOURCES = src/sandbox/test-process.c
src_sandbox_test_process_LDADD = $(host_libs) $(CMOCKA_LIBS)
src_sandbox_test_sandboxes_SOURCES = src/sandbox/test-sandboxes.c \
	$(host_fixture)
src_sandbox_test_sandboxes_LDADD = $(host_libs) $(CMOCKA_LIBS)
EXTRA_src_sandbox_test_sandboxes_DEPENDENCIES = \
	src/sandbox/host-plugin.la src/tools/xcore-spawner$(EXEEXT)
check_PROGRAMS += src/sandbox/test-hide
TESTS += src/sandbox/test-hide
src_sandbox_test_hide_SOURCES = src/sandbox/test-hide.c
src_sandbox_test_hide_LDADD = libtesthost.la $(host_libs) $(CMOCKA_LIBS)
check_LTLIBRARIES += src/sandbox/host-plugin.la
src_sandbox_host_plugin_la_SOURCES = src/sandbox/host-plugin.c
src_sandbox_host_plugin_la_LDFLAGS = $(AM_LDFLAGS) -module -shared \
	-avoid-version -rpath /nowhere
src_sandbox_host_plugin_la_LIBADD = libxcore.la $(JSONC_LIBS)

# Measures; run by hand.
check_PROGRAMS += src/sandbox/bench-call
src_sandbox_bench_call_SOURCES = src/sandbox/bench-call.c $(host_fixture)
src_sandbox_bench_call_LDADD = $(host_libs)

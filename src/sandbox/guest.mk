# SPDX-License-Identifier: MIT
# The channel, the calls, and what runs inside of a sandbox.  Programs that
# run a guest link libjail.la, libplugin.la and libxcore.la behind it.
noinst_LTLIBRARIES += libguest.la
libguest_la_SOURCES = \
	src/sandbox/calls.c src/sandbox/calls.h \
	src/sandbox/calls-desk.c \
	src/sandbox/calls-http.c \
	src/sandbox/calls-json.c \
	src/sandbox/calls-private.h \
	src/sandbox/calls-rows.c \
	src/sandbox/channel.c src/sandbox/channel.h \
	src/sandbox/guest.c src/sandbox/guest.h \
	src/sandbox/guest-cache.c \
	src/sandbox/guest-crash.c \
	src/sandbox/guest-load.c \
	src/sandbox/guest-order.c \
	src/sandbox/guest-private.h \
	src/sandbox/guest-rows.c \
	src/sandbox/guest-services.c \
	src/sandbox/guest-spec.c \
	src/sandbox/zygote.c
libguest_la_LIBADD = libxcore.la $(JSONC_LIBS)

guest_tests = src/sandbox/test-calls src/sandbox/test-channel \
	src/sandbox/test-guest src/sandbox/test-guest-jailed
check_PROGRAMS += $(guest_tests)
TESTS += $(guest_tests)
src_sandbox_test_calls_SOURCES = src/sandbox/test-calls.c
src_sandbox_test_calls_LDADD = libguest.la $(CMOCKA_LIBS)
src_sandbox_test_channel_SOURCES = src/sandbox/test-channel.c
src_sandbox_test_channel_LDADD = libguest.la $(CMOCKA_LIBS)

# A host that carries calls out as the tests want it, and a plugin.
guest_support = src/sandbox/guest-host.c src/sandbox/guest-host.h
guest_libs = libguest.la libjail.la libplugin.la libxcore.la $(JSONC_LIBS) \
	$(CMOCKA_LIBS)
src_sandbox_test_guest_SOURCES = src/sandbox/test-guest.c $(guest_support)
src_sandbox_test_guest_LDADD = $(guest_libs)
EXTRA_src_sandbox_test_guest_DEPENDENCIES = src/sandbox/guest-plugin.la
src_sandbox_test_guest_jailed_SOURCES = src/sandbox/test-guest-jailed.c \
	$(guest_support)
src_sandbox_test_guest_jailed_LDADD = $(guest_libs)
EXTRA_src_sandbox_test_guest_jailed_DEPENDENCIES = \
	src/sandbox/guest-plugin.la
check_LTLIBRARIES += src/sandbox/guest-plugin.la
src_sandbox_guest_plugin_la_SOURCES = src/sandbox/guest-plugin.c
src_sandbox_guest_plugin_la_LDFLAGS = $(AM_LDFLAGS) -module -shared \
	-avoid-version -rpath /nowhere
src_sandbox_guest_plugin_la_LIBADD = libxcore.la $(JSONC_LIBS)

FUZZ_TARGETS += src/sandbox/fuzz-calls src/sandbox/fuzz-channel
src_sandbox_fuzz_calls_SOURCES = src/sandbox/fuzz-calls.c
src_sandbox_fuzz_calls_LDADD = libguest.la $(FUZZ_LIBS)
src_sandbox_fuzz_channel_SOURCES = src/sandbox/fuzz-channel.c
src_sandbox_fuzz_channel_LDADD = libguest.la $(FUZZ_LIBS)

# SPDX-License-Identifier: MIT
# The channel, the calls, and what runs inside of a sandbox.
noinst_LTLIBRARIES += libguest.la
libguest_la_SOURCES = \
	src/sandbox/calls.c src/sandbox/calls.h \
	src/sandbox/calls-http.c \
	src/sandbox/calls-json.c \
	src/sandbox/calls-private.h \
	src/sandbox/channel.c src/sandbox/channel.h \
	src/sandbox/guest.h
libguest_la_LIBADD = libxcore.la $(JSONC_LIBS)

guest_tests = src/sandbox/test-calls src/sandbox/test-channel
check_PROGRAMS += $(guest_tests)
TESTS += $(guest_tests)
src_sandbox_test_calls_SOURCES = src/sandbox/test-calls.c
src_sandbox_test_calls_LDADD = libguest.la $(CMOCKA_LIBS)
src_sandbox_test_channel_SOURCES = src/sandbox/test-channel.c
src_sandbox_test_channel_LDADD = libguest.la $(CMOCKA_LIBS)

FUZZ_TARGETS += src/sandbox/fuzz-calls src/sandbox/fuzz-channel
src_sandbox_fuzz_calls_SOURCES = src/sandbox/fuzz-calls.c
src_sandbox_fuzz_calls_LDADD = libguest.la $(FUZZ_LIBS)
src_sandbox_fuzz_channel_SOURCES = src/sandbox/fuzz-channel.c
src_sandbox_fuzz_channel_LDADD = libguest.la $(FUZZ_LIBS)

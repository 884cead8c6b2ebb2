# SPDX-License-Identifier: MIT
# What a sandbox asks for, done by its worker.
noinst_LTLIBRARIES += libbroker.la
libbroker_la_SOURCES = \
	src/sandbox/broker.c src/sandbox/broker.h \
	src/sandbox/broker-cache.c \
	src/sandbox/broker-db.c \
	src/sandbox/broker-desk.c \
	src/sandbox/broker-event.c \
	src/sandbox/broker-http.c \
	src/sandbox/broker-log.c \
	src/sandbox/broker-part.c \
	src/sandbox/broker-private.h \
	src/sandbox/broker-reply.c \
	src/sandbox/broker-site.c

# The broker with what it needs of the other folders.
BROKER_TEST_LIBS = libbroker.la libsandbox.la libguest.la libdatabase.la \
	libcache.la libdesk.la libhttp.la libsettings.la libloggers.la \
	libtesthost.la libxcore.la $(CMOCKA_LIBS) $(JSONC_LIBS)
broker_fixture = src/sandbox/broker-fixture.c src/sandbox/broker-fixture.h
broker_tests = src/sandbox/test-broker src/sandbox/test-broker-cache \
	src/sandbox/test-broker-db
check_PROGRAMS += $(broker_tests)
TESTS += $(broker_tests)
src_sandbox_test_broker_SOURCES = src/sandbox/test-broker.c $(broker_fixture)
src_sandbox_test_broker_LDADD = $(BROKER_TEST_LIBS)
src_sandbox_test_broker_cache_SOURCES = src/sandbox/test-broker-cache.c \
	$(broker_fixture)
src_sandbox_test_broker_cache_LDADD = $(BROKER_TEST_LIBS)
src_sandbox_test_broker_db_SOURCES = src/sandbox/test-broker-db.c \
	$(broker_fixture)
src_sandbox_test_broker_db_LDADD = $(BROKER_TEST_LIBS)

FUZZ_TARGETS += src/sandbox/fuzz-broker
src_sandbox_fuzz_broker_SOURCES = src/sandbox/fuzz-broker.c
src_sandbox_fuzz_broker_LDADD = libbroker.la libsandbox.la libguest.la \
	libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)

# SPDX-License-Identifier: MIT
# The services that know users, and what the worker adds to them.
libworker_la_SOURCES += src/worker/desk.c src/worker/desk.h

noinst_LTLIBRARIES += liboperator.la
liboperator_la_SOURCES = \
	src/worker/health.c \
	src/worker/operator.c \
	src/worker/operator-logs.c \
	src/worker/operator-stats.c

check_PROGRAMS += src/worker/test-desk
TESTS += src/worker/test-desk
src_worker_test_desk_SOURCES = src/worker/test-desk.c
src_worker_test_desk_LDADD = liboperator.la libworkerparts.la libadmin.la \
	libauth.la libotp.la libsecurity.la libdesk.la libdatabase.la \
	libcache.la libsettings.la libloggers.la libcontrol.la libxcore.la \
	$(JSONC_LIBS) $(CMOCKA_LIBS)

# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libdesk.la
libdesk_la_SOURCES = \
	services/desk/desk.c services/desk/desk.h \
	services/desk/failing.c \
	services/desk/fake.c
libdesk_la_LIBADD = libxcore.la $(JSONC_LIBS)

check_PROGRAMS += services/desk/test-desk
services_desk_test_desk_SOURCES = services/desk/test-desk.c
services_desk_test_desk_LDADD = libdesk.la libxcore.la $(JSONC_LIBS) \
	$(CMOCKA_LIBS)
TESTS += services/desk/test-desk

# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libadmin.la
libadmin_la_SOURCES = \
	services/admin/account.c \
	services/admin/account-guess.c services/admin/account-guess.h \
	services/admin/admin.c services/admin/admin.h \
	services/admin/admin-private.h \
	services/admin/args.c \
	services/admin/audit.c services/admin/audit.h \
	services/admin/audit-list.c \
	services/admin/audit-private.h \
	services/admin/audit-verify.c \
	services/admin/change.c \
	services/admin/explain.c \
	services/admin/grants.c \
	services/admin/list.c \
	services/admin/roles.c services/admin/roles-private.h \
	services/admin/roles-change.c \
	services/admin/sessions.c \
	services/admin/users.c \
	services/admin/users-change.c \
	services/admin/users-new.c
libadmin_la_LIBADD = $(JSONC_LIBS)

ADMIN_TESTS = \
	services/admin/test-account \
	services/admin/test-admin \
	services/admin/test-audit
check_PROGRAMS += $(ADMIN_TESTS)
ADMIN_TEST_LIBS = libadmin.la libauth.la libotp.la libsecurity.la \
	libdesk.la libdatabase.la libsettings.la libloggers.la libxcore.la \
	$(JSONC_LIBS) $(CMOCKA_LIBS)
services_admin_test_account_SOURCES = services/admin/test-account.c \
	services/admin/support.c services/admin/support.h
services_admin_test_account_LDADD = $(ADMIN_TEST_LIBS)
services_admin_test_admin_SOURCES = services/admin/test-admin.c \
	services/admin/support.c services/admin/support.h
services_admin_test_admin_LDADD = $(ADMIN_TEST_LIBS)
services_admin_test_audit_SOURCES = services/admin/test-audit.c \
	services/admin/support.c services/admin/support.h
services_admin_test_audit_LDADD = $(ADMIN_TEST_LIBS)
EXTRA_DIST += tests/services/admin.sh
LINT_SHELL += tests/services/admin.sh
TESTS += tests/services/admin.sh
EXTRA_DIST += tests/services/users.sh
LINT_SHELL += tests/services/users.sh
TESTS += tests/services/users.sh

# Run by hand.
check_PROGRAMS += services/admin/bench-admin
services_admin_bench_admin_SOURCES = services/admin/bench-admin.c \
	services/admin/support.c services/admin/support.h
services_admin_bench_admin_LDADD = $(ADMIN_TEST_LIBS)

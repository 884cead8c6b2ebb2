# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libdatabase.la
libdatabase_la_SOURCES = \
	services/database/account.c services/database/account.h \
	services/database/breaker.c services/database/breaker.h \
	services/database/columns.c \
	services/database/connect.c \
	services/database/connection.c services/database/connection.h \
	services/database/connection-private.h \
	services/database/database.h \
	services/database/deadline.c \
	services/database/errors.c \
	services/database/failing.c \
	services/database/fake.c \
	services/database/mariadb.c \
	services/database/names.c services/database/names.h \
	services/database/process.c services/database/process.h \
	services/database/rows.c \
	services/database/statement-cache.c \
	services/database/statement.c services/database/statement.h \
	services/database/store.c services/database/store.h \
	services/database/told.c services/database/told.h \
	services/database/wait.c
libdatabase_la_LIBADD = libsettings.la $(MARIADB_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS)

EXTRA_DIST += tests/services/run-database tests/services/database.sh
LINT_SHELL += tests/services/run-database tests/services/database.sh
check_PROGRAMS += services/database/test-database \
	services/database/test-account services/database/test-store \
	services/database/test-mariadb services/database/test-mariadb-faults \
	services/database/test-deadline services/database/test-breaker \
	services/database/test-proxy
services_database_test_database_SOURCES = services/database/test-database.c
services_database_test_database_LDADD = libdatabase.la libsettings.la \
	libloggers.la libxcore.la $(MARIADB_LIBS) $(CRYPTO_LIBS) \
	$(JSONC_LIBS) $(CMOCKA_LIBS)
services_database_test_account_SOURCES = services/database/test-account.c
services_database_test_account_LDADD = \
	$(services_database_test_database_LDADD)
services_database_test_store_SOURCES = services/database/test-store.c \
	services/database/support.c services/database/support.h
services_database_test_store_LDADD = \
	$(services_database_test_database_LDADD)
services_database_test_mariadb_SOURCES = services/database/test-mariadb.c \
	services/database/support.c services/database/support.h
services_database_test_mariadb_LDADD = \
	$(services_database_test_database_LDADD)
services_database_test_mariadb_faults_SOURCES = \
	services/database/test-mariadb-faults.c \
	services/database/support.c services/database/support.h
services_database_test_mariadb_faults_LDADD = \
	$(services_database_test_database_LDADD)
services_database_test_deadline_SOURCES = services/database/test-deadline.c \
	services/database/support.c services/database/support.h
services_database_test_deadline_LDADD = \
	$(services_database_test_database_LDADD)
services_database_test_breaker_SOURCES = services/database/test-breaker.c \
	services/database/support.c services/database/support.h
services_database_test_breaker_LDADD = \
	$(services_database_test_database_LDADD)
services_database_test_proxy_SOURCES = services/database/test-proxy.c \
	services/database/proxy.c services/database/proxy.h \
	services/database/support.c services/database/support.h
services_database_test_proxy_LDADD = libtesthost.la \
	$(services_database_test_database_LDADD)
check_PROGRAMS += services/database/bench-database
services_database_bench_database_SOURCES = \
	services/database/bench-database.c \
	services/database/support.c services/database/support.h
services_database_bench_database_LDADD = \
	$(services_database_test_database_LDADD)
TESTS += services/database/test-database services/database/test-account \
	tests/services/database.sh

# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libregistry.la
libregistry_sources = \
	src/plugin/accounts.c src/plugin/accounts.h \
	src/plugin/answer.c src/plugin/answer.h \
	src/plugin/build.c src/plugin/build.h \
	src/plugin/fault.h \
	src/plugin/follower.c src/plugin/follower.h \
	src/plugin/follower-applied.c \
	src/plugin/follower-compose.c \
	src/plugin/follower-document.c \
	src/plugin/follower-offline.c \
	src/plugin/follower-private.h \
	src/plugin/follower-prove.c \
	src/plugin/follower-quarantine.c \
	src/plugin/follower-safe.c \
	src/plugin/installer.c src/plugin/installer.h \
	src/plugin/installer-accept.c \
	src/plugin/installer-breaking.c \
	src/plugin/installer-down.c \
	src/plugin/installer-gc.c \
	src/plugin/installer-private.h \
	src/plugin/installer-schema.c \
	src/plugin/installer-stage.c \
	src/plugin/installer-state.c \
	src/plugin/installer-wait.c \
	src/plugin/migrate.c src/plugin/migrate.h \
	src/plugin/migrate-command.c src/plugin/migrate-installed.c \
	src/plugin/migrate-journal.c src/plugin/migrate-mark.c \
	src/plugin/migrate-new.c src/plugin/migrate-private.h \
	src/plugin/migrate-set.c \
	src/plugin/migrate-split.c src/plugin/migrate-split.h \
	src/plugin/registry.c src/plugin/registry.h \
	src/plugin/registry-actions.c \
	src/plugin/registry-change.c \
	src/plugin/registry-host.c \
	src/plugin/registry-lease.c \
	src/plugin/registry-package.c \
	src/plugin/registry-private.h \
	src/plugin/registry-quarantine.c \
	src/plugin/registry-terms.c src/plugin/registry-terms.h \
	src/plugin/snapshot.c src/plugin/snapshot.h \
	src/plugin/trial-once.c src/plugin/trial-once.h \
	src/plugin/watch.c src/plugin/watch.h
libregistry_la_SOURCES = $(libregistry_sources)
libregistry_la_LIBADD = libplugin.la libdatabase.la libsettings.la \
	libloggers.la $(CRYPTO_LIBS) $(JSONC_LIBS)

# The core's migrations.
sqldir = $(pkgdatadir)/sql
dist_sql_DATA = \
	sql/0001_registry.down.sql \
	sql/0001_registry.up.sql \
	sql/0002_isolation.down.sql \
	sql/0002_isolation.up.sql \
	sql/0003_identity.down.sql \
	sql/0003_identity.up.sql \
	sql/0004_devices.down.sql \
	sql/0004_devices.up.sql

check_PROGRAMS += src/plugin/test-split src/plugin/test-snapshot \
	src/plugin/test-watch
TESTS += src/plugin/test-split src/plugin/test-snapshot \
	src/plugin/test-watch
src_plugin_test_split_SOURCES = src/plugin/test-split.c
src_plugin_test_split_LDADD = libregistry.la libplugin.la libcontract.la \
	libxcore.la $(CMOCKA_LIBS)
src_plugin_test_snapshot_SOURCES = src/plugin/test-snapshot.c
src_plugin_test_snapshot_LDADD = libregistry.la libplugin.la \
	libcontract.la libxcore.la $(JSONC_LIBS) $(CMOCKA_LIBS)
src_plugin_test_watch_SOURCES = src/plugin/test-watch.c
src_plugin_test_watch_LDADD = libregistry.la libplugin.la libcontract.la \
	libxcore.la $(CMOCKA_LIBS)

FUZZ_TARGETS += src/plugin/fuzz-sqlsplit
src_plugin_fuzz_sqlsplit_SOURCES = src/plugin/fuzz-sqlsplit.c
src_plugin_fuzz_sqlsplit_LDADD = libregistry.la libplugin.la \
	libcontract.la libxcore.la $(FUZZ_LIBS)

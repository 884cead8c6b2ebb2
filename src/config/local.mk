# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libsettings.la
libsettings_la_SOURCES = \
	src/config/middleware.c src/config/middleware.h \
	src/config/middleware-check.c src/config/middleware-check.h \
	src/config/middleware-private.h \
	src/config/middleware-shape.c src/config/middleware-table.h \
	src/config/near.c src/config/near.h \
	src/config/network.c src/config/network.h \
	src/config/secret.c \
	src/config/settings.c src/config/settings.h \
	src/config/settings-check.c \
	src/config/settings-dump.c \
	src/config/settings-env.c \
	src/config/settings-json.c src/config/settings-json.h \
	src/config/settings-limits.c \
	src/config/settings-private.h \
	src/config/settings-table.c src/config/settings-table.h \
	src/config/settings-value.c
libsettings_la_LIBADD = libloggers.la $(JSONC_LIBS)

EXTRA_DIST += src/config/xcore.json
dist_man_MANS += doc/xcore.json.5

check_PROGRAMS += src/config/test-settings
src_config_test_settings_SOURCES = src/config/test-settings.c
src_config_test_settings_LDADD = libsettings.la libloggers.la libxcore.la \
	$(JSONC_LIBS) $(CMOCKA_LIBS)
TESTS += src/config/test-settings

check_PROGRAMS += src/config/test-middleware
src_config_test_middleware_SOURCES = src/config/test-middleware.c
src_config_test_middleware_LDADD = $(src_config_test_settings_LDADD)
TESTS += src/config/test-middleware

# The schema of xcore.json is what the table of settings says.
check_PROGRAMS += src/config/test-settings-schema
TESTS += src/config/test-settings-schema
src_config_test_settings_schema_SOURCES = src/config/test-settings-schema.c
src_config_test_settings_schema_LDADD = libsettings.la libloggers.la \
	libcontract.la libxcore.la $(JSONC_LIBS) $(CMOCKA_LIBS)

FUZZ_TARGETS += src/config/fuzz-settings
src_config_fuzz_settings_SOURCES = src/config/fuzz-settings.c
src_config_fuzz_settings_LDADD = libsettings.la libloggers.la libxcore.la \
	$(JSONC_LIBS) $(FUZZ_LIBS)

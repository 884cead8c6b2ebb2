# SPDX-License-Identifier: MIT
libplugin_la_SOURCES += src/plugin/assets.c src/plugin/assets.h \
	src/plugin/package-path.c

check_PROGRAMS += src/plugin/test-assets
TESTS += src/plugin/test-assets
src_plugin_test_assets_SOURCES = src/plugin/test-assets.c \
	src/plugin/fixture-files.h
src_plugin_test_assets_LDADD = $(plugin_libs) $(CMOCKA_LIBS)

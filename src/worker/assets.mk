# SPDX-License-Identifier: MIT
libworker_la_SOURCES += src/worker/assets.c src/worker/assets.h
libworkerparts_la_SOURCES += src/worker/assets.c \
	src/plugin/assets.c src/plugin/package-path.c

check_PROGRAMS += src/worker/test-assets
TESTS += src/worker/test-assets
src_worker_test_assets_SOURCES = src/worker/test-assets.c
src_worker_test_assets_LDADD = libworkerparts.la $(CMOCKA_LIBS)

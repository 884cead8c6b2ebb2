# SPDX-License-Identifier: MIT
libxcore_la_SOURCES += src/lib/site.c

check_PROGRAMS += src/lib/test-site
TESTS += src/lib/test-site
src_lib_test_site_SOURCES = src/lib/test-site.c
src_lib_test_site_LDADD = $(XCORE_TEST_LIBS)

dist_man_MANS += doc/man3/xc_plugins.3 doc/man3/xc_site.3

# SPDX-License-Identifier: MIT
# Types of C out of a plugin's openapi.json.
noinst_LTLIBRARIES += libtypes.la
libtypes_la_SOURCES = \
	src/types/emit.c src/types/emit.h \
	src/types/emit-json.c \
	src/types/emit-read.c \
	src/types/name.c src/types/name.h \
	src/types/type.c src/types/type.h \
	src/types/type-def.c \
	src/types/types.c src/types/types.h
libtypes_la_LIBADD = libxcore.la $(JSONC_LIBS)

# A header that is made, compiled and used.
check_PROGRAMS += src/types/test-types
TESTS += src/types/test-types
src_types_test_types_SOURCES = src/types/test-types.c
src_types_test_types_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) \
	$(JSONC_CFLAGS) -I$(top_builddir)/src/types
src_types_test_types_LDADD = libtypes.la libtesthost.la libxcore.la \
	$(CMOCKA_LIBS) $(JSONC_LIBS)
src/types/test_types-test-types.$(OBJEXT): src/types/shop-types.h
src/types/shop-types.h: src/tools/xcore-install$(EXEEXT) \
	$(srcdir)/tests/types/shop/openapi.json
	$(AM_V_GEN)$(MKDIR_P) src/types && \
	    src/tools/xcore-install$(EXEEXT) build --types -q -o $@ \
	    $(srcdir)/tests/types/shop
CLEANFILES += src/types/shop-types.h

FUZZ_TARGETS += src/types/fuzz-types
src_types_fuzz_types_SOURCES = src/types/fuzz-types.c
src_types_fuzz_types_LDADD = libtypes.la libxcore.la $(JSONC_LIBS) \
	$(FUZZ_LIBS)

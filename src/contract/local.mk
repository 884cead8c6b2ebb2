# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libcontract.la
libcontract_la_SOURCES = \
	src/contract/pattern.c src/contract/pattern.h \
	src/contract/routes.c src/contract/routes.h \
	src/contract/routes-compile.c src/contract/routes-private.h \
	src/contract/routes-read.c \
	src/contract/schema.h src/contract/schema-private.h \
	src/contract/schema-assert.c \
	src/contract/schema-build.h \
	src/contract/schema-children.c \
	src/contract/schema-compile.c \
	src/contract/schema-equal.c \
	src/contract/schema-format.c \
	src/contract/schema-keyword.c \
	src/contract/schema-meta.c \
	src/contract/schema-object.c \
	src/contract/schema-run.c src/contract/schema-run.h \
	src/contract/schema-set.c \
	src/contract/schema-where.c \
	src/contract/uri.c src/contract/uri.h
libcontract_la_CPPFLAGS = $(AM_CPPFLAGS) $(PCRE2_CFLAGS)
libcontract_la_LIBADD = $(PCRE2_LIBS) $(JSONC_LIBS)

contract_tests = src/contract/test-routes src/contract/test-schema
check_PROGRAMS += $(contract_tests)
TESTS += $(contract_tests)
contract_test_libs = libcontract.la libxcore.la $(JSONC_LIBS) $(CMOCKA_LIBS)
src_contract_test_routes_SOURCES = src/contract/test-routes.c
src_contract_test_routes_LDADD = $(contract_test_libs)
src_contract_test_schema_SOURCES = src/contract/test-schema.c
src_contract_test_schema_LDADD = $(contract_test_libs)

FUZZ_TARGETS += src/contract/fuzz-routes src/contract/fuzz-schema
contract_fuzz_libs = libcontract.la libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)
src_contract_fuzz_routes_SOURCES = src/contract/fuzz-routes.c
src_contract_fuzz_routes_LDADD = $(contract_fuzz_libs)
src_contract_fuzz_schema_SOURCES = src/contract/fuzz-schema.c
src_contract_fuzz_schema_LDADD = $(contract_fuzz_libs)
EXTRA_DIST += src/contract/LICENSE.metaschemas

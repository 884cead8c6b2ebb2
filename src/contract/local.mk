# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libcontract.la
libcontract_la_SOURCES = \
	src/contract/routes.c src/contract/routes.h \
	src/contract/routes-compile.c src/contract/routes-private.h \
	src/contract/routes-read.c
libcontract_la_LIBADD = $(JSONC_LIBS)

check_PROGRAMS += src/contract/test-routes
TESTS += src/contract/test-routes
src_contract_test_routes_SOURCES = src/contract/test-routes.c
src_contract_test_routes_LDADD = libcontract.la libxcore.la $(JSONC_LIBS) \
	$(CMOCKA_LIBS)

FUZZ_TARGETS += src/contract/fuzz-routes
src_contract_fuzz_routes_SOURCES = src/contract/fuzz-routes.c
src_contract_fuzz_routes_LDADD = libcontract.la libxcore.la $(JSONC_LIBS) \
	$(FUZZ_LIBS)

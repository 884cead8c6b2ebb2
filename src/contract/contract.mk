# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/body.c \
	src/contract/contract.c src/contract/contract.h \
	src/contract/contract-compile.c \
	src/contract/contract-content.c \
	src/contract/contract-private.h \
	src/contract/contract-reply.c \
	src/contract/fault.c src/contract/fault.h \
	src/contract/media.c src/contract/media.h \
	src/contract/security.c \
	src/contract/security-compile.c

# A contract without a server, for tests here and the bench.
check_LTLIBRARIES += libcontractfixture.la
libcontractfixture_la_SOURCES = \
	src/contract/contract-fixture.c src/contract/contract-fixture.h
libcontractfixture_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) \
	$(CMOCKA_CFLAGS)

contract_request_tests = src/contract/test-contract \
	src/contract/test-everything src/contract/test-security
check_PROGRAMS += $(contract_request_tests)
TESTS += $(contract_request_tests)
contract_request_libs = libcontractfixture.la libtesthost.la \
	$(contract_test_libs)
src_contract_test_contract_SOURCES = src/contract/test-contract.c
src_contract_test_contract_LDADD = $(contract_request_libs)
src_contract_test_everything_SOURCES = src/contract/test-everything.c \
	src/contract/contract-everything.h
src_contract_test_everything_LDADD = $(contract_request_libs)
src_contract_test_security_SOURCES = src/contract/test-security.c
src_contract_test_security_LDADD = $(contract_request_libs)

FUZZ_TARGETS += src/contract/fuzz-contract src/contract/fuzz-document
src_contract_fuzz_contract_SOURCES = src/contract/fuzz-contract.c \
	src/contract/contract-everything.h
src_contract_fuzz_contract_LDADD = $(contract_fuzz_libs)
src_contract_fuzz_document_SOURCES = src/contract/fuzz-document.c
src_contract_fuzz_document_LDADD = $(contract_fuzz_libs)

check_PROGRAMS += src/contract/bench-contract
src_contract_bench_contract_SOURCES = src/contract/bench-contract.c
src_contract_bench_contract_LDADD = libcontract.la libxcore.la $(JSONC_LIBS)

dist_man_MANS += doc/xcore-contract.7

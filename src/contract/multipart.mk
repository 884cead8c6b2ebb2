# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/multipart.c src/contract/multipart.h \
	src/contract/multipart-head.c \
	src/contract/multipart-name.c \
	src/contract/multipart-private.h

check_PROGRAMS += src/contract/test-multipart
TESTS += src/contract/test-multipart
src_contract_test_multipart_SOURCES = src/contract/test-multipart.c \
	src/contract/multipart-fixture.h
src_contract_test_multipart_LDADD = $(contract_test_libs)

FUZZ_TARGETS += src/contract/fuzz-multipart
src_contract_fuzz_multipart_SOURCES = src/contract/fuzz-multipart.c \
	src/contract/multipart-fixture.h
src_contract_fuzz_multipart_LDADD = $(contract_fuzz_libs)

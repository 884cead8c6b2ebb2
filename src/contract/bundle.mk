# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/bundle.c src/contract/bundle.h \
	src/contract/bundle-lead.c src/contract/bundle-private.h \
	src/contract/places.c src/contract/places.h

check_PROGRAMS += src/contract/test-bundle
TESTS += src/contract/test-bundle
src_contract_test_bundle_SOURCES = src/contract/test-bundle.c
src_contract_test_bundle_LDADD = $(contract_test_libs)

FUZZ_TARGETS += src/contract/fuzz-bundle
src_contract_fuzz_bundle_SOURCES = src/contract/fuzz-bundle.c
src_contract_fuzz_bundle_LDADD = $(contract_fuzz_libs)

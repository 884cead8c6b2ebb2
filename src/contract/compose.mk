# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/compose.c src/contract/compose.h \
	src/contract/compose-discriminator.c \
	src/contract/compose-index.c \
	src/contract/compose-old.c \
	src/contract/compose-old-schema.c \
	src/contract/compose-own.c \
	src/contract/compose-pointer.c src/contract/compose-pointer.h \
	src/contract/compose-private.h \
	src/contract/compose-reference.c \
	src/contract/compose-rewrite.c \
	src/contract/compose-walk.c src/contract/compose-walk.h

check_PROGRAMS += src/contract/test-compose src/contract/compose-files
TESTS += src/contract/test-compose
src_contract_test_compose_SOURCES = src/contract/test-compose.c
src_contract_test_compose_LDADD = $(contract_test_libs)

# Composes documents of files; for tests/openapi and by hand.
src_contract_compose_files_SOURCES = src/contract/compose-files.c
src_contract_compose_files_LDADD = libcontract.la libxcore.la $(JSONC_LIBS)

FUZZ_TARGETS += src/contract/fuzz-compose
src_contract_fuzz_compose_SOURCES = src/contract/fuzz-compose.c
src_contract_fuzz_compose_LDADD = $(contract_fuzz_libs)

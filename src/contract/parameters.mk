# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/field.h \
	src/contract/field-compile.c \
	src/contract/field-gather.c \
	src/contract/field-split.c \
	src/contract/field-style.c \
	src/contract/field-value.c \
	src/contract/field-write.c \
	src/contract/form.c src/contract/form.h \
	src/contract/form-compile.c src/contract/form-private.h \
	src/contract/kind.c \
	src/contract/parameters.c src/contract/parameters.h \
	src/contract/parameters-private.h \
	src/contract/parameters-take.c \
	src/contract/plan.c src/contract/plan.h

check_LTLIBRARIES += libtesttake.la
libtesttake_la_SOURCES = src/contract/test-take.c src/contract/test-take.h
libtesttake_la_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)

parameters_tests = \
	src/contract/test-form \
	src/contract/test-parameters \
	src/contract/test-plan
check_PROGRAMS += $(parameters_tests) src/contract/bench-parameters
TESTS += $(parameters_tests)
parameters_test_libs = libtesttake.la libtesthost.la $(contract_test_libs)
src_contract_test_form_SOURCES = src/contract/test-form.c
src_contract_test_form_LDADD = $(parameters_test_libs)
src_contract_test_parameters_SOURCES = src/contract/test-parameters.c
src_contract_test_parameters_LDADD = $(parameters_test_libs)
src_contract_test_plan_SOURCES = src/contract/test-plan.c
src_contract_test_plan_LDADD = $(contract_test_libs)

# Measures; run by hand.
src_contract_bench_parameters_SOURCES = src/contract/bench-parameters.c
src_contract_bench_parameters_LDADD = $(parameters_test_libs)

FUZZ_TARGETS += src/contract/fuzz-form src/contract/fuzz-parameters
src_contract_fuzz_form_SOURCES = src/contract/fuzz-form.c src/contract/fuzz-take.h
src_contract_fuzz_form_LDADD = $(contract_fuzz_libs)
src_contract_fuzz_parameters_SOURCES = \
	src/contract/fuzz-parameters.c src/contract/fuzz-take.h
src_contract_fuzz_parameters_LDADD = $(contract_fuzz_libs)

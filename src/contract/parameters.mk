# SPDX-License-Identifier: MIT
libcontract_la_SOURCES += \
	src/contract/kind.c \
	src/contract/plan.c src/contract/plan.h

parameters_tests = src/contract/test-plan
check_PROGRAMS += $(parameters_tests)
TESTS += $(parameters_tests)
src_contract_test_plan_SOURCES = src/contract/test-plan.c
src_contract_test_plan_LDADD = $(contract_test_libs)

# SPDX-License-Identifier: MIT
# The validator over files of tests in the form of the public suite.
check_PROGRAMS += tests/schema/suite
tests_schema_suite_SOURCES = tests/schema/suite.c
tests_schema_suite_LDADD = libcontract.la libxcore.la

TESTS += tests/schema/cases.sh tests/schema/command.sh
schema_test_scripts = tests/schema/cases.sh tests/schema/command.sh
EXTRA_DIST += $(schema_test_scripts) tests/schema/README.md \
	tests/schema/cases/keywords.json tests/schema/cases/references.json \
	tests/schema/cases/unevaluated.json tests/schema/formats/formats.json
LINT_SHELL += $(schema_test_scripts)

# Measures; run by hand: make tests/bench/schema, then tests/bench/schema.sh.
check_PROGRAMS += tests/bench/schema
tests_bench_schema_SOURCES = tests/bench/schema.c
tests_bench_schema_LDADD = libcontract.la libxcore.la
EXTRA_DIST += tests/bench/schema.sh
LINT_SHELL += tests/bench/schema.sh

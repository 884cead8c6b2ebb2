# SPDX-License-Identifier: MIT
# Limits, deaths and hosts that lack something: ./runtests sandbox.
check_PROGRAMS += tests/sandbox/without
tests_sandbox_without_SOURCES = tests/sandbox/without.c
EXTRA_DIST += tests/sandbox/run tests/sandbox/plugin/Makefile \
	tests/sandbox/plugin/bounds.c tests/sandbox/plugin/openapi.json \
	tests/sandbox/plugin/plugin.json
LINT_SHELL += tests/sandbox/run

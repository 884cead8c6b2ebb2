# SPDX-License-Identifier: MIT
# The trial, the test kit and the profile, with a plugin that is nosy.
TESTS += tests/kit/run
EXTRA_DIST += tests/kit/run tests/kit/nosy/Makefile tests/kit/nosy/nosy.c \
	tests/kit/nosy/openapi.json tests/kit/nosy/plugin.json \
	tests/kit/nosy/tests/nosy.json
LINT_SHELL += tests/kit/run

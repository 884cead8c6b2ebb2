# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/upload/run tests/upload/plugin/Makefile \
	tests/upload/plugin/openapi.json tests/upload/plugin/plugin.json \
	tests/upload/plugin/upload.c
LINT_SHELL += tests/upload/run

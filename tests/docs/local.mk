# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/docs/run tests/docs/browse.mjs tests/docs/page.mjs \
	tests/docs/package.json tests/docs/package-lock.json \
	tests/docs/who/Makefile tests/docs/who/openapi.json \
	tests/docs/who/plugin.json tests/docs/who/who.c
LINT_SHELL += tests/docs/run

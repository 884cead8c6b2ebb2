# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/openapi/run tests/openapi/lint.cjs \
	tests/openapi/package.json tests/openapi/package-lock.json \
	tests/openapi/depot/depot.c tests/openapi/depot/openapi.json \
	tests/openapi/depot/plugin.json \
	tests/openapi/depot/schemas/Box.json \
	tests/openapi/shop/openapi.json tests/openapi/shop/plugin.json \
	tests/openapi/shop/shop.c
LINT_SHELL += tests/openapi/run

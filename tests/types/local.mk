# SPDX-License-Identifier: MIT
# Types of C: what bad documents become compiles.
TESTS += tests/types/run
LINT_SHELL += tests/types/run
EXTRA_DIST += tests/types/run \
	tests/types/documents/defaults.json \
	tests/types/documents/enums.json \
	tests/types/documents/large.json \
	tests/types/documents/names.json \
	tests/types/documents/recursive.json \
	tests/types/documents/wrong.json \
	tests/types/shop/openapi.json tests/types/shop/plugin.json

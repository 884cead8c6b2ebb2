# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/idempotency/run tests/idempotency/plugin/Makefile \
	tests/idempotency/plugin/once.c \
	tests/idempotency/plugin/openapi.json \
	tests/idempotency/plugin/plugin.json
LINT_SHELL += tests/idempotency/run

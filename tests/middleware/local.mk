# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/middleware/run tests/middleware/steps.sh \
	tests/middleware/plugin/Makefile \
	tests/middleware/plugin/assets/page.txt \
	tests/middleware/plugin/gate.c tests/middleware/plugin/openapi.json \
	tests/middleware/plugin/plugin.json
LINT_SHELL += tests/middleware/run tests/middleware/steps.sh

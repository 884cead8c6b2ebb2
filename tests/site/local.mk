# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/site/run tests/site/echo/Makefile \
	tests/site/echo/echo.c tests/site/echo/openapi.json \
	tests/site/echo/plugin.json
LINT_SHELL += tests/site/run

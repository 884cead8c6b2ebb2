# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/contract/run tests/contract/plugin/Makefile \
	tests/contract/plugin/contract.c tests/contract/plugin/openapi.json \
	tests/contract/plugin/plugin.json \
	tests/contract/plugin/assets/css/site.css \
	tests/contract/plugin/assets/open \
	tests/contract/plugin/assets/page.html \
	tests/contract/plugin/schemas/Item.json \
	tests/contract/plugin/schemas/money.json \
	tests/contract/plugin/tests/requests.json
LINT_SHELL += tests/contract/run

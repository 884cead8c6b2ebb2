# SPDX-License-Identifier: MIT
# Guides and manual pages.  `make check` lints each page that is installed.
dist_man_MANS += doc/xcore-plugin.7 doc/xcore-sandbox.7
EXTRA_DIST += doc/architecture.md doc/dependencies.md
dist_noinst_SCRIPTS += doc/lint-man.sh
LINT_SHELL += doc/lint-man.sh
TESTS += doc/lint-man.sh
AM_TESTS_ENVIRONMENT += MAN_PAGES='$(dist_man_MANS)'; export MAN_PAGES; \
	MANDOC='$(MANDOC)'; export MANDOC;

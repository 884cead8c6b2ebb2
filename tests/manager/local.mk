# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/manager/client
tests_manager_client_SOURCES = tests/manager/client.c
tests_manager_client_LDADD = libfcgiclient.la $(JSONC_LIBS)
EXTRA_DIST += tests/manager/run
LINT_SHELL += tests/manager/run
TESTS += tests/manager/run

# Against a whole site: ./runtests manager-site
EXTRA_DIST += tests/manager-site/run
LINT_SHELL += tests/manager-site/run

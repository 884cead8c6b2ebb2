# SPDX-License-Identifier: MIT
# The installer with steps at which a test can kill it.
check_PROGRAMS += tests/install/xcore-install-faults \
	tests/install/migrate-tool tests/install/follower-tool
tests_install_xcore_install_faults_SOURCES = $(libregistry_sources) \
	$(xcore_install_sources)
tests_install_xcore_install_faults_CPPFLAGS = $(AM_CPPFLAGS) -DXC_FAULTS
tests_install_xcore_install_faults_LDADD = $(xcore_install_libs) \
	$(MARIADB_LIBS)
tests_install_migrate_tool_SOURCES = tests/install/migrate-tool.c
tests_install_migrate_tool_LDADD = libregistry.la $(xcore_install_libs)
tests_install_follower_tool_SOURCES = tests/install/follower-tool.c
tests_install_follower_tool_LDADD = libregistry.la $(xcore_install_libs)

TESTS += tests/install/run
install_test_parts = tests/install/accounts.sh tests/install/contract.sh tests/install/crash.sh \
	tests/install/damage.sh \
	tests/install/develop.sh tests/install/fixture.sh \
	tests/install/follower.sh tests/install/migrations.sh \
	tests/install/quarantine.sh tests/install/rules.sh \
	tests/install/steps.sh tests/install/terms.sh tests/install/verbs.sh
EXTRA_DIST += tests/install/run $(install_test_parts)
LINT_SHELL += tests/install/run $(install_test_parts)

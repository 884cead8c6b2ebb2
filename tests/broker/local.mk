# SPDX-License-Identifier: MIT
# The services at each level of isolation: ./runtests broker.
check_PROGRAMS += tests/broker/server
tests_broker_server_SOURCES = tests/broker/server.c
EXTRA_DIST += tests/broker/run tests/broker/plugin/Makefile \
	tests/broker/plugin/asker.c tests/broker/plugin/shared.h \
	tests/broker/plugin/openapi.json \
	tests/broker/plugin/plugin.json \
	tests/broker/plugin/secrets.c tests/broker/plugin/values.c \
	tests/broker/plugin/walk.c \
	tests/broker/plugin/sql/0001_create.down.sql \
	tests/broker/plugin/sql/0001_create.up.sql
LINT_SHELL += tests/broker/run

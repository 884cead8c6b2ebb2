# SPDX-License-Identifier: MIT
# A plugin that attacks whoever runs it, with those of src/doctor and more:
# ./runtests hostile.
check_PROGRAMS += tests/hostile/listen
tests_hostile_listen_SOURCES = tests/hostile/listen.c
EXTRA_DIST += tests/hostile/run tests/hostile/plugin/Makefile \
	tests/hostile/plugin/asks.c tests/hostile/plugin/bells.c \
	tests/hostile/plugin/hostile.c tests/hostile/plugin/hostile.h \
	tests/hostile/plugin/openapi.json tests/hostile/plugin/plugin.json \
	tests/hostile/plugin/replies.c
LINT_SHELL += tests/hostile/run

# SPDX-License-Identifier: MIT
# The services that know users, and what the worker adds to them.
libworker_la_SOURCES += src/worker/desk.c src/worker/desk.h

noinst_LTLIBRARIES += liboperator.la
liboperator_la_SOURCES = \
	src/worker/health.c \
	src/worker/operator.c \
	src/worker/operator-logs.c \
	src/worker/operator-stats.c

# SPDX-License-Identifier: MIT
# What a sandbox asks for, done by its worker.
noinst_LTLIBRARIES += libbroker.la
libbroker_la_SOURCES = \
	src/sandbox/broker.c src/sandbox/broker.h \
	src/sandbox/broker-cache.c \
	src/sandbox/broker-db.c \
	src/sandbox/broker-event.c \
	src/sandbox/broker-http.c \
	src/sandbox/broker-log.c \
	src/sandbox/broker-private.h \
	src/sandbox/broker-reply.c

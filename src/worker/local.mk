# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libworker.la
libworker_la_SOURCES = \
	src/worker/apply.c \
	src/worker/conn.c \
	src/worker/feed.c src/worker/feed.h \
	src/worker/handover.c \
	src/worker/head.c src/worker/head.h \
	src/worker/heritage.h \
	src/worker/history.c src/worker/history.h \
	src/worker/loop.c \
	src/worker/params.c src/worker/params.h \
	src/worker/rescuer.c \
	src/worker/router.c src/worker/router.h \
	src/worker/scoreboard.c src/worker/scoreboard.h \
	src/worker/serve.c \
	src/worker/services.c \
	src/worker/stop.c \
	src/worker/wire.c src/worker/wire.h \
	src/worker/worker.c src/worker/worker.h
libworker_la_LIBADD = $(FCGI_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS)

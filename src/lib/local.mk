# SPDX-License-Identifier: MIT
# libxcore: what a plugin is linked with, and what hosts it.

lib_LTLIBRARIES += libxcore.la

libxcore_la_SOURCES = \
	src/lib/arena.c src/lib/arena.h \
	src/lib/base64.c src/lib/base64.h \
	src/lib/block.c src/lib/block.h \
	src/lib/cache.c \
	src/lib/config.c \
	src/lib/db.c \
	src/lib/errbuf.c src/lib/errbuf.h \
	src/lib/error.c \
	src/lib/host.h \
	src/lib/json.c \
	src/lib/json-scan.c src/lib/json-scan.h \
	src/lib/log.c \
	src/lib/path.c src/lib/path.h \
	src/lib/plugin.c src/lib/plugin-private.h \
	src/lib/problem.c \
	src/lib/query.c src/lib/query.h \
	src/lib/reply.c src/lib/reply-private.h \
	src/lib/request.c src/lib/request-private.h \
	src/lib/request-env.c src/lib/request-env.h \
	src/lib/request-parse.c \
	src/lib/run.c \
	src/lib/status.c src/lib/status.h \
	src/lib/text.c src/lib/text.h
libxcore_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS)
libxcore_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-export-symbols-regex '^xc_'
libxcore_la_LIBADD = $(JSONC_LIBS)

xcoreincludedir = $(includedir)/xcore
xcoreinclude_HEADERS = \
	src/include/xcore/arena.h \
	src/include/xcore/cache.h \
	src/include/xcore/config.h \
	src/include/xcore/db.h \
	src/include/xcore/error.h \
	src/include/xcore/json.h \
	src/include/xcore/log.h \
	src/include/xcore/plugin.h \
	src/include/xcore/reply.h \
	src/include/xcore/request.h \
	src/include/xcore/xcore.h

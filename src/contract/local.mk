# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libcontract.la
libcontract_la_SOURCES = \
	src/contract/routes.c src/contract/routes.h \
	src/contract/routes-compile.c src/contract/routes-private.h \
	src/contract/routes-read.c
libcontract_la_LIBADD = $(JSONC_LIBS)

# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libsandbox.la
libsandbox_la_SOURCES = src/sandbox/link.h src/sandbox/process.h \
	src/sandbox/sandboxes.h

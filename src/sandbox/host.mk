# SPDX-License-Identifier: MIT
# The worker's side of sandboxes.
noinst_LTLIBRARIES += libsandbox.la
libsandbox_la_SOURCES = \
	src/sandbox/link.c src/sandbox/link.h \
	src/sandbox/process.c src/sandbox/process.h \
	src/sandbox/process-call.c \
	src/sandbox/process-spec.c \
	src/sandbox/reply-check.c src/sandbox/reply-check.h \
	src/sandbox/sandboxes.h

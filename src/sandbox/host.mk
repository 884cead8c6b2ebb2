# SPDX-License-Identifier: MIT
# The worker's side of sandboxes, and whoever makes one of his own.
noinst_LTLIBRARIES += libsandbox.la
libsandbox_la_SOURCES = \
	src/sandbox/box.c \
	src/sandbox/link.c src/sandbox/link.h \
	src/sandbox/output.c \
	src/sandbox/process.c src/sandbox/process.h \
	src/sandbox/process-call.c \
	src/sandbox/process-solo.c \
	src/sandbox/process-spec.c \
	src/sandbox/recycle.c \
	src/sandbox/reply-check.c src/sandbox/reply-check.h \
	src/sandbox/runner.c \
	src/sandbox/runner-call.c \
	src/sandbox/sandboxes.c src/sandbox/sandboxes.h \
	src/sandbox/sandboxes-private.h \
	src/sandbox/spawn.c \
	src/sandbox/zygote-host.c

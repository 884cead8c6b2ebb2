# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libjail.la
libjail_la_SOURCES = src/sandbox/jail.h src/sandbox/layers.c \
	src/sandbox/layers.h
libjail_la_LIBADD = $(SECCOMP_LIBS)

# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libguest.la
libguest_la_SOURCES = src/sandbox/calls.h \
	src/sandbox/channel.c src/sandbox/channel.h \
	src/sandbox/guest.h

# SPDX-License-Identifier: MIT
# Plugins in sandboxes of our own: the trial, the test kit, the profile.
noinst_LTLIBRARIES += libkit.la libkittest.la
libkit_la_SOURCES = \
	src/kit/expose.c \
	src/kit/halt.c src/kit/halt.h \
	src/kit/spawned.c src/kit/spawned.h \
	src/kit/subject.c src/kit/subject.h
libkittest_la_SOURCES = \
	src/kit/ask.c src/kit/ask.h \
	src/kit/ask-form.c \
	src/kit/cases.c src/kit/cases.h \
	src/kit/expect.c src/kit/expect.h \
	src/kit/fakes.c src/kit/fakes.h src/kit/fakes-private.h \
	src/kit/fakes-auth.c \
	src/kit/fakes-desk.c \
	src/kit/fakes-http.c \
	src/kit/fakes-services.c \
	src/kit/tester.c src/kit/tester.h \
	src/kit/tracer.c src/kit/tracer.h

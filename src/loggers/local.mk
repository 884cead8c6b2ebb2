# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libloggers.la
libloggers_la_SOURCES = \
	src/loggers/logger.c src/loggers/logger.h \
	src/loggers/record.c src/loggers/record.h \
	src/loggers/rules.c src/loggers/rules.h \
	src/loggers/sink.c src/loggers/sink.h

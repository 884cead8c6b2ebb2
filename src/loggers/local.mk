# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libloggers.la
libloggers_la_SOURCES = \
	src/loggers/logger.c src/loggers/logger.h \
	src/loggers/record.c src/loggers/record.h \
	src/loggers/rules.c src/loggers/rules.h \
	src/loggers/sink.c src/loggers/sink.h

check_PROGRAMS += src/loggers/test-logger
src_loggers_test_logger_SOURCES = src/loggers/test-logger.c
src_loggers_test_logger_LDADD = libloggers.la libxcore.la $(CMOCKA_LIBS)
TESTS += src/loggers/test-logger

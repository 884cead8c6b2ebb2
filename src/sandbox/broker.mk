# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libbroker.la
libbroker_la_SOURCES = src/sandbox/broker.h

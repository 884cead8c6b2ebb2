# SPDX-License-Identifier: MIT
libworker_la_SOURCES += src/worker/site.c src/worker/site.h

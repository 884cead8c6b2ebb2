# SPDX-License-Identifier: MIT
libxcore_la_SOURCES += src/lib/security.c src/lib/sha256.c
pkginclude_HEADERS += src/include/xcore/security.h
dist_man_MANS += doc/man3/xc_security.3

# SPDX-License-Identifier: MIT
# Only what a sandbox needs: neither MariaDB's nor memcached's library.
noinst_LTLIBRARIES += libspawner.la
libspawner_la_SOURCES = src/sandbox/spawner.c src/sandbox/spawner.h \
	src/sandbox/link.c
pkglibexec_PROGRAMS += src/tools/xcore-spawner
src_tools_xcore_spawner_SOURCES = src/tools/xcore-spawner.c
# Sandboxes begin as copies of it: what is not mapped they do not have.
src_tools_xcore_spawner_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
src_tools_xcore_spawner_LDADD = libspawner.la libguest.la libjail.la \
	libplugin.la libxcore.la

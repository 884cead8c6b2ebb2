# SPDX-License-Identifier: MIT
bin_PROGRAMS += src/tools/xcorectl
src_tools_xcorectl_SOURCES = \
	src/tools/xcorectl.c src/tools/xcorectl.h \
	src/tools/xcorectl-status.c
src_tools_xcorectl_LDADD = libmanager.la libregistry.la libplugin.la \
	libcontract.la libdatabase.la libsettings.la libloggers.la libcontrol.la \
	libxcore.la $(JSONC_LIBS)
dist_man_MANS += doc/xcorectl.8

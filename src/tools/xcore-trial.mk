# SPDX-License-Identifier: MIT
pkglibexec_PROGRAMS += src/tools/xcore-trial
src_tools_xcore_trial_SOURCES = src/tools/xcore-trial.c
src_tools_xcore_trial_LDADD = libkit.la libsandbox.la libbroker.la \
	libsandbox.la libguest.la libjail.la libplugin.la libcontract.la \
	libxcore.la $(JSONC_LIBS)

# SPDX-License-Identifier: MIT
pkglibexec_PROGRAMS += src/tools/xcore-trial
src_tools_xcore_trial_SOURCES = src/tools/xcore-trial.c
src_tools_xcore_trial_LDADD = libplugin.la libregistry.la libxcore.la

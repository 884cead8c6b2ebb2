# SPDX-License-Identifier: MIT
# Plugins in sandboxes of our own: the trial, the test kit, the profile.
noinst_LTLIBRARIES += libkit.la
libkit_la_SOURCES = src/kit/expose.c src/kit/subject.c src/kit/subject.h

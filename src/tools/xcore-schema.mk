# SPDX-License-Identifier: MIT
bin_PROGRAMS += src/tools/xcore-schema
src_tools_xcore_schema_SOURCES = src/tools/xcore-schema.c
src_tools_xcore_schema_LDADD = libcontract.la libxcore.la
dist_man_MANS += doc/xcore-schema.1

# SPDX-License-Identifier: MIT
# libxcore: what a plugin is linked with, and what hosts it.

lib_LTLIBRARIES += libxcore.la

libxcore_la_SOURCES = \
	src/lib/account.c \
	src/lib/admin.c \
	src/lib/arena.c src/lib/arena.h \
	src/lib/auth.c \
	src/lib/base64.c src/lib/base64.h \
	src/lib/block.c src/lib/block.h \
	src/lib/breach.c src/lib/breach.h \
	src/lib/cache.c \
	src/lib/cache-compute.c \
	src/lib/cache-many.c \
	src/lib/check.c src/lib/check.h \
	src/lib/config.c \
	src/lib/crash-trace.c src/lib/crash-trace.h \
	src/lib/data.c \
	src/lib/db.c \
	src/lib/db-object.c \
	src/lib/decimal.c src/lib/decimal.h \
	src/lib/errbuf.c src/lib/errbuf.h \
	src/lib/desk.c src/lib/desk.h \
	src/lib/desk-args.c src/lib/desk-args.h \
	src/lib/error.c \
	src/lib/etag.c \
	src/lib/event.c \
	src/lib/grants.c src/lib/grants.h src/lib/session.h \
	src/lib/host.h \
	src/lib/http.c \
	src/lib/json.c \
	src/lib/json-build.c src/lib/json-build.h \
	src/lib/limits.c src/lib/limits.h \
	src/lib/log.c \
	src/lib/otp.c \
	src/lib/part.c \
	src/lib/path.c src/lib/path.h \
	src/lib/permit.c src/lib/permit.h \
	src/lib/plugin.c src/lib/plugin-private.h \
	src/lib/plugins.c \
	src/lib/problem.c \
	src/lib/query.c src/lib/query.h \
	src/lib/raw-text.c src/lib/raw-text.h \
	src/lib/reply.c src/lib/reply-private.h \
	src/lib/request.c src/lib/request-private.h \
	src/lib/request-env.c src/lib/request-env.h \
	src/lib/request-parse.c \
	src/lib/request-step.c \
	src/lib/run.c \
	src/lib/status.c src/lib/status.h \
	src/lib/tape.c src/lib/tape.h \
	src/lib/tape-make.c src/lib/tape-make.h \
	src/lib/tape-private.h \
	src/lib/tape-read.c \
	src/lib/text.c src/lib/text.h \
	src/lib/url.c src/lib/url.h
libxcore_la_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS)
# Nobody puts functions of his own in the place of ours, so the compiler may
# inline what is in one file.
libxcore_la_CFLAGS = $(AM_CFLAGS) -fno-semantic-interposition
libxcore_la_LDFLAGS = $(LIB_LDFLAGS) -version-info 4:0:3 \
	-export-symbols-regex '^xc_'
libxcore_la_LIBADD = $(JSONC_LIBS)

pkginclude_HEADERS = \
	src/include/xcore/account.h \
	src/include/xcore/admin.h \
	src/include/xcore/arena.h \
	src/include/xcore/auth.h \
	src/include/xcore/cache.h \
	src/include/xcore/config.h \
	src/include/xcore/data.h \
	src/include/xcore/db.h \
	src/include/xcore/error.h \
	src/include/xcore/etag.h \
	src/include/xcore/event.h \
	src/include/xcore/http.h \
	src/include/xcore/json.h \
	src/include/xcore/log.h \
	src/include/xcore/otp.h \
	src/include/xcore/part.h \
	src/include/xcore/plugin.h \
	src/include/xcore/plugins.h \
	src/include/xcore/reply.h \
	src/include/xcore/request.h \
	src/include/xcore/site.h \
	src/include/xcore/xcore.h

# A host and a plugin for tests, here and in other folders.
check_LTLIBRARIES += libtesthost.la
libtesthost_la_SOURCES = src/lib/test-host.c src/lib/test-host.h
libtesthost_la_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)

XCORE_TESTS = \
	src/lib/test-arena \
	src/lib/test-block \
	src/lib/test-cache \
	src/lib/test-crash-trace \
	src/lib/test-data \
	src/lib/test-db \
	src/lib/test-desk \
	src/lib/test-event \
	src/lib/test-http \
	src/lib/test-json \
	src/lib/test-part \
	src/lib/test-path \
	src/lib/test-plugin \
	src/lib/test-query \
	src/lib/test-reply \
	src/lib/test-request \
	src/lib/test-step \
	src/lib/test-tape \
	src/lib/test-tape-make \
	src/lib/test-text
check_PROGRAMS += $(XCORE_TESTS) src/lib/bench-request
TESTS += $(XCORE_TESTS)
XCORE_TEST_LIBS = libtesthost.la libxcore.la $(CMOCKA_LIBS) $(JSONC_LIBS)

src_lib_test_arena_SOURCES = src/lib/test-arena.c
src_lib_test_arena_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_block_SOURCES = src/lib/test-block.c
src_lib_test_block_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_cache_SOURCES = src/lib/test-cache.c
src_lib_test_cache_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_crash_trace_SOURCES = src/lib/test-crash-trace.c
src_lib_test_crash_trace_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_data_SOURCES = src/lib/test-data.c
src_lib_test_data_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_db_SOURCES = src/lib/test-db.c
src_lib_test_db_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_desk_SOURCES = src/lib/test-desk.c
src_lib_test_desk_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_event_SOURCES = src/lib/test-event.c
src_lib_test_event_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_http_SOURCES = src/lib/test-http.c
src_lib_test_http_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_json_SOURCES = src/lib/test-json.c
src_lib_test_json_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_part_SOURCES = src/lib/test-part.c
src_lib_test_part_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_path_SOURCES = src/lib/test-path.c
src_lib_test_path_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_plugin_SOURCES = src/lib/test-plugin.c
src_lib_test_plugin_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_query_SOURCES = src/lib/test-query.c
src_lib_test_query_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_reply_SOURCES = src/lib/test-reply.c
src_lib_test_reply_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_request_SOURCES = src/lib/test-request.c
src_lib_test_request_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_step_SOURCES = src/lib/test-step.c
src_lib_test_step_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_tape_SOURCES = src/lib/test-tape.c
src_lib_test_tape_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_tape_make_SOURCES = src/lib/test-tape-make.c
src_lib_test_tape_make_LDADD = $(XCORE_TEST_LIBS)
src_lib_test_text_SOURCES = src/lib/test-text.c
src_lib_test_text_LDADD = $(XCORE_TEST_LIBS)

# Measures; run by hand.
src_lib_bench_request_SOURCES = src/lib/bench-request.c
src_lib_bench_request_LDADD = libxcore.la $(JSONC_LIBS)

FUZZ_TARGETS += \
	src/lib/fuzz-json \
	src/lib/fuzz-path \
	src/lib/fuzz-query \
	src/lib/fuzz-request \
	src/lib/fuzz-tape \
	src/lib/fuzz-url
src_lib_fuzz_json_SOURCES = src/lib/fuzz-json.c
src_lib_fuzz_json_LDADD = libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)
src_lib_fuzz_path_SOURCES = src/lib/fuzz-path.c
src_lib_fuzz_path_LDADD = libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)
src_lib_fuzz_query_SOURCES = src/lib/fuzz-query.c
src_lib_fuzz_query_LDADD = libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)
src_lib_fuzz_request_SOURCES = src/lib/fuzz-request.c
src_lib_fuzz_request_LDADD = libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)
src_lib_fuzz_tape_SOURCES = src/lib/fuzz-tape.c
src_lib_fuzz_tape_LDADD = libxcore.la $(JSONC_LIBS) $(FUZZ_LIBS)
src_lib_fuzz_url_SOURCES = src/lib/fuzz-url.c
src_lib_fuzz_url_LDADD = libxcore.la $(CURL_LIBS) $(FUZZ_LIBS)

dist_man_MANS += \
	doc/man3/xc_account.3 \
	doc/man3/xc_admin.3 \
	doc/man3/xc_arena.3 \
	doc/man3/xc_auth.3 \
	doc/man3/xc_cache.3 \
	doc/man3/xc_config.3 \
	doc/man3/xc_data.3 \
	doc/man3/xc_db.3 \
	doc/man3/xc_error.3 \
	doc/man3/xc_etag.3 \
	doc/man3/xc_event.3 \
	doc/man3/xc_http.3 \
	doc/man3/xc_json.3 \
	doc/man3/xc_log.3 \
	doc/man3/xc_otp.3 \
	doc/man3/xc_part.3 \
	doc/man3/xc_plugin.3 \
	doc/man3/xc_reply.3 \
	doc/man3/xc_request.3

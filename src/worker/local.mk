# SPDX-License-Identifier: MIT
noinst_LTLIBRARIES += libworker.la
libworker_la_SOURCES = \
	src/worker/apply.c \
	src/worker/chain.c src/worker/chain.h src/worker/chain-private.h \
	src/worker/chain-index.c src/worker/chain-steps.c \
	src/worker/conn.c \
	src/worker/course.c src/worker/course.h \
	src/worker/events.c src/worker/events.h \
	src/worker/events-deliver.c \
	src/worker/execute.c src/worker/execute.h \
	src/worker/fault.c src/worker/fault.h \
	src/worker/feed.c src/worker/feed.h \
	src/worker/handover.c \
	src/worker/head.c src/worker/head.h \
	src/worker/heritage.h \
	src/worker/history.c src/worker/history.h \
	src/worker/idempotency.c src/worker/idempotency.h \
	src/worker/lane.c src/worker/lane.h \
	src/worker/lastgasp.c src/worker/lastgasp.h \
	src/worker/loop.c \
	src/worker/once.c \
	src/worker/outside.c \
	src/worker/rescuer.c \
	src/worker/router.c src/worker/router.h \
	src/worker/scoreboard.c src/worker/scoreboard.h \
	src/worker/serve.c \
	src/worker/services.c \
	src/worker/spill.c src/worker/spill.h \
	src/worker/steps.c src/worker/steps.h \
	src/worker/stop.c \
	src/worker/watch.c src/worker/watch.h \
	src/worker/wire.c src/worker/wire.h \
	src/worker/worker.c src/worker/worker.h
libworker_la_LIBADD = libmiddleware.la $(FCGI_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS)

worker_tests = src/worker/test-events src/worker/test-feed \
	src/worker/test-head \
	src/worker/test-router src/worker/test-scoreboard src/worker/test-wire
check_PROGRAMS += $(worker_tests)
TESTS += $(worker_tests)

# The parts that stand without the loop.
check_LTLIBRARIES += libworkerparts.la
libworkerparts_la_SOURCES = \
	src/worker/chain.c src/worker/chain-index.c \
	src/worker/chain-steps.c \
	src/worker/events.c src/worker/feed.c src/worker/head.c \
	src/worker/course.c src/worker/history.c \
	src/worker/router.c src/worker/scoreboard.c src/worker/wire.c
libworkerparts_la_LIBADD = libmiddleware.la libcontract.la libxcore.la $(FCGI_LIBS)

# What of the worker these call is the test's own.
check_LTLIBRARIES += libworkersteps.la
libworkersteps_la_SOURCES = src/worker/steps.c src/worker/watch.c

src_worker_test_head_SOURCES = src/worker/test-head.c
src_worker_test_head_LDADD = libworkerparts.la $(CMOCKA_LIBS)
src_worker_test_events_SOURCES = src/worker/test-events.c
src_worker_test_events_LDADD = libworkerparts.la $(JSONC_LIBS) \
	$(CMOCKA_LIBS)
src_worker_test_feed_SOURCES = src/worker/test-feed.c
src_worker_test_feed_LDADD = libworkerparts.la $(CMOCKA_LIBS)
src_worker_test_router_SOURCES = src/worker/test-router.c
src_worker_test_router_LDADD = libworkerparts.la $(CMOCKA_LIBS)
src_worker_test_scoreboard_SOURCES = src/worker/test-scoreboard.c
src_worker_test_scoreboard_LDADD = libworkerparts.la $(CMOCKA_LIBS)
src_worker_test_wire_SOURCES = src/worker/test-wire.c
src_worker_test_wire_LDADD = libworkerparts.la $(CMOCKA_LIBS)

FUZZ_TARGETS += src/worker/fuzz-head
src_worker_fuzz_head_SOURCES = src/worker/fuzz-head.c
src_worker_fuzz_head_LDADD = libworkerparts.la $(FUZZ_LIBS)

check_PROGRAMS += src/worker/test-chain
src_worker_test_chain_SOURCES = src/worker/test-chain.c
src_worker_test_chain_LDADD = libworkerparts.la libmiddleware.la \
	libsettings.la libloggers.la libxcore.la $(JSONC_LIBS) $(CMOCKA_LIBS)
TESTS += src/worker/test-chain

check_PROGRAMS += src/worker/test-course
src_worker_test_course_SOURCES = src/worker/test-course.c
src_worker_test_course_LDADD = libworkersteps.la libworkerparts.la libmiddleware.la \
	libsettings.la libloggers.la libxcore.la $(JSONC_LIBS) $(CMOCKA_LIBS)
TESTS += src/worker/test-course

# What the chain costs; asserts nothing.
check_PROGRAMS += src/worker/bench-chain
src_worker_bench_chain_SOURCES = src/worker/bench-chain.c
src_worker_bench_chain_LDADD = libworkersteps.la libworkerparts.la libmiddleware.la \
	libsettings.la libloggers.la libxcore.la $(JSONC_LIBS)

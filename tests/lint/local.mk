# SPDX-License-Identifier: MIT
# `make lint`: what reads the sources without running them.
LINT_SHELL += autogen.sh quickstart runtests .ci/run
EXTRA_DIST += quickstart runtests .ci/run tests/lint/cppcheck.txt

CPPCHECK = cppcheck
SHELLCHECK = shellcheck

lint: lint-cppcheck lint-shell lint-man

lint-cppcheck:
	$(MKDIR_P) cppcheck-cache
	cd $(top_srcdir) && $(CPPCHECK) --quiet --std=c11 -j 2 \
	    --enable=warning,performance,portability --inline-suppr \
	    --suppressions-list=tests/lint/cppcheck.txt --error-exitcode=1 \
	    --cppcheck-build-dir='$(abs_top_builddir)/cppcheck-cache' \
	    -D_GNU_SOURCE -D__linux__ -D__x86_64__ -D__ELF__ \
	    -I src -I src/include -I . src services plugins

# The excluded ones are of names that one script gives to another.
lint-shell:
	cd $(top_srcdir) && $(SHELLCHECK) --external-sources --severity=warning \
	    --exclude=SC1090,SC2034,SC2154 $(LINT_SHELL)

lint-man:
	top_srcdir='$(abs_top_srcdir)' MANDOC='$(MANDOC)' \
	    MAN_PAGES='$(dist_man_MANS)' $(SHELL) $(top_srcdir)/doc/lint-man.sh
.PHONY: lint lint-cppcheck lint-shell lint-man

# For ./runtests: all that make check would build, and which of its tests
# need nothing but their own process.
check-build: $(check_PROGRAMS) $(check_LTLIBRARIES) $(check_SCRIPTS)
list-unit-tests:
	@echo $(filter src/% services/%,$(filter-out %.sh,$(TESTS)))
.PHONY: check-build list-unit-tests

CLEAN_LOCAL += clean-lint
clean-lint:
	rm -rf cppcheck-cache

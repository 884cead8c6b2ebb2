# SPDX-License-Identifier: MIT
# The check of a document, the comparison of two, and the schemas that are
# installed for editors and stand in the binary.
libcontract_la_SOURCES += \
	src/contract/diff.c src/contract/diff.h \
	src/contract/diff-body.c \
	src/contract/diff-bound.c \
	src/contract/diff-object.c \
	src/contract/diff-parameter.c \
	src/contract/diff-private.h \
	src/contract/diff-read.c \
	src/contract/diff-schema.c \
	src/contract/diff-security.c \
	src/contract/diff-value.c \
	src/contract/document.c src/contract/document.h \
	src/contract/document-example.c \
	src/contract/document-operation.c \
	src/contract/document-private.h \
	src/contract/document-schema.c \
	src/contract/document-shape.c \
	src/contract/document-walk.c \
	src/contract/embedded.h src/contract/embedded-check.c \
	src/contract/notes.c
nodist_libcontract_la_SOURCES = src/contract/embedded.c

schemasdir = $(pkgdatadir)/schemas
dist_schemas_DATA = $(embedded_schemas)
embedded_schemas = \
	dist/schemas/config.schema.json \
	dist/schemas/openapi.schema.json \
	dist/schemas/plugin.schema.json \
	dist/schemas/xcore.schema.json
EXTRA_DIST += dist/schemas/embed.awk

src/contract/embedded.c: $(embedded_schemas) dist/schemas/embed.awk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && (cd $(srcdir) && \
	    $(AWK) -f dist/schemas/embed.awk $(embedded_schemas)) >$@.tmp && \
	    mv $@.tmp $@
CLEANFILES += src/contract/embedded.c

check_PROGRAMS += src/contract/test-diff src/contract/test-document
TESTS += src/contract/test-diff src/contract/test-document
src_contract_test_diff_SOURCES = src/contract/test-diff.c
src_contract_test_diff_LDADD = $(contract_test_libs)
src_contract_test_document_SOURCES = src/contract/test-document.c
src_contract_test_document_LDADD = $(contract_test_libs)

FUZZ_TARGETS += src/contract/fuzz-diff
src_contract_fuzz_diff_SOURCES = src/contract/fuzz-diff.c
src_contract_fuzz_diff_LDADD = $(contract_fuzz_libs)

/* SPDX-License-Identifier: MIT */
/* What a test needs to take a request by a document. */
#ifndef XC_TEST_TAKE_H
#define XC_TEST_TAKE_H

#include "lib/test-host.h"

#include "contract/fault.h"
#include "contract/form.h"
#include "contract/parameters.h"
#include "contract/plan.h"

struct test_take {
	struct xc_plan plan;
	struct xc_errbuf errbuf;
	struct json_object *root;
	struct xc_parameters *parameters;
	struct xc_form *form;
	struct xc_schema *schema;	/* entries as the plan has them */
	struct xc_validator *validator;
	struct xc_tape_make make;
	struct xc_contract_faults faults;
	struct xc_block scratch;
	struct xc_request req;
	struct xc_take take;
};

/* Parses a document; must be good. */
void test_take_begin(struct test_take *test, const char *document);
void test_take_end(struct test_take *test);

/* Compiles what the plan has asked for. */
void test_take_schemas(struct test_take *test, const char *document);

/* A request with these headers ("HTTP_NAME=value", ended by NULL; may be NULL)
 * and path parameters (names and values, ended by NULL; may be NULL). */
int test_take_request(struct test_take *test, const char *uri,
    char *const *headers, const char *const *params);

/* The tape as JSON text, in a static buffer; "none" without one. */
const char *test_take_text(const struct test_take *test,
    struct xc_tape_ref ref);

/* The text of the faults, ended. */
const char *test_take_faults(struct test_take *test);

#endif

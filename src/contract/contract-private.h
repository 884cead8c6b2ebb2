/* SPDX-License-Identifier: MIT */
/* The compiled form of a contract, between its maker and its readers. */
#ifndef XC_CONTRACT_PRIVATE_H
#define XC_CONTRACT_PRIVATE_H

#include "lib/block.h"
#include "lib/host.h"
#include "lib/tape-make.h"

#include "contract.h"
#include "fault.h"
#include "form.h"
#include "media.h"
#include "parameters.h"
#include "plan.h"
#include "schema.h"

/* A row of a "content". */
struct content {
	uint32_t key;		/* text: "application/json" */
	uint32_t entry;		/* of its schema; XC_NO_ENTRY */
	uint8_t kind;		/* enum xc_media_kind of the key */
	bool range;		/* the key is one: the kind is what was sent */
	bool exact;		/* the key has no parameters */
	bool texts;		/* its schema says something of texts */
	uint32_t form;		/* its number plus 1; 0: none */
};

/* Rows of an array. */
struct rows {
	uint32_t first;
	uint32_t n;
};

/* A row of "responses". */
struct answer {
	uint16_t status;	/* 200; 2: all of 2XX; 0: "default" */
	struct rows contents;
};

struct operation {
	struct xc_parameters *parameters;	/* NULL: none */
	struct rows contents;	/* of its requestBody */
	struct rows answers;
	struct rows needs;	/* ways to satisfy "security"; none: open */
	bool plain;		/* no parameters, body or security */
	bool takes_body;
	bool requires_body;
	bool anonymous;		/* "{}" is one of the ways */
	bool idempotent;	/* takes an Idempotency-Key */
	bool hashes;		/* computes a password's hash */
};

struct xc_contract {
	struct xc_routes *routes;
	struct xc_schema *schema;	/* NULL: there are none */
	struct operation *operations;
	struct content *contents;
	struct answer *answers;
	struct xc_form **forms;
	struct xc_auth_need *needs;
	struct xc_auth_scheme *schemes;
	const char **scopes;
	char *text;		/* strings, each ended by a NUL */
	size_t n_operations;
	size_t n_forms;
	size_t size;		/* bytes of it all */
};

struct xc_taker {
	struct xc_validator *validator;
	struct xc_validator *wide;	/* keeps more faults; NULL: no need */
	struct xc_tape_make make;
	struct xc_contract_faults faults;
	struct xc_block scratch;	/* for JSON inside of texts, replies */
	struct xc_block copy;		/* of a body that must not move */
	bool replied;		/* xc_contract_take() has made the reply */
};

/* What one request is taken with. */
struct taking {
	struct xc_taker *taker;
	const struct xc_contract *contract;
	const struct operation *operation;
	struct xc_request *req;
	const struct xc_source *source;
	struct xc_take take;	/* for parameters and forms */
};

/* --- compiling ---------------------------------------------------------- */

/* An array that grows. */
struct growing {
	void *rows;
	size_t row_size;
	uint32_t n;
	uint32_t cap;
};

/* The schemes of a requirement while strings and arrays still move. */
struct need_row {
	struct rows schemes;
	uint32_t step_up_s;
};

struct scheme_row {
	uint32_t name;
	uint32_t scheme;
	uint32_t in;
	uint32_t param;
	enum xc_auth_kind kind;
	struct rows scopes;	/* texts */
};

#define XC_CONTRACT_SLOTS 1024

struct xc_contract_build {
	struct xc_plan plan;
	struct xc_contract *contract;
	struct xc_block text;
	uint32_t text_slots[XC_CONTRACT_SLOTS];	/* strings that were kept */
	struct growing contents;
	struct growing answers;
	struct growing forms;
	struct growing needs;
	struct growing schemes;
	struct growing scopes;
	bool root_known;	/* "security" of the root was read */
	bool root_anonymous;
	struct rows root_needs;
};

/* A new row at the end of an array, zeroed; NULL if memory is out. */
void *xc_growing_add(struct growing *growing);

/* Keeps a string; *off_r is where in the text.  XC_ERR_NOMEM, said. */
enum xc_err xc_contract_keep(struct xc_contract_build *build,
    const char *text, uint32_t *off_r);

/* "out of memory". */
enum xc_err xc_contract_no_memory(struct xc_contract_build *build);

/* contract-content.c: "requestBody" and "responses" of an operation. */
enum xc_err xc_contract_compile_body(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct operation *operation);
enum xc_err xc_contract_compile_answers(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct operation *operation);

/* security-compile.c: "security" of an operation, or else of the root; then
 * what all of them need, in its last form. */
enum xc_err xc_contract_compile_security(struct xc_contract_build *build,
    const struct xc_plan_node *node, struct operation *operation);
enum xc_err xc_contract_lay_security(struct xc_contract_build *build);

/* --- taking ------------------------------------------------------------- */

/* Replies with a problem; errors go with it if there are any.  False, so that
 * a function can end with it. */
bool xc_contract_refuse(const struct taking *taking, int status,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* security.c: false if a reply stands. */
bool xc_contract_ask(const struct taking *taking);

/* body.c: puts the body into the request.  False if a reply stands; faults
 * may have been added also if none does. */
bool xc_contract_take_body(const struct taking *taking);

/* The row of a "content" that takes a media type; NULL if none does. */
const struct content *xc_contract_find_content(
    const struct xc_contract *contract, struct rows rows,
    const struct xc_media *media);

#endif

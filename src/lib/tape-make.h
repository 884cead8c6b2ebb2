/* SPDX-License-Identifier: MIT */
/*
 * Makes a tape of values that do not come from JSON text: parameters, forms.
 * Texts and numbers lie in the block that the tape will lie in (as they came,
 * unescaped); keys are copied into the tape.  Values are said in the order
 * of a document:
 *
 *	xc_tape_make_begin(&make, limit);
 *	xc_tape_make_open(&make, XC_TOKEN_OBJECT);
 *	xc_tape_make_key(&make, "id", 2);
 *	xc_tape_make_number(&make, span);
 *	xc_tape_make_close(&make);
 *	err = xc_tape_make_end(&make, &req->in, &ref);
 *
 * An error (out of memory, over the limit, too deep) is kept and given by
 * xc_tape_make_end(); what is said in between does nothing.
 */
#ifndef XC_TAPE_MAKE_H
#define XC_TAPE_MAKE_H

#include "block.h"
#include "tape.h"

struct xc_tape_make {
	struct xc_token *tokens;	/* kept from one tape to the next */
	uint32_t n;
	uint32_t cap;
	uint32_t values;
	uint32_t values_max;
	uint32_t depth;
	uint32_t open[XC_TAPE_DEPTH];	/* containers that are not closed */
	uint32_t key;		/* that waits for its value; 0: none */
	enum xc_err err;
};

/* Zero it before its first use; values_max 0: XC_TAPE_VALUES. */
void xc_tape_make_begin(struct xc_tape_make *make, uint32_t values_max);

/* XC_TOKEN_OBJECT or XC_TOKEN_ARRAY. */
void xc_tape_make_open(struct xc_tape_make *make, enum xc_token_type type);
void xc_tape_make_close(struct xc_tape_make *make);

/* The name of the next member; a name that stands twice is the caller's
 * fault to avoid. */
void xc_tape_make_key(struct xc_tape_make *make, const char *name,
    size_t len);

/* A text: valid UTF-8 without NUL.  A number: written as JSON has it. */
void xc_tape_make_text(struct xc_tape_make *make, struct xc_span text);
void xc_tape_make_number(struct xc_tape_make *make, struct xc_span text);

/* XC_TOKEN_NULL, XC_TOKEN_FALSE or XC_TOKEN_TRUE. */
void xc_tape_make_literal(struct xc_tape_make *make,
    enum xc_token_type type);

/* A copy of a value of another tape, a default for example; its texts and
 * numbers are appended to the block, in which that tape does not lie. */
void xc_tape_make_copy(struct xc_tape_make *make, struct xc_block *block,
    const struct xc_tape *from, uint32_t at);

/* Puts the tape into the block.  Errors as above; XC_ERR_STATE for values that
 * are no document, XC_ERR_INVALID for a number that is none (which
 * xc_tape_is_number() tells before).  The block is as it was then. */
enum xc_err xc_tape_make_end(struct xc_tape_make *make,
    struct xc_block *block, struct xc_tape_ref *ref_r);

void xc_tape_make_free(struct xc_tape_make *make);

/* Looks at a tape by its reference; false if there is none, or none can
 * stand there.  Good until the block grows. */
bool xc_tape_look(const struct xc_block *block, struct xc_tape_ref ref,
    struct xc_tape *tape_r);

#endif

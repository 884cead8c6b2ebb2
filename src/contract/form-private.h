/* SPDX-License-Identifier: MIT */
#ifndef XC_FORM_PRIVATE_H
#define XC_FORM_PRIVATE_H

#include "contract/field.h"
#include "contract/form.h"

struct xc_form {
	struct xc_fields set;	/* open: the object is the body */
	size_t size;
};

#endif

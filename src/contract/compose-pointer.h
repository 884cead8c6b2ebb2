/* SPDX-License-Identifier: MIT */
/* JSON Pointers (RFC 6901) into a document. */
#ifndef XC_COMPOSE_POINTER_H
#define XC_COMPOSE_POINTER_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/* One that is being put together, token by token; zero it first. */
struct xc_pointer {
	char *text;
	size_t len;
	size_t cap;
	bool bad;		/* memory is out */
};

void xc_pointer_add(struct xc_pointer *pointer, const char *token);

/* The same, as it stands behind the '#' of a URI. */
void xc_pointer_add_uri(struct xc_pointer *pointer, const char *token);

/* malloc'ed, NUL-terminated, "" without tokens; NULL if memory is out. */
char *xc_pointer_take(struct xc_pointer *pointer);

/* Takes the next token off *at ("/paths/~1items"), unescaped into buf.
 * False at the end, or if it does not fit. */
bool xc_pointer_next(const char **at, char *buf, size_t size);

/* What it points to; NULL if there is nothing, or null. */
struct json_object *xc_pointer_find(struct json_object *root,
    const char *pointer);

/* Undoes percent-encoding in place; false if it is none. */
bool xc_pointer_decode(char *fragment);

#define XC_POINTER_TOKEN_MAX 1024

#endif

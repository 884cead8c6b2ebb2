/* SPDX-License-Identifier: MIT */
/*
 * Where each node's schema stands.  All are named in one walk through the
 * documents, since a pointer made for one alone counts its neighbours.
 */
#include <stdio.h>
#include <string.h>

#include "schema-build.h"

#define WHERE_MAX 512
#define MARK "..."

struct walk {
	struct compiler *compiler;
	const struct schema_document *document;
	size_t len;		/* of the path; may be over WHERE_MAX */
	char path[WHERE_MAX + sizeof(MARK)];
};

static void
put(struct walk *walk, const char *text, size_t len)
{
	if (walk->len + len <= WHERE_MAX)
		memcpy(walk->path + walk->len, text, len);
	walk->len += len;
}

static void
put_key(struct walk *walk, const char *key, size_t len)
{
	size_t i;

	put(walk, "/", 1);
	if (len > WHERE_MAX) {
		walk->len += len;
		return;
	}
	for (i = 0; i < len; i++) {
		if (key[i] == '~')
			put(walk, "~0", 2);
		else if (key[i] == '/')
			put(walk, "~1", 2);
		else
			put(walk, key + i, 1);
	}
}

/* Gives the node the path as it is; one that does not fit is that of the
 * last schema around it, with a mark. */
static void
name_node(struct walk *walk, uint32_t number, size_t fits)
{
	struct compiler *compiler = walk->compiler;
	struct node *node = (struct node *)(void *)compiler->nodes.base +
	    number;
	size_t len = walk->len;

	if (len > WHERE_MAX) {
		len = fits + sizeof(MARK) - 1;
		memcpy(walk->path + fits, MARK, sizeof(MARK) - 1);
	}
	node->where = xc_build_text(compiler, walk->path, len);
}

/* Names what lies at a token and below.  The depth of the tape bounds the
 * recursion. */
static void
name_below(struct walk *walk, uint32_t at, size_t fits)
{
	const struct xc_tape *tape = &walk->document->tape;
	bool object = xc_tape_type(tape, at) == XC_TOKEN_OBJECT;
	uint32_t child = xc_tape_first(at);
	size_t len = walk->len;
	char number[16];
	const char *key;
	uint32_t n;
	uint32_t i;
	size_t key_len;

	if (len <= WHERE_MAX)
		fits = len;
	if (walk->document->nodes[at] != 0)
		name_node(walk, walk->document->nodes[at] - 1, fits);
	if (!object && xc_tape_type(tape, at) != XC_TOKEN_ARRAY)
		return;
	n = xc_tape_count(tape, at);
	for (i = 0; i < n && walk->compiler->err == XC_OK; i++) {
		if (object) {
			key = xc_tape_string(tape, child, &key_len);
			put_key(walk, key, key_len);
			child = xc_tape_value(tape, child);
		} else {
			key_len = (size_t)snprintf(number, sizeof(number),
			    "/%u", i);
			put(walk, number, key_len);
		}
		name_below(walk, child, fits);
		walk->len = len;
		child = xc_tape_next(tape, child);
	}
}

bool
xc_build_where(struct compiler *compiler)
{
	const struct xc_schema_set *set = compiler->set;
	struct walk walk = { .compiler = compiler };
	uint32_t i;

	for (i = 0; i < set->n_documents && compiler->err == XC_OK; i++) {
		walk.document = &set->documents[i];
		walk.len = 0;
		put(&walk, walk.document->uri, strlen(walk.document->uri));
		put(&walk, "#", 1);
		name_below(&walk, 0, 0);
	}
	return compiler->err == XC_OK;
}

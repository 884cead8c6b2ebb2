/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#include "lib/tape.h"
#include "lib/text.h"

#include "plan.h"

#define SLOTS_MIN 64
#define FOLLOW_MAX 64		/* references that lead to references */
#define SEARCH_DEPTH 40
#define SEARCHES_MAX 1000

void
xc_plan_begin(struct xc_plan *plan, struct json_object *root,
    struct xc_errbuf *errbuf)
{
	*plan = (struct xc_plan){ .root = root, .errbuf = errbuf };
}

void
xc_plan_end(struct xc_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n_refs; i++)
		free(plan->refs[i]);
	free(plan->refs);
	free(plan->slots);
	*plan = (struct xc_plan){ .root = NULL };
}

enum xc_err
xc_plan_fail(struct xc_plan *plan, const struct xc_plan_node *node,
    const char *format, ...)
{
	char pointer[480];	/* cut, so that the reason has room */
	char text[512];
	va_list ap;
	size_t i;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	snprintf(pointer, sizeof(pointer), "%s", node->pointer);
	for (i = 0; pointer[i] != '\0'; i++)
		if ((unsigned char)pointer[i] < ' ' || pointer[i] == 0x7f)
			pointer[i] = '?';
	return xc_fail(plan->errbuf, XC_ERR_INVALID, "openapi.json: %s%s%s",
	    pointer, pointer[0] != '\0' ? ": " : "", text);
}

void
xc_plan_root(const struct xc_plan *plan, struct xc_plan_node *node_r)
{
	node_r->json = plan->root;
	node_r->pointer[0] = '\0';
}

/* Puts "/TOKEN" behind the pointer, escaped (RFC 6901).  One that is too long
 * is as long as can be, so that it can be told. */
static void
add_token(char pointer[XC_PLAN_POINTER], const char *token)
{
	size_t len = strlen(pointer);

	if (len < XC_PLAN_POINTER - 1)
		pointer[len++] = '/';
	for (; *token != '\0' && len < XC_PLAN_POINTER - 1; token++) {
		if (*token != '~' && *token != '/') {
			pointer[len++] = *token;
			continue;
		}
		pointer[len++] = '~';
		if (len < XC_PLAN_POINTER - 1)
			pointer[len++] = *token == '~' ? '0' : '1';
	}
	pointer[len] = '\0';
}

void
xc_plan_member(const struct xc_plan_node *node, const char *name,
    struct xc_plan_node *member_r)
{
	struct json_object *json = xc_json_member(node->json, name);

	if (member_r != node)
		*member_r = *node;
	member_r->json = json;
	add_token(member_r->pointer, name);
}

void
xc_plan_item(const struct xc_plan_node *node, size_t i,
    struct xc_plan_node *item_r)
{
	struct json_object *json = NULL;
	char token[24];

	if (json_object_is_type(node->json, json_type_array))
		json = json_object_array_get_idx(node->json, i);
	if (item_r != node)
		*item_r = *node;
	item_r->json = json;
	snprintf(token, sizeof(token), "%zu", i);
	add_token(item_r->pointer, token);
}

/* Decodes %XX of a fragment; false for a bad one, a NUL, or no room. */
static bool
decode(const char *text, char *buf, size_t size)
{
	size_t n = 0;
	int high;
	int low;

	for (; *text != '\0' && n + 1 < size; text++) {
		buf[n] = *text;
		if (*text == '%') {
			high = xc_hex((unsigned char)text[1]);
			low = high >= 0 ? xc_hex((unsigned char)text[2]) : -1;
			if (low < 0 || (high | low) == 0)
				return false;
			buf[n] = (char)(high << 4 | low);
			text += 2;
		}
		n++;
	}
	buf[n] = '\0';
	return *text == '\0';
}

/* Undoes the escapes of one token of a pointer, in place. */
static void
unescape(char *token)
{
	char *to = token;

	for (; *token != '\0'; token++) {
		if (token[0] == '~' && (token[1] == '0' || token[1] == '1'))
			*to++ = *++token == '0' ? '~' : '/';
		else
			*to++ = *token;
	}
	*to = '\0';
}

/* The index of an item as a pointer has it; SIZE_MAX if it is none. */
static size_t
index_of(const char *token)
{
	size_t n = 0;

	if (token[0] == '\0' || strlen(token) > 9 ||
	    (token[0] == '0' && token[1] != '\0'))
		return SIZE_MAX;
	for (; *token != '\0'; token++) {
		if (*token < '0' || *token > '9')
			return SIZE_MAX;
		n = n * 10 + (size_t)(*token - '0');
	}
	return n;
}

/* Walks a pointer from a node on, in place; false if nothing is there. */
static bool
walk_pointer(struct xc_plan_node *node, char *pointer)
{
	char *token = pointer;
	char *slash;

	while (token != NULL && node->json != NULL) {
		if (*token++ != '/')
			return false;
		slash = strchr(token, '/');
		if (slash != NULL)
			*slash = '\0';
		unescape(token);
		if (json_object_is_type(node->json, json_type_array))
			xc_plan_item(node, index_of(token), node);
		else
			xc_plan_member(node, token, node);
		if (slash != NULL)
			*slash = '/';
		token = slash;
	}
	return node->json != NULL;
}

/* A search for the object that has a text as a member ("$anchor": "x"). */
struct mark {
	const char *key;
	const char *text;
	/* The way to it. */
	unsigned depth;
	struct {
		const char *name;	/* NULL: of an array */
		size_t i;
	} steps[SEARCH_DEPTH];
};

static bool find_mark(struct mark *mark, struct json_object *json);

static bool
find_in_array(struct mark *mark, struct json_object *json)
{
	unsigned here = mark->depth++;

	mark->steps[here].name = NULL;
	for (size_t i = 0; i < json_object_array_length(json); i++) {
		mark->steps[here].i = i;
		if (find_mark(mark, json_object_array_get_idx(json, i)))
			return true;
	}
	mark->depth = here;
	return false;
}

static bool
find_in_object(struct mark *mark, struct json_object *json)
{
	unsigned here = mark->depth;
	struct lh_entry *entry;
	const char *value = xc_json_string(json, mark->key);

	if (value != NULL && strcmp(value, mark->text) == 0)
		return true;
	mark->depth++;
	lh_foreach(json_object_get_object(json), entry) {
		mark->steps[here].name = lh_entry_k(entry);
		if (find_mark(mark, lh_entry_v(entry)))
			return true;
	}
	mark->depth = here;
	return false;
}

static bool
find_mark(struct mark *mark, struct json_object *json)
{
	if (mark->depth >= SEARCH_DEPTH)
		return false;
	if (json_object_is_type(json, json_type_array))
		return find_in_array(mark, json);
	return json_object_is_type(json, json_type_object) &&
	    find_in_object(mark, json);
}

/* Goes to the object at or under the node that has this member. */
static bool
go_to_mark(struct xc_plan *plan, struct xc_plan_node *node, const char *key,
    const char *text)
{
	struct mark mark = { .key = key, .text = text };
	unsigned i;

	/* Each looks at all of the document, which may be large. */
	if (plan->n_searches++ >= SEARCHES_MAX ||
	    !find_mark(&mark, node->json))
		return false;
	for (i = 0; i < mark.depth; i++) {
		if (mark.steps[i].name != NULL)
			xc_plan_member(node, mark.steps[i].name, node);
		else
			xc_plan_item(node, mark.steps[i].i, node);
	}
	return true;
}

bool
xc_plan_resolve(struct xc_plan *plan, const char *ref,
    struct xc_plan_node *node_r)
{
	const char *hash = strchr(ref, '#');
	size_t len = hash != NULL ? (size_t)(hash - ref) : strlen(ref);
	char text[XC_PLAN_POINTER];

	if (len >= sizeof(text))
		return false;
	memcpy(text, ref, len);
	text[len] = '\0';
	xc_plan_root(plan, node_r);
	if (len > 0 && strcmp(text, XC_PLAN_URI) != 0 &&
	    !go_to_mark(plan, node_r, "$id", text))
		return false;
	if (hash == NULL || hash[1] == '\0')
		return node_r->json != NULL;
	if (!decode(hash + 1, text, sizeof(text)))
		return false;
	if (text[0] == '/')
		return walk_pointer(node_r, text);
	return go_to_mark(plan, node_r, "$anchor", text) ||
	    go_to_mark(plan, node_r, "$dynamicAnchor", text);
}

enum xc_err
xc_plan_follow(struct xc_plan *plan, struct xc_plan_node *node)
{
	struct xc_plan_node at;
	const char *ref;
	unsigned i;

	for (i = 0; i < FOLLOW_MAX; i++) {
		xc_plan_member(node, "$ref", &at);
		if (at.json == NULL)
			return XC_OK;
		ref = xc_json_string(node->json, "$ref");
		if (ref == NULL || ref[0] != '#' || ref[1] != '/')
			return xc_plan_fail(plan, &at, "must be a reference "
			    "in this document, \"#/components/...\"");
		if (!xc_plan_resolve(plan, ref, node))
			return xc_plan_fail(plan, &at, "there is nothing at "
			    "%.200s; put it there or mend the reference",
			    ref);
	}
	return xc_plan_fail(plan, node, "its references lead in a circle; "
	    "let one of them lead to what it means");
}

/* "URI#POINTER", malloc'ed; '%' begins an escape in a fragment. */
static char *
make_ref(const char *pointer)
{
	static const char uri[] = XC_PLAN_URI "#";
	char *ref = malloc(sizeof(uri) + 3 * strlen(pointer));
	char *to;

	if (ref == NULL)
		return NULL;
	memcpy(ref, uri, sizeof(uri) - 1);
	to = ref + sizeof(uri) - 1;
	for (; *pointer != '\0'; pointer++) {
		*to++ = *pointer;
		if (*pointer == '%') {
			*to++ = '2';
			*to++ = '5';
		}
	}
	*to = '\0';
	return ref;
}

/* Where a reference is in the slots, or would be. */
static uint32_t *
slot_of(const struct xc_plan *plan, const char *ref)
{
	size_t i = xc_tape_hash(ref, strlen(ref)) & (plan->n_slots - 1);

	while (plan->slots[i] != 0 &&
	    strcmp(plan->refs[plan->slots[i] - 1], ref) != 0)
		i = (i + 1) & (plan->n_slots - 1);
	return &plan->slots[i];
}

/* Room for one more reference. */
static enum xc_err
grow(struct xc_plan *plan)
{
	size_t n = plan->n_slots != 0 ? plan->n_slots * 2 : SLOTS_MIN;
	char **refs;
	size_t i;

	if (plan->n_refs * 2 < plan->n_slots)
		return XC_OK;
	refs = reallocarray(plan->refs, n / 2, sizeof(*refs));
	if (refs == NULL)
		return XC_ERR_NOMEM;
	plan->refs = refs;
	free(plan->slots);
	plan->slots = calloc(n, sizeof(*plan->slots));
	plan->n_slots = plan->slots != NULL ? n : 0;
	if (plan->slots == NULL)
		return XC_ERR_NOMEM;
	for (i = 0; i < plan->n_refs; i++)
		*slot_of(plan, plan->refs[i]) = (uint32_t)i + 1;
	return XC_OK;
}

enum xc_err
xc_plan_schema(struct xc_plan *plan, const struct xc_plan_node *node,
    uint32_t *entry_r)
{
	uint32_t *slot;
	char *ref;

	if (strlen(node->pointer) >= XC_PLAN_POINTER - 1)
		return xc_plan_fail(plan, node, "lies too deep; move the "
		    "schema to /components/schemas");
	ref = grow(plan) == XC_OK ? make_ref(node->pointer) : NULL;
	if (ref == NULL)
		return xc_fail(plan->errbuf, XC_ERR_NOMEM, "out of memory");
	slot = slot_of(plan, ref);
	if (*slot != 0) {
		free(ref);
	} else {
		plan->refs[plan->n_refs++] = ref;
		*slot = (uint32_t)plan->n_refs;
	}
	*entry_r = *slot - 1;
	return XC_OK;
}

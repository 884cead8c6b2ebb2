/* SPDX-License-Identifier: MIT */
/*
 * The documents of a set, and what in them can be referred to: resources,
 * which are schemas with a URI of their own, and anchors in these.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/block.h"
#include "lib/text.h"

#include "schema-private.h"
#include "uri.h"

#define MEMORY ((size_t)256 << 20)
#define DOCUMENTS_MAX 10000

/* How a keyword holds schemas. */
enum holds {
	HOLDS_ONE,
	HOLDS_LIST,
	HOLDS_MAP
};

static const struct {
	const char *name;
	enum holds holds;
} holders[] = {
	{ "$defs", HOLDS_MAP },
	{ "additionalProperties", HOLDS_ONE },
	{ "allOf", HOLDS_LIST },
	{ "anyOf", HOLDS_LIST },
	{ "contains", HOLDS_ONE },
	{ "contentSchema", HOLDS_ONE },
	{ "dependentSchemas", HOLDS_MAP },
	{ "else", HOLDS_ONE },
	{ "if", HOLDS_ONE },
	{ "items", HOLDS_ONE },
	{ "not", HOLDS_ONE },
	{ "oneOf", HOLDS_LIST },
	{ "patternProperties", HOLDS_MAP },
	{ "prefixItems", HOLDS_LIST },
	{ "properties", HOLDS_MAP },
	{ "propertyNames", HOLDS_ONE },
	{ "then", HOLDS_ONE },
	{ "unevaluatedItems", HOLDS_ONE },
	{ "unevaluatedProperties", HOLDS_ONE },
};

struct xc_schema_set *
xc_schema_set_create(void)
{
	struct xc_schema_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		return NULL;
	set->arena = xc_arena_create(MEMORY);
	if (set->arena == NULL) {
		free(set);
		return NULL;
	}
	return set;
}

void
xc_schema_set_free(struct xc_schema_set **set)
{
	if (*set == NULL)
		return;
	xc_arena_free(&(*set)->arena);
	free((*set)->documents);
	free((*set)->resources);
	free((*set)->anchors);
	free(*set);
	*set = NULL;
}

/* Room for one more row of an array; NULL if memory is out. */
static void *
room_for(void *rows, size_t size, uint32_t n, uint32_t *cap)
{
	uint32_t want = *cap == 0 ? 8 : *cap * 2;

	if (n < *cap)
		return rows;
	if (want <= *cap)
		return NULL;
	rows = reallocarray(rows, want, size);
	if (rows != NULL)
		*cap = want;
	return rows;
}

static char *
copy(struct xc_schema_set *set, const char *text, size_t len)
{
	char *own = xc_arena_take(set->arena, len + 1);

	if (own == NULL)
		return NULL;
	memcpy(own, text, len);
	own[len] = '\0';
	return own;
}

static const struct xc_tape *
tape_of(const struct xc_schema_set *set, struct schema_place place)
{
	return &set->documents[place.document].tape;
}

void
xc_schema_set_where(const struct xc_schema_set *set,
    struct schema_place place, char *buf, size_t size)
{
	int len = snprintf(buf, size, "%s#",
	    set->documents[place.document].uri);

	if (len > 0 && (size_t)len < size)
		xc_tape_pointer(tape_of(set, place), place.token, buf + len,
		    size - (size_t)len);
}

static enum xc_err
fail_at(const struct xc_schema_set *set, struct schema_place place,
    struct xc_errbuf *errbuf, const char *sentence, const char *value)
{
	char where[512];

	xc_schema_set_where(set, place, where, sizeof(where));
	return xc_fail(errbuf, XC_ERR_INVALID, "%s: %s \"%s\"", where,
	    sentence, value);
}

/* The resource with a URI, or NO_NODE. */
static uint32_t
find_resource(const struct xc_schema_set *set, const char *uri)
{
	uint32_t hash = xc_tape_hash(uri, strlen(uri));
	uint32_t i = set->resource_slots[hash % SET_SLOTS];

	for (; i != 0; i = set->resources[i - 1].next)
		if (set->resources[i - 1].hash == hash &&
		    strcmp(set->resources[i - 1].uri, uri) == 0)
			return i - 1;
	return NO_NODE;
}

static uint32_t
anchor_hash(uint32_t resource, const char *name)
{
	return xc_tape_hash(name, strlen(name)) ^
	    resource * UINT32_C(0x9e3779b1) >> 8;
}

static uint32_t
find_anchor(const struct xc_schema_set *set, uint32_t resource,
    const char *name)
{
	uint32_t hash = anchor_hash(resource, name);
	uint32_t i = set->anchor_slots[hash % SET_SLOTS];

	for (; i != 0; i = set->anchors[i - 1].next)
		if (set->anchors[i - 1].hash == hash &&
		    set->anchors[i - 1].resource == resource &&
		    strcmp(set->anchors[i - 1].name, name) == 0)
			return i - 1;
	return NO_NODE;
}

/* The value of a member that is a string without NUL; NULL otherwise. */
static const char *
text_member(const struct xc_tape *tape, uint32_t at, const char *name,
    size_t *len_r)
{
	uint32_t value = xc_tape_member(tape, at, name, strlen(name));
	const char *text;

	if (value == 0 || xc_tape_type(tape, value) != XC_TOKEN_STRING)
		return NULL;
	text = xc_tape_string(tape, value, len_r);
	return memchr(text, '\0', *len_r) == NULL ? text : NULL;
}

static uint32_t
vocabulary_named(const char *uri, size_t len)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} known[] = {
		{ "core", 0 }, { "meta-data", 0 }, { "content", 0 },
		{ "applicator", VOCABULARY_APPLICATOR },
		{ "unevaluated", VOCABULARY_UNEVALUATED },
		{ "validation", VOCABULARY_VALIDATION },
		{ "format-annotation", VOCABULARY_FORMAT },
		{ "format-assertion", VOCABULARY_FORMAT |
		    VOCABULARY_ASSERTION },
	};
	static const char before[] = DRAFT_URI "vocab/";
	size_t skip = sizeof(before) - 1;
	size_t i;

	if (len <= skip || memcmp(uri, before, skip) != 0)
		return UINT32_MAX;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == len - skip &&
		    memcmp(known[i].name, uri + skip, len - skip) == 0)
			return known[i].bit;
	return UINT32_MAX;
}

/* What "$vocabulary" of a metaschema asks for. */
static enum xc_err
read_vocabularies(const struct xc_schema_set *set, struct schema_place meta,
    uint32_t *bits_r, struct xc_errbuf *errbuf)
{
	const struct xc_tape *tape = tape_of(set, meta);
	uint32_t map = xc_tape_member(tape, meta.token, "$vocabulary", 11);
	uint32_t key = xc_tape_first(map);
	const char *uri;
	uint32_t bit;
	uint32_t n;
	size_t len;

	*bits_r = VOCABULARY_USUAL;
	if (map == 0 || xc_tape_type(tape, map) != XC_TOKEN_OBJECT)
		return XC_OK;
	*bits_r = 0;
	for (n = xc_tape_count(tape, map); n > 0; n--) {
		uri = xc_tape_string(tape, key, &len);
		bit = vocabulary_named(uri, len);
		key = xc_tape_value(tape, key);
		if (bit != UINT32_MAX)
			*bits_r |= bit;
		else if (xc_tape_type(tape, key) == XC_TOKEN_TRUE)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s: asks for the vocabulary %.*s, which is not "
			    "known here", set->documents[meta.document].uri,
			    (int)len, uri);
		key = xc_tape_next(tape, key);
	}
	return XC_OK;
}

static enum xc_err add_document(struct xc_schema_set *set, const char *uri,
    const char *text, size_t len, struct xc_errbuf *errbuf);

/* As find_resource(), but takes one of the draft's in if it is that. */
static uint32_t
need_resource(struct xc_schema_set *set, const char *uri,
    struct xc_errbuf *errbuf)
{
	uint32_t resource = find_resource(set, uri);
	const char *text;

	if (resource != NO_NODE)
		return resource;
	text = xc_schema_meta(uri);
	if (text == NULL || add_document(set, uri, text, strlen(text), errbuf)
	    != XC_OK)
		return NO_NODE;
	return find_resource(set, uri);
}

/* "$schema" says which vocabularies hold in a resource. */
static enum xc_err
read_dialect(struct xc_schema_set *set, struct schema_place place,
    uint32_t *bits_r, struct xc_errbuf *errbuf)
{
	static const char *const usual[] = { DRAFT_URI "schema",
	    DRAFT_URI "schema#",
	    "https://spec.openapis.org/oas/3.1/dialect/base" };
	struct schema_place meta;
	uint32_t resource;
	size_t len = 0;
	const char *uri = text_member(tape_of(set, place), place.token,
	    "$schema", &len);
	char *own;
	size_t i;

	if (uri == NULL)
		return XC_OK;
	own = copy(set, uri, len);
	if (own == NULL)
		return XC_ERR_NOMEM;
	*bits_r = VOCABULARY_USUAL;
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (strcmp(own, usual[i]) == 0)
			return XC_OK;
	resource = need_resource(set, own, errbuf);
	if (resource == NO_NODE)
		return fail_at(set, place, errbuf, "only " DRAFT_URI "schema "
		    "and metaschemas that are given are known, not $schema",
		    own);
	meta.document = set->resources[resource].document;
	meta.token = set->resources[resource].token;
	return read_vocabularies(set, meta, bits_r, errbuf);
}

/* Another row of resources. */
static enum xc_err
add_resource(struct xc_schema_set *set, struct schema_place place,
    const char *uri, uint32_t vocabularies)
{
	struct schema_resource *resource;
	void *rows = room_for(set->resources, sizeof(*set->resources),
	    set->n_resources, &set->resources_cap);

	if (rows == NULL)
		return XC_ERR_NOMEM;
	set->resources = rows;
	resource = &set->resources[set->n_resources];
	resource->uri = copy(set, uri, strlen(uri));
	if (resource->uri == NULL)
		return XC_ERR_NOMEM;
	resource->hash = xc_tape_hash(uri, strlen(uri));
	resource->document = place.document;
	resource->token = place.token;
	resource->vocabularies = vocabularies;
	resource->next = set->resource_slots[resource->hash % SET_SLOTS];
	set->resource_slots[resource->hash % SET_SLOTS] = ++set->n_resources;
	return XC_OK;
}

/* "$id" begins a resource of its own. */
static enum xc_err
read_id(struct xc_schema_set *set, struct schema_place place,
    uint32_t *resource, struct xc_errbuf *errbuf)
{
	const char *base = set->resources[*resource].uri;
	uint32_t bits = set->resources[*resource].vocabularies;
	char uri[XC_URI_MAX];
	const char *fragment;
	size_t len = 0;
	const char *id = text_member(tape_of(set, place), place.token, "$id",
	    &len);
	uint32_t found;
	enum xc_err err;

	if (id == NULL)
		return XC_OK;
	if (!xc_uri_resolve(base, id, len, uri, &fragment))
		return fail_at(set, place, errbuf, "is too long:", "$id");
	if (fragment != NULL && fragment < id + len)
		return fail_at(set, place, errbuf, "may have no fragment:",
		    "$id");
	found = find_resource(set, uri);
	if (found != NO_NODE &&
	    set->resources[found].document == place.document &&
	    set->resources[found].token == place.token) {
		*resource = found;
		return XC_OK;
	}
	if (found != NO_NODE)
		return fail_at(set, place, errbuf,
		    "another schema has the $id", uri);
	err = read_dialect(set, place, &bits, errbuf);
	if (err == XC_OK)
		err = add_resource(set, place, uri, bits);
	*resource = set->n_resources - 1;
	return err;
}

static bool
is_anchor_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((name[i] | 0x20) < 'a' || (name[i] | 0x20) > 'z') &&
		    name[i] != '_' && (i == 0 || name[i] == '\0' ||
		    strchr("0123456789-.", name[i]) == NULL))
			return false;
	return len > 0;
}

static enum xc_err
read_anchor(struct xc_schema_set *set, struct schema_place place,
    uint32_t resource, bool dynamic, struct xc_errbuf *errbuf)
{
	struct schema_anchor *anchor;
	size_t len = 0;
	const char *name = text_member(tape_of(set, place), place.token,
	    dynamic ? "$dynamicAnchor" : "$anchor", &len);
	char *own;
	void *rows;

	if (name == NULL)
		return XC_OK;
	own = copy(set, name, len);
	rows = room_for(set->anchors, sizeof(*set->anchors), set->n_anchors,
	    &set->anchors_cap);
	if (rows != NULL)
		set->anchors = rows;
	if (own == NULL || rows == NULL)
		return XC_ERR_NOMEM;
	if (!is_anchor_name(name, len))
		return fail_at(set, place, errbuf,
		    "an anchor is a letter or _ and more of them, digits, "
		    "'-' and '.', not", own);
	if (find_anchor(set, resource, own) != NO_NODE)
		return fail_at(set, place, errbuf,
		    "another schema has the anchor", own);
	anchor = &set->anchors[set->n_anchors];
	anchor->name = own;
	anchor->hash = anchor_hash(resource, own);
	anchor->next = set->anchor_slots[anchor->hash % SET_SLOTS];
	set->anchor_slots[anchor->hash % SET_SLOTS] = ++set->n_anchors;
	anchor->resource = resource;
	anchor->token = place.token;
	anchor->dynamic = dynamic;
	return XC_OK;
}

static enum xc_err index_schema(struct xc_schema_set *set,
    struct schema_place place, uint32_t resource, struct xc_errbuf *errbuf);

/* All schemas of a list or map. */
static enum xc_err
index_many(struct xc_schema_set *set, struct schema_place place,
    uint32_t resource, struct xc_errbuf *errbuf)
{
	const struct xc_tape *tape = tape_of(set, place);
	bool map = xc_tape_type(tape, place.token) == XC_TOKEN_OBJECT;
	uint32_t n = xc_tape_count(tape, place.token);
	struct schema_place child = place;
	enum xc_err err = XC_OK;

	child.token = xc_tape_first(place.token);
	for (; n > 0 && err == XC_OK; n--) {
		tape = tape_of(set, place);
		if (map)
			child.token = xc_tape_value(tape, child.token);
		err = index_schema(set, child, resource, errbuf);
		tape = tape_of(set, place);
		child.token = xc_tape_next(tape, child.token);
	}
	return err;
}

static enum xc_err
index_children(struct xc_schema_set *set, struct schema_place place,
    uint32_t resource, struct xc_errbuf *errbuf)
{
	struct schema_place child = place;
	enum xc_token_type type;
	enum xc_err err = XC_OK;
	size_t i;

	for (i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		child.token = xc_tape_member(tape_of(set, place), place.token,
		    holders[i].name, strlen(holders[i].name));
		if (child.token == 0)
			continue;
		type = xc_tape_type(tape_of(set, place), child.token);
		if (holders[i].holds == HOLDS_ONE)
			err = index_schema(set, child, resource, errbuf);
		else if (type == (holders[i].holds == HOLDS_MAP
		    ? XC_TOKEN_OBJECT : XC_TOKEN_ARRAY))
			err = index_many(set, child, resource, errbuf);
		if (err != XC_OK)
			return err;
	}
	return XC_OK;
}

/* Finds what can be referred to in a schema.  The depth of the tape bounds
 * the recursion. */
static enum xc_err
index_schema(struct xc_schema_set *set, struct schema_place place,
    uint32_t resource, struct xc_errbuf *errbuf)
{
	enum xc_token_type type = xc_tape_type(tape_of(set, place),
	    place.token);
	enum xc_err err;

	if (type == XC_TOKEN_OBJECT) {
		err = read_id(set, place, &resource, errbuf);
		if (err != XC_OK)
			return err;
	}
	if (set->documents[place.document].resources[place.token] != 0)
		return XC_OK;
	set->documents[place.document].resources[place.token] = resource + 1;
	if (type != XC_TOKEN_OBJECT)
		return XC_OK;
	err = read_anchor(set, place, resource, false, errbuf);
	if (err == XC_OK)
		err = read_anchor(set, place, resource, true, errbuf);
	return err == XC_OK ? index_children(set, place, resource, errbuf)
	    : err;
}

/* Scans the text into memory of the set. */
static enum xc_err
scan(struct xc_schema_set *set, struct schema_document *document,
    const char *text, size_t len, struct xc_errbuf *errbuf)
{
	static const struct xc_tape_limits limits = { .depth = 200,
		.values = 4000000, .nul = true };
	struct xc_block block = { 0 };
	struct xc_tape_error error;
	unsigned char *own;
	uint32_t off;
	enum xc_err err;

	err = xc_tape_scan(text, len, &limits, &block, &off, &document->tape,
	    &error);
	if (err != XC_OK) {
		xc_block_free(&block);
		return xc_fail(errbuf, err, "%s:%zu:%zu: %s", document->uri,
		    error.line, error.column, error.what);
	}
	own = xc_arena_take(set->arena, block.used);
	if (own != NULL) {
		memcpy(own, block.base, block.used);
		document->tape.tokens = (const struct xc_token *)(const void *)
		    (own + ((const unsigned char *)document->tape.tokens -
		    block.base));
	}
	xc_block_free(&block);
	return own != NULL ? XC_OK : XC_ERR_NOMEM;
}

static enum xc_err
fill_document(struct xc_schema_set *set, struct schema_document *document,
    const char *uri, const char *text, size_t len, struct xc_errbuf *errbuf)
{
	char *own = copy(set, text, len);
	size_t size;
	enum xc_err err;

	document->uri = copy(set, uri, strlen(uri));
	if (own == NULL || document->uri == NULL)
		return XC_ERR_NOMEM;
	err = scan(set, document, own, len, errbuf);
	if (err != XC_OK)
		return err;
	size = document->tape.n * sizeof(*document->resources);
	document->resources = xc_arena_take(set->arena, size);
	document->nodes = xc_arena_take(set->arena, size);
	if (document->resources == NULL || document->nodes == NULL)
		return XC_ERR_NOMEM;
	memset(document->resources, 0, size);
	memset(document->nodes, 0, size);
	return XC_OK;
}

static enum xc_err
add_document(struct xc_schema_set *set, const char *uri, const char *text,
    size_t len, struct xc_errbuf *errbuf)
{
	struct schema_place place = { set->n_documents, 0 };
	uint32_t bits = VOCABULARY_USUAL;
	enum xc_err err;
	void *rows;

	if (set->n_documents >= DOCUMENTS_MAX)
		return xc_fail(errbuf, XC_ERR_TOO_LARGE,
		    "more than %d documents", DOCUMENTS_MAX);
	rows = room_for(set->documents, sizeof(*set->documents),
	    set->n_documents, &set->documents_cap);
	if (rows == NULL)
		return XC_ERR_NOMEM;
	set->documents = rows;
	err = fill_document(set, &set->documents[place.document], uri, text,
	    len, errbuf);
	if (err != XC_OK)
		return err;
	set->n_documents++;
	if (xc_tape_type(tape_of(set, place), 0) == XC_TOKEN_OBJECT)
		err = read_dialect(set, place, &bits, errbuf);
	if (err == XC_OK)
		err = add_resource(set, place, uri, bits);
	return err == XC_OK ? index_schema(set, place, set->n_resources - 1,
	    errbuf) : err;
}

enum xc_err
xc_schema_set_add(struct xc_schema_set *set, const char *uri,
    const char *text, size_t len, struct xc_errbuf *errbuf)
{
	char own[XC_URI_MAX];
	const char *fragment;
	enum xc_err err;

	if (!xc_uri_is_valid(uri, strlen(uri), false) ||
	    !xc_uri_resolve(uri, "", 0, own, &fragment))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%s: a document needs an absolute URI", uri);
	if (find_resource(set, own) != NO_NODE)
		return xc_fail(errbuf, XC_ERR_EXISTS,
		    "%s: another document has this URI", uri);
	err = add_document(set, own, text, len, errbuf);
	if (err == XC_ERR_NOMEM)
		return xc_fail(errbuf, err, "%s: out of memory", uri);
	return err;
}

/* Decodes %XX; false for a bad one or a NUL. */
static bool
percent_decode(const char *text, size_t len, char *buf, size_t size)
{
	size_t n = 0;
	size_t i;
	int high;
	int low;

	for (i = 0; i < len && n + 1 < size; i++) {
		buf[n] = text[i];
		if (text[i] == '%') {
			high = i + 2 < len ? xc_hex((unsigned char)text[i + 1])
			    : -1;
			low = high >= 0 ? xc_hex((unsigned char)text[i + 2])
			    : -1;
			if (low < 0)
				return false;
			buf[n] = (char)(high << 4 | low);
			i += 2;
		}
		if (buf[n++] == '\0')
			return false;
	}
	buf[n] = '\0';
	return i == len;
}

/* The child of a container in which a token lies. */
static uint32_t
child_around(const struct xc_tape *tape, uint32_t at, uint32_t token)
{
	bool object = xc_tape_type(tape, at) == XC_TOKEN_OBJECT;
	uint32_t child = xc_tape_first(at);
	uint32_t value;

	for (;;) {
		value = object ? xc_tape_value(tape, child) : child;
		child = xc_tape_next(tape, value);
		if (child > token)
			return value;
	}
}

/* Gives a place that no keyword leads to the resource that it lies in: that
 * of the innermost schema around it. */
static enum xc_err
adopt(struct xc_schema_set *set, struct schema_place place,
    struct xc_errbuf *errbuf)
{
	const struct schema_document *document =
	    &set->documents[place.document];
	uint32_t resource = document->resources[0] - 1;
	uint32_t at = 0;

	if (document->resources[place.token] != 0)
		return XC_OK;
	while (at < place.token) {
		at = child_around(&document->tape, at, place.token);
		if (document->resources[at] != 0)
			resource = document->resources[at] - 1;
	}
	return index_schema(set, place, resource, errbuf);
}

enum xc_err
xc_schema_set_find(struct xc_schema_set *set, uint32_t resource,
    const char *ref, size_t len, struct schema_place *place_r,
    uint32_t *anchor_r, struct xc_errbuf *errbuf)
{
	const char *base = resource != NO_NODE
	    ? set->resources[resource].uri : "";
	char name[XC_URI_MAX];
	char uri[XC_URI_MAX];
	const char *fragment;

	*anchor_r = NO_NODE;
	if (memchr(ref, '\0', len) != NULL ||
	    !xc_uri_resolve(base, ref, len, uri, &fragment))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the reference is too long");
	resource = need_resource(set, uri, errbuf);
	if (resource == NO_NODE)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "there is no document %s; nothing is fetched, so give it "
		    "along", uri);
	place_r->document = set->resources[resource].document;
	place_r->token = set->resources[resource].token;
	if (fragment == NULL || fragment == ref + len)
		return XC_OK;
	if (!percent_decode(fragment, (size_t)(ref + len - fragment), name,
	    sizeof(name)))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the fragment of \"%.*s\" is none", (int)len, ref);
	if (name[0] != '/') {
		*anchor_r = find_anchor(set, resource, name);
		if (*anchor_r == NO_NODE)
			return xc_fail(errbuf, XC_ERR_INVALID,
			    "%s has no anchor \"%s\"", uri, name);
		place_r->token = set->anchors[*anchor_r].token;
		return XC_OK;
	}
	if (!xc_tape_find(tape_of(set, *place_r), name, strlen(name),
	    &place_r->token))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "there is nothing at %s of %s", name, uri);
	return adopt(set, *place_r, errbuf);
}

enum xc_err
xc_schema_set_know(struct xc_schema_set *set, const char *ref,
    struct xc_errbuf *errbuf)
{
	struct schema_place place;
	uint32_t anchor;
	enum xc_err err;

	err = xc_schema_set_find(set, NO_NODE, ref, strlen(ref), &place,
	    &anchor, errbuf);
	return err == XC_ERR_NOMEM ? xc_fail(errbuf, err, "out of memory") :
	    err;
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "contract/bundle.h"
#include "contract/bundle-private.h"
#include "contract/uri.h"
#include "lib/block.h"
#include "lib/json-build.h"
#include "lib/tape.h"

#define FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
#define NAME_MAX_BYTES 256
/* "components", "schemas", and the name of the entry. */
#define LEVELS_ABOVE 3

static enum xc_err
no_memory(struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
}

/* ---- reading ------------------------------------------------------------ */

static enum xc_err
refuse(const struct xc_bundle_file *file, const struct xc_tape_error *error,
    struct xc_errbuf *errbuf)
{
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "%s: line %zu, column %zu: %s", file->name, error->line,
	    error->column, error->what);
}

/* *values is what the documents may still have. */
static enum xc_err
parse(const struct xc_bundle_file *file, uint32_t depth, uint32_t *values,
    struct json_object **root_r, struct xc_errbuf *errbuf)
{
	const struct xc_tape_limits limits = { .depth = depth };
	struct xc_tape_error error = { .what = "a number out of range" };
	struct xc_block block = { .used = 0 };
	struct xc_tape tape;
	uint32_t off, at = 0, n = 0;
	enum xc_err err;

	*root_r = NULL;
	err = xc_tape_scan(file->text, file->len, &limits, &block, &off,
	    &tape, &error);
	if (err == XC_OK) {
		n = xc_bundle_values(&tape);
		err = xc_json_build(&tape, &at, root_r);
		if (err == XC_ERR_INVALID)
			xc_tape_place(tape.text, tape.tokens[at].off,
			    &error.line, &error.column);
	}
	xc_block_free(&block);
	if (err == XC_ERR_NOMEM)
		return no_memory(errbuf);
	if (err != XC_OK)
		return refuse(file, &error, errbuf);
	/* One more for the "$id". */
	if (n + 1 > *values) {
		json_object_put(*root_r);
		*root_r = NULL;
		return xc_fail(errbuf, XC_ERR_INVALID, "%s: with it, the "
		    "documents have more than %u values together; make them "
		    "smaller, or divide the plugin", file->name,
		    XC_TAPE_VALUES);
	}
	*values -= n + 1;
	return XC_OK;
}

uint32_t
xc_bundle_values(const struct xc_tape *tape)
{
	uint32_t n = 0, at = 0;

	while (at < tape->n) {
		const struct xc_token *token = &tape->tokens[at];
		enum xc_token_type type = xc_tape_type(tape, at);

		n += type != XC_TOKEN_KEY;
		/* Decoded bytes stand in the slots behind. */
		if ((token->meta & XC_TOKEN_DECODED) != 0)
			at = token->next;
		else
			at++;
	}
	return n;
}

/* ---- putting together --------------------------------------------------- */

/* A member that is an object, made if there is none; NULL: another thing is
 * there, or memory is out. */
static struct json_object *
need_object(struct json_object *in, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(in, key, &value))
		return json_object_is_type(value, json_type_object) ? value :
		    NULL;
	value = json_object_new_object();
	if (value != NULL && json_object_object_add(in, key, value) != 0) {
		json_object_put(value);
		value = NULL;
	}
	return value;
}

/* "item" of "schemas/item.json", or "item_2". */
static bool
choose_name(struct json_object *schemas, const char *file,
    char name[NAME_MAX_BYTES])
{
	const char *base = strrchr(file, '/');
	size_t len;

	base = base != NULL ? base + 1 : file;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".json") == 0)
		len -= 5;
	if (len == 0 || len > NAME_MAX_BYTES - 16)
		return false;
	memcpy(name, base, len);
	for (size_t i = 0; i < len; i++) {
		if (strchr(XC_BUNDLE_NAME_CHARS, name[i]) == NULL)
			return false;
	}
	name[len] = '\0';
	for (unsigned n = 2; json_object_object_get_ex(schemas, name, NULL);
	    n++)
		snprintf(name + len, NAME_MAX_BYTES - len, "_%u", n);
	return true;
}

/* Its own "$id", whole, or the URI that the file is retrieved under, which
 * leads to the same then. */
static bool
set_id(struct bundling *bundling, struct json_object *schema,
    const char *retrieved)
{
	const char *id = xc_json_string(schema, "$id"), *fragment;
	char uri[XC_URI_MAX];

	/* What is wrong with it is for the check to say. */
	if (id == NULL && json_object_object_get_ex(schema, "$id", NULL))
		return true;
	if (id == NULL)
		return json_object_object_add(schema, "$id",
		    json_object_new_string(retrieved)) == 0;
	if (strchr(id, '#') != NULL || !xc_uri_resolve(retrieved, id,
	    strlen(id), uri, &fragment))
		return true;
	return (strcmp(uri, retrieved) == 0 ||
	    json_object_object_add(bundling->places, retrieved,
	    json_object_new_string(uri)) == 0) &&
	    json_object_object_add(schema, "$id",
	    json_object_new_string(uri)) == 0;
}

static enum xc_err
attach(struct bundling *bundling, const struct xc_bundle_file *file,
    struct json_object *schema)
{
	char name[NAME_MAX_BYTES], uri[XC_URI_MAX], key[XC_URI_MAX + 1];
	char pointer[NAME_MAX_BYTES + 32];
	bool ok;

	if (!choose_name(bundling->schemas, file->name, name) ||
	    snprintf(uri, sizeof(uri), "file:///%s", file->name) >=
	    (int)sizeof(uri)) {
		json_object_put(schema);
		return xc_fail(bundling->errbuf, XC_ERR_INVALID, "%s: the "
		    "name may have letters, digits, '.', '_' and '-', and "
		    "end in .json", file->name);
	}
	if (json_object_object_add(bundling->schemas, name, schema) != 0) {
		json_object_put(schema);
		return no_memory(bundling->errbuf);
	}
	snprintf(key, sizeof(key), "%s#", uri);
	snprintf(pointer, sizeof(pointer), "/components/schemas/%s", name);
	ok = json_object_object_add(bundling->bundle->names, name,
	    json_object_new_string(file->name)) == 0;
	if (ok && json_object_is_type(schema, json_type_object))
		ok = set_id(bundling, schema, uri);
	if (ok)
		ok = json_object_object_add(bundling->places, key,
		    json_object_new_string(pointer)) == 0;
	return ok ? XC_OK : no_memory(bundling->errbuf);
}

static enum xc_err
add_file(struct bundling *bundling, const struct xc_bundle_file *file,
    uint32_t *values)
{
	struct json_object *schema;
	enum xc_err err;

	err = parse(file, XC_TAPE_DEPTH - LEVELS_ABOVE, values, &schema,
	    bundling->errbuf);
	if (err != XC_OK)
		return err;
	if (!json_object_is_type(schema, json_type_object) &&
	    !json_object_is_type(schema, json_type_boolean)) {
		json_object_put(schema);
		return xc_fail(bundling->errbuf, XC_ERR_INVALID,
		    "%s: must be a schema: an object, true or false",
		    file->name);
	}
	return attach(bundling, file, schema);
}

static enum xc_err
open_root(struct bundling *bundling, const struct xc_bundle_file *file,
    uint32_t *values)
{
	struct xc_bundle *bundle = bundling->bundle;
	struct json_object *components;
	enum xc_err err;

	err = parse(file, XC_TAPE_DEPTH, values, &bundle->root,
	    bundling->errbuf);
	if (err != XC_OK)
		return err;
	if (!json_object_is_type(bundle->root, json_type_object))
		return xc_fail(bundling->errbuf, XC_ERR_INVALID,
		    "%s: must be a JSON object", file->name);
	components = need_object(bundle->root, "components");
	if (components == NULL)
		return xc_fail(bundling->errbuf, XC_ERR_INVALID,
		    "%s: /components: must be an object", file->name);
	bundling->schemas = need_object(components, "schemas");
	if (bundling->schemas == NULL)
		return xc_fail(bundling->errbuf, XC_ERR_INVALID,
		    "%s: /components/schemas: must be an object", file->name);
	return XC_OK;
}

static enum xc_err
write_text(struct bundling *bundling)
{
	struct xc_bundle *bundle = bundling->bundle;
	const char *text;

	text = json_object_to_json_string_length(bundle->root, FLAGS,
	    &bundle->len);
	/* A copy: whoever writes the root out again moves that one. */
	bundle->own = text != NULL ? strndup(text, bundle->len) : NULL;
	bundle->text = bundle->own;
	return bundle->own != NULL ? XC_OK : no_memory(bundling->errbuf);
}

static enum xc_err
put_together(struct bundling *bundling, const struct xc_bundle_file *files,
    size_t n)
{
	uint32_t values = XC_TAPE_VALUES - 2;
	enum xc_err err;

	bundling->bundle->names = json_object_new_object();
	bundling->places = json_object_new_object();
	if (bundling->bundle->names == NULL || bundling->places == NULL)
		return no_memory(bundling->errbuf);
	err = open_root(bundling, &files[0], &values);
	for (size_t i = 1; i < n && err == XC_OK; i++)
		err = add_file(bundling, &files[i], &values);
	if (err == XC_OK)
		err = xc_bundle_lead(bundling);
	return err == XC_OK ? write_text(bundling) : err;
}

enum xc_err
xc_bundle_make(const struct xc_bundle_file *files, size_t n,
    struct xc_bundle **bundle_r, struct xc_errbuf *errbuf)
{
	struct bundling bundling = { .errbuf = errbuf };
	enum xc_err err = XC_OK;

	*bundle_r = NULL;
	if (n > XC_BUNDLE_FILES_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID, "schemas: more than "
		    "%d files; put those that belong together into one, "
		    "under \"$defs\"", XC_BUNDLE_FILES_MAX - 1);
	bundling.bundle = calloc(1, sizeof(*bundling.bundle));
	if (bundling.bundle == NULL)
		return no_memory(errbuf);
	bundling.bundle->text = files[0].text;
	bundling.bundle->len = files[0].len;
	if (n > 1)
		err = put_together(&bundling, files, n);
	json_object_put(bundling.places);
	if (err == XC_OK)
		*bundle_r = bundling.bundle;
	else
		xc_bundle_free(&bundling.bundle);
	return err;
}

void
xc_bundle_free(struct xc_bundle **bundle)
{
	struct xc_bundle *old = *bundle;

	*bundle = NULL;
	if (old == NULL)
		return;
	json_object_put(old->root);
	json_object_put(old->names);
	free(old->own);
	free(old);
}

enum xc_err
xc_bundle_json(const struct xc_bundle *bundle, struct json_object **root_r,
    struct xc_errbuf *errbuf)
{
	const struct xc_bundle_file file = { "openapi.json", bundle->text,
		bundle->len };
	uint32_t values = UINT32_MAX;
	enum xc_err err = XC_OK;

	*root_r = NULL;
	if (bundle->root != NULL)
		*root_r = json_object_get(bundle->root);
	else
		err = parse(&file, XC_TAPE_DEPTH, &values, root_r, errbuf);
	if (err != XC_OK)
		return err;
	if (json_object_is_type(*root_r, json_type_object))
		return XC_OK;
	json_object_put(*root_r);
	*root_r = NULL;
	return xc_fail(errbuf, XC_ERR_INVALID,
	    "openapi.json: must be a JSON object");
}

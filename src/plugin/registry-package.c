/* SPDX-License-Identifier: MIT */
/* Packages in and out, in chunks that every server's packet limit lets by. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "plugin/fault.h"
#include "plugin/registry-private.h"

/* What the chunks of a package are gathered in. */
struct gather {
	unsigned char *data;
	size_t len;
	size_t room;
};

static enum xc_err
gather_chunk(void *ctx, const struct xc_cell *cells, size_t n_cells)
{
	struct gather *gather = ctx;

	if (n_cells != 1 || cells[0].len > gather->room - gather->len)
		return XC_ERR_INVALID;
	memcpy(gather->data + gather->len, cells[0].data, cells[0].len);
	gather->len += cells[0].len;
	return XC_OK;
}

/* One query a chunk, so that no packet is larger than one. */
static enum xc_err
fetch_chunks(struct xc_registry *registry, uint64_t id, uint64_t chunks,
    struct gather *gather, struct xc_errbuf *errbuf)
{
	for (uint64_t seq = 0; seq < chunks; seq++) {
		struct xc_value args[] = { xc_int((int64_t)id),
			xc_int((int64_t)seq) };
		struct xc_statement statement = {
			.schema = xc_registry_schema(registry),
			.sql = "SELECT data FROM xc_package_chunk"
			    " WHERE package_id = ? AND seq = ?",
			.args = args, .n_args = 2
		};
		enum xc_err err;

		err = xc_connection_each(registry->connection, &statement,
		    gather_chunk, gather);
		if (err == XC_ERR_INVALID)
			break;	/* longer than it should be */
		if (err != XC_OK)
			return xc_registry_fail(registry, err,
			    "reading a package", errbuf);
	}
	return XC_OK;
}

static enum xc_err
fetch_row(struct xc_registry *registry, uint64_t id,
    struct json_object **rows_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = xc_registry_rows(registry, "reading a package",
	    "SELECT name, version, hash, size, chunks FROM xc_package"
	    " WHERE id = ?", XC_ARGS(xc_int((int64_t)id)), rows_r, errbuf);
	if (err != XC_OK)
		return err;
	if (json_object_array_length(*rows_r) == 1)
		return XC_OK;
	json_object_put(*rows_r);
	*rows_r = NULL;
	return xc_fail(errbuf, XC_ERR_NOT_FOUND,
	    "package %llu is not in the registry", (unsigned long long)id);
}

static enum xc_err
prove(const struct json_object *row, const struct gather *gather,
    struct xc_package **package_r, struct xc_errbuf *errbuf)
{
	const char *name = xc_registry_text(row, "name");
	const char *version = xc_registry_text(row, "version");
	struct xc_errbuf why = { "" };
	enum xc_err err;

	if (gather->len != xc_registry_number(row, "size"))
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the package of %s %s in the registry is damaged: %zu "
		    "bytes where %llu were stored; install it again", name,
		    version, gather->len, (unsigned long long)
		    xc_registry_number(row, "size"));
	err = xc_package_read(gather->data, gather->len, package_r, &why);
	if (err == XC_ERR_NOMEM)
		return xc_fail(errbuf, err, "out of memory");
	if (err != XC_OK)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "the package of %s %s in the registry is damaged (%s); "
		    "install it again", name, version, why.text);
	if (strcmp((*package_r)->hash, xc_registry_text(row, "hash")) == 0)
		return XC_OK;
	xc_fail(errbuf, XC_ERR_INVALID,
	    "the package of %s %s in the registry is damaged: its files have "
	    "the SHA-256 %.12s..., the registry says %.12s...; install it "
	    "again", name, version, (*package_r)->hash,
	    xc_registry_text(row, "hash"));
	xc_package_free(package_r);
	return XC_ERR_INVALID;
}

enum xc_err
xc_registry_fetch(struct xc_registry *registry, uint64_t id,
    struct xc_package **package_r, struct xc_errbuf *errbuf)
{
	struct json_object *rows, *row;
	struct gather gather = { .room = 0 };
	uint64_t size, chunks;
	enum xc_err err;

	*package_r = NULL;
	err = fetch_row(registry, id, &rows, errbuf);
	if (err != XC_OK)
		return err;
	row = json_object_array_get_idx(rows, 0);
	size = xc_registry_number(row, "size");
	chunks = xc_registry_number(row, "chunks");
	if (size > XC_PACKAGE_SIZE_MAX * 2ull || chunks > size) {
		err = xc_fail(errbuf, XC_ERR_INVALID,
		    "the package of %s %s in the registry is damaged: %llu "
		    "bytes in %llu chunks; install it again",
		    xc_registry_text(row, "name"),
		    xc_registry_text(row, "version"),
		    (unsigned long long)size, (unsigned long long)chunks);
		json_object_put(rows);
		return err;
	}
	/* One byte more, so that a chunk that is too long shows. */
	gather.room = size + 1;
	gather.data = malloc(gather.room);
	if (gather.data == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else
		err = fetch_chunks(registry, id, chunks, &gather, errbuf);
	if (err == XC_OK)
		err = prove(row, &gather, package_r, errbuf);
	free(gather.data);
	json_object_put(rows);
	return err;
}

/* The id of a package that is in the registry whole; 0 if it is not there,
 * or damaged, which is removed.  Its row is locked until the commit, so that
 * nobody sweeps it before the plugin points to it. */
static enum xc_err
find_whole(struct xc_registry *registry, const char *hash, uint64_t *id_r,
    struct xc_errbuf *errbuf)
{
	struct xc_package *package;
	struct json_object *rows;
	enum xc_err err;

	err = xc_registry_rows(registry, "looking for the package",
	    "SELECT id FROM xc_package WHERE hash = ? FOR UPDATE",
	    XC_ARGS(xc_text(hash)), &rows, errbuf);
	if (err != XC_OK)
		return err;
	*id_r = xc_registry_number(json_object_array_get_idx(rows, 0), "id");
	json_object_put(rows);
	if (*id_r == 0)
		return XC_OK;
	err = xc_registry_fetch(registry, *id_r, &package, errbuf);
	if (err == XC_ERR_INVALID) {
		err = xc_registry_exec(registry, "mending the package",
		    "DELETE FROM xc_package_chunk WHERE package_id = ?",
		    XC_ARGS(xc_int((int64_t)*id_r)), NULL, errbuf);
		return err;
	}
	if (err != XC_OK)
		return err;
	xc_package_free(&package);
	return XC_ERR_EXISTS;
}

static enum xc_err
put_chunks(struct xc_registry *registry, uint64_t id, const char *data,
    size_t len, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;
	int64_t seq = 0;

	for (size_t at = 0; at < len && err == XC_OK; seq++) {
		size_t n = len - at < XC_REGISTRY_CHUNK ? len - at :
		    XC_REGISTRY_CHUNK;

		err = xc_registry_exec(registry, "storing the package",
		    "INSERT INTO xc_package_chunk (package_id, seq, data)"
		    " VALUES (?, ?, ?)", XC_ARGS(xc_int((int64_t)id),
		    xc_int(seq), xc_blob(data + at, n)), NULL, errbuf);
		at += n;
		xc_fault("chunk");
	}
	return err;
}

/* Writes the row, anew if it is there (id not 0), since it may be damaged. */
static enum xc_err
put_row(struct xc_registry *registry, const struct xc_package *package,
    size_t size, uint64_t *id_r, struct xc_errbuf *errbuf)
{
	const struct xc_package_file *manifest =
	    xc_package_find(package, "plugin.json");
	size_t chunks = (size + XC_REGISTRY_CHUNK - 1) / XC_REGISTRY_CHUNK;
	struct xc_value text = { .type = XC_VALUE_TEXT };
	struct xc_db_result result;
	enum xc_err err;

	text.data = manifest->data;
	text.len = manifest->len;
	if (*id_r != 0)
		return xc_registry_exec(registry, "mending the package",
		    "UPDATE xc_package SET name = ?, version = ?,"
		    " manifest = ?, size = ?, chunks = ? WHERE id = ?",
		    XC_ARGS(xc_text(package->manifest->name),
		    xc_text(package->manifest->version), text,
		    xc_int((int64_t)size), xc_int((int64_t)chunks),
		    xc_int((int64_t)*id_r)), NULL, errbuf);
	err = xc_registry_exec(registry, "storing the package",
	    "INSERT INTO xc_package (name, version, hash, manifest, size,"
	    " chunks, created_at, created_by)"
	    " VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3), ?)",
	    XC_ARGS(xc_text(package->manifest->name),
	    xc_text(package->manifest->version), xc_text(package->hash),
	    text, xc_int((int64_t)size), xc_int((int64_t)chunks),
	    xc_text(xc_registry_actor())), &result, errbuf);
	if (err == XC_OK)
		*id_r = result.last_id;
	return err;
}

/* The row's own columns are compared too: the chunks may be whole and the
 * manifest beside them edited. */
static enum xc_err
row_is_right(struct xc_registry *registry, const struct xc_package *package,
    uint64_t id, bool *right_r, struct xc_errbuf *errbuf)
{
	const struct xc_package_file *manifest =
	    xc_package_find(package, "plugin.json");
	struct xc_value text = { .type = XC_VALUE_TEXT };
	struct json_object *rows;
	enum xc_err err;

	text.data = manifest->data;
	text.len = manifest->len;
	err = xc_registry_rows(registry, "looking at the package",
	    "SELECT id FROM xc_package WHERE id = ? AND name = ? AND"
	    " version = ? AND manifest = ?", XC_ARGS(xc_int((int64_t)id),
	    xc_text(package->manifest->name),
	    xc_text(package->manifest->version), text), &rows, errbuf);
	if (err != XC_OK)
		return err;
	*right_r = json_object_array_length(rows) == 1;
	json_object_put(rows);
	return XC_OK;
}

enum xc_err
xc_registry_store_package(struct xc_registry *registry,
    const struct xc_package *package, uint64_t *id_r,
    struct xc_errbuf *errbuf)
{
	void *data = NULL;
	size_t len = 0;
	bool right = false;
	enum xc_err err;

	err = find_whole(registry, package->hash, id_r, errbuf);
	if (err == XC_ERR_EXISTS) {
		err = row_is_right(registry, package, *id_r, &right, errbuf);
		if (err != XC_OK || right)
			return err;
		err = xc_registry_exec(registry, "mending the package",
		    "DELETE FROM xc_package_chunk WHERE package_id = ?",
		    XC_ARGS(xc_int((int64_t)*id_r)), NULL, errbuf);
	}
	if (err != XC_OK)
		return err;
	err = xc_package_pack(package, &data, &len, errbuf);
	if (err != XC_OK)
		return err;
	err = put_row(registry, package, len, id_r, errbuf);
	if (err == XC_OK)
		err = put_chunks(registry, *id_r, data, len, errbuf);
	free(data);
	return err;
}

static enum xc_err
drop_rows(struct xc_registry *registry, uint64_t id, struct xc_errbuf *errbuf)
{
	struct xc_db_result result;
	enum xc_err err;

	err = xc_registry_exec(registry, "removing a package",
	    "DELETE FROM xc_package WHERE id = ? AND NOT EXISTS (SELECT 1"
	    " FROM xc_plugin WHERE package_id = ? OR"
	    " previous_package_id = ?)", XC_ARGS(xc_int((int64_t)id),
	    xc_int((int64_t)id), xc_int((int64_t)id)), &result, errbuf);
	if (err != XC_OK)
		return err;
	if (result.affected == 0)
		return xc_fail(errbuf, XC_ERR_STATE,
		    "package %llu is in use, or gone",
		    (unsigned long long)id);
	return xc_registry_exec(registry, "removing a package",
	    "DELETE FROM xc_package_chunk WHERE package_id = ?",
	    XC_ARGS(xc_int((int64_t)id)), NULL, errbuf);
}

enum xc_err
xc_registry_drop_package(struct xc_registry *registry, uint64_t id,
    struct xc_errbuf *errbuf)
{
	enum xc_err err = xc_connection_begin(registry->connection);

	if (err == XC_OK)
		err = drop_rows(registry, id, errbuf);
	if (err != XC_OK) {
		xc_connection_rollback(registry->connection);
		return err;
	}
	err = xc_connection_commit(registry->connection);
	if (err != XC_OK)
		return xc_registry_fail(registry, err, "removing a package",
		    errbuf);
	return XC_OK;
}

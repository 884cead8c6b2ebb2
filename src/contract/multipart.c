/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "lib/text.h"

#include "multipart-private.h"

#define NOWHERE SIZE_MAX

static bool
is_boundary_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c != '\0' && strchr("'()+_,-./:=?", c));
}

bool
xc_multipart_begin(struct xc_multipart *multipart, const char *boundary,
    size_t boundary_len)
{
	size_t i;

	memset(multipart, 0, offsetof(struct xc_multipart, rows));
	if (boundary_len == 0 || boundary_len > XC_MULTIPART_BOUNDARY)
		return false;
	for (i = 0; i < boundary_len; i++)
		if (!is_boundary_char(boundary[i]))
			return false;
	memcpy(multipart->delimiter, "\r\n--", 4);
	memcpy(multipart->delimiter + 4, boundary, boundary_len);
	multipart->delimiter_len = 4 + boundary_len;
	return true;
}

enum xc_err
xc_multipart_fail(struct xc_multipart *multipart, enum xc_err err,
    const char *what)
{
	struct xc_contract_faults *faults = multipart->take->faults;

	if (multipart->n > 0)
		xc_contract_fault(faults, "body", "", "multipart",
		    "part %zu, at byte %zu, %s", multipart->n, multipart->at,
		    what);
	else
		xc_contract_fault(faults, "body", "", "multipart",
		    "the body, at byte %zu, %s", multipart->at, what);
	return err;
}

/* How many bytes from `at` on, which there are, are those of a delimiter. */
static size_t
match(const struct xc_multipart *multipart, const char *at, size_t left)
{
	size_t most = left < multipart->delimiter_len ? left
						      : multipart->delimiter_len;
	size_t n = 0;

	while (n < most && at[n] == multipart->delimiter[n])
		n++;
	return n;
}

/*
 * The first delimiter that begins at `from` or behind it and ends before
 * `to`.  Its CR stands nowhere else in it, so that none begins inside of what
 * has matched: no byte is looked at more than twice.
 */
static size_t
find_delimiter(struct xc_multipart *multipart, size_t from, size_t to)
{
	const char *data = multipart->source.data, *cr;
	size_t n;

	while (from < to) {
		cr = memchr(data + from, '\r', to - from);
		multipart->steps += (cr ? (size_t)(cr - data) + 1 : to) - from;
		if (!cr)
			break;
		from = (size_t)(cr - data);
		n = match(multipart, cr, to - from);
		multipart->steps += n;
		if (n == multipart->delimiter_len)
			return from;
		from += n;
	}
	return NOWHERE;
}

/* Goes behind the first boundary. */
static enum xc_err
skip_preamble(struct xc_multipart *multipart)
{
	const char *boundary = multipart->delimiter + 2;
	size_t boundary_len = multipart->delimiter_len - 2;
	size_t len = multipart->source.len, to, at;

	if (len >= boundary_len && memcmp(multipart->source.data, boundary,
	    boundary_len) == 0) {
		multipart->at = boundary_len;
		return XC_OK;
	}
	to = XC_MULTIPART_ASIDE + multipart->delimiter_len;
	at = find_delimiter(multipart, 0, len < to ? len : to);
	if (at == NOWHERE)
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "does not begin with the boundary of its Content-Type");
	multipart->at = at + multipart->delimiter_len;
	return XC_OK;
}

/* The epilogue: nobody reads it. */
static enum xc_err
take_end(struct xc_multipart *multipart)
{
	const char *rest = multipart->source.data + multipart->at;
	size_t len = multipart->source.len - multipart->at;

	if (len == 0 || (len >= 2 && len <= XC_MULTIPART_ASIDE + 2 &&
	    rest[0] == '\r' && rest[1] == '\n'))
		return XC_OK;
	return xc_multipart_fail(multipart, XC_ERR_INVALID,
	    "goes on behind its last boundary");
}

/* A part that is kept. */
struct part {
	struct xc_part_head head;
	const char *data;
	size_t len;
	char type[XC_MEDIA_MAX + 1];
	struct xc_media media;	/* of it */
	struct xc_part_row row;
	bool is_file;
};

static enum xc_err
put_type(struct xc_multipart *multipart, struct part *part)
{
	const struct xc_media_text *sent = &part->head.type;

	strcpy(part->type, "text/plain");
	if (sent->at && sent->len < sizeof(part->type)) {
		memcpy(part->type, sent->at, sent->len);
		part->type[sent->len] = '\0';
	}
	if ((sent->at && sent->len >= sizeof(part->type)) ||
	    !xc_media_parse(part->type, &part->media))
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "has a Content-Type that is none");
	if (part->media.type.len == 9 &&
	    strncasecmp(part->media.type.at, "multipart", 9) == 0)
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "is multipart itself, which RFC 7578 forbids");
	return xc_block_append(&multipart->take->req->in, part->type,
	    strlen(part->type), &part->row.type);
}

/* What will be a text of the form. */
static enum xc_err
check_text(struct xc_multipart *multipart, const struct part *part)
{
	if (xc_media_is_foreign(&part->media))
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "has a charset other than UTF-8");
	if (xc_utf8_span(part->data, part->len) != part->len)
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "is no UTF-8: bytes are sent with a file's name");
	if (part->len > 0 && memchr(part->data, '\0', part->len))
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "has a NUL: bytes are sent with a file's name");
	return XC_OK;
}

static enum xc_err
put_names(struct xc_multipart *multipart, struct part *part)
{
	struct xc_block *block = &multipart->take->req->in;
	enum xc_err err = xc_multipart_name(block, &part->head.name,
	    &part->row.name);

	if (err == XC_ERR_INVALID)
		return xc_multipart_fail(multipart, err,
		    "has a name that is empty or has a control character");
	if (err == XC_OK && part->head.filename.text.at)
		err = xc_multipart_filename(block, &part->head.filename,
		    &part->row.filename);
	return err;
}

/* Whether its content is what the form has under its name. */
static bool
is_text(const struct xc_multipart *multipart, const struct part *part)
{
	const struct xc_block *block = &multipart->take->req->in;

	return !part->head.filename.text.at ||
	    xc_form_is_json(multipart->form, (const char *)block->base +
	    part->row.name.off, part->row.name.len);
}

static enum xc_err
put_data(struct xc_multipart *multipart, struct part *part)
{
	const struct xc_source *source = &multipart->source;

	part->row.size = part->len;
	if (part->is_file && source->fd >= 0 &&
	    part->len > XC_MULTIPART_MEMORY) {
		part->row.file_off = (uint64_t)(part->data - source->data);
		return XC_OK;
	}
	return xc_block_append(&multipart->take->req->in, part->data,
	    part->len, &part->row.data);
}

static void
keep(struct xc_multipart *multipart, const struct part *part)
{
	struct xc_form_field *field = &multipart->fields[multipart->n_kept];

	memset(field, 0, sizeof(*field));
	field->name = part->row.name;
	field->value = part->is_file ? part->row.filename : part->row.data;
	if (part->head.type.at)
		field->type = part->row.type;
	field->is_file = part->is_file;
	multipart->rows[multipart->n_kept++] = part->row;
}

static enum xc_err
put_part(struct xc_multipart *multipart, struct part *part)
{
	enum xc_err err = put_type(multipart, part);

	if (err == XC_OK)
		err = put_names(multipart, part);
	if (err != XC_OK)
		return err;
	part->is_file = !is_text(multipart, part);
	if (!part->is_file) {
		part->row.filename = (struct xc_span){ 0, 0 };
		err = check_text(multipart, part);
	}
	if (err == XC_OK)
		err = put_data(multipart, part);
	if (err == XC_OK)
		keep(multipart, part);
	return err;
}

/* A field for a file that nobody has chosen, and the one by which a browser
 * says in what charset it has encoded. */
static bool
is_nothing(const struct part *part)
{
	const struct xc_media_text *name = &part->head.name.text;

	if (part->head.filename.text.at)
		return part->head.filename.text.len == 0 && part->len == 0;
	return name->len == 9 && memcmp(name->at, "_charset_", 9) == 0;
}

/* From behind the boundary's line to behind the next boundary. */
static enum xc_err
take_part(struct xc_multipart *multipart)
{
	struct part part = { .data = NULL };
	size_t begin, end;
	enum xc_err err;

	if (multipart->n == XC_MULTIPART_PARTS)
		return xc_multipart_fail(multipart, XC_ERR_TOO_LARGE,
		    "is not the last one: there are too many");
	multipart->n++;
	err = xc_multipart_head(multipart, &part.head);
	if (err != XC_OK)
		return err;
	/* Of a part without content the empty line may be the boundary's. */
	begin = multipart->at;
	end = find_delimiter(multipart, begin - 2, multipart->source.len);
	if (end == NOWHERE)
		return xc_multipart_fail(multipart, XC_ERR_INVALID,
		    "has no end: no boundary follows");
	part.data = multipart->source.data + begin;
	part.len = end > begin ? end - begin : 0;
	if (!is_nothing(&part))
		err = put_part(multipart, &part);
	multipart->at = end + multipart->delimiter_len;
	return err;
}

static enum xc_err
take_parts(struct xc_multipart *multipart)
{
	enum xc_err err = skip_preamble(multipart);
	const char *next;

	while (err == XC_OK) {
		next = multipart->source.data + multipart->at;
		if (multipart->source.len - multipart->at < 2)
			return xc_multipart_fail(multipart, XC_ERR_INVALID,
			    "has no end: its boundary is not the last one");
		if (next[0] == '-' && next[1] == '-') {
			multipart->at += 2;
			return take_end(multipart);
		}
		if (next[0] != '\r' || next[1] != '\n')
			return xc_multipart_fail(multipart, XC_ERR_INVALID,
			    "ends with a boundary whose line goes on");
		multipart->at += 2;
		err = take_part(multipart);
	}
	return err;
}

static enum xc_err
put_rows(struct xc_multipart *multipart)
{
	struct xc_request *req = multipart->take->req;
	size_t size = multipart->n_kept * sizeof(*multipart->rows);
	struct xc_request_head *head;
	uint32_t off;
	enum xc_err err;

	if (size == 0)
		return XC_OK;
	err = xc_block_reserve(&req->in, size, &off);
	if (err != XC_OK)
		return err;
	memcpy(req->in.base + off, multipart->rows, size);
	head = (void *)req->in.base;
	head->parts.off = off;
	head->parts.n = (uint32_t)multipart->n_kept;
	head->size = req->in.used;
	return XC_OK;
}

enum xc_err
xc_multipart_run(struct xc_multipart *multipart)
{
	enum xc_err err = take_parts(multipart);

	if (err == XC_OK)
		err = put_rows(multipart);
	return err != XC_OK ? err : xc_form_take(multipart->form,
	    multipart->take, multipart->fields, multipart->n_kept);
}

enum xc_err
xc_multipart_take(const struct xc_form *form, const struct xc_take *take,
    const struct xc_source *source, const char *boundary,
    size_t boundary_len)
{
	struct xc_multipart multipart;

	if (!xc_multipart_begin(&multipart, boundary, boundary_len)) {
		xc_contract_fault(take->faults, "body", "", "multipart",
		    "the boundary of the Content-Type is none: 1 to %d of "
		    "the characters of RFC 2046", XC_MULTIPART_BOUNDARY);
		return XC_ERR_INVALID;
	}
	multipart.form = form;
	multipart.take = take;
	multipart.source = *source;
	return xc_multipart_run(&multipart);
}

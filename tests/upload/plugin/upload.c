/* SPDX-License-Identifier: MIT */
/* Says what a request has uploaded, and sums it up as cksum(1) does. */
#include <string.h>

#include <xcore/xcore.h>

#define PIECE 10000		/* no divisor of any page or part */

static void
add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

static void
add_int(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_int64((int64_t)value));
}

static uint32_t
sum_byte(uint32_t sum, unsigned char byte)
{
	int i;

	sum ^= (uint32_t)byte << 24;
	for (i = 0; i < 8; i++)
		sum = sum << 1 ^ (sum & 0x80000000 ? 0x04c11db7 : 0);
	return sum;
}

static uint32_t
sum_bytes(uint32_t sum, const unsigned char *data, size_t len)
{
	static uint32_t table[256];
	uint32_t i;

	for (i = 0; table[1] == 0 && i < 256; i++)
		table[255 - i] = sum_byte(0, (unsigned char)(255 - i));
	for (; len > 0; data++, len--)
		sum = sum << 8 ^ table[sum >> 24 ^ *data];
	return sum;
}

static uint32_t
sum_end(uint32_t sum, uint64_t len)
{
	for (; len > 0; len >>= 8)
		sum = sum_byte(sum, (unsigned char)len);
	return ~sum;
}

/* Piece by piece, wherever it lies. */
static enum xc_err
sum_part(struct xc_request *req, const struct xc_part *part,
    uint32_t *sum_r)
{
	unsigned char buf[PIECE];
	uint64_t offset = 0;
	uint32_t sum = 0;
	enum xc_err err;
	size_t got;

	do {
		err = xc_part_read(req, part, offset, buf, sizeof(buf), &got);
		if (err != XC_OK)
			return err;
		sum = sum_bytes(sum, buf, got);
		offset += got;
	} while (got > 0);
	*sum_r = sum_end(sum, offset);
	return offset == part->size ? XC_OK : XC_ERR_FAILED;
}

static enum xc_err
add_part(struct xc_request *req, const struct xc_part *part,
    struct json_object *parts)
{
	struct json_object *one = json_object_new_object();
	uint32_t sum = 0;
	enum xc_err err = sum_part(req, part, &sum);

	json_object_array_add(parts, one);
	add_text(one, "name", part->name);
	if (part->filename != NULL)
		add_text(one, "filename", part->filename);
	add_text(one, "type", part->type);
	add_int(one, "size", part->size);
	add_int(one, "sum", sum);
	json_object_object_add(one, "in_file",
	    json_object_new_boolean(part->data == NULL));
	/* What lies in memory is the same there. */
	if (err == XC_OK && part->data != NULL && sum_end(sum_bytes(0,
	    part->data, part->size), part->size) != sum)
		return XC_ERR_FAILED;
	return err;
}

static enum xc_err
take_form(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	struct json_object *parts = json_object_new_array(), *body = NULL;
	struct xc_part part;
	enum xc_err err = xc_data_json(xc_body(req), &body);
	size_t i;

	json_object_object_add(all, "body", json_object_get(body));
	json_object_object_add(all, "parts", parts);
	for (i = 0; err == XC_OK && xc_part_at(req, i, &part); i++)
		err = add_part(req, &part, parts);
	if (err == XC_OK && i != xc_part_count(req))
		err = XC_ERR_FAILED;
	if (err == XC_OK)
		return xc_reply_json(req, 200, all);
	json_object_put(all);
	return err;
}

static enum xc_err
take_raw(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	size_t len;
	const void *data = xc_request_body(req, &len);

	add_int(all, "size", len);
	add_int(all, "sum", sum_end(sum_bytes(0, data, len), len));
	return xc_reply_json(req, 200, all);
}

/* Asks for what is not the request's own. */
static enum xc_err
read_strays(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	struct xc_part part, none;
	char buf[16];
	size_t got;

	memset(&none, 0, sizeof(none));
	none.name = "none";
	add_int(all, "none", xc_part_read(req, &none, 0, buf, sizeof(buf),
	    &got));
	if (!xc_part_at(req, 0, &part)) {
		json_object_put(all);
		return XC_ERR_INVALID;
	}
	add_int(all, "behind", xc_part_read(req, &part, part.size, buf,
	    sizeof(buf), &got));
	add_int(all, "behind_got", got);
	add_int(all, "far", xc_part_read(req, &part, UINT64_MAX, buf,
	    sizeof(buf), &got));
	add_int(all, "far_got", got);
	add_int(all, "end", xc_part_read(req, &part, part.size - 1, buf,
	    sizeof(buf), &got));
	add_int(all, "end_got", got);
	part.size *= 2;
	add_int(all, "larger", xc_part_read(req, &part, 0, buf, sizeof(buf),
	    &got));
	part.size /= 2;
	part.index = 1000;
	add_int(all, "index", xc_part_read(req, &part, 0, buf, sizeof(buf),
	    &got));
	return xc_reply_json(req, 200, all);
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "take_form", take_form },
    { "take_raw", take_raw },
    { "read_strays", read_strays }));

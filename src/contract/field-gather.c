/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/tape.h"
#include "lib/text.h"

#include "contract/fault.h"

#include "field.h"

void
xc_gather_begin(struct xc_gather *gather, const struct xc_fields *set,
    const struct xc_take *take)
{
	gather->set = set;
	gather->take = take;
	gather->defaults = NULL;
	gather->err = XC_OK;
	gather->n_faults = 0;
	gather->item = 0;
	gather->n_hits = 0;
	gather->rest = (struct xc_slot){ 0 };
	memset(gather->slots, 0, set->n * sizeof(gather->slots[0]));
}

/* The escapes of a pointer's token (RFC 6901). */
static size_t
put_token(char *buf, size_t size, size_t used, const char *token)
{
	if (used + 1 < size)
		buf[used++] = '/';
	for (; *token != '\0' && used + 2 < size; token++) {
		if (*token == '~' || *token == '/') {
			buf[used++] = '~';
			buf[used++] = *token == '~' ? '0' : '1';
		} else {
			buf[used++] = *token;
		}
	}
	buf[used] = '\0';
	return xc_utf8_cut(buf, used);
}

void
xc_gather_fault(struct xc_gather *gather, const struct xc_field *field,
    const char *member, const char *code, const char *format, ...)
{
	char pointer[2 * XC_FIELDS_NAME + 4] = "";
	char sentence[512];
	char item[16];
	size_t used = 0;
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	if (field != NULL)
		used = put_token(pointer, sizeof(pointer), 0,
		    xc_fields_text(gather->set, field->name));
	if (gather->item > 0 && member == NULL) {
		snprintf(item, sizeof(item), "%u", gather->item - 1);
		member = item;
	}
	if (member != NULL)
		(void)put_token(pointer, sizeof(pointer), used, member);
	gather->n_faults++;
	xc_contract_fault(gather->take->faults, gather->set->in, pointer,
	    code, "%s", sentence);
}

struct xc_hit *
xc_gather_hit(struct xc_gather *gather, struct xc_slot *slot,
    const struct xc_hit *hit)
{
	struct xc_hit *own;

	if (gather->n_hits == XC_FIELDS_HITS) {
		gather->err = XC_ERR_TOO_LARGE;
		return NULL;
	}
	own = &gather->hits[gather->n_hits++];
	*own = *hit;
	own->next = 0;
	own->done = false;
	if (slot->n++ == 0)
		slot->first = (uint16_t)gather->n_hits;
	else
		gather->hits[slot->last - 1].next = (uint16_t)gather->n_hits;
	slot->last = (uint16_t)gather->n_hits;
	return own;
}

/* The field that a name belongs to; NULL. */
static const struct xc_field *
find_field(const struct xc_fields *set, const char *text, size_t len,
    uint32_t *index_r)
{
	const struct xc_name *names = (const void *)set->names.base;
	uint32_t hash = xc_tape_hash(text, len);
	uint32_t i = set->slots[hash % XC_NAME_SLOTS];

	for (; i != 0; i = names[i - 1].next)
		if (names[i - 1].hash == hash &&
		    names[i - 1].name_len == len &&
		    memcmp(xc_fields_text(set, names[i - 1].name), text, len)
		    == 0) {
			*index_r = names[i - 1].field;
			return xc_fields_row(set, *index_r);
		}
	return NULL;
}

/* "filter[name]" of a field of the style deepObject. */
static const struct xc_field *
find_deep(struct xc_gather *gather, struct xc_span name, struct xc_hit *hit,
    uint32_t *index_r)
{
	const char *text = xc_gather_text(gather, name);
	const char *open = memchr(text, '[', name.len);
	const char *end = text + name.len;
	const struct xc_field *field;

	if (open == NULL)
		return NULL;
	field = find_field(gather->set, text, (size_t)(open - text), index_r);
	if (field == NULL || field->style != XC_STYLE_DEEP)
		return NULL;
	hit->name.off = name.off + (uint32_t)(++open - text);
	hit->name.len = (uint32_t)(end - open);
	if (open < end && end[-1] == ']' &&
	    memchr(open, '[', (size_t)(end - open)) == NULL &&
	    memchr(open, ']', (size_t)(end - open)) == end - 1) {
		hit->name.len--;
		if (hit->name.len > 0)
			return field;
	}
	xc_gather_fault(gather, field, NULL, "style", "came as \"%.*s\"; "
	    "its members come as %s[NAME]", name.len < 100 ? (int)name.len
	    : 100, text,
	    xc_fields_text(gather->set, field->name));
	hit->done = true;
	return field;
}

/* The rest of an open set lies beside its fields: no name may be that of
 * one, also if it comes by the names of its members. */
static struct xc_slot *
open_slot(struct xc_gather *gather, struct xc_span name)
{
	const char *text = xc_gather_text(gather, name);
	const struct xc_field *field;
	uint32_t i;

	for (i = 0; i < gather->set->n; i++) {
		field = xc_fields_row(gather->set, i);
		if (!field->spread || field->name_len != name.len ||
		    memcmp(xc_fields_text(gather->set, field->name), text,
		    name.len) != 0)
			continue;
		xc_gather_fault(gather, field, NULL, "style", "is an object; "
		    "its members come by their own names");
		return NULL;
	}
	return &gather->rest;
}

/* Finds whose a value is, and its name as a member. */
static struct xc_slot *
find_slot(struct xc_gather *gather, struct xc_span name, struct xc_hit *hit)
{
	const struct xc_fields *set = gather->set;
	const struct xc_field *field;
	uint32_t i = 0;

	field = find_field(set, xc_gather_text(gather, name), name.len, &i);
	if (field != NULL && field->style == XC_STYLE_DEEP) {
		xc_gather_fault(gather, field, NULL, "style", "is an object; "
		    "its members come as %s[NAME]",
		    xc_fields_text(set, field->name));
		return NULL;
	}
	if (field == NULL && set->has_deep)
		field = find_deep(gather, name, hit, &i);
	if (hit->done)
		return NULL;
	if (field != NULL && !field->spread)
		return &gather->slots[i];
	hit->name = name;
	if (field != NULL)
		return &gather->slots[i];
	if (set->is_open)
		return open_slot(gather, name);
	return set->rest != 0 ? &gather->slots[set->rest - 1] : NULL;
}

static bool
is_text(const struct xc_gather *gather, struct xc_span span)
{
	const char *text = xc_gather_text(gather, span);

	return xc_utf8_span(text, span.len) == span.len &&
	    memchr(text, '\0', span.len) == NULL;
}

/* What comes as it is may be no text. */
static bool
check_text(struct xc_gather *gather, struct xc_span name,
    struct xc_span value)
{
	const struct xc_field *field;
	uint32_t i = 0;

	if (is_text(gather, name) && is_text(gather, value))
		return true;
	field = find_field(gather->set, xc_gather_text(gather, name),
	    name.len, &i);
	xc_gather_fault(gather, field, NULL, "encoding", "is no text: there "
	    "is a NUL in it, or what is no UTF-8");
	return false;
}

void
xc_gather_offer(struct xc_gather *gather, struct xc_span name,
    const struct xc_hit *hit)
{
	struct xc_hit own = *hit;
	struct xc_slot *slot;

	own.done = false;
	own.name = (struct xc_span){ 0 };
	slot = find_slot(gather, name, &own);
	if (slot == NULL)
		return;
	if (gather->set->is_raw && !check_text(gather, name, own.value))
		return;
	(void)xc_gather_hit(gather, slot, &own);
}

/* The next piece between '&' that is not empty, and what is behind its '='. */
static struct xc_span
next_raw(const struct xc_gather *gather, struct xc_span raw, uint32_t *at)
{
	const char *text = xc_gather_text(gather, raw);
	struct xc_span value = { 0 };
	const char *equals;
	uint32_t end;

	while (*at < raw.len && text[*at] == '&')
		(*at)++;
	for (end = *at; end < raw.len && text[end] != '&'; end++)
		;
	equals = memchr(text + *at, '=', end - *at);
	if (equals != NULL) {
		value.off = raw.off + (uint32_t)(equals + 1 - text);
		value.len = raw.off + end - value.off;
	}
	*at = end;
	return value;
}

void
xc_gather_pairs(struct xc_gather *gather, struct xc_pairs pairs,
    struct xc_span raw)
{
	const struct xc_block *block = &gather->take->req->in;
	struct xc_hit hit = { .value = { 0 } };
	struct xc_pair pair;
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; xc_block_pair(block, pairs, i, &pair); i++) {
		hit.value = pair.value;
		if (raw.off != 0 && gather->set->wants_raw)
			hit.raw = next_raw(gather, raw, &at);
		xc_gather_offer(gather, pair.name, &hit);
	}
}

bool
xc_gather_has(const struct xc_gather *gather)
{
	uint32_t i;

	for (i = 0; i < gather->set->n; i++)
		if (gather->slots[i].n > 0 ||
		    xc_fields_row(gather->set, i)->fallback != 0)
			return true;
	return gather->rest.n > 0;
}

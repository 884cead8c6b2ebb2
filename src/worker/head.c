/* SPDX-License-Identifier: MIT */
#include "worker/head.h"

#include <string.h>

#define FCGI_VERSION 1
#define FCGI_RESPONDER 1
#define FCGI_KEEP_CONN 1
#define BEGIN_BODY 8

#define NAME_MAX_BYTES 1024
#define COUNT_MAX 512

enum phase { PHASE_BEGIN, PHASE_PARAMS, PHASE_STDIN, PHASE_END };

/* Parts of a name-value pair, in the order they come. */
enum pair_part {
	PAIR_START,
	PAIR_NAME_LEN,		/* the three bytes more of a long length */
	PAIR_VALUE_START,
	PAIR_VALUE_LEN,
	PAIR_NAME,
	PAIR_VALUE
};

struct record {
	uint8_t version;
	uint8_t type;
	uint16_t id;
	uint32_t content;
	uint32_t padding;
};

struct xc_head_limits
xc_head_limits(int64_t params_max, int64_t body_max)
{
	struct xc_head_limits limits;
	uint64_t params = params_max < 0 ? 0 : (uint64_t)params_max;
	uint64_t body = body_max < 0 ? 0 : (uint64_t)body_max;
	uint64_t raw;

	if (params > XC_HEAD_ABSURD)
		params = XC_HEAD_ABSURD;
	if (body > INT32_MAX)
		body = INT32_MAX;
	/* Web servers fill their records well; twice the content leaves room
	 * for poor ones, and none for a gigabyte of padding. */
	raw = 2 * (params + body) + 65536;
	limits.params_max = (uint32_t)params;
	limits.body_max = (uint32_t)body;
	limits.name_max = NAME_MAX_BYTES;
	limits.count_max = COUNT_MAX;
	limits.raw_max = raw > UINT32_MAX ? UINT32_MAX : (uint32_t)raw;
	return limits;
}

static enum xc_head_result
bad(struct xc_head *head, const char *reason)
{
	head->reason = reason;
	return XC_HEAD_BAD;
}

static enum xc_head_result
too_large(struct xc_head *head, int status, const char *reason)
{
	head->status = status;
	head->reason = reason;
	return XC_HEAD_TOO_LARGE;
}

static struct record
read_record(const unsigned char *p)
{
	struct record record = { .version = p[0], .type = p[1],
		.id = (uint16_t)(p[2] << 8 | p[3]),
		.content = (uint32_t)p[4] << 8 | p[5], .padding = p[6] };

	return record;
}

/*
 * Padding on BEGIN and on an empty record is refused, though it could be: at
 * a change of streams libfcgi takes it for the next record.  The web servers
 * that there are do not pad these.
 */
static enum xc_head_result
check_begin(struct xc_head *head, const struct record *record)
{
	if (record->type != XC_FCGI_BEGIN)
		return bad(head, "does not begin with BEGIN_REQUEST");
	if (record->content != BEGIN_BODY)
		return bad(head, "BEGIN_REQUEST is not of 8 bytes");
	if (record->padding > 0)
		return bad(head, "BEGIN_REQUEST with padding");
	return XC_HEAD_MORE;
}

/* What the header alone tells, before the content is there. */
static enum xc_head_result
check_record(struct xc_head *head, const struct xc_head_limits *limits,
    const struct record *record)
{
	uint8_t due = head->phase == PHASE_PARAMS ? XC_FCGI_PARAMS
						  : XC_FCGI_STDIN;

	if (record->version != FCGI_VERSION)
		return bad(head, "a record is not of version 1");
	if (record->id == 0)
		return bad(head, "a management record");
	if (head->phase == PHASE_BEGIN)
		return check_begin(head, record);
	if (record->id != head->request_id)
		return bad(head, "a record of another request");
	if (record->type == XC_FCGI_ABORT)
		return XC_HEAD_ABORTED;
	if (record->type != due)
		return bad(head, "a record out of order");
	if (record->content == 0 && record->padding > 0)
		return bad(head, "an empty record with padding");
	if (due == XC_FCGI_PARAMS &&
	    record->content > limits->params_max - head->params_len)
		return too_large(head, 431,
		    "the parameters are over fastcgi.params_max");
	if (due == XC_FCGI_STDIN &&
	    record->content > limits->body_max - head->body_len)
		return too_large(head, 413,
		    "the body is over fastcgi.body_max");
	return XC_HEAD_MORE;
}

static enum xc_head_result
take_begin(struct xc_head *head, const struct record *record,
    const unsigned char *body)
{
	if ((body[0] << 8 | body[1]) != FCGI_RESPONDER)
		return bad(head, "a role other than responder");
	head->request_id = record->id;
	head->keep = body[2] & FCGI_KEEP_CONN;
	head->phase = PHASE_PARAMS;
	return XC_HEAD_MORE;
}

static enum xc_head_result
pair_lengths_known(struct xc_head *head, const struct xc_head_limits *limits)
{
	if (head->name_len == 0)
		return bad(head, "a parameter without a name");
	if (head->name_len > XC_HEAD_ABSURD || head->value_len > XC_HEAD_ABSURD)
		return bad(head, "a parameter of an absurd length");
	if (head->name_len > limits->name_max)
		return too_large(head, 431, "a parameter's name is too long");
	if (head->name_len + head->value_len > limits->params_max)
		return too_large(head, 431,
		    "a parameter is over fastcgi.params_max");
	if (++head->n_params > limits->count_max)
		return too_large(head, 431, "too many parameters");
	head->pair_at = PAIR_NAME;
	head->pair_left = head->name_len;
	return XC_HEAD_MORE;
}

/* One byte of the lengths before a pair. */
static enum xc_head_result
take_length_byte(struct xc_head *head, const struct xc_head_limits *limits,
    unsigned char byte)
{
	bool name = head->pair_at == PAIR_START ||
	    head->pair_at == PAIR_NAME_LEN;
	uint32_t *length = name ? &head->name_len : &head->value_len;

	if (head->pair_at == PAIR_START || head->pair_at == PAIR_VALUE_START) {
		*length = byte & 0x7f;
		if (byte & 0x80) {
			head->pair_at++;
			head->pair_left = 3;
			return XC_HEAD_MORE;
		}
	} else {
		*length = *length << 8 | byte;
		if (--head->pair_left > 0)
			return XC_HEAD_MORE;
	}
	if (!name)
		return pair_lengths_known(head, limits);
	head->pair_at = PAIR_VALUE_START;
	return XC_HEAD_MORE;
}

/* Whether any of eight bytes is a blank or a control character, '=' or DEL. */
static bool
has_wrong(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t equals = word ^ ones * '=', del = word ^ ones * 0x7f;

	return (((word - ones * 0x21) & ~word) | ((equals - ones) & ~equals) |
	    ((del - ones) & ~del)) & ones * 0x80;
}

static bool
is_name(const unsigned char *p, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		if (has_wrong(word))
			return false;
	}
	memset(&word, 'A', sizeof(word));
	memcpy(&word, p, len);
	return !has_wrong(word);
}

/* libfcgi joins name and value with '=' into a C string: what would make it
 * read another name or a shorter value is refused. */
static const char *
check_text(uint8_t part, const unsigned char *p, size_t len)
{
	if (part == PAIR_VALUE)
		return memchr(p, '\0', len) ? "a parameter's value has a NUL"
					    : NULL;
	return is_name(p, len) ? NULL
	    : "a parameter's name has a character that no name has";
}

static void
next_part(struct xc_head *head)
{
	if (head->pair_at == PAIR_NAME && head->value_len > 0) {
		head->pair_at = PAIR_VALUE;
		head->pair_left = head->value_len;
	} else
		head->pair_at = PAIR_START;
}

/* The bytes of the plain pairs, short and whole, that p begins with; all
 * else takes the long way. */
static size_t
skip_plain(struct xc_head *head, const struct xc_head_limits *limits,
    const unsigned char *p, size_t len)
{
	size_t at = 0, name, value;

	while (len - at >= 2 && head->n_params < limits->count_max) {
		name = p[at];
		value = p[at + 1];
		if (name == 0 || (name | value) > 0x7f ||
		    len - at - 2 < name + value ||
		    !is_name(p + at + 2, name) ||
		    memchr(p + at + 2 + name, '\0', value))
			break;
		head->n_params++;
		at += 2 + name + value;
	}
	return at;
}

static enum xc_head_result
take_params(struct xc_head *head, const struct xc_head_limits *limits,
    const unsigned char *p, size_t len)
{
	enum xc_head_result result;
	size_t n;

	while (len > 0) {
		if (head->pair_at == PAIR_START) {
			n = skip_plain(head, limits, p, len);
			p += n;
			len -= n;
			if (len == 0)
				break;
		}
		if (head->pair_at < PAIR_NAME) {
			result = take_length_byte(head, limits, *p);
			if (result != XC_HEAD_MORE)
				return result;
			p++;
			len--;
			continue;
		}
		n = len < head->pair_left ? len : head->pair_left;
		head->reason = check_text(head->pair_at, p, n);
		if (head->reason)
			return XC_HEAD_BAD;
		p += n;
		len -= n;
		head->pair_left -= (uint32_t)n;
		if (head->pair_left == 0)
			next_part(head);
	}
	return XC_HEAD_MORE;
}

static enum xc_head_result
take_record(struct xc_head *head, const struct xc_head_limits *limits,
    const struct record *record, const unsigned char *content)
{
	if (head->phase == PHASE_BEGIN)
		return take_begin(head, record, content);
	if (head->phase == PHASE_STDIN) {
		head->body_len += record->content;
		if (record->content == 0)
			head->phase = PHASE_END;
		return XC_HEAD_MORE;
	}
	head->params_len += record->content;
	if (record->content > 0)
		return take_params(head, limits, content, record->content);
	if (head->pair_at != PAIR_START)
		return bad(head, "the parameters end inside a parameter");
	head->phase = PHASE_STDIN;
	head->stdin_at = head->done + XC_FCGI_HEADER;
	return XC_HEAD_MORE;
}

enum xc_head_result
xc_head_scan(struct xc_head *head, const struct xc_head_limits *limits,
    const unsigned char *buf, size_t len)
{
	enum xc_head_result result;
	struct record record;
	size_t size;

	while (head->phase != PHASE_END && len - head->done >= XC_FCGI_HEADER) {
		record = read_record(buf + head->done);
		result = check_record(head, limits, &record);
		if (result != XC_HEAD_MORE)
			return result;
		size = XC_FCGI_HEADER + record.content + record.padding;
		if (head->taken + head->done + size > limits->raw_max)
			return bad(head, "more padding than content");
		if (len - head->done < size)
			return XC_HEAD_MORE;
		result = take_record(head, limits, &record,
		    buf + head->done + XC_FCGI_HEADER);
		if (result != XC_HEAD_MORE)
			return result;
		head->done += size;
	}
	if (head->phase != PHASE_END)
		return XC_HEAD_MORE;
	/* A web server waits for the answer first: what stands here is a
	 * request inside a request. */
	if (len > head->done)
		return bad(head, "bytes behind the request");
	return XC_HEAD_COMPLETE;
}

/* What is left of the first record's header stays free, for one that ends the
 * stream. */
unsigned char *
xc_head_body(const struct xc_head *head, unsigned char *buf, size_t *len_r)
{
	size_t at = head->stdin_at, to = at + XC_FCGI_HEADER;
	struct record record;

	while (at < head->done) {
		record = read_record(buf + at);
		at += XC_FCGI_HEADER;
		if (at != to)
			memmove(buf + to, buf + at, record.content);
		to += record.content;
		at += record.content + record.padding;
	}
	*len_r = to - head->stdin_at - XC_FCGI_HEADER;
	return buf + head->stdin_at + XC_FCGI_HEADER;
}

void
xc_head_take(struct xc_head *head, unsigned char *buf, size_t *len)
{
	memmove(buf + head->stdin_at, buf + head->done, *len - head->done);
	head->taken += head->done - head->stdin_at;
	*len -= head->done - head->stdin_at;
	head->done = head->stdin_at;
}

size_t
xc_head_bare(const struct xc_head *head, unsigned char *buf)
{
	unsigned char *p = buf + head->stdin_at;

	p[0] = FCGI_VERSION;
	p[1] = XC_FCGI_STDIN;
	p[2] = (unsigned char)(head->request_id >> 8);
	p[3] = (unsigned char)head->request_id;
	memset(p + 4, 0, 4);
	return head->stdin_at + XC_FCGI_HEADER;
}

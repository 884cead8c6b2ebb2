/* SPDX-License-Identifier: MIT */
#include "services/middleware/trace.h"

#include <string.h>

#define PARENT_LEN (XC_TRACEPARENT - 1)
#define STATE_MAX 512
#define MEMBERS_MAX 32
#define SAMPLED 1
#define RANDOM 2

/* xorshift128+: ids need to differ, not to be secret. */
static uint64_t
next(struct xc_trace_seed *seed)
{
	uint64_t a = seed->words[0], b = seed->words[1];

	seed->words[0] = b;
	a ^= a << 23;
	a ^= a >> 17 ^ b ^ b >> 26;
	seed->words[1] = a;
	return a + b;
}

/* An id that is all zeros is none. */
static uint64_t
next_id(struct xc_trace_seed *seed)
{
	uint64_t id = next(seed);

	return id != 0 ? id : 1;
}

static void
put_hex(char *to, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	unsigned i;

	for (i = 0; i < 16; i++)
		to[i] = digits[value >> (60 - 4 * i) & 15];
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_hex(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (digit(text[i]) < 0)
			return false;
	return true;
}

static bool
is_zero(const char *text, size_t len)
{
	return strspn(text, "0") >= len;
}

static bool
is_parent(const char *parent)
{
	size_t len = strnlen(parent, PARENT_LEN + 1);

	if (len < PARENT_LEN || !is_hex(parent, 2) || parent[2] != '-' ||
	    !is_hex(parent + 3, 32) || parent[35] != '-' ||
	    !is_hex(parent + 36, 16) || parent[52] != '-' ||
	    !is_hex(parent + 53, 2))
		return false;
	if (memcmp(parent, "ff", 2) == 0 || is_zero(parent + 3, 32) ||
	    is_zero(parent + 36, 16))
		return false;
	/* A later version may have more, behind a dash. */
	return parent[PARENT_LEN] == '\0' ||
	    (memcmp(parent, "00", 2) != 0 && parent[PARENT_LEN] == '-');
}

static void
put_flags(char *to, unsigned flags)
{
	to[0] = '0';
	to[1] = (char)('0' + (flags & (SAMPLED | RANDOM)));
	to[2] = '\0';
}

bool
xc_trace_child(const char *parent, struct xc_trace_seed *seed,
    char child_r[XC_TRACEPARENT])
{
	if (!is_parent(parent))
		return false;
	memcpy(child_r, "00", 2);
	memcpy(child_r + 2, parent + 2, 34);
	put_hex(child_r + 36, next_id(seed));
	child_r[52] = '-';
	put_flags(child_r + 53, (unsigned)digit(parent[54]));
	return true;
}

void
xc_trace_start(struct xc_trace_seed *seed, char own_r[XC_TRACEPARENT])
{
	memcpy(own_r, "00-", 3);
	put_hex(own_r + 3, next_id(seed));
	put_hex(own_r + 19, next_id(seed));
	own_r[35] = '-';
	put_hex(own_r + 36, next_id(seed));
	own_r[52] = '-';
	put_flags(own_r + 53, RANDOM);
}

bool
xc_trace_state_ok(const char *state)
{
	size_t members = 1, i;

	for (i = 0; state[i] != '\0'; i++) {
		if ((unsigned char)state[i] < 0x20 ||
		    (unsigned char)state[i] >= 0x7f || i >= STATE_MAX)
			return false;
		members += state[i] == ',';
	}
	return i > 0 && members <= MEMBERS_MAX && strchr(state, '=') != NULL;
}

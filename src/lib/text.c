/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "text.h"

#define BYTES(x) (UINT64_C(0x0101010101010101) * (x))
#define HIGH BYTES(0x80)

int
xc_hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* What a byte becomes in the name of a header; 0 for what is no tchar. */
static const char header_chars[256] = {
	['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&',
	['\''] = '\'', ['*'] = '*', ['+'] = '+', ['-'] = '-', ['.'] = '.',
	['^'] = '^', ['_'] = '-', ['`'] = '`', ['|'] = '|', ['~'] = '~',
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
	['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j',
	['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n', ['O'] = 'o',
	['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't',
	['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y',
	['Z'] = 'z',
	['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e',
	['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
	['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o',
	['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't',
	['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',
	['z'] = 'z',
};

char
xc_header_char(char c)
{
	return header_chars[(unsigned char)c];
}

bool
xc_is_token(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (header_chars[(unsigned char)text[i]] == '\0')
			return false;
	return len > 0;
}

static bool
is_control(unsigned char c, bool tab)
{
	if (c == '\t')
		return !tab;
	return c < 0x20 || c == 0x7f;
}

/* Whether one of eight bytes may be a control character; a borrow may tell
 * so of an innocent one, which the caller then looks at by itself. */
static bool
eight_suspect(uint64_t word)
{
	uint64_t below = (word - BYTES(0x20)) & ~word;
	uint64_t del = word ^ BYTES(0x7f);

	return ((below | ((del - BYTES(1)) & ~del)) & HIGH) != 0;
}

bool
xc_is_plain(const char *text, size_t len, bool tab)
{
	uint64_t word;
	size_t i = 0;
	size_t end;

	while (i < len) {
		end = len;
		if (len - i >= sizeof(word)) {
			memcpy(&word, text + i, sizeof(word));
			end = i + sizeof(word);
			if (!eight_suspect(word)) {
				i = end;
				continue;
			}
		}
		for (; i < end; i++)
			if (is_control((unsigned char)text[i], tab))
				return false;
	}
	return true;
}

/* The length of the sequence that lead begins, 0 if it begins none; low_r
 * and high_r bound its second byte, which is where RFC 3629 is strict. */
static size_t
sequence(unsigned char lead, unsigned char *low_r, unsigned char *high_r)
{
	*low_r = 0x80;
	*high_r = 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef) {
		if (lead == 0xe0)
			*low_r = 0xa0;
		if (lead == 0xed)
			*high_r = 0x9f;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		if (lead == 0xf0)
			*low_r = 0x90;
		if (lead == 0xf4)
			*high_r = 0x8f;
		return 4;
	}
	return 0;
}

/* The length of the valid sequence at text, or 0. */
static size_t
sequence_at(const unsigned char *text, size_t len)
{
	unsigned char low;
	unsigned char high;
	size_t want = sequence(text[0], &low, &high);
	size_t i;

	if (want < 2)
		return want;
	if (want > len || text[1] < low || text[1] > high)
		return 0;
	for (i = 2; i < want; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return want;
}

size_t
xc_utf8_span(const char *text, size_t len)
{
	uint64_t word;
	size_t i = 0;
	size_t n;

	while (i < len) {
		if (len - i >= sizeof(word)) {
			memcpy(&word, text + i, sizeof(word));
			if ((word & HIGH) == 0) {
				i += sizeof(word);
				continue;
			}
		}
		n = sequence_at((const unsigned char *)text + i, len - i);
		if (n == 0)
			return i;
		i += n;
	}
	return i;
}

size_t
xc_utf8_cut(char *text, size_t len)
{
	size_t at = len;

	while (at > 0 && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0)
	    == 0x80)
		at--;
	/* What begins here and is not whole goes; other bytes stay. */
	if (at > 0 && ((unsigned char)text[at - 1] & 0xc0) == 0xc0 &&
	    xc_utf8_span(text + at - 1, len - at + 1) == 0)
		len = at - 1;
	text[len] = '\0';
	return len;
}

void
xc_utf8_tidy(char *text)
{
	size_t left = strlen(text);
	size_t good;

	while ((good = xc_utf8_span(text, left)) < left) {
		text[good] = '?';
		text += good + 1;
		left -= good + 1;
	}
}

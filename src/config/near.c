/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "config/near.h"

/* A longer word is never near to anything. */
#define WORD_MAX 64
#define NEVER ((size_t)1 << 30)

static size_t
least(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Letters to insert, remove or change to make b of a. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], len_a = strlen(a), len_b = strlen(b);
	size_t i, j, corner, above;

	if (len_a > WORD_MAX || len_b > WORD_MAX)
		return NEVER;
	for (j = 0; j <= len_b; j++)
		row[j] = j;
	for (i = 1; i <= len_a; i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= len_b; j++) {
			above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
			    corner + (a[i - 1] == b[j - 1] ? 0 : 1));
			corner = above;
		}
	}
	return row[len_b];
}

/* How far off a word may be and still be meant. */
static size_t
near_enough(const char *word)
{
	size_t len = strlen(word);

	if (len < 4)
		return 1;
	return len < 9 ? 2 : len / 3;
}

void
xc_near_init(struct xc_near *near, const char *wanted)
{
	near->wanted = wanted;
	near->word = NULL;
	near->far = near_enough(wanted) + 1;
}

bool
xc_near_try(struct xc_near *near, const char *word, size_t more)
{
	size_t far = distance(near->wanted, word) + more;

	if (far >= near->far)
		return false;
	near->far = far;
	near->word = word;
	return true;
}

/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "settings-private.h"
#include "settings-table.h"

/* The last column but one is a number or, for XC_CHOICE, the words. */
#define MAX_NUMBER(type, max)	_Generic((max), char *: 0, default: (max))
#define MAX_WORDS(type, max)	_Generic((max), char *: (max), default: NULL)

#define ROW(section, key, type, initial, min, max, text)		\
	{ #section, #key, type, initial, min, MAX_NUMBER(type, max),	\
	    MAX_WORDS(type, max), text,					\
	    offsetof(struct xc_settings, section.key) },

const struct xc_setting xc_settings_table[] = {
	XC_SETTINGS_TABLE(ROW)
};
const size_t xc_settings_table_len =
    sizeof(xc_settings_table) / sizeof(xc_settings_table[0]);

/* A longer word is never near to anything. */
#define WORD_MAX 48

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
		return WORD_MAX;
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
	size_t third = strlen(word) / 3;

	return third < 2 ? 2 : third;
}

const struct xc_setting *
xc_setting_find(const char *section, const char *key)
{
	size_t i;

	for (i = 0; i < xc_settings_table_len; i++)
		if (strcmp(xc_settings_table[i].section, section) == 0 &&
		    strcmp(xc_settings_table[i].key, key) == 0)
			return &xc_settings_table[i];
	return NULL;
}

bool
xc_section_known(const char *section)
{
	size_t i;

	for (i = 0; i < xc_settings_table_len; i++)
		if (strcmp(xc_settings_table[i].section, section) == 0)
			return true;
	return strcmp(section, "plugins") == 0;
}

const struct xc_setting *
xc_setting_nearest(const char *section, const char *key)
{
	const struct xc_setting *best = NULL;
	size_t i, best_far = near_enough(key) + 1, far;

	for (i = 0; i < xc_settings_table_len; i++) {
		const struct xc_setting *row = &xc_settings_table[i];

		/* The right key in the wrong section counts as one off. */
		far = distance(key, row->key) +
		    (strcmp(section, row->section) == 0 ? 0 : 1);
		if (far >= best_far)
			continue;
		best_far = far;
		best = row;
	}
	return best;
}

const char *
xc_section_nearest(const char *section)
{
	const char *best = NULL;
	size_t i, best_far = near_enough(section) + 1, far;

	for (i = 0; i <= xc_settings_table_len; i++) {
		const char *known = i < xc_settings_table_len ?
		    xc_settings_table[i].section : "plugins";

		far = distance(section, known);
		if (far >= best_far)
			continue;
		best_far = far;
		best = known;
	}
	return best;
}

/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "near.h"
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
	struct xc_near near;
	size_t i;

	xc_near_init(&near, key);
	for (i = 0; i < xc_settings_table_len; i++) {
		const struct xc_setting *row = &xc_settings_table[i];

		/* The right key in the wrong section counts as one off. */
		if (xc_near_try(&near, row->key,
		    strcmp(section, row->section) == 0 ? 0 : 1))
			best = row;
	}
	return best;
}

const char *
xc_section_nearest(const char *section)
{
	struct xc_near near;
	size_t i;

	xc_near_init(&near, section);
	for (i = 0; i < xc_settings_table_len; i++)
		xc_near_try(&near, xc_settings_table[i].section, 0);
	xc_near_try(&near, "plugins", 0);
	return near.word;
}

/* SPDX-License-Identifier: MIT */
/* What the parts of the configuration's reader share. */
#ifndef XC_SETTINGS_PRIVATE_H
#define XC_SETTINGS_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "settings.h"

enum xc_setting_type {
	XC_NUMBER,	/* int64_t */
	XC_SWITCH,	/* bool */
	XC_TEXT,	/* const char * */
	XC_PATH,	/* const char *, made absolute; "" stays */
	XC_CHOICE,	/* const char *, one of the words */
	XC_LIST,	/* json array of strings */
	XC_PATHS,	/* json array of strings, made absolute */
	XC_LEVELS,	/* json object: name of a logger to level */
	XC_MAP,		/* json object of strings */
	XC_PART,	/* json object, list or object of objects with keys of */
	XC_RATES,	/* their own: section "middleware" */
	XC_PREFIXES
};

struct xc_setting {
	const char *section;
	const char *key;
	enum xc_setting_type type;
	const char *initial;
	int64_t min, max;
	const char *words;	/* of XC_CHOICE */
	const char *text;
	size_t offset;		/* in struct xc_settings */
};

extern const struct xc_setting xc_settings_table[];
extern const size_t xc_settings_table_len;

/* Where a value was written. */
struct xc_place {
	const char *file;	/* or the variable's name */
	unsigned line, column;	/* 0: not in a file */
};

/* Where each value came from, beside the table; and what to free. */
struct xc_settings_origin {
	char *from;		/* file, variable's name; NULL is a default */
	unsigned line, column;
	char *string;		/* what a const char * of it points to */
};

/* All defaults.  NULL without memory. */
struct xc_settings *xc_settings_new(void);

/* Sets one value, checked; the errors begin with the place. */
enum xc_err xc_settings_set_json(struct xc_settings *settings,
    const struct xc_setting *setting, struct json_object *value,
    const struct xc_place *place, struct xc_errbuf *errbuf);

/* As xc_settings_set_json() but from a text, as in the environment. */
enum xc_err xc_settings_set_text(struct xc_settings *settings,
    const struct xc_setting *setting, const char *text,
    const struct xc_place *place, struct xc_errbuf *errbuf);

/* Sets plugins.NAME to a JSON object. */
enum xc_err xc_settings_set_plugin(struct xc_settings *settings,
    const char *name, struct json_object *value,
    const struct xc_place *place, struct xc_errbuf *errbuf);

/* Reads the text of a configuration file that came from file. */
enum xc_err xc_settings_read_text(struct xc_settings *settings,
    const char *file, const char *text, size_t len, struct xc_errbuf *errbuf);

/* Reads all XCORE__SECTION__KEY variables. */
enum xc_err xc_settings_read_env(struct xc_settings *settings,
    char *const *environment, struct xc_errbuf *errbuf);

/* What one key alone cannot tell: names that must fit together. */
enum xc_err xc_settings_check(struct xc_settings *settings,
    struct xc_errbuf *errbuf);

/* As xc_fail() with "FILE:LINE:COLUMN: SECTION.KEY: " before the sentence. */
enum xc_err xc_fail_at(struct xc_errbuf *errbuf, const struct xc_place *place,
    const char *section, const char *key, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The row of a key, or NULL. */
const struct xc_setting *xc_setting_find(const char *section,
    const char *key);

/* Whether the table has the section, or it is "plugins". */
bool xc_section_known(const char *section);

/* The known key nearest to an unknown one, or NULL; and the section. */
const struct xc_setting *xc_setting_nearest(const char *section,
    const char *key);
const char *xc_section_nearest(const char *section);

#endif

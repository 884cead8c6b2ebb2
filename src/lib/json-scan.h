/* SPDX-License-Identifier: MIT */
/*
 * A strict look at JSON text (RFC 8259) before json-c builds a tree of it,
 * because json-c takes more than JSON and builds before it refuses.
 */
#ifndef XC_JSON_SCAN_H
#define XC_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#define XC_JSON_DEPTH_MAX 32
#define XC_JSON_VALUES_MAX 100000

/* A key: where its characters lie, and in which object. */
struct xc_json_key {
	uint32_t object;
	uint32_t off;
	uint32_t len;
};

struct xc_json_scan {
	const char *text;
	size_t len;		/* below 4 GiB */
	const char *what;	/* what is wrong; NULL if nothing */
	size_t at;		/* where, in bytes from 0 */
	uint32_t n_values;
	uint32_t n_keys;
	struct xc_json_key *keys;	/* NULL, or room for all: is filled */

	/* The scanner's own. */
	size_t depth;
	uint32_t n_objects;
	struct {
		char closer;	/* '}' or ']' */
		uint32_t object;
	} stack[XC_JSON_DEPTH_MAX];
};

/* Reads all of scan->text; says what it found in scan->what and at. */
void xc_json_scan(struct xc_json_scan *scan);

/* The offset of the first key that its object has had before, after a scan
 * with keys; SIZE_MAX if there is none.  The keys are put in order. */
size_t xc_json_scan_twin(struct xc_json_scan *scan);

#endif

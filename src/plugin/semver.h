/* SPDX-License-Identifier: MIT */
/*
 * Semantic versions (semver.org, 2.0.0) and ranges of them.
 *
 * A range is comparators with blanks between (all must hold), or several
 * such with "||" between (one must hold):
 *
 *	1.2.3  =1.2.3  <2  <=1.4.x  >1.0.0  >=1.2.0-rc.1
 *	^1.2.3		same major (or, below 1, same minor, same patch)
 *	~1.2.3		same minor
 *	1.x  1.2.*  *	any number there
 *	1.2.0 - 1.4	from, to, both included
 *
 * A pre-release is in a range only if a comparator of the part that holds
 * names a pre-release of the same three numbers: ^1.2 does not give
 * 2.0.0-alpha, nor 1.3.0-alpha.
 */
#ifndef XC_SEMVER_H
#define XC_SEMVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/errbuf.h"

struct xc_semver {
	uint64_t major;
	uint64_t minor;
	uint64_t patch;
	const char *pre;	/* inside the text parsed; not NUL-terminated */
	size_t pre_len;		/* 0: no pre-release */
};

/* Parses a whole string.  false if it is no version; *version_r points into
 * text and lives as long. */
bool xc_semver_parse(const char *text, struct xc_semver *version_r);

/* Less than, equal to or greater than 0, by precedence: build metadata does
 * not count. */
int xc_semver_compare(const struct xc_semver *left,
    const struct xc_semver *right);

/* The same for two strings; a string that is no version comes first. */
int xc_semver_compare_text(const char *left, const char *right);

/* XC_ERR_INVALID with the reason if the range cannot be understood. */
enum xc_err xc_semver_range_check(const char *range,
    struct xc_errbuf *errbuf);

/* Whether version is in range; false too if either cannot be parsed. */
bool xc_semver_in_range(const char *version, const char *range);

#endif

/* SPDX-License-Identifier: MIT */
/* What ps(1) and top(1) show of a process. */
#ifndef XC_TITLE_H
#define XC_TITLE_H

/* Notes where the arguments lie: call it first in main(). */
void xc_title_init(int argc, char **argv);

/* Names the process: "xcored: worker 3" in its arguments (as much as fits),
 * "xc-worker" as its short name.  detail may be "". */
void xc_title_set(const char *role, const char *detail);

#endif

/* SPDX-License-Identifier: MIT */
/* What the verbs test and profile share. */
#ifndef XC_TOOL_INSTALL_TEST_H
#define XC_TOOL_INSTALL_TEST_H

#include "kit/tester.h"
#include "tools/xcore-install.h"

/* The plugin in folder, with the settings of --config for it. */
enum xc_exit xc_tool_subject(struct xc_tool *tool, const char *folder,
    struct xc_subject **subject_r);

/* Runs all, prints each unless --json, adds a row for each to rows; returns
 * how many failed. */
size_t xc_tool_run_cases(struct xc_tool *tool, struct xc_tester *tester,
    const struct xc_cases *cases, struct json_object *rows);

#endif

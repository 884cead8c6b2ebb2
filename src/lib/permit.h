/* SPDX-License-Identifier: MIT */
/* What a plugin may, as the permissions of its manifest say. */
#ifndef XC_PERMIT_H
#define XC_PERMIT_H

#include <stdbool.h>

#include <xcore/error.h>

struct json_object;
struct xc_plugin;
struct xc_request;
struct xc_url;

/* Whether a permission of one word ("admin") was given. */
bool xc_may(const struct xc_plugin *plugin, const char *word);

/* The permissions of a list that are one word, for struct xc_plugin; NULL if
 * there is none.  Else freed with xc_permit_words_free().  XC_ERR_NOMEM. */
enum xc_err xc_permit_words(const struct json_object *list, char ***words_r);
void xc_permit_words_free(char ***words);

/* *named_r: the host itself is named, not "*". */
bool xc_may_ask(const struct xc_plugin *plugin, const struct xc_url *url,
    bool *named_r);

/* Names that begin with the plugin's own and a dot it always may. */
bool xc_may_emit(const struct xc_plugin *plugin, const char *name);

/* For the front doors: whether this request may.  If not, the log says
 * which permission ("database") is missing and the host counts it. */
bool xc_permit(struct xc_request *req, bool may, const char *permission);

#endif

/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share. */
#ifndef SHARED_H
#define SHARED_H

#include <json-c/json.h>

#include <xcore/xcore.h>

/* A parameter of the query, "" if there is none; as a number, or 0. */
const char *query(struct xc_request *req, const char *name);
int64_t query_number(struct xc_request *req, const char *name);

/* {"error":..., name: value}; takes value. */
enum xc_err answer(struct xc_request *req, enum xc_err err, const char *name,
    struct json_object *value);

/* "" for XC_OK. */
const char *words(enum xc_err err);

xc_handler walk;
xc_handler values;
xc_handler many;
xc_handler near_by;
xc_handler stale;
xc_handler secrets;

#endif

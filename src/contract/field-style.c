/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "parameters-private.h"

#define BIT(place) (1u << XC_PLACE_##place)

static const struct {
	const char *name;
	enum xc_style style;
	unsigned places;
} styles[] = {
	{ "matrix", XC_STYLE_MATRIX, BIT(PATH) },
	{ "label", XC_STYLE_LABEL, BIT(PATH) },
	{ "simple", XC_STYLE_SIMPLE, BIT(PATH) | BIT(HEADER) },
	{ "form", XC_STYLE_FORM, BIT(QUERY) | BIT(COOKIE) },
	{ "spaceDelimited", XC_STYLE_SPACE, BIT(QUERY) },
	{ "pipeDelimited", XC_STYLE_PIPE, BIT(QUERY) },
	{ "deepObject", XC_STYLE_DEEP, BIT(QUERY) },
};

#define N_STYLES (sizeof(styles) / sizeof(styles[0]))

static const char *const place_styles[XC_PLACES] = {
	"simple, label or matrix",
	"form, spaceDelimited, pipeDelimited or deepObject",
	"simple", "form"
};

enum xc_err
xc_read_bool(struct xc_plan *plan, const struct xc_plan_node *node,
    const char *name, bool *value_r)
{
	struct xc_plan_node member;

	xc_plan_member(node, name, &member);
	if (member.json == NULL)
		return XC_OK;
	if (!json_object_is_type(member.json, json_type_boolean))
		return xc_plan_fail(plan, &member, "must be true or false");
	*value_r = json_object_get_boolean(member.json);
	return XC_OK;
}

static enum xc_err
read_name(struct xc_plan *plan, const struct xc_plan_node *node,
    const char *name, enum xc_place place, struct xc_field *field)
{
	size_t i;

	for (i = 0; i < N_STYLES; i++)
		if (name != NULL && strcmp(styles[i].name, name) == 0)
			break;
	if (i == N_STYLES)
		return xc_plan_fail(plan, node, "must be the name of a style: "
		    "%s", place_styles[place]);
	if ((styles[i].places & 1u << place) == 0)
		return xc_plan_fail(plan, node, "the style %s is not for "
		    "this place; take %s", name, place_styles[place]);
	field->style = styles[i].style;
	return XC_OK;
}

enum xc_err
xc_read_style(struct xc_plan *plan, const struct xc_plan_node *node,
    enum xc_place place, struct xc_field *field)
{
	struct xc_plan_node style;
	enum xc_err err = XC_OK;

	field->style = place == XC_PLACE_PATH || place == XC_PLACE_HEADER
	    ? XC_STYLE_SIMPLE : XC_STYLE_FORM;
	xc_plan_member(node, "style", &style);
	if (style.json != NULL)
		err = read_name(plan, &style,
		    xc_json_string(node->json, "style"), place, field);
	field->explode = field->style == XC_STYLE_FORM;
	if (err == XC_OK)
		err = xc_read_bool(plan, node, "explode", &field->explode);
	return err;
}

/* SPDX-License-Identifier: MIT */
#include "worker/params.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t
name_len(const char *param)
{
	const char *end = strchr(param, '=');

	return end ? (size_t)(end - param) : strlen(param);
}

/* Tells most names apart without looking at all of them. */
static uint32_t
mark_of(const char *param, size_t len)
{
	uint32_t mark = (uint32_t)len << 16;

	if (len > 0)
		mark |= (uint32_t)(unsigned char)param[len - 1] << 8 |
		    (unsigned char)param[len / 2];
	return mark;
}

const char *
xc_params_get(char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

static bool
is(const char *param, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(param, name, len) == 0;
}

/* Puts the value of a header that came again behind the first. */
static bool
join(struct xc_params *params, size_t at, const char *value, bool cookie)
{
	char *first = params->envp[at];
	size_t len = strlen(first), more = strlen(value);
	char *text = realloc(params->own[at] ? first : NULL, len + more + 3);

	if (!text)
		return false;
	if (!params->own[at])
		memcpy(text, first, len);
	memcpy(text + len, cookie ? "; " : ", ", 2);
	memcpy(text + len + 2, value, more + 1);
	params->own[at] = true;
	params->envp[at] = text;
	return true;
}

static const char *
add(struct xc_params *params, uint32_t *marks, char *param)
{
	size_t len = name_len(param), i;
	uint32_t mark = mark_of(param, len);

	for (i = 0; i < params->n; i++)
		if (marks[i] == mark && name_len(params->envp[i]) == len &&
		    memcmp(params->envp[i], param, len) == 0)
			break;
	if (i == XC_PARAMS_MAX)
		return "too many parameters";
	if (i == params->n) {
		marks[i] = mark;
		params->own[i] = false;
		params->envp[params->n++] = param;
		return NULL;
	}
	if (strncmp(param, "HTTP_", 5) != 0)
		return "a parameter that is no header stands twice";
	if (!join(params, i, param + len + 1, is(param, len, "HTTP_COOKIE")))
		return "out of memory";
	return NULL;
}

bool
xc_params_join(char *const *envp, struct xc_params *params,
    const char **why_r)
{
	uint32_t marks[XC_PARAMS_MAX];
	size_t len;

	params->n = 0;
	params->secret = NULL;
	*why_r = NULL;
	for (; *envp && !*why_r; envp++) {
		len = name_len(*envp);
		if (is(*envp, len, "XCORE_SECRET"))
			params->secret = *envp + len + 1;
		else if (!is(*envp, len, "HTTP_PROXY"))
			*why_r = add(params, marks, *envp);
	}
	params->envp[params->n] = NULL;
	if (!*why_r)
		return true;
	xc_params_free(params);
	return false;
}

void
xc_params_free(struct xc_params *params)
{
	size_t i;

	for (i = 0; i < params->n; i++)
		if (params->own[i])
			free(params->envp[i]);
	params->n = 0;
}

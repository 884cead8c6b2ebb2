/* SPDX-License-Identifier: MIT */
#include "services/middleware/cors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#define PART_MAX 1024

struct xc_cors {
	const struct xc_cors_settings *settings;
	bool all;		/* "*" */
	char common[PART_MAX + 128];	/* of each reply that may be read */
	size_t common_len;
	char preflight[2 * PART_MAX + 256];
	size_t preflight_len;
};

/* "Name: a, b CR LF"; nothing for an empty list. */
static size_t
join(const char *name, struct json_object *list, char *to, size_t size)
{
	size_t i, n = list != NULL ? json_object_array_length(list) : 0;
	size_t len = 0;

	for (i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(to + len, size - len, "%s%s",
		    i == 0 ? name : ", ", json_object_get_string(
		    json_object_array_get_idx(list, i)));
	if (n > 0 && len < size)
		len += (size_t)snprintf(to + len, size - len, "\r\n");
	if (len >= size)
		len = 0;
	to[len] = '\0';
	return len;
}

static void
compile(struct xc_cors *cors)
{
	const struct xc_cors_settings *settings = cors->settings;
	size_t len = 0;

	if (settings->credentials)
		len = (size_t)sprintf(cors->common,
		    "Access-Control-Allow-Credentials: true\r\n");
	cors->common_len = len + join("Access-Control-Expose-Headers: ",
	    settings->expose, cors->common + len, PART_MAX);
	len = join("Access-Control-Allow-Methods: ", settings->methods,
	    cors->preflight, PART_MAX);
	len += join("Access-Control-Allow-Headers: ", settings->headers,
	    cors->preflight + len, PART_MAX);
	if (settings->credentials)
		len += (size_t)sprintf(cors->preflight + len,
		    "Access-Control-Allow-Credentials: true\r\n");
	cors->preflight_len = len + (size_t)sprintf(cors->preflight + len,
	    "Access-Control-Max-Age: %lld\r\n",
	    (long long)settings->max_age_s);
}

enum xc_err
xc_cors_make(const struct xc_cors_settings *settings, struct xc_cors **cors_r)
{
	struct xc_cors *cors;
	size_t i, n = settings->origins != NULL ?
	    json_object_array_length(settings->origins) : 0;

	*cors_r = NULL;
	if (n == 0)
		return XC_OK;
	cors = calloc(1, sizeof(*cors));
	if (cors == NULL)
		return XC_ERR_NOMEM;
	cors->settings = settings;
	for (i = 0; i < n; i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(
		    settings->origins, i)), "*") == 0)
			cors->all = true;
	compile(cors);
	*cors_r = cors;
	return XC_OK;
}

void
xc_cors_free(struct xc_cors **cors)
{
	free(*cors);
	*cors = NULL;
}

/* With a star for its first labels it stands for all below the domain, and not
 * for the domain itself. */
static bool
fits(const char *allowed, const char *origin)
{
	const char *star = strchr(allowed, '*');
	size_t head, tail, len = strlen(origin), label, i;

	if (star == NULL)
		return strcmp(allowed, origin) == 0;
	head = (size_t)(star - allowed);
	tail = strlen(star + 1);
	if (len <= head + tail || strncmp(allowed, origin, head) != 0 ||
	    strcmp(origin + len - tail, star + 1) != 0)
		return false;
	label = len - head - tail;
	for (i = 0; i < label; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-._",
		    origin[head + i]) == NULL)
			return false;
	return origin[head] != '.' && origin[head + label - 1] != '.';
}

static bool
is_allowed(const struct xc_cors *cors, const char *origin)
{
	struct json_object *list = cors->settings->origins;
	size_t i;

	if (cors->all)
		return true;
	for (i = 0; i < json_object_array_length(list); i++)
		if (fits(json_object_get_string(
		    json_object_array_get_idx(list, i)), origin))
			return true;
	return false;
}

static size_t
put(char *to, size_t at, const char *text, size_t len)
{
	memcpy(to + at, text, len);
	return at + len;
}

#define PUT(to, at, literal) put(to, at, literal, sizeof(literal) - 1)

size_t
xc_cors_lines(const struct xc_cors *cors, const char *origin, bool preflight,
    char lines_r[XC_CORS_LINES])
{
	size_t at = 0;

	/* Or a cache would give one origin the reply to another. */
	if (!cors->all)
		at = PUT(lines_r, at, "Vary: Origin\r\n");
	if (preflight)
		at = PUT(lines_r, at, "Vary: Access-Control-Request-Method, "
		    "Access-Control-Request-Headers\r\n");
	if (origin == NULL || strlen(origin) > 512 ||
	    !is_allowed(cors, origin))
		return at;
	at = PUT(lines_r, at, "Access-Control-Allow-Origin: ");
	at = cors->all ? PUT(lines_r, at, "*") :
	    put(lines_r, at, origin, strlen(origin));
	at = PUT(lines_r, at, "\r\n");
	return preflight ?
	    put(lines_r, at, cors->preflight, cors->preflight_len) :
	    put(lines_r, at, cors->common, cors->common_len);
}

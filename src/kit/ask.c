/* SPDX-License-Identifier: MIT */
#include "kit/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json_object.h>
#include <json-c/linkhash.h>

#include <xcore/json.h>

#define ENV_MAX 80		/* parameters of a request */

/* FastCGI parameters; each is malloc'ed. */
struct parameters {
	char *list[ENV_MAX + 1];
	size_t n;
};

static void
add(struct parameters *parameters, const char *name, const char *value)
{
	if (parameters->n < ENV_MAX && asprintf(
	    &parameters->list[parameters->n], "%s=%s", name, value) != -1)
		parameters->n++;
	parameters->list[parameters->n] = NULL;
}

static void
free_parameters(struct parameters *parameters)
{
	for (size_t i = 0; i < parameters->n; i++)
		free(parameters->list[i]);
}

void
xc_ask_escape(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	for (; *text != '\0' && len + 4 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
			buf[len++] = (char)c;
		else
			len += (size_t)sprintf(buf + len, "%%%02X", c);
	}
	buf[len] = '\0';
}

static void
make_query(struct json_object *query, char *buf, size_t size)
{
	buf[0] = '\0';
	if (json_object_is_type(query, json_type_string)) {
		snprintf(buf, size, "%s", json_object_get_string(query));
		return;
	}
	if (query == NULL)
		return;
	json_object_object_foreach(query, name, value) {
		if (buf[0] != '\0')
			strncat(buf, "&", size - strlen(buf) - 1);
		xc_ask_escape(buf, size, name);
		strncat(buf, "=", size - strlen(buf) - 1);
		xc_ask_escape(buf, size, json_object_get_string(value));
	}
}

static void
add_header(struct parameters *parameters, const char *name,
    const char *value)
{
	char variable[200] = "HTTP_";
	size_t len = 5;

	if (strcasecmp(name, "content-type") == 0) {
		add(parameters, "CONTENT_TYPE", value);
		return;
	}
	for (; *name != '\0' && len + 1 < sizeof(variable); name++)
		variable[len++] = *name == '-' ? '_' : (char)(*name >= 'a' &&
		    *name <= 'z' ? *name - 'a' + 'A' : *name);
	variable[len] = '\0';
	add(parameters, variable, value);
}

static void
add_target(const struct xc_subject *subject, struct json_object *test,
    struct parameters *parameters)
{
	const char *path = xc_json_string(test, "path");
	const char *event = xc_json_string(test, "event");
	char query[4096], uri[8192];

	make_query(xc_json_member(test, "query"), query, sizeof(query));
	if (event != NULL)
		snprintf(uri, sizeof(uri), "%s/events/%s",
		    subject->plugin.prefix, event);
	else
		snprintf(uri, sizeof(uri), "%s%s%s%s",
		    xc_json_string(test, "step") != NULL ? "" :
		    subject->plugin.prefix, path != NULL ? path : "/",
		    query[0] != '\0' ? "?" : "", query);
	add(parameters, "REQUEST_URI", uri);
	add(parameters, "QUERY_STRING", query);
}

/* The body of an event, as a worker makes it; a new reference. */
static struct json_object *
event_body(const struct xc_subject *subject, struct json_object *test)
{
	struct json_object *body = json_object_new_object();
	const char *from = xc_json_string(test, "from");

	json_object_object_add(body, "event", json_object_get(
	    xc_json_member(test, "event")));
	json_object_object_add(body, "from", json_object_new_string(
	    from != NULL ? from : subject->plugin.name));
	json_object_object_add(body, "data", json_object_get(
	    xc_json_member(test, "data")));
	return body;
}

static void
take_made(struct xc_ask *ask, char *made, const char *type)
{
	ask->made = made;
	ask->type = type;
	ask->source.data = made != NULL ? made : "";
	ask->source.len = strlen(ask->source.data);
}

/* A string is sent as it is, anything else as JSON. */
static void
take_json(struct xc_ask *ask, struct json_object *body)
{
	ask->body = body;
	if (json_object_is_type(body, json_type_string)) {
		ask->type = "text/plain";
		ask->source.data = json_object_get_string(body);
		ask->source.len = (size_t)json_object_get_string_len(body);
		return;
	}
	ask->type = "application/json";
	ask->source.data = json_object_to_json_string_length(body,
	    JSON_C_TO_STRING_PLAIN, &ask->source.len);
}

static void
take_body(struct xc_ask *ask, const struct xc_subject *subject,
    struct json_object *test)
{
	struct json_object *form = xc_json_member(test, "form");
	struct json_object *parts = xc_json_member(test, "multipart");
	struct json_object *body = xc_json_member(test, "body");

	ask->source = (struct xc_source){ .data = "", .fd = -1 };
	if (xc_json_string(test, "event") != NULL)
		take_json(ask, event_body(subject, test));
	else if (form != NULL)
		take_made(ask, xc_ask_form(form),
		    "application/x-www-form-urlencoded");
	else if (parts != NULL)
		take_made(ask, xc_ask_multipart(parts),
		    "multipart/form-data; boundary=" XC_ASK_BOUNDARY);
	else if (body != NULL)
		take_json(ask, json_object_get(body));
}

/* Who has a name has something to show for it too. */
static void
add_headers(struct json_object *test, const struct xc_ask *ask,
    struct parameters *parameters)
{
	struct json_object *headers = xc_json_member(test, "headers");
	bool typed = ask->type == NULL;
	bool shown = xc_json_member(test, "auth") == NULL;

	if (headers != NULL) {
		json_object_object_foreach(headers, name, value) {
			typed = typed || strcasecmp(name, "content-type") == 0;
			shown = shown ||
			    strcasecmp(name, "authorization") == 0;
			add_header(parameters, name,
			    json_object_get_string(value));
		}
	}
	if (!typed)
		add(parameters, "CONTENT_TYPE", ask->type);
	if (!shown)
		add(parameters, "HTTP_AUTHORIZATION", "Bearer test");
}

int
xc_ask_parse(struct xc_ask *ask, const struct xc_subject *subject,
    struct json_object *test, struct xc_request *req,
    struct xc_errbuf *errbuf)
{
	bool event = xc_json_string(test, "event") != NULL;
	const char *method = xc_json_string(test, "method");
	struct parameters parameters = { .n = 0 };
	int status;

	take_body(ask, subject, test);
	add(&parameters, "REQUEST_METHOD", event ? "POST" :
	    method != NULL ? method : "GET");
	add_target(subject, test, &parameters);
	add_headers(test, ask, &parameters);
	status = xc_request_parse(req, parameters.list, NULL,
	    ask->source.len, errbuf);
	free_parameters(&parameters);
	return status;
}

void
xc_ask_free(struct xc_ask *ask)
{
	json_object_put(ask->body);
	free(ask->made);
	memset(ask, 0, sizeof(*ask));
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "path.h"
#include "query.h"
#include "request-env.h"
#include "request-private.h"
#include "text.h"

#define METHOD_MAX 32
#define ID_MIN 8
#define ID_MAX 64
#define HOST_MAX 1024
#define HOST_CHARS "0123456789abcdefghijklmnopqrstuvwxyz"		\
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~%!$&'()*+,;=:[]"	/* no user */

/* The parts of REQUEST_URI. */
struct target {
	const char *authority;	/* NULL but in the absolute form */
	size_t authority_len;
	const char *path;
	size_t path_len;
	const char *query;
	size_t query_len;
};

static const char *const method_names[] = {
	[XC_GET] = "GET",
	[XC_HEAD] = "HEAD",
	[XC_POST] = "POST",
	[XC_PUT] = "PUT",
	[XC_PATCH] = "PATCH",
	[XC_DELETE] = "DELETE",
	[XC_OPTIONS] = "OPTIONS",
};

static int
out_of_memory(struct xc_errbuf *errbuf)
{
	xc_fail(errbuf, XC_ERR_NOMEM, "no memory for the request");
	return 500;
}

static int
bad(struct xc_errbuf *errbuf, const char *what)
{
	xc_fail(errbuf, XC_ERR_INVALID, "%s", what);
	return 400;
}

/* Appends a string; base may move. */
static int
put(struct xc_request *req, const char *text, size_t len, size_t member,
    struct xc_errbuf *errbuf)
{
	struct xc_span span;

	if (xc_block_append(&req->in, text, len, &span) != XC_OK)
		return out_of_memory(errbuf);
	memcpy(req->in.base + member, &span, sizeof(span));
	return 0;
}

#define PUT(req, text, len, member, errbuf)				\
	put(req, text, len, offsetof(struct xc_request_head, member),	\
	    errbuf)

static bool
is_id_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

static bool
is_id(const char *id)
{
	size_t len = 0;

	while (len <= ID_MAX && is_id_char(id[len]))
		len++;
	return id[len] == '\0' && len >= ID_MIN && len <= ID_MAX;
}

/* Sixteen digits each of what differs by process and by request. */
static void
make_id(struct xc_request *req, char id[33])
{
	static const char digits[] = "0123456789abcdef";
	uint64_t next = req->id_next++;
	unsigned i;

	for (i = 0; i < 16; i++) {
		id[i] = digits[req->id_prefix >> (60 - 4 * i) & 15];
		id[16 + i] = digits[next >> (60 - 4 * i) & 15];
	}
	id[32] = '\0';
}

static int
put_id(struct xc_request *req, const char *id, struct xc_errbuf *errbuf)
{
	char made[33];

	if (id == NULL || !is_id(id)) {
		make_id(req, made);
		id = made;
	}
	return PUT(req, id, strlen(id), id, errbuf);
}

static int
put_method(struct xc_request *req, const char *method,
    struct xc_errbuf *errbuf)
{
	struct xc_request_head *head = (void *)req->in.base;
	size_t len;
	int i;

	if (method == NULL)
		return bad(errbuf, "there is no REQUEST_METHOD");
	len = strnlen(method, METHOD_MAX + 1);
	if (len > METHOD_MAX || !xc_is_token(method, len))
		return bad(errbuf, "the method is no token of 1 to 32 "
		    "characters");
	head->method = XC_METHOD_OTHER;
	for (i = 0; i < XC_METHOD_OTHER; i++)
		if (strcmp(method_names[i], method) == 0)
			head->method = (uint16_t)i;
	return PUT(req, method, len, method_name, errbuf);
}

/* Steps over "http://host" of the absolute form. */
static bool
split_authority(const char **uri, struct target *target)
{
	const char *at = *uri;

	if (strncasecmp(at, "http://", 7) == 0)
		at += 7;
	else if (strncasecmp(at, "https://", 8) == 0)
		at += 8;
	else
		return false;
	target->authority = at;
	target->authority_len = strcspn(at, "/?#");
	*uri = at + target->authority_len;
	return target->authority_len > 0 &&
	    target->authority_len <= HOST_MAX &&
	    strspn(at, HOST_CHARS) >= target->authority_len;
}

static int
split_target(const char *uri, struct target *target, struct xc_errbuf *errbuf)
{
	*target = (struct target){ .path = NULL };
	if (uri == NULL)
		return bad(errbuf, "there is no REQUEST_URI");
	if (uri[0] != '/' && !split_authority(&uri, target))
		return bad(errbuf, "REQUEST_URI is neither a path nor an "
		    "http or https URI without user");
	target->path = uri;
	target->path_len = strcspn(uri, "?");
	target->query = uri + target->path_len;
	if (*target->query == '?')
		target->query++;
	target->query_len = strlen(target->query);
	if (target->path_len == 0) {
		target->path = "/";
		target->path_len = 1;
	}
	return 0;
}

/* Puts the segments in the arena, where they do not move when the block
 * grows, each ended by a NUL. */
static int
put_segments(struct xc_request *req, const struct xc_path *path,
    struct xc_errbuf *errbuf)
{
	const char **segments;
	char *text;
	size_t i;

	segments = xc_arena_take(req->arena,
	    (path->n_segments + 1) * sizeof(*segments) + path->len + 1);
	if (segments == NULL)
		return out_of_memory(errbuf);
	text = (char *)(segments + path->n_segments + 1);
	memcpy(text, path->text, path->len + 1);
	for (i = 0; i < path->n_segments; i++) {
		text[path->starts[i] - 1] = '\0';
		segments[i] = text + path->starts[i];
	}
	segments[i] = NULL;
	req->segments = segments;
	req->n_segments = path->n_segments;
	return 0;
}

static int
put_path(struct xc_request *req, const struct target *target,
    struct xc_errbuf *errbuf)
{
	struct xc_path path;
	int status;

	status = xc_path_decode(target->path, target->path_len, &path, errbuf);
	if (status == 0)
		status = PUT(req, path.text, path.len, path, errbuf);
	if (status == 0)
		status = put_segments(req, &path, errbuf);
	return status;
}

static int
put_query(struct xc_request *req, const struct target *target,
    struct xc_errbuf *errbuf)
{
	struct xc_pairs pairs;
	int status;

	if (target->query_len == 0)
		return 0;
	status = PUT(req, target->query, target->query_len, query_string,
	    errbuf);
	if (status != 0)
		return status;
	status = xc_query_parse(&req->in, target->query, target->query_len,
	    &pairs, errbuf);
	((struct xc_request_head *)(void *)req->in.base)->query = pairs;
	return status;
}

static const char *
scheme_of(const struct xc_env *env)
{
	if (env->scheme != NULL)
		return strcasecmp(env->scheme, "https") == 0 ? "https"
		    : "http";
	if (env->https != NULL && (strcasecmp(env->https, "on") == 0 ||
	    strcmp(env->https, "1") == 0))
		return "https";
	return "http";
}

static int
put_peer(struct xc_request *req, const struct xc_env *env,
    const struct target *target, struct xc_errbuf *errbuf)
{
	const char *scheme = scheme_of(env);
	const char *remote = env->remote != NULL ? env->remote : "";
	const char *host = env->host != NULL ? env->host : "";
	size_t host_len = strlen(host);
	int status;

	/* RFC 9112, section 3.2.2: the absolute form overrides Host. */
	if (target->authority != NULL) {
		host = target->authority;
		host_len = target->authority_len;
	}
	if (!xc_is_plain(remote, strlen(remote), false))
		return bad(errbuf, "REMOTE_ADDR has a control character");
	status = PUT(req, scheme, strlen(scheme), scheme, errbuf);
	if (status == 0)
		status = PUT(req, host, host_len, host, errbuf);
	if (status == 0)
		status = PUT(req, remote, strlen(remote), remote, errbuf);
	return status;
}

/* The web server's word on the body's length must be what came. */
static int
check_length(const char *text, size_t body_len, struct xc_errbuf *errbuf)
{
	size_t len = 0;
	const char *p;

	if (text == NULL)
		return 0;
	for (p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || len > SIZE_MAX / 10 - 1)
			return bad(errbuf, "CONTENT_LENGTH is no number");
		len = len * 10 + (size_t)(*p - '0');
	}
	if (len == body_len)
		return 0;
	xc_fail(errbuf, XC_ERR_INVALID, "CONTENT_LENGTH is %zu, but %zu "
	    "bytes came", len, body_len);
	return 400;
}

static int
put_rest(struct xc_request *req, const struct xc_env *env, const void *body,
    size_t body_len, struct xc_errbuf *errbuf)
{
	struct xc_request_head *head;
	struct xc_pairs headers;
	int status;

	status = check_length(env->content_length, body_len, errbuf);
	if (status != 0)
		return status;
	status = xc_env_headers(env, &req->in, body_len, &headers, errbuf);
	if (status == 500)
		return out_of_memory(errbuf);
	if (status != 0)
		return status;
	/* Without its bytes, that of a body that is set afterwards. */
	if (body != NULL || body_len == 0)
		status = PUT(req, body, body_len, body, errbuf);
	if (status != 0)
		return status;
	head = (void *)req->in.base;
	head->headers = headers;
	head->size = req->in.used;
	return 0;
}

static int
put_all(struct xc_request *req, const struct xc_env *env, const void *body,
    size_t body_len, struct xc_errbuf *errbuf)
{
	struct target target;
	int status;

	status = put_method(req, env->method, errbuf);
	if (status == 0)
		status = split_target(env->uri, &target, errbuf);
	if (status == 0)
		status = put_path(req, &target, errbuf);
	if (status == 0)
		status = put_query(req, &target, errbuf);
	if (status == 0)
		status = put_peer(req, env, &target, errbuf);
	if (status == 0)
		status = put_rest(req, env, body, body_len, errbuf);
	return status;
}

int
xc_request_parse(struct xc_request *req, char *const *envp,
    const void *body, size_t body_len, struct xc_errbuf *errbuf)
{
	struct xc_env env;
	int status;
	int id_status;

	if (xc_request_blank(req) != XC_OK)
		return out_of_memory(errbuf);
	status = xc_env_read(&env, envp, errbuf);
	id_status = put_id(req, env.id, errbuf);
	if (status != 0)
		return status;
	if (id_status != 0)
		return id_status;
	return put_all(req, &env, body, body_len, errbuf);
}

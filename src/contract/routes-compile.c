/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "routes-private.h"

#define ROUTES_MAX 5000
#define DEPTH_MAX 64
#define PATH_MAX_BYTES 1024

/* What is known of a node only while the tree grows. */
struct growth {
	const char *text;	/* the literal that leads here */
	uint32_t first_child;	/* literal children; 0: none */
	uint32_t next_sibling;
};

struct compiler {
	struct xc_routes *routes;
	struct growth *growth;	/* one for each node */
	const char **names;	/* room left for names of parameters */
	char *text;		/* room left for strings */
	const struct xc_route *route;	/* the one at hand */
	struct xc_errbuf *errbuf;
};

static size_t
count_segments(const char *path)
{
	size_t n = 0;

	for (; *path != '\0'; path++)
		n += *path == '/';
	return n;
}

static enum xc_err
allocate(struct compiler *compiler, const struct xc_route *routes, size_t n)
{
	struct xc_routes *out = compiler->routes;
	size_t segments = 1, bytes = 0, table;

	for (size_t i = 0; i < n; i++) {
		segments += count_segments(routes[i].path);
		bytes += strlen(routes[i].path) + 1 +
		    strlen(routes[i].operation) + 1;
	}
	out->nodes = calloc(segments, sizeof(*out->nodes));
	out->edges = calloc(segments, sizeof(*out->edges));
	out->rows = calloc(n + 1, sizeof(*out->rows));
	/* Tables of names first: they need the alignment. */
	table = segments * sizeof(*compiler->names);
	out->text = malloc(table + bytes);
	compiler->growth = calloc(segments, sizeof(*compiler->growth));
	if (out->nodes == NULL || out->edges == NULL || out->rows == NULL ||
	    out->text == NULL || compiler->growth == NULL)
		return XC_ERR_NOMEM;
	compiler->names = (const char **)(void *)out->text;
	compiler->text = out->text + table;
	out->n_nodes = 1;
	return XC_OK;
}

static const char *
keep(struct compiler *compiler, const char *text, size_t len)
{
	char *copy = compiler->text;

	memcpy(copy, text, len);
	copy[len] = '\0';
	compiler->text += len + 1;
	return copy;
}

static enum xc_err
refuse(const struct compiler *compiler, const char *what)
{
	return xc_fail(compiler->errbuf, XC_ERR_INVALID, "%s %s: %s",
	    compiler->route->method, compiler->route->path, what);
}

static uint32_t
new_node(struct compiler *compiler)
{
	return (uint32_t)compiler->routes->n_nodes++;
}

static uint32_t
literal_node(struct compiler *compiler, uint32_t parent, const char *text)
{
	struct growth *growth = compiler->growth;
	uint32_t at = growth[parent].first_child;

	while (at != 0 && strcmp(growth[at].text, text) != 0)
		at = growth[at].next_sibling;
	if (at != 0)
		return at;
	at = new_node(compiler);
	growth[at].text = text;
	growth[at].next_sibling = growth[parent].first_child;
	growth[parent].first_child = at;
	compiler->routes->nodes[parent].n_edges++;
	return at;
}

static uint32_t
param_node(struct compiler *compiler, uint32_t parent)
{
	if (compiler->routes->nodes[parent].param == 0) {
		uint32_t at = new_node(compiler);
		compiler->routes->nodes[parent].param = at;
	}
	return compiler->routes->nodes[parent].param;
}

static bool
name_byte_ok(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Takes the name of "{name}" into the row. */
static enum xc_err
take_param(struct compiler *compiler, struct route_row *row,
    const char *segment, size_t len)
{
	if (len < 3 || segment[len - 1] != '}')
		return refuse(compiler, "a parameter must be a whole segment, "
		    "as in /items/{id}");
	for (size_t i = 1; i < len - 1; i++) {
		if (!name_byte_ok((unsigned char)segment[i]))
			return refuse(compiler, "a parameter's name may hold "
			    "letters, digits, '_', '-' and '.' only, and must "
			    "be a whole segment");
	}
	for (size_t i = 0; i < row->n_params; i++) {
		if (strlen(row->params[i]) == len - 2 &&
		    memcmp(row->params[i], segment + 1, len - 2) == 0)
			return refuse(compiler,
			    "the same parameter stands twice");
	}
	if (row->n_params == XC_ROUTE_PARAMS_MAX)
		return refuse(compiler, "more than 16 parameters");
	*compiler->names++ = keep(compiler, segment + 1, len - 2);
	row->n_params++;
	return XC_OK;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Copies a literal with its percent-encoding undone, as the request's
 * segments are. */
static enum xc_err
take_literal(struct compiler *compiler, const char *segment, size_t len,
    const char **text_r)
{
	char *out = compiler->text;

	*text_r = out;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)segment[i];
		int high, low;

		if (c <= ' ' || c == 0x7f || strchr("{}?#\\", c) != NULL)
			return refuse(compiler, "a path may not hold blanks, "
			    "control characters, '?', '#', '\\' or a brace "
			    "inside a segment");
		if (c == '%') {
			if (len - i < 3 ||
			    (high = hex_value(segment[i + 1])) < 0 ||
			    (low = hex_value(segment[i + 2])) < 0 ||
			    high + low == 0)
				return refuse(compiler,
				    "bad percent-encoding");
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		*out++ = (char)c;
	}
	*out++ = '\0';
	if (strcmp(*text_r, ".") == 0 || strcmp(*text_r, "..") == 0)
		return refuse(compiler, "a path may not hold dot segments");
	compiler->text = out;
	return XC_OK;
}

static enum xc_err
take_segment(struct compiler *compiler, struct route_row *row, uint32_t *at,
    const char *segment, size_t len)
{
	const char *text;
	enum xc_err err;

	if (len == 0)
		return refuse(compiler, "an empty segment");
	if (segment[0] == '{') {
		err = take_param(compiler, row, segment, len);
		if (err == XC_OK)
			*at = param_node(compiler, *at);
		return err;
	}
	err = take_literal(compiler, segment, len, &text);
	if (err == XC_OK)
		*at = literal_node(compiler, *at, text);
	return err;
}

/* Walks the template, making nodes on the way; *at is where it ends. */
static enum xc_err
take_path(struct compiler *compiler, struct route_row *row, uint32_t *at)
{
	const char *path = compiler->route->path;
	size_t depth = 0;

	if (strlen(path) > PATH_MAX_BYTES)
		return refuse(compiler, "longer than 1024 bytes");
	if (path[0] != '\0' && path[0] != '/')
		return refuse(compiler, "must begin with '/'");
	*at = 0;
	while (path[0] == '/' && path[1] != '\0') {
		size_t len = strcspn(path + 1, "/");
		enum xc_err err;

		if (++depth > DEPTH_MAX)
			return refuse(compiler, "more than 64 segments");
		err = take_segment(compiler, row, at, path + 1, len);
		if (err != XC_OK)
			return err;
		path += 1 + len;
	}
	if (depth > compiler->routes->depth)
		compiler->routes->depth = depth;
	return XC_OK;
}

static uint32_t
allow_bits(enum xc_method method)
{
	uint32_t bits = 1u << method;

	if (method == XC_GET)
		bits |= 1u << XC_HEAD;
	return bits;
}

static enum xc_err
take_route(struct compiler *compiler, size_t index)
{
	const struct xc_route *route = compiler->route;
	struct route_row *row = &compiler->routes->rows[index];
	enum xc_method method = xc_routes_method(route->method);
	struct route_node *node;
	enum xc_err err;
	uint32_t at = 0;

	if (method == XC_METHOD_OTHER)
		return refuse(compiler, "the method must be GET, HEAD, POST, "
		    "PUT, PATCH, DELETE or OPTIONS");
	row->params = compiler->names;
	row->operation = keep(compiler, route->operation,
	    strlen(route->operation));
	err = take_path(compiler, row, &at);
	if (err != XC_OK)
		return err;
	node = &compiler->routes->nodes[at];
	if (node->route[method] != 0)
		return xc_fail(compiler->errbuf, XC_ERR_INVALID,
		    "%s %s: cannot be told apart from the path of "
		    "operation \"%s\"", route->method, route->path,
		    compiler->routes->rows[node->route[method] - 1].operation);
	node->route[method] = (uint32_t)index + 1;
	node->allow |= allow_bits(method);
	return XC_OK;
}

static int
compare_edges(const void *left, const void *right)
{
	const struct route_edge *a = left, *b = right;

	return strcmp(a->text, b->text);
}

/* Lays the literal children of each node side by side, sorted. */
static void
lay_edges(struct compiler *compiler)
{
	struct xc_routes *routes = compiler->routes;
	uint32_t used = 0;

	for (size_t i = 0; i < routes->n_nodes; i++) {
		struct route_node *node = &routes->nodes[i];
		uint32_t child = compiler->growth[i].first_child;

		node->first_edge = used;
		for (; child != 0;
		    child = compiler->growth[child].next_sibling) {
			routes->edges[used].text =
			    compiler->growth[child].text;
			routes->edges[used++].node = child;
		}
		qsort(&routes->edges[node->first_edge], node->n_edges,
		    sizeof(struct route_edge), compare_edges);
	}
}

/* Gives back what the upper bounds of allocate() took too much: a worker may
 * hold a thousand of these. */
static void
trim(struct xc_routes *routes)
{
	void *smaller;

	smaller = realloc(routes->nodes,
	    routes->n_nodes * sizeof(*routes->nodes));
	if (smaller != NULL)
		routes->nodes = smaller;
	smaller = realloc(routes->edges,
	    routes->n_nodes * sizeof(*routes->edges));
	if (smaller != NULL)
		routes->edges = smaller;
}

static enum xc_err
compile(struct compiler *compiler, const struct xc_route *routes, size_t n)
{
	enum xc_err err = allocate(compiler, routes, n);

	if (err != XC_OK)
		return xc_fail(compiler->errbuf, err, "out of memory");
	for (size_t i = 0; i < n; i++) {
		compiler->route = &routes[i];
		compiler->routes->n_rows = i + 1;
		err = take_route(compiler, i);
		if (err != XC_OK)
			return err;
	}
	lay_edges(compiler);
	trim(compiler->routes);
	return XC_OK;
}

enum xc_err
xc_routes_compile(const struct xc_route *routes, size_t n,
    struct xc_routes **routes_r, struct xc_errbuf *errbuf)
{
	struct compiler compiler = { .errbuf = errbuf };
	enum xc_err err;

	*routes_r = NULL;
	if (n > ROUTES_MAX)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "%zu operations; a plugin may have %d", n, ROUTES_MAX);
	compiler.routes = calloc(1, sizeof(*compiler.routes));
	if (compiler.routes == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	err = compile(&compiler, routes, n);
	free(compiler.growth);
	if (err == XC_OK)
		*routes_r = compiler.routes;
	else
		xc_routes_free(&compiler.routes);
	return err;
}

/* SPDX-License-Identifier: MIT */
/*
 * Answers with everything that a handler can see of its request, so that a
 * test can compare what arrives by way of different web servers; and fails
 * in the ways that a test asks for.
 */
#include <signal.h>
#include <string.h>
#include <time.h>

#include <xcore/xcore.h>

static void
add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

static struct json_object *
pair(const char *name, const char *value)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, json_object_new_string(name));
	json_object_array_add(array, json_object_new_string(value));
	return array;
}

static struct json_object *
all_query(const struct xc_request *req)
{
	struct json_object *all = json_object_new_array();
	const char *name, *value;
	size_t n;

	for (n = 0; xc_request_query_at(req, n, &name, &value); n++)
		json_object_array_add(all, pair(name, value));
	return all;
}

static struct json_object *
all_headers(const struct xc_request *req)
{
	struct json_object *all = json_object_new_object();
	const char *name, *value;
	size_t n;

	for (n = 0; xc_request_header_at(req, n, &name, &value); n++)
		add_text(all, name, value);
	return all;
}

static struct json_object *
all_params(const struct xc_request *req)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct json_object *all = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = xc_request_param(req, names[i]);

		if (value != NULL)
			add_text(all, names[i], value);
	}
	return all;
}

/* Length and a sum (FNV-1a), so that a megabyte can be compared. */
static struct json_object *
body(const struct xc_request *req)
{
	struct json_object *about = json_object_new_object();
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	size_t len, i;
	const unsigned char *data = xc_request_body(req, &len);

	for (i = 0; i < len; i++)
		sum = (sum ^ data[i]) * UINT64_C(0x100000001b3);
	json_object_object_add(about, "length",
	    json_object_new_int64((int64_t)len));
	json_object_object_add(about, "sum",
	    json_object_new_int64((int64_t)(sum >> 1)));
	return about;
}

static enum xc_err
see(struct xc_request *req)
{
	struct json_object *all = json_object_new_object();

	add_text(all, "method", xc_request_method_name(req));
	add_text(all, "path", xc_request_path(req));
	add_text(all, "prefix", xc_request_prefix(req));
	add_text(all, "rest", xc_request_rest(req));
	add_text(all, "query_string", xc_request_query_string(req));
	add_text(all, "scheme", xc_request_scheme(req));
	add_text(all, "host", xc_request_host(req));
	add_text(all, "remote", xc_request_remote(req));
	json_object_object_add(all, "query", all_query(req));
	json_object_object_add(all, "headers", all_headers(req));
	json_object_object_add(all, "params", all_params(req));
	json_object_object_add(all, "body", body(req));
	return xc_reply_json(req, 200, all);
}

/* A request in flight, for a test that stops something meanwhile. */
static enum xc_err
slow(struct xc_request *req)
{
	struct timespec wait = { .tv_sec = 0, .tv_nsec = 300000000 };

	while (nanosleep(&wait, &wait) == -1)
		;
	return xc_reply_text(req, 200, "text/plain", "slow\n", 5);
}

static enum xc_err
boom(struct xc_request *req)
{
	(void)req;
	(void)raise(SIGSEGV);
	return XC_OK;
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "get_0", see }, { "post_0", see }, { "get_1", see }, { "post_1", see },
    { "get_2", see }, { "post_2", see }, { "get_3", see }, { "post_3", see },
    { "get_4", see }, { "post_4", see },
    { "slow", slow }, { "boom", boom }));

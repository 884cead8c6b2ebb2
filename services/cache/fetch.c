/* SPDX-License-Identifier: MIT */
/* Several keys in one round trip. */
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define FEW 8

static uint64_t
number_of(const char *value, size_t len)
{
	char text[24];

	if (len == 0 || len >= sizeof(text))
		return 0;
	memcpy(text, value, len);
	text[len] = '\0';
	return strtoull(text, NULL, 10);
}

static enum xc_err
take(struct xc_cache_ask *ask, const memcached_result_st *result)
{
	const char *value = memcached_result_value(result);
	size_t len = memcached_result_length(result);

	ask->found = true;
	if (ask->is_number) {
		ask->number = number_of(value, len);
		return XC_OK;
	}
	ask->value = malloc(len + 1);
	if (ask->value == NULL)
		return XC_ERR_NOMEM;
	if (len > 0)
		memcpy(ask->value, value, len);
	ask->value[len] = '\0';
	ask->len = len;
	ask->flags = memcached_result_flags(result);
	ask->cas = memcached_result_cas(result);
	return XC_OK;
}

static bool
is_of(const struct xc_cache_ask *ask, const memcached_result_st *result)
{
	return memcached_result_key_length(result) == ask->key_len &&
	    memcmp(memcached_result_key_value(result), ask->key,
	    ask->key_len) == 0;
}

/* What comes has the order of the question, less what is not there. */
static enum xc_err
take_all(struct xc_cache_server *server, struct xc_cache_ask *asks, size_t n)
{
	memcached_result_st *result;
	memcached_return_t rc;
	enum xc_err err = XC_OK;
	size_t i = 0;

	while ((result = memcached_fetch_result(server->st, &server->result,
	    &rc)) != NULL) {
		while (i < n && !is_of(&asks[i], result))
			i++;
		if (i == n)
			return xc_cache_server_judge(server,
			    MEMCACHED_PROTOCOL_ERROR);
		if (err == XC_OK)
			err = take(&asks[i], result);
		i++;
	}
	if (xc_cache_server_judge(server, rc) != XC_OK)
		return XC_ERR_UNAVAILABLE;
	return err;
}

static enum xc_err
ask_all(struct xc_cache_server *server, struct xc_cache_ask *asks, size_t n,
    const char **keys, size_t *lens)
{
	memcached_return_t rc;
	enum xc_err err;
	size_t i;

	for (i = 0; i < n; i++) {
		keys[i] = asks[i].key;
		lens[i] = asks[i].key_len;
		asks[i].found = false;
		asks[i].number = 0;
		asks[i].value = NULL;
		asks[i].len = 0;
	}
	rc = memcached_mget(server->st, keys, lens, n);
	if (rc != MEMCACHED_SUCCESS) {
		err = xc_cache_server_judge(server, rc);
		return err != XC_OK ? err : XC_ERR_UNAVAILABLE;
	}
	err = take_all(server, asks, n);
	if (err != XC_OK)
		xc_cache_asks_free(asks, n);
	return err;
}

enum xc_err
xc_cache_fetch(struct xc_cache_server *server, struct xc_cache_ask *asks,
    size_t n)
{
	const char *few[FEW], **keys = few;
	size_t few_lens[FEW], *lens = few_lens;
	enum xc_err err = XC_ERR_NOMEM;

	if (!xc_cache_server_usable(server))
		return XC_ERR_UNAVAILABLE;
	if (n > FEW) {
		keys = calloc(n, sizeof(*keys));
		lens = calloc(n, sizeof(*lens));
	}
	if (keys != NULL && lens != NULL)
		err = ask_all(server, asks, n, keys, lens);
	if (n > FEW) {
		free(keys);
		free(lens);
	}
	return err;
}

void
xc_cache_asks_free(struct xc_cache_ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(asks[i].value);
		asks[i].value = NULL;
		asks[i].len = 0;
	}
}

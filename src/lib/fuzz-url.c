/* SPDX-License-Identifier: MIT */
/*
 * Any text as a URL: what is taken has, for libcurl too, the host and the
 * port that the permission is looked up for.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(const struct xc_url *url, const char *text)
{
	CURLU *other = curl_url();
	char *host, *port, *scheme, *user = NULL;
	char number[8];

	assert(other != NULL);
	/* It may be stricter than we are. */
	if (curl_url_set(other, CURLUPART_URL, text, 0) == CURLUE_OK) {
		assert(curl_url_get(other, CURLUPART_HOST, &host, 0) ==
		    CURLUE_OK);
		assert(curl_url_get(other, CURLUPART_PORT, &port,
		    CURLU_DEFAULT_PORT) == CURLUE_OK);
		assert(curl_url_get(other, CURLUPART_SCHEME, &scheme, 0) ==
		    CURLUE_OK);
		assert(curl_url_get(other, CURLUPART_USER, &user, 0) ==
		    CURLUE_NO_USER);
		snprintf(number, sizeof(number), "%u", (unsigned)url->port);
		assert(strcmp(port, number) == 0);
		assert(strcmp(scheme, url->tls ? "https" : "http") == 0);
		/* A number in another way of writing is another host, which
		 * no permission names. */
		assert(strcasecmp(host, url->host) == 0 ||
		    strspn(host, "0123456789.") == strlen(host) ||
		    host[0] == '[');
		curl_free(host);
		curl_free(port);
		curl_free(scheme);
	}
	curl_url_cleanup(other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xc_errbuf errbuf = { "" };
	char *text = malloc(size + 1);
	struct xc_url url;
	char port[XC_URL_HOST_MAX + 16];

	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (xc_url_parse(text, &url, &errbuf) != XC_OK) {
		assert(errbuf.text[0] != '\0');
		free(text);
		return 0;
	}
	assert(url.host[0] != '\0' && url.port != 0);
	snprintf(port, sizeof(port), "%s:%u", url.host, (unsigned)url.port);
	assert(xc_url_matches(&url, port));
	/* No host is called so. */
	assert(!xc_url_matches(&url, "a/b:80"));
	compare(&url, text);
	free(text);
	return 0;
}

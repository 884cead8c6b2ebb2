/* SPDX-License-Identifier: MIT */
/*
 * The site's documentation: its OpenAPI document, and two pages that show it.
 * What the pages load lies in assets/ and is served without this code.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <xcore/xcore.h>

/* Nothing is loaded from elsewhere, nothing that stands in the page is run. */
#define POLICY								\
	"default-src 'none'; script-src 'self'; connect-src 'self'; "	\
	"img-src 'self' data:; base-uri 'none'; form-action 'self'; "	\
	"frame-ancestors 'none'; "

#define PAGE_HEAD							\
	"<!doctype html>\n"						\
	"<html lang=\"en\">\n"						\
	"<head>\n"							\
	"<meta charset=\"utf-8\">\n"					\
	"<meta name=\"viewport\""					\
	" content=\"width=device-width, initial-scale=1\">\n"		\
	"<meta name=\"color-scheme\" content=\"light dark\">\n"		\
	"<title>Operations of this site</title>\n"			\
	"<link rel=\"icon\" href=\"data:,\">\n"

#define PAGE_BODY							\
	"</head>\n"							\
	"<body>\n"							\
	"<a class=\"skip\" href=\"#operations\">"			\
	"Skip to the operations</a>\n"

#define PAGE_TAIL							\
	"<noscript><p>This page is made by JavaScript, which is off. "	\
	"What it would show stands in "					\
	"<a href=\"/openapi.json\">/openapi.json</a>.</p></noscript>\n"	\
	"</body>\n"							\
	"</html>\n"

static const char docs_page[] =
	PAGE_HEAD
	"<link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\">\n"
	"<link rel=\"stylesheet\" href=\"/docs/docs.css\">\n"
	"<script src=\"/docs/mode.js\"></script>\n"
	"<script defer src=\"/docs/swagger-ui-bundle.js\"></script>\n"
	"<script defer src=\"/docs/docs.js\"></script>\n"
	PAGE_BODY
	"<nav class=\"views\" aria-label=\"Views\">"
	"<a href=\"/docs\" aria-current=\"page\">Swagger UI</a> "
	"<a href=\"/redoc\">ReDoc</a> "
	"<a href=\"/openapi.json\">openapi.json</a></nav>\n"
	"<div id=\"operations\" tabindex=\"-1\"></div>\n"
	PAGE_TAIL;

/* ReDoc takes the nonce from there for the style that it makes. */
static const char redoc_page[] =
	PAGE_HEAD
	"<meta property=\"csp-nonce\" nonce=\"%s\">\n"
	"<link rel=\"stylesheet\" href=\"/redoc/redoc.css\">\n"
	"<script type=\"module\" src=\"/redoc/redoc.js\"></script>\n"
	PAGE_BODY
	"<div id=\"operations\" tabindex=\"-1\"></div>\n"
	PAGE_TAIL;

static enum xc_err
reply_page(struct xc_request *req, const char *policy, const char *page)
{
	const char *const headers[][2] = {
		{ "Content-Security-Policy", policy },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cache-Control", "no-store" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		enum xc_err err = xc_reply_header(req, headers[i][0],
		    headers[i][1]);

		if (err != XC_OK)
			return err;
	}
	return xc_reply_text(req, 200, "text/html; charset=utf-8", page,
	    strlen(page));
}

static enum xc_err
show_docs(struct xc_request *req)
{
	return reply_page(req, POLICY "style-src 'self'; font-src 'self'",
	    docs_page);
}

/* 128 bits that nobody can guess, as text.  false if there are none. */
static bool
make_nonce(char nonce[static 33])
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static enum xc_err
show_redoc(struct xc_request *req)
{
	char nonce[33];
	char *policy, *page;

	if (!make_nonce(nonce))
		return XC_ERR_FAILED;
	/* It brings a font of icons along, as data. */
	policy = xc_printf(req, POLICY "style-src 'self' 'nonce-%s'; "
	    "font-src 'self' data:", nonce);
	page = xc_printf(req, redoc_page, nonce);
	if (policy == NULL || page == NULL)
		return XC_ERR_NOMEM;
	return reply_page(req, policy, page);
}

static enum xc_err
show_openapi(struct xc_request *req)
{
	const char *version = xc_param_text(req, "version");
	bool old = version != NULL && strcmp(version, "3.0") == 0;

	return xc_reply_openapi(req, old ? XC_OPENAPI_3_0 : XC_OPENAPI_3_1);
}

XC_PLUGIN(.operations = XC_OPERATIONS(
    { "show_docs", show_docs },
    { "show_redoc", show_redoc },
    { "show_openapi", show_openapi }));

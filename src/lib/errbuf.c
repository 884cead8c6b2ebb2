/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "errbuf.h"
#include "text.h"

/* Formats what fits, in whole characters: MariaDB and JSON take no half of
 * one. */
static void
format_text(struct xc_errbuf *errbuf, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
format_text(struct xc_errbuf *errbuf, const char *format, va_list ap)
{
	int len = vsnprintf(errbuf->text, sizeof(errbuf->text), format, ap);

	if (len < 0)
		errbuf->text[0] = '\0';
	else if ((size_t)len >= sizeof(errbuf->text))
		xc_utf8_cut(errbuf->text, sizeof(errbuf->text) - 1);
}

enum xc_err
xc_fail(struct xc_errbuf *errbuf, enum xc_err err, const char *format, ...)
{
	va_list ap;

	if (errbuf == NULL)
		return err;
	va_start(ap, format);
	format_text(errbuf, format, ap);
	va_end(ap);
	return err;
}

/* Appends what fits. */
static void
append(struct xc_errbuf *errbuf, const char *text)
{
	size_t used = strlen(errbuf->text);
	size_t left = sizeof(errbuf->text) - 1 - used;
	size_t len = strnlen(text, left);

	memcpy(errbuf->text + used, text, len);
	errbuf->text[used + len] = '\0';
	if (text[len] != '\0')
		xc_utf8_cut(errbuf->text, used + len);
}

enum xc_err
xc_fail_prefix(struct xc_errbuf *errbuf, enum xc_err err, const char *format,
    ...)
{
	struct xc_errbuf old;
	va_list ap;

	if (errbuf == NULL)
		return err;
	old = *errbuf;
	va_start(ap, format);
	format_text(errbuf, format, ap);
	va_end(ap);
	if (errbuf->text[0] != '\0' && old.text[0] != '\0')
		append(errbuf, ": ");
	append(errbuf, old.text);
	return err;
}

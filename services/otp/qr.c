/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qrcodegen/qrcodegen.h>

#include "lib/block.h"
#include "services/security/token.h"

#include "qr.h"

#define MARGIN 4		/* modules */
#define PIXELS 5		/* of a module, unless a page says so */

struct code {
	uint8_t cells[qrcodegen_BUFFER_LEN_MAX];
	uint8_t work[qrcodegen_BUFFER_LEN_MAX];
};

static enum xc_err
put(struct xc_block *out, const char *text)
{
	return xc_block_put(out, text, strlen(text));
}

static enum xc_err
put_escaped(struct xc_block *out, const char *text)
{
	enum xc_err err = XC_OK;
	size_t len;

	while (err == XC_OK && *text != '\0') {
		len = strcspn(text, "&<>\"'");
		err = xc_block_put(out, text, len);
		text += len;
		if (err == XC_OK && *text != '\0') {
			char entity[8];

			snprintf(entity, sizeof(entity), "&#%d;", *text++);
			err = put(out, entity);
		}
	}
	return err;
}

static enum xc_err
put_head(struct xc_block *out, int side, const char *title)
{
	char text[256];
	enum xc_err err;

	snprintf(text, sizeof(text), "<svg xmlns=\"http://www.w3.org/2000/svg"
	    "\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
	    "shape-rendering=\"crispEdges\"><title>", side, side,
	    side * PIXELS, side * PIXELS);
	err = put(out, text);
	if (err == XC_OK)
		err = put_escaped(out, title);
	if (err != XC_OK)
		return err;
	snprintf(text, sizeof(text), "</title><rect width=\"%d\" height=\"%d\""
	    " fill=\"#fff\"/><path fill=\"#000\" d=\"", side, side);
	return put(out, text);
}

/* Each run of dark modules is a bar. */
static enum xc_err
put_row(struct xc_block *out, const uint8_t *cells, int y)
{
	int side = qrcodegen_getSize(cells);
	enum xc_err err = XC_OK;
	char bar[64];
	int x, n;

	for (x = 0; err == XC_OK && x < side; x += n) {
		bool dark = qrcodegen_getModule(cells, x, y);

		for (n = 1; x + n < side &&
		    qrcodegen_getModule(cells, x + n, y) == dark; n++)
			;
		if (!dark)
			continue;
		snprintf(bar, sizeof(bar), "M%d %dh%dv1h-%dz", x + MARGIN,
		    y + MARGIN, n, n);
		err = put(out, bar);
	}
	return err;
}

static enum xc_err
draw(const uint8_t *cells, const char *title, struct xc_block *out)
{
	int side = qrcodegen_getSize(cells);
	enum xc_err err = put_head(out, side + 2 * MARGIN, title);
	int y;

	for (y = 0; err == XC_OK && y < side; y++)
		err = put_row(out, cells, y);
	if (err == XC_OK)
		err = put(out, "\"/></svg>");
	return err == XC_OK ? xc_block_put(out, "", 1) : err;
}

enum xc_err
xc_qr_svg(const char *text, const char *title, char **svg_r)
{
	struct xc_block out = { .base = NULL };
	struct code *code = malloc(sizeof(*code));
	enum xc_err err = XC_ERR_TOO_LARGE;

	*svg_r = NULL;
	if (code == NULL)
		return XC_ERR_NOMEM;
	if (qrcodegen_encodeText(text, code->work, code->cells,
	    qrcodegen_Ecc_MEDIUM, qrcodegen_VERSION_MIN, qrcodegen_VERSION_MAX,
	    qrcodegen_Mask_AUTO, true))
		err = draw(code->cells, title, &out);
	/* What it says may be a secret. */
	xc_wipe(code, sizeof(*code));
	free(code);
	if (err == XC_OK)
		*svg_r = (char *)out.base;
	else
		xc_block_free(&out);
	return err;
}

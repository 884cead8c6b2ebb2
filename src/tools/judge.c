/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "contract/embedded.h"
#include "lib/text.h"

#include "judge.h"

struct judging {
	const char *file;
	struct xc_errbuf *errbuf;
};

/* "/server/workers" as " server.workers: ". */
static void
name_key(const char *pointer, char *buf, size_t size)
{
	char *at;

	snprintf(buf, size, "%s: ", pointer);
	for (at = buf; *at != '\0'; at++)
		if (*at == '/')
			*at = at == buf ? ' ' : '.';
}

/* Whether the table has said something of this key, or of its section. */
static bool
is_known(const struct judging *judging, const char *pointer)
{
	char key[300];

	name_key(pointer, key, sizeof(key));
	return strstr(judging->errbuf->text, key) != NULL;
}

static void
add(void *ctx, const struct xc_embedded_fault *fault)
{
	const struct judging *judging = ctx;
	char *text = judging->errbuf->text;
	size_t used = strlen(text);
	char key[300];

	if (is_known(judging, fault->pointer))
		return;
	name_key(fault->pointer, key, sizeof(key));
	snprintf(text + used, sizeof(judging->errbuf->text) - used,
	    "%s%s:%zu:%zu:%s%s", used > 0 ? "; " : "", judging->file,
	    fault->line, fault->column, key,
	    strcmp(fault->keyword, "additionalProperties") == 0
	    ? "unknown; see xcore.json(5)" : fault->sentence);
	xc_utf8_tidy(text);
}

enum xc_err
xc_judge(const char *file, const char *text, size_t len,
    struct xc_errbuf *errbuf)
{
	struct judging judging = { .file = file, .errbuf = errbuf };
	struct xc_errbuf why = { "" };
	enum xc_err err;

	err = xc_embedded_check("xcore", text, len, add, &judging, &why);
	if (err == XC_OK || errbuf->text[0] != '\0')
		return err;
	return xc_fail(errbuf, err, "%s: %s", file, why.text);
}

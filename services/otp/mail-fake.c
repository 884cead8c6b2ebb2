/* SPDX-License-Identifier: MIT */
/* Mail that stays here, and mail that does not go. */
#include <stdlib.h>
#include <string.h>

#include "letter.h"

struct kept {
	char *to;
	char *subject;
	char *text;
	struct xc_letter letter;	/* of the three above */
};

struct fake {
	struct kept **letters;
	size_t n;
};

static void
free_kept(struct kept *kept)
{
	free(kept->to);
	free(kept->subject);
	free(kept->text);
	free(kept);
}

static struct kept *
keep(const struct xc_letter *letter)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (kept == NULL)
		return NULL;
	kept->to = strdup(letter->to);
	kept->subject = strdup(letter->subject);
	kept->text = strdup(letter->text);
	if (kept->to == NULL || kept->subject == NULL || kept->text == NULL) {
		free_kept(kept);
		return NULL;
	}
	kept->letter = (struct xc_letter){ .to = kept->to,
		.subject = kept->subject, .text = kept->text };
	return kept;
}

/* What the real one refuses is refused here too. */
static enum xc_err
refuses(const struct xc_letter *letter, struct xc_errbuf *errbuf)
{
	static const struct xc_letter_frame frame = { .from = "x@localhost",
		.id = "x" };
	struct xc_block out = { .base = NULL };
	enum xc_err err = xc_letter_write(letter, &frame, &out, errbuf);

	xc_block_free(&out);
	return err;
}

static enum xc_err
fake_send(void *ctx, const struct xc_letter *letter, struct xc_errbuf *errbuf)
{
	struct fake *fake = ctx;
	enum xc_err err = refuses(letter, errbuf);
	struct kept **letters;

	if (err != XC_OK)
		return err;
	letters = reallocarray(fake->letters, fake->n + 1, sizeof(*letters));
	if (letters == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	fake->letters = letters;
	letters[fake->n] = keep(letter);
	if (letters[fake->n] == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	fake->n++;
	return XC_OK;
}

static void
fake_close(void *ctx)
{
	struct fake *fake = ctx;

	while (fake->n > 0)
		free_kept(fake->letters[--fake->n]);
	free(fake->letters);
	free(fake);
}

static const struct xc_mail_ops fake_ops = { .send = fake_send };

enum xc_err
xc_mail_fake(struct xc_mail *mail)
{
	memset(mail, 0, sizeof(*mail));
	mail->ctx = calloc(1, sizeof(struct fake));
	if (mail->ctx == NULL)
		return XC_ERR_NOMEM;
	mail->ops = &fake_ops;
	mail->close = fake_close;
	return XC_OK;
}

const struct xc_letter *
xc_mail_fake_letter(const struct xc_mail *mail, size_t n)
{
	const struct fake *fake = mail->ctx;

	return n < fake->n ? &fake->letters[n]->letter : NULL;
}

static enum xc_err
failing_send(void *ctx, const struct xc_letter *letter,
    struct xc_errbuf *errbuf)
{
	const enum xc_err *err = ctx;

	(void)letter;
	return xc_fail(errbuf, *err, "mail fails: %s", xc_strerror(*err));
}

static const struct xc_mail_ops failing_ops = { .send = failing_send };

enum xc_err
xc_mail_failing(enum xc_err err, struct xc_mail *mail)
{
	enum xc_err *ctx = malloc(sizeof(*ctx));

	memset(mail, 0, sizeof(*mail));
	if (ctx == NULL)
		return XC_ERR_NOMEM;
	*ctx = err;
	mail->ctx = ctx;
	mail->ops = &failing_ops;
	mail->close = free;
	return XC_OK;
}

/* SPDX-License-Identifier: MIT */
#include "worker/site.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/digest.h"
#include "plugin/snapshot.h"
#include "worker/worker.h"

#define SIZE_MAX_MAPPED ((off_t)256 << 20)
#define SUM_SHOWN 16

/* A file that is mapped, of what was served then. */
struct document {
	uint64_t generation;
	uint64_t sequence;
	const char *text;	/* NULL: nothing is mapped */
	size_t len;
	char etag[64];
};

struct site {
	const struct xc_worker *worker;
	struct document documents[2];	/* by enum xc_openapi */
};

static void
unmap(struct document *document)
{
	union {
		const char *in;
		void *out;
	} text = { .in = document->text };

	if (text.out != NULL)
		munmap(text.out, document->len);
	memset(document, 0, sizeof(*document));
}

static enum xc_err
map_fd(struct document *document, int fd)
{
	struct stat st;
	void *text;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 2 ||
	    st.st_size > SIZE_MAX_MAPPED)
		return XC_ERR_UNAVAILABLE;
	/* It is never changed, only replaced and removed. */
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return XC_ERR_UNAVAILABLE;
	document->text = text;
	document->len = (size_t)st.st_size;
	return XC_OK;
}

/* The same numbers may come again, after the registry was restored. */
static enum xc_err
make_etag(struct document *document)
{
	char sum[XC_DIGEST_SIZE];

	if (document->text[0] != '{' || xc_digest_hex(document->text,
	    document->len, sum) != XC_OK)
		return XC_ERR_UNAVAILABLE;
	snprintf(document->etag, sizeof(document->etag), "\"%" PRIu64
	    "-%.*s\"", document->generation, SUM_SHOWN, sum);
	return XC_OK;
}

static bool
find_file(const struct site *site, const struct xc_table *table,
    enum xc_openapi version, char *path_r, size_t size)
{
	const char *current = site->worker->heritage->snapshot;
	const char *slash = strrchr(current, '/');
	int len = slash == NULL ? 0 : (int)(slash - current);
	char snapshot[PATH_MAX];

	return table->sequence != 0 && snprintf(snapshot, sizeof(snapshot),
	    "%.*s/%" PRIu64 "-%" PRIu64 ".json", len, current,
	    table->generation, table->sequence) < (int)sizeof(snapshot) &&
	    xc_snapshot_document(snapshot,
	    version == XC_OPENAPI_3_1 ? "31" : "30", path_r, size) == XC_OK;
}

static enum xc_err
map_document(struct site *site, const struct xc_table *table,
    enum xc_openapi version)
{
	struct document *document = &site->documents[version];
	char path[PATH_MAX];
	enum xc_err err;
	int fd;

	unmap(document);
	if (!find_file(site, table, version, path, sizeof(path)))
		return XC_ERR_UNAVAILABLE;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return XC_ERR_UNAVAILABLE;
	document->generation = table->generation;
	document->sequence = table->sequence;
	err = map_fd(document, fd);
	close(fd);
	if (err == XC_OK)
		err = make_etag(document);
	if (err != XC_OK)
		unmap(document);
	return err;
}

/* It may not be there yet: with many plugins it takes longer than to change
 * over to them. */
static enum xc_err
site_openapi(void *ctx, enum xc_openapi version, struct xc_site_doc *doc_r)
{
	struct site *site = ctx;
	struct document *document = &site->documents[version];
	const struct xc_table *table = xc_loader_table(site->worker->loader);
	enum xc_err err = XC_OK;

	if (document->text == NULL ||
	    document->generation != table->generation ||
	    document->sequence != table->sequence)
		err = map_document(site, table, version);
	if (err != XC_OK)
		return err;
	doc_r->size = document->len;
	memcpy(doc_r->etag, document->etag, sizeof(doc_r->etag));
	return XC_OK;
}

static enum xc_err
site_read(void *ctx, enum xc_openapi version, uint64_t offset, void *buf,
    size_t len, size_t *got_r)
{
	const struct site *site = ctx;
	const struct document *document = &site->documents[version];
	size_t left;

	*got_r = 0;
	if (document->text == NULL)
		return XC_ERR_STATE;
	if (offset >= document->len)
		return XC_OK;
	left = document->len - (size_t)offset;
	*got_r = len < left ? len : left;
	memcpy(buf, document->text + offset, *got_r);
	return XC_OK;
}

static const struct xc_site_ops site_ops = {
	.openapi = site_openapi,
	.read = site_read,
};

enum xc_err
xc_site_open(struct xc_worker *worker)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		return XC_ERR_NOMEM;
	site->worker = worker;
	worker->host.site = &site_ops;
	worker->host.site_ctx = site;
	return XC_OK;
}

void
xc_site_close(struct xc_worker *worker)
{
	struct site *site = worker->host.site_ctx;

	worker->host.site = NULL;
	worker->host.site_ctx = NULL;
	if (!site)
		return;
	unmap(&site->documents[0]);
	unmap(&site->documents[1]);
	free(site);
}

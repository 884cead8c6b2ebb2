/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "lib/request-private.h"
#include "lib/text.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SEALS (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

_Static_assert(sizeof(struct xc_order) % sizeof(uint32_t) == 0 &&
    sizeof(struct xc_notice) % sizeof(uint32_t) == 0 &&
    sizeof(struct xc_layers) % sizeof(uint32_t) == 0 &&
    XC_CHANNEL_REASON_MAX % sizeof(uint32_t) == 0 &&
    XC_CHANNEL_TRACE_MAX % sizeof(uint32_t) == 0,
    "what lies in the head is copied word by word");

/*
 * Reads each word exactly once: the other side may change it at any time,
 * and what was checked must be what is used.
 */
static void
copy_from(void *to, const volatile void *from, size_t size)
{
	const volatile uint32_t *source = from;
	unsigned char *bytes = to;

	for (size_t at = 0; at < size; at += sizeof(*source)) {
		uint32_t word = source[at / sizeof(*source)];

		memcpy(bytes + at, &word, sizeof(word));
	}
}

static void
copy_to(volatile void *to, const void *from, size_t size)
{
	volatile uint32_t *words = to;
	const uint32_t *source = from;

	for (size_t i = 0; i < size / sizeof(*source); i++)
		words[i] = source[i];
}

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t
round_up(size_t size)
{
	size_t page = page_size();

	return (size + page - 1) / page * page;
}

static size_t
head_size(void)
{
	return round_up(sizeof(struct xc_channel_head));
}

static size_t
whole_size(const struct xc_channel_sizes *sizes)
{
	return head_size() + (size_t)sizes->request + sizes->reply +
	    sizes->args + sizes->result;
}

static bool
are_pages(const struct xc_channel_sizes *sizes)
{
	size_t page = page_size();

	return sizes->request > 0 && sizes->request % page == 0 &&
	    sizes->reply > 0 && sizes->reply % page == 0 &&
	    sizes->args > 0 && sizes->args % page == 0 &&
	    sizes->result > 0 && sizes->result % page == 0;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
empty(struct xc_channel *channel)
{
	memset(channel, 0, sizeof(*channel));
	channel->memfd = -1;
	channel->bell_read = -1;
	channel->bell_write = -1;
}

/* Maps memfd and finds the areas; the sizes stand in channel. */
static enum xc_err
map(struct xc_channel *channel, struct xc_errbuf *errbuf)
{
	unsigned char *base;

	channel->size = whole_size(&channel->sizes);
	base = mmap(NULL, channel->size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    channel->memfd, 0);
	if (base == MAP_FAILED)
		return xc_fail(errbuf, XC_ERR_NOMEM, "a sandbox's channel of "
		    "%zu bytes cannot be mapped: %s", channel->size,
		    strerror(errno));
	channel->head = (void *)base;
	channel->request = base + head_size();
	channel->reply = channel->request + channel->sizes.request;
	channel->args = channel->reply + channel->sizes.reply;
	channel->result = channel->args + channel->sizes.args;
	return XC_OK;
}

/* Kernels before 6.3 know no MFD_NOEXEC_SEAL. */
static int
make_memfd(void)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("xcore-channel", flags | MFD_NOEXEC_SEAL);

	if (fd == -1 && errno == EINVAL)
		fd = memfd_create("xcore-channel", flags);
	return fd;
}

static enum xc_err
make_memory(struct xc_channel *channel, struct xc_errbuf *errbuf)
{
	size_t size = whole_size(&channel->sizes);

	channel->memfd = make_memfd();
	/* Unsealed, the sandbox could shrink it under the host's hands. */
	if (channel->memfd == -1 ||
	    ftruncate(channel->memfd, (off_t)size) != 0 ||
	    fcntl(channel->memfd, F_ADD_SEALS, SEALS) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "memory for a sandbox's "
		    "channel (%zu bytes) cannot be had: %s", size,
		    strerror(errno));
	return map(channel, errbuf);
}

static enum xc_err
make_bells(struct xc_channel *channel, struct xc_channel_guest *guest,
    struct xc_errbuf *errbuf)
{
	int up[2];
	int down[2];

	if (pipe2(up, O_CLOEXEC) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "a sandbox's pipe: %s",
		    strerror(errno));
	channel->bell_read = up[0];
	guest->bell_write = up[1];
	if (pipe2(down, O_CLOEXEC) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "a sandbox's pipe: %s",
		    strerror(errno));
	guest->bell_read = down[0];
	channel->bell_write = down[1];
	/* A sandbox that does not read must not hold its host up either. */
	if (fcntl(channel->bell_read, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(channel->bell_write, F_SETFL, O_NONBLOCK) != 0)
		return xc_fail(errbuf, XC_ERR_IO, "a sandbox's pipe: %s",
		    strerror(errno));
	guest->memfd = fcntl(channel->memfd, F_DUPFD_CLOEXEC, 0);
	if (guest->memfd == -1)
		return xc_fail(errbuf, XC_ERR_IO, "a sandbox's memory: %s",
		    strerror(errno));
	return XC_OK;
}

static void
write_head(struct xc_channel *channel)
{
	channel->head->magic = XC_CHANNEL_MAGIC;
	channel->head->layout = XC_CHANNEL_LAYOUT;
	channel->head->sizes = channel->sizes;
}

enum xc_err
xc_channel_create(const struct xc_channel_sizes *sizes,
    struct xc_channel *channel_r, struct xc_channel_guest *guest_r,
    struct xc_errbuf *errbuf)
{
	struct xc_channel_guest guest = { -1, -1, -1 };
	enum xc_err err;

	empty(channel_r);
	*guest_r = guest;
	if (!are_pages(sizes))
		return xc_fail(errbuf, XC_ERR_INVALID, "the areas of a "
		    "sandbox's channel (%u, %u, %u, %u bytes) are no "
		    "multiples of a page", sizes->request, sizes->reply,
		    sizes->args, sizes->result);
	channel_r->sizes = *sizes;
	err = make_memory(channel_r, errbuf);
	if (err == XC_OK)
		err = make_bells(channel_r, &guest, errbuf);
	if (err == XC_OK) {
		write_head(channel_r);
		*guest_r = guest;
		return XC_OK;
	}
	xc_channel_close(channel_r);
	close_fd(&guest.memfd);
	close_fd(&guest.bell_read);
	close_fd(&guest.bell_write);
	return err;
}

/* What the head says, before all is mapped. */
static enum xc_err
read_head(int memfd, struct xc_channel_sizes *sizes_r,
    struct xc_errbuf *errbuf)
{
	const struct xc_channel_head *head;
	struct stat st;
	bool fits;

	head = mmap(NULL, head_size(), PROT_READ, MAP_SHARED, memfd, 0);
	if (head == MAP_FAILED)
		return xc_fail(errbuf, XC_ERR_NOMEM, "the channel to the "
		    "host cannot be mapped: %s", strerror(errno));
	fits = fstat(memfd, &st) == 0 && (size_t)st.st_size >= head_size() &&
	    head->magic == XC_CHANNEL_MAGIC &&
	    head->layout == XC_CHANNEL_LAYOUT;
	if (fits) {
		*sizes_r = head->sizes;
		fits = are_pages(sizes_r) &&
		    (size_t)st.st_size == whole_size(sizes_r);
	}
	(void)munmap((void *)(uintptr_t)head, head_size());
	return fits ? XC_OK : xc_fail(errbuf, XC_ERR_INVALID, "the channel "
	    "to the host is none of this version");
}

enum xc_err
xc_channel_attach(const struct xc_channel_guest *guest,
    struct xc_channel *channel_r, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	empty(channel_r);
	channel_r->memfd = guest->memfd;
	channel_r->bell_read = guest->bell_read;
	channel_r->bell_write = guest->bell_write;
	err = read_head(guest->memfd, &channel_r->sizes, errbuf);
	if (err == XC_OK)
		err = map(channel_r, errbuf);
	if (err != XC_OK) {
		xc_channel_close(channel_r);
		return err;
	}
	/* The mapping is enough, and the plugin has no use for it. */
	close_fd(&channel_r->memfd);
	return XC_OK;
}

void
xc_channel_close(struct xc_channel *channel)
{
	if (channel->head != NULL)
		(void)munmap(channel->head, channel->size);
	close_fd(&channel->memfd);
	close_fd(&channel->bell_read);
	close_fd(&channel->bell_write);
	empty(channel);
}

static bool
ring(int fd)
{
	ssize_t n;

	do
		n = write(fd, "", 1);
	while (n == -1 && errno == EINTR);
	return n == 1;
}

enum xc_err
xc_channel_order(struct xc_channel *channel, const struct xc_order *order)
{
	copy_to(&channel->head->order, order, sizeof(*order));
	return ring(channel->bell_write) ? XC_OK : XC_ERR_IO;
}

/* Takes the byte of one notice. */
static enum xc_err
take_ring(int fd)
{
	char bytes[2];
	ssize_t n;

	do
		n = read(fd, bytes, sizeof(bytes));
	while (n == -1 && errno == EINTR);
	if (n == 1)
		return XC_OK;
	if (n > 1)
		return XC_ERR_INVALID;
	return n == -1 && errno == EAGAIN ? XC_ERR_BUSY : XC_ERR_IO;
}

/* What a handler can fail by and reply all the same. */
static bool
is_limit(uint32_t breach)
{
	return breach == XC_BREACH_NONE || breach == XC_BREACH_MEMORY ||
	    breach == XC_BREACH_REPLY;
}

/* Against what the host knows itself. */
static bool
is_valid(const struct xc_channel *channel, const struct xc_notice *notice)
{
	switch (notice->kind) {
	case XC_NOTICE_READY:
	case XC_NOTICE_FAILED:
	case XC_NOTICE_STOPPED:
		return true;
	case XC_NOTICE_CALL:
		return notice->len <= channel->sizes.args;
	case XC_NOTICE_REPLY:
		return notice->len <= channel->sizes.reply &&
		    notice->err >= XC_OK && notice->err < XC_ERR__MAX &&
		    notice->state <= XC_REPLY_STREAMING &&
		    is_limit(notice->call);
	default:
		return false;
	}
}

enum xc_err
xc_channel_notice(struct xc_channel *channel, uint32_t seq,
    struct xc_notice *notice_r)
{
	enum xc_err err;

	memset(notice_r, 0, sizeof(*notice_r));
	err = take_ring(channel->bell_read);
	if (err != XC_OK)
		return err;
	copy_from(notice_r, &channel->head->notice, sizeof(*notice_r));
	if (notice_r->seq != seq || !is_valid(channel, notice_r))
		return XC_ERR_INVALID;
	return XC_OK;
}

/* Makes a text of bytes that anybody may have written. */
static void
make_text(char *text, size_t size, bool lines)
{
	text[size - 1] = '\0';
	for (size_t i = 0; text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && !(lines && c == '\n')) || c == 0x7f)
			text[i] = '?';
	}
	xc_utf8_tidy(text);
}

void
xc_channel_reason(const struct xc_channel *channel,
    char text_r[XC_CHANNEL_REASON_MAX])
{
	copy_from(text_r, channel->head->reason, XC_CHANNEL_REASON_MAX);
	make_text(text_r, XC_CHANNEL_REASON_MAX, false);
}

void
xc_channel_trace(const struct xc_channel *channel,
    char text_r[XC_CHANNEL_TRACE_MAX])
{
	copy_from(text_r, channel->head->trace, XC_CHANNEL_TRACE_MAX);
	make_text(text_r, XC_CHANNEL_TRACE_MAX, true);
}

void
xc_channel_layers(const struct xc_channel *channel,
    struct xc_layers *layers_r)
{
	copy_from(layers_r, &channel->head->layers, sizeof(*layers_r));
}

void
xc_channel_wait_order(struct xc_channel *channel, struct xc_order *order_r)
{
	ssize_t n;
	char byte;

	do
		n = read(channel->bell_read, &byte, 1);
	while (n == -1 && errno == EINTR);
	/* Nobody is there any more to whom it could be said. */
	if (n != 1)
		_exit(0);
	copy_from(order_r, &channel->head->order, sizeof(*order_r));
}

void
xc_channel_send_notice(struct xc_channel *channel,
    const struct xc_notice *notice)
{
	copy_to(&channel->head->notice, notice, sizeof(*notice));
	if (!ring(channel->bell_write))
		_exit(0);
}

static bool
punch(const struct xc_channel *channel, size_t offset, size_t len)
{
	return fallocate(channel->memfd,
	    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
	    (off_t)len) == 0;
}

void
xc_channel_trim(struct xc_channel *channel, size_t keep)
{
	const uint32_t sizes[] = { channel->sizes.request,
		channel->sizes.reply, channel->sizes.args,
		channel->sizes.result };
	size_t at = head_size();

	if (keep > UINT32_MAX)
		return;
	keep = round_up(keep);
	/* What cannot be given back stays: that harms nobody. */
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i] > keep)
			(void)punch(channel, at + keep, sizes[i] - keep);
		at += sizes[i];
	}
}

enum xc_err
xc_channel_wipe(struct xc_channel *channel)
{
	char bytes[64];

	if (!punch(channel, 0, channel->size))
		return XC_ERR_IO;
	/* It may have rung without being heard. */
	while (read(channel->bell_read, bytes, sizeof(bytes)) > 0)
		continue;
	write_head(channel);
	return XC_OK;
}

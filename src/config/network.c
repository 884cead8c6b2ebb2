/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX 63

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool
xc_address_is_v4(const struct xc_address *address)
{
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

void
xc_address_text(const struct xc_address *address, char text_r[XC_ADDRESS_TEXT])
{
	const uint8_t *bytes = address->bytes;
	bool v4 = xc_address_is_v4(address);

	text_r[0] = '\0';
	(void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + 12 : bytes,
	    text_r, XC_ADDRESS_TEXT);
}

static bool
is_port(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len;
}

/* text is cut at what the address ends with. */
static bool
read_v4(char *text, bool port, struct xc_address *address)
{
	char *colon = strchr(text, ':');

	if (colon != NULL) {
		if (!port || !is_port(colon + 1))
			return false;
		*colon = '\0';
	}
	memcpy(address->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, address->bytes + 12) == 1;
}

static bool
read_v6(char *text, bool port, struct xc_address *address)
{
	char *end;

	if (*text == '[') {
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && (!port ||
		    end[1] != ':' || !is_port(end + 2))))
			return false;
		*end = '\0';
		text++;
	}
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

bool
xc_address_read(const char *text, size_t len, bool port,
    struct xc_address *address_r)
{
	char copy[TEXT_MAX + 1], *colon;

	if (len == 0 || len > TEXT_MAX || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	colon = strchr(copy, ':');
	/* A second colon is what no IPv4 address has, with or without port. */
	if (copy[0] != '[' && (colon == NULL || strchr(colon + 1, ':') ==
	    NULL))
		return read_v4(copy, port, address_r);
	return read_v6(copy, port, address_r);
}

static bool
read_bits(const char *text, unsigned most, unsigned *bits_r)
{
	unsigned bits = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 3; i++)
		bits = bits * 10 + (unsigned)(text[i] - '0');
	*bits_r = bits;
	return i > 0 && text[i] == '\0' && bits <= most &&
	    (i == 1 || text[0] != '0');
}

static bool
is_bare(const struct xc_network *network)
{
	struct xc_network other = *network;

	for (unsigned i = network->bits; i < 128; i++)
		other.address.bytes[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	return memcmp(&other.address, &network->address,
	    sizeof(other.address)) == 0;
}

bool
xc_network_read(const char *text, struct xc_network *network_r)
{
	const char *slash = strchrnul(text, '/');
	unsigned bits, most;
	bool v4;

	memset(network_r, 0, sizeof(*network_r));
	if (strcmp(text, "unix") == 0) {
		network_r->is_unix = true;
		return true;
	}
	if (!xc_address_read(text, (size_t)(slash - text), false,
	    &network_r->address))
		return false;
	/* "::ffff:192.0.2.0/120" counts all bits, as it is written. */
	v4 = memchr(text, ':', (size_t)(slash - text)) == NULL;
	bits = most = v4 ? 32 : 128;
	if (*slash == '/' && !read_bits(slash + 1, most, &bits))
		return false;
	network_r->bits = (uint8_t)(v4 ? bits + 96 : bits);
	return is_bare(network_r);
}

bool
xc_network_has(const struct xc_network *network,
    const struct xc_address *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (network->is_unix ||
	    memcmp(network->address.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] & mask) ==
	    network->address.bytes[whole];
}

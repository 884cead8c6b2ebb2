/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ADDRESS(a, b, c, d)						\
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* IANA's registry of special-purpose addresses. */
static const struct {
	uint32_t net;
	unsigned bits;
} special4[] = {
	{ ADDRESS(0, 0, 0, 0), 8 },
	{ ADDRESS(10, 0, 0, 0), 8 },
	{ ADDRESS(100, 64, 0, 0), 10 },
	{ ADDRESS(127, 0, 0, 0), 8 },
	{ ADDRESS(169, 254, 0, 0), 16 },
	{ ADDRESS(172, 16, 0, 0), 12 },
	{ ADDRESS(192, 0, 0, 0), 24 },
	{ ADDRESS(192, 0, 2, 0), 24 },
	{ ADDRESS(192, 88, 99, 0), 24 },
	{ ADDRESS(192, 168, 0, 0), 16 },
	{ ADDRESS(198, 18, 0, 0), 15 },
	{ ADDRESS(198, 51, 100, 0), 24 },
	{ ADDRESS(203, 0, 113, 0), 24 },
	{ ADDRESS(224, 0, 0, 0), 4 },
	{ ADDRESS(240, 0, 0, 0), 4 },
};

/* Of 2000::/3, outside of which nothing is public. */
static const struct {
	unsigned char net[4];
	unsigned bits;
} special6[] = {
	{ { 0x20, 0x01, 0x00, 0x00 }, 23 },	/* protocols, Teredo */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },	/* documentation */
	{ { 0x20, 0x02, 0x00, 0x00 }, 16 },	/* 6to4 */
	{ { 0x3f, 0xff, 0x00, 0x00 }, 20 },	/* documentation */
};

static bool
is_public4(uint32_t address)
{
	size_t i;

	for (i = 0; i < sizeof(special4) / sizeof(special4[0]); i++)
		if ((address ^ special4[i].net) >> (32 - special4[i].bits) ==
		    0)
			return false;
	return true;
}

static uint32_t
word(const unsigned char bytes[4])
{
	return ADDRESS(bytes[0], bytes[1], bytes[2], bytes[3]);
}

/* ::ffff:0:0/96 and, where IPv4 is reached through IPv6, 64:ff9b::/96. */
static bool
holds4(const unsigned char bytes[16])
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0xff, 0xff };
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };

	return memcmp(bytes, mapped, sizeof(mapped)) == 0 ||
	    memcmp(bytes, nat64, sizeof(nat64)) == 0;
}

static bool
is_public6(const unsigned char bytes[16])
{
	size_t i;

	if (holds4(bytes))
		return is_public4(word(bytes + 12));
	if ((bytes[0] & 0xe0) != 0x20)
		return false;
	for (i = 0; i < sizeof(special6) / sizeof(special6[0]); i++)
		if ((word(bytes) ^ word(special6[i].net)) >>
		    (32 - special6[i].bits) == 0)
			return false;
	return true;
}

static bool
is_local4(uint32_t address)
{
	return address >> 24 == 127 || address >> 24 == 0 ||
	    address >> 16 == 0xa9fe;
}

static bool
is_local6(const unsigned char bytes[16])
{
	static const unsigned char zeros[12];

	if (holds4(bytes))
		return is_local4(word(bytes + 12));
	return memcmp(bytes, zeros, sizeof(zeros)) == 0 ||
	    (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

bool
xc_address_is_local(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return is_local4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family != AF_INET6)
		return true;
	memcpy(&in6, address, sizeof(in6));
	return is_local6(in6.sin6_addr.s6_addr);
}

bool
xc_address_text_is_local(const char *text)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, text, &in) == 1)
		return is_local4(ntohl(in.s_addr));
	return inet_pton(AF_INET6, text, &in6) != 1 ||
	    is_local6(in6.s6_addr);
}

bool
xc_address_is_public(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->sa_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return is_public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&in6, address, sizeof(in6));
	return is_public6(in6.sin6_addr.s6_addr);
}

bool
xc_address_text_is_public(const char *text)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, text, &in) == 1)
		return is_public4(ntohl(in.s_addr));
	return inet_pton(AF_INET6, text, &in6) == 1 &&
	    is_public6(in6.s6_addr);
}

/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "limits.h"

static const char *const names[XC_ISOLATION__MAX] = {
	[XC_ISOLATION_INPROCESS] = "inprocess",
	[XC_ISOLATION_POOL] = "pool",
	[XC_ISOLATION_REQUEST] = "request",
};

const char *
xc_isolation_name(enum xc_isolation isolation)
{
	return (unsigned)isolation < XC_ISOLATION__MAX ? names[isolation] :
	    "unknown";
}

bool
xc_isolation_parse(const char *text, enum xc_isolation *isolation_r)
{
	for (unsigned i = 0; text != NULL && i < XC_ISOLATION__MAX; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*isolation_r = (enum xc_isolation)i;
		return true;
	}
	return false;
}

static void
fill(uint32_t *value, uint32_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

void
xc_limits_fill(struct xc_limits *limits, const struct xc_limits *defaults)
{
	fill(&limits->cpu_ms, defaults->cpu_ms);
	fill(&limits->timeout_ms, defaults->timeout_ms);
	fill(&limits->memory_mb, defaults->memory_mb);
	fill(&limits->rate, defaults->rate);
	fill(&limits->files, defaults->files);
	fill(&limits->threads, defaults->threads);
	fill(&limits->reply_kb, defaults->reply_kb);
}

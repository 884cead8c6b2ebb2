/* SPDX-License-Identifier: MIT */
#include "lib/limits.h"
#include "settings.h"

/* The table keeps each far below 2^32. */
void
xc_settings_limits(const struct xc_settings *settings,
    struct xc_limits *limits_r)
{
	const struct xc_limits_settings *limits = &settings->limits;

	*limits_r = (struct xc_limits){
		.cpu_ms = (uint32_t)limits->cpu_ms,
		.timeout_ms = (uint32_t)limits->timeout_ms,
		.memory_mb = (uint32_t)limits->memory_mb,
		.rate = (uint32_t)limits->rate,
		.files = (uint32_t)limits->files,
		.threads = (uint32_t)limits->threads,
		.reply_kb = (uint32_t)limits->reply_kb
	};
}

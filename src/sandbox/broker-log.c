/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "sandbox/broker-private.h"

#define RECORD_MAX 4000		/* bytes, as in-process */
#define RECORDS_MAX 1000	/* of a request */

bool
xc_broker_may_log(struct xc_broker *broker)
{
	if (broker->n_records < UINT32_MAX)
		broker->n_records++;
	return broker->n_records <= RECORDS_MAX;
}

enum xc_err
xc_broker_log(struct xc_broking *call)
{
	uint32_t level = xc_call_get_u32(&call->args);
	const char *text = xc_call_get_text(&call->args);
	char cut[RECORD_MAX + 1];
	size_t len;

	if (!xc_broker_args_end(call))
		return XC_ERR_INVALID;
	if (level >= XC_LOG__MAX || text == NULL) {
		call->broken = true;
		return XC_ERR_INVALID;
	}
	if (!xc_broker_may_log(call->broker))
		return XC_OK;
	len = strnlen(text, RECORD_MAX);
	memcpy(cut, text, len);
	if (text[len] != '\0')
		len = xc_utf8_cut(cut, len);
	cut[len] = '\0';
	xc_broker_tell(call, call->plugin->logger, (enum xc_log_level)level,
	    cut);
	return XC_OK;
}

void
xc_broker_log_end(struct xc_broker *broker)
{
	struct xc_broking call = { .broker = broker, .host = broker->host,
		.plugin = broker->plugin, .req = broker->req };
	char text[160];

	if (broker->n_records <= RECORDS_MAX)
		return;
	snprintf(text, sizeof(text), "%u more records of this request were "
	    "left out: %d are written", broker->n_records - RECORDS_MAX,
	    RECORDS_MAX);
	xc_broker_tell(&call, broker->plugin->logger, XC_LOG_WARNING, text);
}

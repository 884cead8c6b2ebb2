/* SPDX-License-Identifier: MIT */
/* Every statement lies inside the script, in order, and is not empty. */
#include <stdint.h>
#include <stdlib.h>

#include "plugin/migrate-split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *from = text;
	struct xc_sql_statement *rows;
	struct xc_errbuf errbuf;
	size_t n;

	if (size == 0 ||
	    xc_sql_split(text, size, &rows, &n, &errbuf) != XC_OK)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].len == 0 || rows[i].text < from ||
		    rows[i].text + rows[i].len > text + size)
			abort();
		from = rows[i].text + rows[i].len;
		(void)xc_sql_check_plugin(&rows[i], &errbuf);
	}
	free(rows);
	return 0;
}

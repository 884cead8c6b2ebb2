/* SPDX-License-Identifier: MIT */
/* "xcorectl middleware": what the parts of the chain cost and refused. */
#include <inttypes.h>
#include <json-c/json.h>

#include "tools/xcorectl.h"

static int64_t
number_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return 0;
	return json_object_get_int64(value);
}

static const char *
name_of(struct json_object *object)
{
	struct json_object *value;

	return json_object_object_get_ex(object, "name", &value) ?
	    json_object_get_string(value) : "";
}

/* What plugins have added. */
static void
print_steps(struct json_object *steps, FILE *out)
{
	struct json_object *step;
	size_t i, n = steps != NULL ? json_object_array_length(steps) : 0;

	if (n > 0)
		fprintf(out, "  %-32s %14s %12s %12s %12s\n", "STEP", "RUNS",
		    "REFUSED", "FAILED", "NS EACH");
	for (i = 0; i < n; i++) {
		step = json_object_array_get_idx(steps, i);
		fprintf(out, "  %-32s %14" PRId64 " %12" PRId64 " %12" PRId64
		    " %12" PRId64 "\n", name_of(step),
		    number_of(step, "runs"), number_of(step, "refused"),
		    number_of(step, "failed"), number_of(step, "ns_each"));
	}
}

void
ctl_print_middleware(struct json_object *figures, FILE *out)
{
	struct json_object *parts = NULL, *steps = NULL, *part;
	size_t i;

	(void)json_object_object_get_ex(figures, "parts", &parts);
	(void)json_object_object_get_ex(figures, "steps", &steps);
	fprintf(out, "  %-12s %14s %12s %12s\n", "PART", "RUNS", "REFUSED",
	    "NS EACH");
	for (i = 0; parts != NULL && i < json_object_array_length(parts);
	    i++) {
		part = json_object_array_get_idx(parts, i);
		/* What stands on replies alone has no run of its own. */
		if (number_of(part, "runs") == 0)
			continue;
		fprintf(out, "  %-12s %14" PRId64 " %12" PRId64 " %12" PRId64
		    "\n", name_of(part), number_of(part, "runs"),
		    number_of(part, "refused"), number_of(part, "ns_each"));
	}
	print_steps(steps, out);
	fprintf(out, "requests, of %" PRId64 " that were measured: half "
	    "within %" PRId64 " us, 90%% within %" PRId64 ", 99%% within %"
	    PRId64 "\n", number_of(figures, "samples"),
	    number_of(figures, "p50_us"), number_of(figures, "p90_us"),
	    number_of(figures, "p99_us"));
}

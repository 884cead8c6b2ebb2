/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <xcore/json.h>

#include "loader-version.h"

/* What a runner is told, and the arrays that it points to. */
struct order {
	struct xc_runner_spec spec;
	const char **operations;
	const char **event_operations;
	const char **step_operations;
	char path[4096];
};

/* Steps come behind the events. */
static bool
list_steps(struct xc_version *version, struct order *order, size_t first)
{
	size_t n = version->row.n_steps;

	order->step_operations = calloc(n + 1,
	    sizeof(*order->step_operations));
	if (order->step_operations == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		order->step_operations[i] = version->steps[i].operation_name;
		version->steps[i].operation = (uint32_t)(first + i);
	}
	return true;
}

/* Events come behind the routes: so are their numbers. */
static bool
list_operations(struct xc_version *version, struct order *order)
{
	size_t n = xc_routes_count(version->routes);
	size_t n_events = version->row.n_events;

	order->operations = calloc(n + 1, sizeof(*order->operations));
	order->event_operations = calloc(n_events + 1,
	    sizeof(*order->event_operations));
	if (order->operations == NULL || order->event_operations == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		order->operations[i] = xc_routes_operation(version->routes,
		    i);
	for (size_t i = 0; i < n_events; i++) {
		order->event_operations[i] =
		    version->events[i].operation_name;
		version->events[i].operation = (uint32_t)(n + i);
	}
	return list_steps(version, order, n + n_events);
}

static enum xc_err
make_order(struct xc_version *version, struct json_object *json,
    struct order *order, struct xc_errbuf *errbuf)
{
	struct xc_runner_spec *spec = &order->spec;
	const char *dir = xc_json_string(json, "dir");
	enum xc_err err = xc_version_object_path(json, order->path,
	    sizeof(order->path), errbuf);

	if (err != XC_OK)
		return err;
	if (!list_operations(version, order))
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	spec->plugin = &version->plugin;
	spec->dir = dir != NULL ? dir : "";
	spec->so = order->path;
	spec->so_hash = xc_json_string(json, "so_hash");
	spec->operations = order->operations;
	spec->n_operations = xc_routes_count(version->routes);
	spec->event_operations = order->event_operations;
	spec->n_event_operations = version->row.n_events;
	spec->step_operations = order->step_operations;
	spec->n_step_operations = version->row.n_steps;
	spec->require = version->require;
	return XC_OK;
}

enum xc_err
xc_version_open_runner(struct xc_version *version, struct json_object *json,
    struct xc_errbuf *errbuf)
{
	const struct xc_version_home *home = version->home;
	struct order order = { .operations = NULL };
	enum xc_err err;

	if (home->runner == NULL)
		return xc_fail(errbuf, XC_ERR_UNSUPPORTED, "it is to run at "
		    "the isolation \"%s\", and this process has no "
		    "sandboxes", xc_isolation_name(version->plugin.isolation));
	err = make_order(version, json, &order, errbuf);
	if (err == XC_OK)
		err = home->runner->open(home->runner_ctx, &order.spec,
		    &version->row.runner, errbuf);
	if (err == XC_OK)
		version->row.state = XC_SERVING;
	free(order.operations);
	free(order.event_operations);
	free(order.step_operations);
	return err;
}

/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "prefix.h"
#include "semver.h"
#include "validate.h"

static const struct xc_installed *
find(const struct xc_installed *installed, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(installed[i].name, name) == 0)
			return &installed[i];
	}
	return NULL;
}

/* The prefix of another plugin that overlaps with this one; NULL. */
static const char *
overlapping(const struct xc_installed *other, const char *prefix)
{
	const char *const *theirs = &other->prefix;
	size_t n = 1;

	if (other->manifest != NULL) {
		theirs = other->manifest->prefixes;
		n = other->manifest->n_prefixes;
	}
	for (size_t i = 0; i < n; i++) {
		if (xc_prefix_overlap(theirs[i], prefix))
			return theirs[i];
	}
	return NULL;
}

static enum xc_err
check_prefix(const struct xc_manifest *manifest, const char *prefix,
    const struct xc_installed *installed, size_t n, struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < n; i++) {
		const struct xc_installed *other = &installed[i];
		const char *taken = overlapping(other, prefix);

		if (taken == NULL || strcmp(other->name, manifest->name) == 0)
			continue;
		return xc_fail(errbuf, XC_ERR_EXISTS, "the prefix %s is taken "
		    "by plugin %s %s (%s); give \"prefix\" in plugin.json "
		    "another value, or remove it with: xcore-install remove "
		    "%s", prefix, other->name, other->version, taken,
		    other->name);
	}
	return XC_OK;
}

static enum xc_err
check_required(const struct xc_manifest *manifest,
    const struct xc_requirement *required,
    const struct xc_installed *installed, size_t n, struct xc_errbuf *errbuf)
{
	const struct xc_installed *other = find(installed, n, required->name);

	if (other == NULL)
		return xc_fail(errbuf, XC_ERR_EXISTS, "%s %s requires plugin "
		    "%s %s, which is not installed; install it first",
		    manifest->name, manifest->version, required->name,
		    required->range);
	if (!xc_semver_in_range(other->version, required->range))
		return xc_fail(errbuf, XC_ERR_EXISTS, "%s %s requires plugin "
		    "%s %s, but %s is installed; install a version in that "
		    "range", manifest->name, manifest->version,
		    required->name, required->range, other->version);
	if (!other->enabled)
		return xc_fail(errbuf, XC_ERR_EXISTS, "%s %s requires plugin "
		    "%s, which is disabled; enable it with: xcore-install "
		    "enable %s", manifest->name, manifest->version,
		    required->name, required->name);
	return XC_OK;
}

static const struct xc_requirement *
requirement(const struct xc_manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->n_requires; i++) {
		if (strcmp(manifest->requires[i].name, name) == 0)
			return &manifest->requires[i];
	}
	return NULL;
}

/* Those that require this plugin must still find their range. */
static enum xc_err
check_dependents(const struct xc_manifest *manifest,
    const struct xc_installed *installed, size_t n, struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < n; i++) {
		const struct xc_installed *other = &installed[i];
		const struct xc_requirement *required;

		if (!other->enabled || other->manifest == NULL ||
		    strcmp(other->name, manifest->name) == 0)
			continue;
		required = requirement(other->manifest, manifest->name);
		if (required == NULL || xc_semver_in_range(manifest->version,
		    required->range))
			continue;
		return xc_fail(errbuf, XC_ERR_EXISTS, "plugin %s %s requires "
		    "%s %s, which %s is not; update or disable %s first",
		    other->name, other->version, manifest->name,
		    required->range, manifest->version, other->name);
	}
	return XC_OK;
}

struct circle {
	const struct xc_manifest *start;
	const struct xc_installed *installed;
	size_t n;
	bool *seen;	/* by index of installed */
};

/* Whether the requirements of a manifest lead back to the start. */
static bool
leads_back(struct circle *circle, const struct xc_manifest *manifest)
{
	for (size_t i = 0; i < manifest->n_requires; i++) {
		const struct xc_installed *next = find(circle->installed,
		    circle->n, manifest->requires[i].name);
		size_t at;

		if (strcmp(manifest->requires[i].name,
		    circle->start->name) == 0)
			return true;
		if (next == NULL || next->manifest == NULL)
			continue;
		at = (size_t)(next - circle->installed);
		if (circle->seen[at])
			continue;
		circle->seen[at] = true;
		if (leads_back(circle, next->manifest))
			return true;
	}
	return false;
}

static enum xc_err
check_circle(const struct xc_manifest *manifest,
    const struct xc_installed *installed, size_t n, struct xc_errbuf *errbuf)
{
	struct circle circle = { .start = manifest, .installed = installed,
		.n = n, .seen = calloc(n + 1, sizeof(bool)) };
	bool found;

	if (circle.seen == NULL)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	found = leads_back(&circle, manifest);
	free(circle.seen);
	if (found)
		return xc_fail(errbuf, XC_ERR_EXISTS, "the requirements of "
		    "%s lead back to itself; take \"requires\" out of one of "
		    "the plugins", manifest->name);
	return XC_OK;
}

/* The steps of those that are enabled, this one's among them. */
static size_t
gather_steps(const struct xc_manifest *manifest,
    const struct xc_installed *installed, size_t n,
    struct xc_order_step *steps)
{
	size_t count = 0;

	for (size_t i = 0; i <= n; i++) {
		const struct xc_manifest *one = i == n ? manifest :
		    installed[i].manifest;

		if (one == NULL || (i < n && (!installed[i].enabled ||
		    strcmp(installed[i].name, manifest->name) == 0)))
			continue;
		for (size_t j = 0; j < one->steps.n; j++) {
			if (steps != NULL)
				steps[count] = one->steps.list[j].order;
			count++;
		}
	}
	return count;
}

/* Each step finds its place among those of all plugins. */
static enum xc_err
check_steps(const struct xc_manifest *manifest,
    const struct xc_installed *installed, size_t n, struct xc_errbuf *errbuf)
{
	size_t count = gather_steps(manifest, installed, n, NULL);
	struct xc_order_step *steps;
	enum xc_err err;
	size_t *order;

	if (manifest->steps.n == 0)
		return XC_OK;
	steps = calloc(count, sizeof(*steps));
	order = calloc(count, sizeof(*order));
	if (steps == NULL || order == NULL) {
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	} else {
		gather_steps(manifest, installed, n, steps);
		err = xc_step_order(steps, count, order, NULL, errbuf);
	}
	free(steps);
	free(order);
	return err;
}

enum xc_err
xc_validate_site(const struct xc_manifest *manifest,
    const struct xc_installed *installed, size_t n, struct xc_errbuf *errbuf)
{
	enum xc_err err = XC_OK;

	for (size_t i = 0; err == XC_OK && i < manifest->n_prefixes; i++)
		err = check_prefix(manifest, manifest->prefixes[i], installed,
		    n, errbuf);
	for (size_t i = 0; err == XC_OK && i < manifest->n_requires; i++)
		err = check_required(manifest, &manifest->requires[i],
		    installed, n, errbuf);
	if (err == XC_OK)
		err = check_dependents(manifest, installed, n, errbuf);
	if (err == XC_OK)
		err = check_circle(manifest, installed, n, errbuf);
	if (err == XC_OK)
		err = check_steps(manifest, installed, n, errbuf);
	return err;
}

enum xc_err
xc_validate_removal(const char *name, const struct xc_installed *installed,
    size_t n, struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < n; i++) {
		const struct xc_installed *other = &installed[i];

		if (!other->enabled || other->manifest == NULL ||
		    strcmp(other->name, name) == 0 ||
		    requirement(other->manifest, name) == NULL)
			continue;
		return xc_fail(errbuf, XC_ERR_EXISTS, "plugin %s %s requires "
		    "%s; disable it first: xcore-install disable %s",
		    other->name, other->version, name, other->name);
	}
	return XC_OK;
}

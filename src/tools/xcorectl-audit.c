/* SPDX-License-Identifier: MIT */
/* The audit log for xcorectl(8). */
#include <string.h>

#include <json-c/json.h>

#include <xcore/json.h>

#include "manager/manager.h"
#include "services/admin/audit.h"
#include "tools/xcorectl-identity.h"

static void
print_row(struct json_object *row)
{
	static const char *const names[] = { "before", "after" };

	ctl_print_member(row, "seq", 7);
	putchar(' ');
	ctl_print_member(row, "at", 24);
	putchar(' ');
	ctl_print_member(row, "actor", 20);
	putchar(' ');
	ctl_print_member(row, "action", 16);
	putchar(' ');
	ctl_print_member(row, "target", 0);
	putchar('\n');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct json_object *value = xc_json_member(row, names[i]);

		if (value == NULL)
			continue;
		printf("        %-6s ", names[i]);
		ctl_print_text(json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		    0);
		putchar('\n');
	}
}

static int
list_audit(struct ctl_site *site)
{
	struct json_object *args = ctl_page_args(site), *result, *items;
	int status;

	ctl_add_text(site, args, "actor", CTL_ACTOR);
	ctl_add_text(site, args, "action", CTL_ACTION);
	status = ctl_desk(site, "admin.audit", args, &result);
	if (status != XC_EXIT_OK)
		return status;
	if (site->ctl->json)
		return ctl_done(site->ctl, result, NULL);
	items = xc_json_member(result, "items");
	for (size_t i = 0; i < json_object_array_length(items); i++)
		print_row(json_object_array_get_idx(items, i));
	ctl_print_pagination(result);
	return ctl_done(site->ctl, result, NULL);
}

static int
verify(struct ctl_site *site)
{
	struct xc_audit_verdict verdict;
	struct xc_errbuf errbuf = { "" };
	struct json_object *data;
	bool proven = site->identity.ring != NULL && xc_keyring_active(
	    site->identity.ring, "audit") != NULL;
	enum xc_err err = xc_audit_verify(site->identity.store,
	    site->identity.ring, &verdict, &errbuf);

	if (err != XC_OK)
		return ctl_fail(site->ctl, err == XC_ERR_INVALID ?
		    XC_EXIT_INVALID : XC_EXIT_FAILED, "%s", errbuf.text);
	data = json_object_new_object();
	json_object_object_add(data, "rows",
	    json_object_new_int64((int64_t)verdict.rows));
	json_object_object_add(data, "signed",
	    json_object_new_boolean(proven));
	if (!site->ctl->json)
		printf("%llu rows, none changed or missing%s\n",
		    (unsigned long long)verdict.rows, proven ? "" : "; there "
		    "is no key that signs the last one, so who may write the "
		    "table could have made all of it anew");
	return ctl_done(site->ctl, data, NULL);
}

int
ctl_audit(struct xc_ctl *ctl)
{
	static const struct ctl_verb verbs[] = {
		{ "list", list_audit, 0, 0, CTL_BIT(CTL_PAGE) |
		    CTL_BIT(CTL_PER_PAGE) | CTL_BIT(CTL_SEARCH) |
		    CTL_BIT(CTL_ACTOR) | CTL_BIT(CTL_ACTION),
		    "audit list [--actor NAME] [--action ACT] "
		    "[--search TARGET] [--page N] [--per-page N]" },
		{ "verify", verify, 0, 0, 0, "audit verify" },
		{ NULL, NULL, 0, 0, 0, NULL }
	};

	return ctl_verbs(ctl, verbs);
}

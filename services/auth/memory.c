/* SPDX-License-Identifier: MIT */
/*
 * What users may, remembered by this process.  The rows that say so have
 * revisions, which each check reads anyway: what was made from an older state
 * is not used.
 */
#include "auth-private.h"

#include <stdlib.h>
#include <string.h>

#include "services/admin/admin.h"

#define SLOTS 1024		/* users; two of one slot take turns */

struct slot {
	struct xc_grants_key key;
	char *grants;		/* NULL: empty */
};

struct xc_auth_memory {
	struct slot slots[SLOTS];
};

enum xc_err
xc_auth_memory_new(struct xc_auth_memory **memory_r)
{
	*memory_r = calloc(1, sizeof(**memory_r));
	return *memory_r != NULL ? XC_OK : XC_ERR_NOMEM;
}

void
xc_auth_memory_free(struct xc_auth_memory **memory)
{
	if (*memory == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free((*memory)->slots[i].grants);
	free(*memory);
	*memory = NULL;
}

static bool
is_same(const struct xc_grants_key *a, const struct xc_grants_key *b)
{
	return a->user_id == b->user_id &&
	    a->user_revision == b->user_revision && a->revision == b->revision;
}

enum xc_err
xc_auth_grants(struct xc_auth *auth, const struct xc_grants_key *key,
    const char **grants_r)
{
	struct slot *slot =
	    &auth->memory->slots[(uint64_t)key->user_id % SLOTS];
	char *grants = NULL;
	enum xc_err err;

	*grants_r = "";
	if (slot->grants != NULL && is_same(&slot->key, key)) {
		*grants_r = slot->grants;
		return XC_OK;
	}
	err = xc_user_grants(auth->of.store, key->user_id, &grants);
	if (err != XC_OK)
		return err;
	free(slot->grants);
	slot->grants = grants;
	slot->key = *key;
	*grants_r = grants;
	return XC_OK;
}

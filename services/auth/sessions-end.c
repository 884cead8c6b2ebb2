/* SPDX-License-Identifier: MIT */
/* Ends sessions; apart, for programs that begin none. */
#include "auth-private.h"

enum xc_err
xc_sessions_end(struct xc_store *store, int64_t user_id, const char *but,
    uint64_t *n_r)
{
	unsigned char id[XC_SESSION_ID_LEN] = { 0 };
	struct xc_db_result result = { 0 };
	struct xc_value keep_id;
	enum xc_err err;

	if (n_r != NULL)
		*n_r = 0;
	/* No session has the id that is all zeros: 2^-128. */
	if (but != NULL && *but != '\0' &&
	    xc_hex_read(but, id, sizeof(id)) != XC_OK)
		return XC_ERR_INVALID;
	keep_id = xc_blob(id, sizeof(id));
	err = xc_store_exec(store, NULL, "DELETE r FROM xc_refresh r JOIN "
	    "xc_session s ON s.id = r.session_id WHERE s.user_id = ? AND "
	    "s.id <> ?", XC_ARGS(xc_int(user_id), keep_id));
	if (err == XC_OK)
		err = xc_store_exec(store, &result, "DELETE FROM xc_session "
		    "WHERE user_id = ? AND id <> ?",
		    XC_ARGS(xc_int(user_id), keep_id));
	/* Nor does a login go on that had its first half before. */
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "DELETE FROM xc_login WHERE "
		    "user_id = ?", XC_ARGS(xc_int(user_id)));
	/* Nor is a browser known that has logged in before. */
	if (err == XC_OK)
		err = xc_store_exec(store, NULL, "UPDATE xc_user SET "
		    "devices_revision = devices_revision + 1 WHERE id = ?",
		    XC_ARGS(xc_int(user_id)));
	if (n_r != NULL)
		*n_r = result.affected;
	return err;
}

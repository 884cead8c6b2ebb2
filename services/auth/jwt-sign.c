/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <jwt.h>

#include "services/auth/jwt-sign.h"

static int
fill(jwt_t *jwt, const struct xc_jwt_draft *draft)
{
	const struct xc_jwt_text *text;
	const struct xc_jwt_number *number;
	int code = jwt_add_header(jwt, "kid", draft->key_id);

	for (text = draft->texts; code == 0 && text->name != NULL; text++)
		code = jwt_add_grant(jwt, text->name, text->text);
	for (number = draft->numbers; code == 0 && number->name != NULL;
	    number++)
		code = jwt_add_grant_int(jwt, number->name, number->number);
	if (code == 0)
		code = jwt_set_alg(jwt, jwt_str_alg(draft->algorithm),
		    draft->key, draft->key_len);
	return code;
}

char *
xc_jwt_encode(const struct xc_jwt_draft *draft)
{
	jwt_t *jwt = NULL;
	char *token = NULL;

	if (draft->key == NULL || draft->key_len <= 0 || jwt_new(&jwt) != 0)
		return NULL;
	if (fill(jwt, draft) == 0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	return token;
}

bool
xc_jwt_is_signed(const char *token, const char *algorithm,
    const unsigned char *key, int key_len)
{
	jwt_t *jwt = NULL;
	bool good;

	/* Without a key libjwt decodes whatever it is given. */
	if (key == NULL || key_len <= 0 ||
	    jwt_decode(&jwt, token, key, key_len) != 0)
		return false;
	good = jwt_get_alg(jwt) != JWT_ALG_NONE &&
	    jwt_get_alg(jwt) == jwt_str_alg(algorithm);
	jwt_free(jwt);
	return good;
}

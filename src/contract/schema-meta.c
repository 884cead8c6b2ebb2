/* SPDX-License-Identifier: MIT AND BSD-3-Clause */
/*
 * The metaschemas of the draft, for schemas that refer to them.  They are
 * part of the specification, whose authors give them under the 3-clause BSD
 * licence, see LICENSE.metaschemas; comments and titles are left out.
 */
#include <string.h>

#include "schema-private.h"

static const struct {
	const char *name;	/* behind DRAFT_URI */
	const char *text;
} metas[] = {
	{ "schema",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/schema\","
	    "\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/voc"
	    "ab/core\":true,\"https://json-schema.org/draft/2020-12/vocab"
	    "/applicator\":true,\"https://json-schema.org/draft/2020-12/v"
	    "ocab/unevaluated\":true,\"https://json-schema.org/draft/2020"
	    "-12/vocab/validation\":true,\"https://json-schema.org/draft/"
	    "2020-12/vocab/meta-data\":true,\"https://json-schema.org/dra"
	    "ft/2020-12/vocab/format-annotation\":true,\"https://json-sch"
	    "ema.org/draft/2020-12/vocab/content\":true},\"$dynamicAnchor"
	    "\":\"meta\",\"allOf\":[{\"$ref\":\"meta/core\"},{\"$ref\":\""
	    "meta/applicator\"},{\"$ref\":\"meta/unevaluated\"},{\"$ref\""
	    ":\"meta/validation\"},{\"$ref\":\"meta/meta-data\"},{\"$ref"
	    "\":\"meta/format-annotation\"},{\"$ref\":\"meta/content\"}],"
	    "\"type\":[\"object\",\"boolean\"],\"properties\":{\"definiti"
	    "ons\":{\"type\":\"object\",\"additionalProperties\":{\"$dyna"
	    "micRef\":\"#meta\"},\"deprecated\":true,\"default\":{}},\"de"
	    "pendencies\":{\"type\":\"object\",\"additionalProperties\":{"
	    "\"anyOf\":[{\"$dynamicRef\":\"#meta\"},{\"$ref\":\"meta/vali"
	    "dation#/$defs/stringArray\"}]},\"deprecated\":true,\"default"
	    "\":{}},\"$recursiveAnchor\":{\"$ref\":\"meta/core#/$defs/anc"
	    "horString\",\"deprecated\":true},\"$recursiveRef\":{\"$ref\""
	    ":\"meta/core#/$defs/uriReferenceString\",\"deprecated\":true"
	    "}}}" },
	{ "meta/core",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/core"
	    "\",\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/"
	    "vocab/core\":true},\"$dynamicAnchor\":\"meta\",\"type\":[\"o"
	    "bject\",\"boolean\"],\"properties\":{\"$id\":{\"$ref\":\"#/$"
	    "defs/uriReferenceString\",\"pattern\":\"^[^#]*#?$\"},\"$sche"
	    "ma\":{\"$ref\":\"#/$defs/uriString\"},\"$ref\":{\"$ref\":\"#"
	    "/$defs/uriReferenceString\"},\"$anchor\":{\"$ref\":\"#/$defs"
	    "/anchorString\"},\"$dynamicRef\":{\"$ref\":\"#/$defs/uriRefe"
	    "renceString\"},\"$dynamicAnchor\":{\"$ref\":\"#/$defs/anchor"
	    "String\"},\"$vocabulary\":{\"type\":\"object\",\"propertyNam"
	    "es\":{\"$ref\":\"#/$defs/uriString\"},\"additionalProperties"
	    "\":{\"type\":\"boolean\"}},\"$comment\":{\"type\":\"string\""
	    "},\"$defs\":{\"type\":\"object\",\"additionalProperties\":{"
	    "\"$dynamicRef\":\"#meta\"}}},\"$defs\":{\"anchorString\":{\""
	    "type\":\"string\",\"pattern\":\"^[A-Za-z_][-A-Za-z0-9._]*$\""
	    "},\"uriString\":{\"type\":\"string\",\"format\":\"uri\"},\"u"
	    "riReferenceString\":{\"type\":\"string\",\"format\":\"uri-re"
	    "ference\"}}}" },
	{ "meta/applicator",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/appl"
	    "icator\",\"$vocabulary\":{\"https://json-schema.org/draft/20"
	    "20-12/vocab/applicator\":true},\"$dynamicAnchor\":\"meta\","
	    "\"type\":[\"object\",\"boolean\"],\"properties\":{\"prefixIt"
	    "ems\":{\"$ref\":\"#/$defs/schemaArray\"},\"items\":{\"$dynam"
	    "icRef\":\"#meta\"},\"contains\":{\"$dynamicRef\":\"#meta\"},"
	    "\"additionalProperties\":{\"$dynamicRef\":\"#meta\"},\"prope"
	    "rties\":{\"type\":\"object\",\"additionalProperties\":{\"$dy"
	    "namicRef\":\"#meta\"},\"default\":{}},\"patternProperties\":"
	    "{\"type\":\"object\",\"additionalProperties\":{\"$dynamicRef"
	    "\":\"#meta\"},\"propertyNames\":{\"format\":\"regex\"},\"def"
	    "ault\":{}},\"dependentSchemas\":{\"type\":\"object\",\"addit"
	    "ionalProperties\":{\"$dynamicRef\":\"#meta\"},\"default\":{}"
	    "},\"propertyNames\":{\"$dynamicRef\":\"#meta\"},\"if\":{\"$d"
	    "ynamicRef\":\"#meta\"},\"then\":{\"$dynamicRef\":\"#meta\"},"
	    "\"else\":{\"$dynamicRef\":\"#meta\"},\"allOf\":{\"$ref\":\"#"
	    "/$defs/schemaArray\"},\"anyOf\":{\"$ref\":\"#/$defs/schemaAr"
	    "ray\"},\"oneOf\":{\"$ref\":\"#/$defs/schemaArray\"},\"not\":"
	    "{\"$dynamicRef\":\"#meta\"}},\"$defs\":{\"schemaArray\":{\"t"
	    "ype\":\"array\",\"minItems\":1,\"items\":{\"$dynamicRef\":\""
	    "#meta\"}}}}" },
	{ "meta/unevaluated",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/unev"
	    "aluated\",\"$vocabulary\":{\"https://json-schema.org/draft/2"
	    "020-12/vocab/unevaluated\":true},\"$dynamicAnchor\":\"meta\""
	    ",\"type\":[\"object\",\"boolean\"],\"properties\":{\"unevalu"
	    "atedItems\":{\"$dynamicRef\":\"#meta\"},\"unevaluatedPropert"
	    "ies\":{\"$dynamicRef\":\"#meta\"}}}" },
	{ "meta/validation",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/vali"
	    "dation\",\"$vocabulary\":{\"https://json-schema.org/draft/20"
	    "20-12/vocab/validation\":true},\"$dynamicAnchor\":\"meta\","
	    "\"type\":[\"object\",\"boolean\"],\"properties\":{\"type\":{"
	    "\"anyOf\":[{\"$ref\":\"#/$defs/simpleTypes\"},{\"type\":\"ar"
	    "ray\",\"items\":{\"$ref\":\"#/$defs/simpleTypes\"},\"minItem"
	    "s\":1,\"uniqueItems\":true}]},\"const\":true,\"enum\":{\"typ"
	    "e\":\"array\",\"items\":true},\"multipleOf\":{\"type\":\"num"
	    "ber\",\"exclusiveMinimum\":0},\"maximum\":{\"type\":\"number"
	    "\"},\"exclusiveMaximum\":{\"type\":\"number\"},\"minimum\":{"
	    "\"type\":\"number\"},\"exclusiveMinimum\":{\"type\":\"number"
	    "\"},\"maxLength\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},"
	    "\"minLength\":{\"$ref\":\"#/$defs/nonNegativeIntegerDefault0"
	    "\"},\"pattern\":{\"type\":\"string\",\"format\":\"regex\"},"
	    "\"maxItems\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},\"min"
	    "Items\":{\"$ref\":\"#/$defs/nonNegativeIntegerDefault0\"},\""
	    "uniqueItems\":{\"type\":\"boolean\",\"default\":false},\"max"
	    "Contains\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},\"minCo"
	    "ntains\":{\"$ref\":\"#/$defs/nonNegativeInteger\",\"default"
	    "\":1},\"maxProperties\":{\"$ref\":\"#/$defs/nonNegativeInteg"
	    "er\"},\"minProperties\":{\"$ref\":\"#/$defs/nonNegativeInteg"
	    "erDefault0\"},\"required\":{\"$ref\":\"#/$defs/stringArray\""
	    "},\"dependentRequired\":{\"type\":\"object\",\"additionalPro"
	    "perties\":{\"$ref\":\"#/$defs/stringArray\"}}},\"$defs\":{\""
	    "nonNegativeInteger\":{\"type\":\"integer\",\"minimum\":0},\""
	    "nonNegativeIntegerDefault0\":{\"$ref\":\"#/$defs/nonNegative"
	    "Integer\",\"default\":0},\"simpleTypes\":{\"enum\":[\"array"
	    "\",\"boolean\",\"integer\",\"null\",\"number\",\"object\",\""
	    "string\"]},\"stringArray\":{\"type\":\"array\",\"items\":{\""
	    "type\":\"string\"},\"uniqueItems\":true,\"default\":[]}}}" },
	{ "meta/meta-data",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/meta"
	    "-data\",\"$vocabulary\":{\"https://json-schema.org/draft/202"
	    "0-12/vocab/meta-data\":true},\"$dynamicAnchor\":\"meta\",\"t"
	    "ype\":[\"object\",\"boolean\"],\"properties\":{\"title\":{\""
	    "type\":\"string\"},\"description\":{\"type\":\"string\"},\"d"
	    "efault\":true,\"deprecated\":{\"type\":\"boolean\",\"default"
	    "\":false},\"readOnly\":{\"type\":\"boolean\",\"default\":fal"
	    "se},\"writeOnly\":{\"type\":\"boolean\",\"default\":false},"
	    "\"examples\":{\"type\":\"array\",\"items\":true}}}" },
	{ "meta/format-annotation",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/form"
	    "at-annotation\",\"$vocabulary\":{\"https://json-schema.org/d"
	    "raft/2020-12/vocab/format-annotation\":true},\"$dynamicAncho"
	    "r\":\"meta\",\"type\":[\"object\",\"boolean\"],\"properties"
	    "\":{\"format\":{\"type\":\"string\"}}}" },
	{ "meta/format-assertion",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/form"
	    "at-assertion\",\"$vocabulary\":{\"https://json-schema.org/dr"
	    "aft/2020-12/vocab/format-assertion\":true},\"$dynamicAnchor"
	    "\":\"meta\",\"type\":[\"object\",\"boolean\"],\"properties\""
	    ":{\"format\":{\"type\":\"string\"}}}" },
	{ "meta/content",
	    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema"
	    "\",\"$id\":\"https://json-schema.org/draft/2020-12/meta/cont"
	    "ent\",\"$vocabulary\":{\"https://json-schema.org/draft/2020-"
	    "12/vocab/content\":true},\"$dynamicAnchor\":\"meta\",\"type"
	    "\":[\"object\",\"boolean\"],\"properties\":{\"contentEncodin"
	    "g\":{\"type\":\"string\"},\"contentMediaType\":{\"type\":\"s"
	    "tring\"},\"contentSchema\":{\"$dynamicRef\":\"#meta\"}}}" },
};

const char *
xc_schema_meta(const char *uri)
{
	size_t len = strlen(DRAFT_URI);
	size_t i;

	if (strncmp(uri, DRAFT_URI, len) != 0)
		return NULL;
	for (i = 0; i < sizeof(metas) / sizeof(metas[0]); i++)
		if (strcmp(uri + len, metas[i].name) == 0)
			return metas[i].text;
	return NULL;
}

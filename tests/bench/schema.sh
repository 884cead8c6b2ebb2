#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Validations a second of a todo of 1 KB and an array of 100 KB, beside
# python3-jsonschema and Ajv, in one run:
#
#	tests/bench/schema.sh PROGRAM [SECONDS]
#
# PROGRAM is what schema.c is built to.  AJV_MODULES names a folder in which
# `npm install ajv ajv-formats` was run; without it Ajv is left out, as
# python is where jsonschema is not there.
set -u

program=${1:?usage: schema.sh PROGRAM [SECONDS]}
seconds=${2:-2}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

cat >"$work/schema.json" <<'END'
{"$schema": "https://json-schema.org/draft/2020-12/schema",
 "$ref": "#/$defs/any",
 "$defs": {
  "any": {"if": {"type": "array"},
   "then": {"items": {"$ref": "#/$defs/todo"}, "maxItems": 1000},
   "else": {"$ref": "#/$defs/todo"}},
  "todo": {"type": "object", "additionalProperties": false,
   "required": ["id", "title", "done"],
   "properties": {
    "id": {"type": "integer", "minimum": 1},
    "title": {"type": "string", "minLength": 1, "maxLength": 200},
    "done": {"type": "boolean"},
    "priority": {"enum": [1, 2, 3, 4, 5]},
    "ratio": {"type": "number", "minimum": 0, "maximum": 1},
    "tags": {"type": "array", "maxItems": 10, "uniqueItems": true,
     "items": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"}},
    "due": {"type": ["string", "null"], "format": "date-time"},
    "notes": {"type": "string", "maxLength": 5000},
    "owner": {"type": "object", "required": ["name"],
     "properties": {"name": {"type": "string"},
      "email": {"type": "string", "format": "email"}}},
    "links": {"type": "array",
     "items": {"type": "string", "format": "uri"}}}}}}
END

todo() { # ID NOTES
	printf '{"id":%d,"title":"Buy milk and bread for the weekend",' "$1"
	printf '"done":false,"priority":3,"tags":["home","shopping"],'
	printf '"ratio":0.25,"due":"2026-12-01T10:00:00Z","notes":"%s",' "$2"
	printf '"owner":{"name":"Ann","email":"ann@example.org"},"links":'
	printf '["https://example.org/a","https://example.org/b"]}'
}
words='The quick brown fox jumps over the lazy dog and goes home again. '
todo 12345 "$words$words$words$words$words$words$words$words$words$words" \
    >"$work/todo.json"
{
	printf '['
	for ((i = 1; i <= 320; i++)); do
		((i == 1)) || printf ','
		todo "$i" short
	done
	printf ']'
} >"$work/array.json"
files=("$work/todo.json" "$work/array.json")

"$program" "$work/schema.json" "$seconds" "${files[@]}" || exit 1

cat >"$work/bench.py" <<'END'
import json, sys, time
try:
    import jsonschema
    kind = jsonschema.Draft202012Validator
except (ImportError, AttributeError):
    sys.exit("python: no jsonschema with draft 2020-12, left out")
schema = json.load(open(sys.argv[1]))
validator = kind(schema, format_checker=jsonschema.FormatChecker())
seconds = float(sys.argv[2])

def measure(fn):
    n, start = 0, time.monotonic()
    while time.monotonic() - start < seconds:
        fn()
        n += 1
    return n / (time.monotonic() - start)

for path in sys.argv[3:]:
    text = open(path).read()
    value = json.loads(text)
    if not validator.is_valid(value):
        sys.exit("python: not valid")
    print("python-jsonschema: %d bytes: scan %.0f/s, check %.0f/s, "
          "both %.0f/s" % (len(text), measure(lambda: json.loads(text)),
          measure(lambda: validator.is_valid(value)),
          measure(lambda: validator.is_valid(json.loads(text)))))
END
python3 "$work/bench.py" "$work/schema.json" "$seconds" "${files[@]}"

[[ -n ${AJV_MODULES:-} ]] || { echo "Ajv: AJV_MODULES is not set, left out"
	exit 0; }
cat >"$work/bench.js" <<'END'
const fs = require("fs");
const Ajv = require(process.env.AJV_MODULES + "/ajv/dist/2020").default;
const formats = require(process.env.AJV_MODULES + "/ajv-formats").default;
const [schema, seconds, ...files] = process.argv.slice(2);
const ajv = new Ajv({ allowUnionTypes: true });
formats(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, "utf8")));
function measure(fn) {
	let n = 0, start = process.hrtime.bigint(), took = 0;
	for (let i = 0; i < 2000; i++) fn();
	start = process.hrtime.bigint();
	do {
		for (let i = 0; i < 16; i++) fn();
		n += 16;
		took = Number(process.hrtime.bigint() - start) / 1e9;
	} while (took < Number(seconds));
	return (n / took).toFixed(0);
}
for (const file of files) {
	const text = fs.readFileSync(file, "utf8");
	const value = JSON.parse(text);
	if (!validate(value)) throw new Error(JSON.stringify(validate.errors));
	console.log(`Ajv: ${text.length} bytes: scan ${measure(() =>
	    JSON.parse(text))}/s, check ${measure(() => validate(value))}/s, ` +
	    `both ${measure(() => validate(JSON.parse(text)))}/s`);
}
END
node "$work/bench.js" "$work/schema.json" "$seconds" "${files[@]}"

# SPDX-License-Identifier: MIT
# Writes JSON files, NAME.schema.json, as C: a table of names and texts.
function name_of(path) {
	sub(/^.*\//, "", path)
	sub(/\.schema\.json$/, "", path)
	return path
}

BEGIN {
	print "/* Made from the *.schema.json; do not edit. */"
	print "#include \"contract/embedded.h\""
	print ""
	print "const struct xc_embedded xc_embedded[] = {"
}

FNR == 1 {
	if (NR > 1)
		print "\t},"
	printf "\t{ \"%s\",\n", name_of(FILENAME)
}

{
	gsub(/^\t+/, "")
	gsub(/\\/, "&&")
	gsub(/"/, "\\\\&")
	gsub(/\t/, " ")
	printf "\t    \"%s\\n\"\n", $0
}

END {
	if (NR > 0)
		print "\t},"
	print "\t{ NULL, NULL }"
	print "};"
}

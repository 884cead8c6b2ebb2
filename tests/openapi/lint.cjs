// SPDX-License-Identifier: MIT
// Holds OpenAPI documents against two linters: the one of `redocly lint`, by
// its recommended rules, and swagger-parser, by the schema of OpenAPI itself.
//
//	node lint.cjs FILE...
//
// One line for each fault, "warning" or "error" first; the status is 1 if there
// was an error.
"use strict";

const { createConfig, lint } = require("@redocly/openapi-core");
const SwaggerParser = require("@apidevtools/swagger-parser");

function tell(severity, file, rule, message) {
	console.log(`${severity} ${file}: ${rule}: ${message}`);
	if (severity === "error")
		process.exitCode = 1;
}

async function redocly(file, config) {
	for (const fault of await lint({ ref: file, config })) {
		if (fault.ignored)
			continue;
		const where = fault.location[0].pointer || "";
		tell(fault.severity === "error" ? "error" : "warning", file,
		    fault.ruleId, `${where} ${fault.message}`);
	}
}

async function swagger(file) {
	try {
		await SwaggerParser.validate(file);
	} catch (fault) {
		tell("error", file, "swagger-parser", fault.message);
	}
}

async function main(files) {
	const config = await createConfig({ extends: ["recommended"] });

	for (const file of files) {
		await redocly(file, config);
		await swagger(file);
	}
}

main(process.argv.slice(2)).catch((fault) => {
	console.log(`error ${fault.stack}`);
	process.exitCode = 1;
});

// SPDX-License-Identifier: MIT
"use strict";

// Swagger UI puts a link into the button that opens an operation, where
// neither can be reached for sure.  The button alone sets the address too.
const PlainNames = (system) => ({
	wrapComponents: {
		DeepLink: () => (props) =>
			system.React.createElement("span", null, props.text),
	},
});

// What Swagger UI shows to eyes only: fields, buttons and regions without a
// name, or with one that is not what they show.
const NAMES = [
	["#servers", "Server"],
	[".information-container", "About", "region"],
	[".scheme-container", "Server and authorization", "region"],
	[".opblock-section-request-body .body-param-content-type select",
	    "Media type of the request"],
	["textarea.body-param__text", "Body of the request"],
	[".close-modal", "Close"],
	[".auth-btn-wrapper button", null],
];

function parameterName(field) {
	const row = field.closest("tr[data-param-name]");

	return `${row.dataset.paramName} (${row.dataset.paramIn})`;
}

function operationName(part) {
	const operation = part.closest(".opblock");
	const path = operation.querySelector(".opblock-summary-path");

	return `Responses of ${path.dataset.path}, ` +
	    operation.querySelector(".opblock-summary-method").textContent;
}

function setName(part, name, role) {
	if (part.getAttribute("aria-label") === name)
		return;
	if (name === null)
		part.removeAttribute("aria-label");
	else
		part.setAttribute("aria-label", name);
	if (role)
		part.setAttribute("role", role);
}

function nameAll() {
	for (const [selector, name, role] of NAMES)
		for (const part of document.querySelectorAll(selector))
			setName(part, name, role);
	for (const field of document.querySelectorAll("tr[data-param-name] " +
	    ":is(input, select, textarea)"))
		setName(field, parameterName(field));
	for (const table of document.querySelectorAll(".responses-table"))
		setName(table, operationName(table));
}

const place = document.getElementById("operations");

new MutationObserver(nameAll).observe(place,
    { childList: true, subtree: true });

// What stands behind "#" in the address is the operation that is open; a
// plain link would take its place.
document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault();
	place.focus();
});

const ui = SwaggerUIBundle({
	url: "/openapi.json",
	domNode: place,
	deepLinking: true,
	displayRequestDuration: true,
	plugins: [PlainNames],
	// Credentials are forgotten when the page is left.
	persistAuthorization: false,
	// Else the document would be sent to a server of Swagger UI's maker.
	validatorUrl: null,
	onComplete() {
		const title = ui.specSelectors.info().get("title");

		if (title)
			document.title = `${title} – operations`;
	},
});

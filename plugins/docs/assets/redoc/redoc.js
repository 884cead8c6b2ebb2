// SPDX-License-Identifier: MIT
import { init } from "/redoc/redoc.standalone.js";

const place = document.getElementById("operations");

// The address after "#" is that of an operation, so a plain link would lose it.
document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault();
	place.focus();
});

// ReDoc would make its search's worker of text, and takes none where that is
// forbidden, as it is here.  That there are no workers, it believes unasked.
window.Worker = undefined;

// The search is opened by a click or by Ctrl+K; not everybody has a mouse, or
// knows of the latter.
function openByKeys() {
	const search = document.querySelector('[data-testid="search-trigger"]');

	if (!search || search.tabIndex === 0)
		return;
	search.tabIndex = 0;
	search.setAttribute("role", "button");
	search.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" && event.key !== " ")
			return;
		event.preventDefault();
		search.firstElementChild.click();
	});
}

new MutationObserver(openByKeys).observe(place,
    { childList: true, subtree: true });

init("/openapi.json", { disableTelemetry: true }, place);

// SPDX-License-Identifier: MIT
// Swagger UI has a dark mode, but leaves it to the page when it is on.
// Loaded before the page is painted, so that it does not flash.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");

function follow() {
	document.documentElement.classList.toggle("dark-mode", dark.matches);
}

dark.addEventListener("change", follow);
follow();

// SPDX-License-Identifier: MIT
// A browser, pages in it that note what they should not do, and what is
// asked of them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url)
    .resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

export function equal(what, want, got) {
	if (JSON.stringify(want) === JSON.stringify(got)) {
		console.log(`ok    ${what}`);
		return;
	}
	console.log(`FAILED ${what}\n       wanted: ${JSON.stringify(want)}` +
	    `\n       got:    ${JSON.stringify(got)}`);
}

// With its own sandbox where the host lets it have one.
export async function launch() {
	const executablePath = process.env.CHROMIUM;

	try {
		return await chromium.launch({ executablePath,
		    chromiumSandbox: true });
	} catch (err) {
		console.log("note: the browser has no sandbox of its own here");
		return await chromium.launch({ executablePath,
		    chromiumSandbox: false });
	}
}

// What a page should not do is noted in its `faults`.
export async function open(browser, url, options = {}) {
	const context = await browser.newContext({
	    viewport: { width: 1280, height: 900 }, ...options });
	const page = await context.newPage();
	const own = new URL(url).origin;

	page.faults = [];
	await context.exposeFunction("noteViolation", (text) =>
	    page.faults.push(`the policy forbade ${text}`));
	await context.addInitScript(() =>
	    document.addEventListener("securitypolicyviolation", (event) =>
		window.noteViolation(`${event.effectiveDirective} ` +
		    `${event.blockedURI} ${event.sample}`)));
	// Of answers with an error, which are tried here, the browser tells by
	// itself; of "_" in a name, Swagger UI, whenever the address has one.
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()) &&
		    !/status of [45]\d\d|escaping deep link/.test(message.text()))
			page.faults.push(`console: ${message.text()}`);
	});
	page.on("pageerror", (err) => page.faults.push(`thrown: ${err}`));
	page.on("request", (request) => {
		if (!request.url().startsWith(`${own}/`) &&
		    !request.url().startsWith("data:"))
			page.faults.push(`asked elsewhere: ${request.url()}`);
	});
	await page.goto(url);
	return page;
}

export async function close(page, what) {
	equal(`${what}: nothing from elsewhere, nothing forbidden, no error`,
	    [], page.faults);
	await page.context().close();
}

// What WCAG 2.2 AA forbids and a program can find.
export async function readable(page, what) {
	const faults = page.faults.length;

	await page.evaluate(axe);
	const found = await page.evaluate((tags) =>
	    window.axe.run({ runOnly: tags }), WCAG);
	// What axe itself does is not the page's.
	page.faults.length = faults;
	equal(`${what}: can be read (WCAG 2.2 AA)`, [],
	    found.violations.flatMap((rule) => rule.nodes.slice(0, 3).map(
	    (node) => `${rule.id}: ${node.target.join(" ")}: ` +
	    (node.any[0] ?? node.all[0] ?? node.none[0])?.message)));
}

export async function shoot(page, name, options = {}) {
	await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`,
	    ...options });
}

// Presses Tab until what a selector says has the focus; the presses it took,
// 0 if it is not reached.
export async function tabTo(page, selector, most = 80) {
	for (let n = 1; n <= most; n++) {
		await page.keyboard.press("Tab");
		if (await page.evaluate((want) =>
		    document.activeElement.matches(want), selector))
			return n;
	}
	return 0;
}

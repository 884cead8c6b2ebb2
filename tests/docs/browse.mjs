// SPDX-License-Identifier: MIT
// Reads and uses the pages as people do.  Called by tests/docs/run.
import { execFileSync } from "node:child_process";
import { close, equal, launch, open, readable, shoot, tabTo }
    from "./page.mjs";

const url = process.env.URL;
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch",
    "trace"];

async function operations() {
	const document = await (await fetch(`${url}/openapi.json`)).json();

	return Object.values(document.paths).flatMap((item) =>
	    METHODS.filter((method) => item[method])
	    .map((method) => item[method].operationId)).sort();
}

const operation = (page, id) => page.locator(`.opblock[id$="-${id}"]`);

// Opens an operation of Swagger UI, and what it takes to try it.
async function prepare(page, id) {
	const block = operation(page, id);

	await block.locator(".opblock-summary-control").click();
	await block.locator(".try-out__btn").click();
	return block;
}

// The status and the body that an operation was answered with.
async function execute(block, part = "/app/") {
	const page = block.page();
	const answered = page.waitForResponse((response) =>
	    response.url().includes(part));

	await block.locator(".execute").click();
	const response = await answered;
	await block.locator(".live-responses-table .response").waitFor();
	return { status: response.status(), url: response.url(),
	    sent: (await response.request().allHeaders()).authorization,
	    shown: await block.locator(".live-responses-table .response" +
	    " .response-col_status").innerText(),
	    body: response.status() === 204 ? null : await response.json() };
}

async function listed(page) {
	await page.locator(".opblock").first().waitFor();
	return await page.locator(".opblock").evaluateAll((blocks) =>
	    blocks.map((block) => block.id.replace(/^operations-[^-]*-/, ""))
	    .sort());
}

async function authorize(page, token) {
	await page.locator(".btn.authorize").first().click();
	await page.locator(".auth-container input").fill(token);
	await page.locator(".auth-btn-wrapper .authorize").click();
	await page.locator(".auth-btn-wrapper .btn-done").click();
}

async function readDocs(browser, scheme) {
	const page = await open(browser, `${url}/docs`, { colorScheme: scheme });
	const what = `/docs, ${scheme}`;

	equal(`${what}: all operations are there`, await operations(),
	    await listed(page));
	equal(`${what}: its ground`, scheme === "dark" ? "rgb(28, 32, 34)" :
	    "rgb(255, 255, 255)", await page.evaluate(() => {
		const ground = getComputedStyle(document.documentElement)
		    .backgroundColor;

		return ground === "rgba(0, 0, 0, 0)" ? "rgb(255, 255, 255)" :
		    ground;
	    }));
	await readable(page, what);
	await shoot(page, `docs-${scheme}`);
	for (const control of await page.locator(".opblock-summary-control").all())
		await control.click();
	for (const button of await page.locator(".try-out__btn").all())
		await button.click();
	await execute(operation(page, "hello_say_hello"));
	await readable(page, `${what}, all open`);
	await operation(page, "todo_create_item")
	    .screenshot({ path: `${process.env.SHOTS}/docs-open-${scheme}.png` });
	await page.locator(".btn.authorize").first().click();
	await readable(page, `${what}, login`);
	await shoot(page, `docs-login-${scheme}`);
	await close(page, what);
}

async function tryTodo(browser) {
	const page = await open(browser, `${url}/docs`);
	const title = `read the pages (${Date.now()})`;
	let block = await prepare(page, "todo_create_item");

	equal("the page has a title", "xcore – operations", await page.title());
	equal("the page has a language", "en",
	    await page.locator("html").getAttribute("lang"));
	await block.locator("textarea.body-param__text")
	    .fill(JSON.stringify({ title }));
	const made = await execute(block);
	equal("an item is made", [201, "201", `${url}/app/todo`],
	    [made.status, made.shown.split("\n")[0],
	    made.url.replace(/\/$/, "")]);
	equal("it is the one that was sent", [title, false],
	    [made.body.title, made.body.done]);
	await shoot(page, "docs-tried");

	block = await prepare(page, "todo_list_items");
	const list = await execute(block);
	equal("the list has it", [200, true], [list.status,
	    list.body.items.some((item) => item.id === made.body.id)]);
	equal("the address names the operation", "#/todo/todo_list_items",
	    new URL(page.url()).hash);

	block = operation(page, "todo_create_item");
	await block.locator("textarea.body-param__text").fill('{"title": 7}');
	const refused = await execute(block);
	equal("what is not valid is refused, with its place",
	    [422, "/title"],
	    [refused.status, refused.body.errors?.[0].pointer]);
	await close(page, "trying todo");
}

async function logIn(browser) {
	const page = await open(browser, `${url}/docs`);
	let block = await prepare(page, "who_tell");

	equal("without login nothing is shown", "nothing",
	    (await execute(block)).body.shown);
	await authorize(page, "s3cret");
	const known = await execute(block);
	equal("the token goes along", "Bearer s3cret", known.sent);
	// 503 where nobody can tell whether it is right.
	equal("and arrives", true, known.status === 503 ||
	    known.body.shown === "Bearer s3cret");
	equal("the token is kept nowhere", [0, 0, ""], await page.evaluate(() =>
	    [Object.values(localStorage).filter((v) => v.includes("s3cret"))
	    .length, Object.values(sessionStorage)
	    .filter((v) => v.includes("s3cret")).length, document.cookie]));
	await page.reload();
	block = await prepareOpened(page, "who_tell");
	equal("the token is forgotten with the page", "nothing",
	    (await execute(block)).body.shown);
	await close(page, "login");
}

// The name of the scheme that an operation asks for first.
async function schemeOf(id) {
	const document = await (await fetch(`${url}/openapi.json`)).json();

	for (const item of Object.values(document.paths))
		for (const method of METHODS)
			if (item[method]?.operationId === id)
				return Object.keys(item[method].security[0])[0];
	return null;
}

// With the plugin auth: the password for a token, the token for the rest.
async function logInByPassword(browser) {
	const page = await open(browser, `${url}/docs`);
	const scheme = await schemeOf("auth_show_me");
	let block = await prepare(page, "auth_show_me");

	equal("before the login nobody is shown", 401,
	    (await execute(block, "/auth/me")).status);
	block = await prepare(page, "auth_log_in");
	await block.locator("textarea.body-param__text").fill(JSON.stringify(
	    { username: "admin", password: process.env.PASSWORD }));
	const done = await execute(block, "/auth/login");
	equal("a login is tried", 200, done.status);
	await page.locator(".btn.authorize").first().click();
	const form = page.locator(".auth-container form").filter(
	    { has: page.locator("h4 code", { hasText:
	    new RegExp(`^${scheme}$`) }) });
	await form.locator("input").fill(done.body.access_token);
	await form.locator(".authorize").click();
	await form.locator(".btn-done").click();
	block = operation(page, "auth_show_me");
	const me = await execute(block, "/auth/me");
	equal("after it one is shown", [200, "admin"],
	    [me.status, me.body.name]);
	block = await prepare(page, "admin_list_users");
	equal("and may what an administrator may", 200,
	    (await execute(block, "/admin/users")).status);
	await close(page, "a login by password");
}

// The address opens an operation as well.
async function prepareOpened(page, id) {
	const block = operation(page, id);

	await block.locator(".try-out__btn").click();
	return block;
}

async function seeReload(browser) {
	const page = await open(browser, `${url}/docs`);

	equal("grow has one operation", ["grow_leaf_1"],
	    (await listed(page)).filter((id) => id.startsWith("grow_")));
	execFileSync(process.env.UPDATE, { stdio: "ignore" });
	await page.reload();
	equal("and one more when its new version was installed",
	    ["grow_leaf_1", "grow_leaf_2"],
	    (await listed(page)).filter((id) => id.startsWith("grow_")));
	equal("which works", 204, (await execute(await prepare(page,
	    "grow_leaf_2"))).status);
	await close(page, "a plugin's new version");
}

async function useKeys(browser) {
	const page = await open(browser, `${url}/docs`);

	await listed(page);
	equal("keys: the first is the way past the rest", 1,
	    await tabTo(page, ".skip"));
	equal("keys: which can be seen then", true,
	    (await page.locator(".skip").boundingBox()).x >= 0);
	await page.keyboard.press("Enter");
	equal("keys: it leads to the operations", "operations",
	    await page.evaluate(() => document.activeElement.id));
	equal("keys: an operation is reached", true, await tabTo(page,
	    '[id$="-hello_say_hello"] .opblock-summary-control') > 0);
	await page.keyboard.press("Enter");
	equal("keys: and its trial", true, await tabTo(page,
	    '[id$="-hello_say_hello"] .try-out__btn') > 0);
	await page.keyboard.press("Enter");
	equal("keys: and what sends it", true, await tabTo(page,
	    '[id$="-hello_say_hello"] .execute') > 0);
	await page.keyboard.press("Enter");
	const status = operation(page, "hello_say_hello").locator(
	    ".live-responses-table .response .response-col_status");
	await status.waitFor();
	equal("keys: it is answered", "200",
	    (await status.innerText()).split("\n")[0]);
	await close(page, "keys");
}

async function readRedoc(browser, scheme) {
	const page = await open(browser, `${url}/redoc`,
	    { colorScheme: scheme });
	const what = `/redoc, ${scheme}`;
	const links = page.locator('[data-testid="items-navigation-list"] a');

	await links.first().waitFor();
	equal(`${what}: all operations are there`, await operations(),
	    (await links.evaluateAll((all) => all.map((link) =>
	    link.getAttribute("href").replace(/.*\//, "")))).sort());
	await readable(page, what);
	await shoot(page, `redoc-${scheme}`);
	await links.and(page.locator('[href$="/todo_create_item"]')).click();
	await page.getByRole("heading", { name: "Make an item" }).waitFor();
	await page.getByText("What is to be done").first().waitFor();
	await readable(page, `${what}, open`);
	await shoot(page, `redoc-open-${scheme}`);
	equal(`${what}: nothing is offered to others`, 0, await page
	    .locator('[data-testid="page-actions"] [data-testid="dropdown"]')
	    .filter({ visible: true }).count());
	await close(page, what);
}

async function searchRedoc(browser) {
	const page = await open(browser, `${url}/redoc`);

	await page.locator('[data-testid="search-trigger"][tabindex="0"]')
	    .waitFor();
	equal("/redoc, keys: the first is the way past the rest", 1,
	    await tabTo(page, ".skip"));
	equal("/redoc, keys: then the search", 1,
	    await tabTo(page, '[data-testid="search-trigger"]'));
	await page.keyboard.press("Enter");
	await page.locator('input[placeholder^="Search"]').waitFor();
	await page.keyboard.type("replace");
	await page.getByText("Title and done are set anew").first().waitFor();
	await shoot(page, "redoc-search");
	await page.keyboard.press("Escape");
	await close(page, "/redoc, search");
}

async function withoutScript(browser) {
	for (const path of ["/docs", "/redoc"]) {
		const page = await open(browser, url + path,
		    { javaScriptEnabled: false });

		equal(`${path} without JavaScript says where to look`,
		    "/openapi.json", await page.locator("noscript a")
		    .getAttribute("href"));
		await page.context().close();
	}
}

async function behindApache(browser) {
	const page = await open(browser, `${process.env.APACHE_URL}/docs`);
	const done = await execute(await prepare(page, "hello_say_hello"));

	equal("behind Apache an operation is tried there", [200,
	    `${process.env.APACHE_URL}/app/hello`],
	    [done.status, done.url.replace(/\/$/, "")]);
	await close(page, "behind Apache");
}

// A step that hangs or throws fails, and lets the others go on.
async function step(what, ...args) {
	try {
		await what(...args);
	} catch (err) {
		equal(`${what.name} comes to its end`, "",
		    String(err).slice(0, 600));
	}
}

const browser = await launch();
console.log(`note: Chromium ${browser.version()}`);
if (process.env.PASSWORD) {
	await step(logInByPassword, browser);
} else {
	for (const scheme of ["light", "dark"]) {
		await step(readDocs, browser, scheme);
		await step(readRedoc, browser, scheme);
	}
	for (const what of [tryTodo, logIn, seeReload, useKeys, searchRedoc,
	    withoutScript, behindApache])
		await step(what, browser);
}
await browser.close();

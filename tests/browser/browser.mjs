// SPDX-License-Identifier: Apache-2.0
//
// A browser that is told by lines of JSON what to do, and answers each with one. Started by
// browser.py with the path of Chromium.
//
//   {"do": "open", "context": "alice", "script": false, "language": "zh-CN", "dark": true}
//   {"do": "forget", "context": "alice"}     all cookies
//   {"do": "goto", "context": …, "tab": 0, "url": …}      tab: as many as one likes
//   {"do": "fill"|"click"|"press", …, "selector": …, "value": …}
//   {"do": "type"|"key", …, "value": …}
//   {"do": "wait", …, "selector": …} | {"do": "wait", …, "url": prefix}
//   {"do": "look", …}   url, title, text, and what the console complained of
//   {"do": "shot", …, "path": …}
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [modules, executable] = process.argv.slice(2);
const { chromium } = createRequire(modules + "/")("playwright-core");

const LIMIT_MS = 120000;
const browser = await chromium.launch({
  executablePath: executable,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const contexts = new Map();

async function context(request) {
  const made = await browser.newContext({
    javaScriptEnabled: request.script !== false,
    locale: request.language ?? "en-US",
    colorScheme: request.dark ? "dark" : "light",
    viewport: { width: request.width ?? 1000, height: request.height ?? 800 },
  });
  made.setDefaultTimeout(LIMIT_MS);
  return { made, tabs: new Map(), complaints: [] };
}

async function tab(request) {
  const own = contexts.get(request.context);
  const number = request.tab ?? 0;
  if (!own.tabs.has(number)) {
    const page = await own.made.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") {
        own.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => own.complaints.push(String(error)));
    own.tabs.set(number, page);
  }
  return own.tabs.get(number);
}

const verbs = {
  async open(request) {
    contexts.set(request.context, await context(request));
  },
  async forget(request) {
    await contexts.get(request.context).made.clearCookies();
  },
  async goto(request) {
    const response = await (await tab(request)).goto(request.url, { waitUntil: "domcontentloaded" });
    return { status: response?.status() };
  },
  async fill(request) {
    await (await tab(request)).fill(request.selector, request.value);
  },
  async click(request) {
    await (await tab(request)).click(request.selector, { noWaitAfter: true });
  },
  // Goes to whatever has the focus.
  async type(request) {
    await (await tab(request)).keyboard.type(request.value);
  },
  async key(request) {
    await (await tab(request)).keyboard.press(request.value);
  },
  async press(request) {
    await (await tab(request)).press(request.selector, request.value, { noWaitAfter: true });
  },
  async wait(request) {
    const page = await tab(request);
    if (request.url) {
      await page.waitForURL((url) => url.href.startsWith(request.url), {
        waitUntil: "domcontentloaded",
      });
    } else {
      await page.waitForSelector(request.selector);
    }
  },
  async look(request) {
    const page = await tab(request);
    const { complaints } = contexts.get(request.context);
    return {
      url: page.url(),
      title: await page.title(),
      text: await page.innerText("body"),
      complaints,
    };
  },
  async shot(request) {
    await (await tab(request)).screenshot({ path: request.path, fullPage: true });
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { ok: true, ...(await verbs[request.do](request)) };
  } catch (error) {
    answer = { ok: false, error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();

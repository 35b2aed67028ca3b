// Opens reports in Chromium, in both themes and at two widths, and prints a line of JSON
// for each: what axe-core found, whether the page scrolls sideways, and which controls the
// Tab key does not reach.
//
//	node check.mjs CHROMIUM FILE...
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const [, , executablePath, ...files] = process.argv;
const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] });

// unreached are the controls that the Tab key does not reach, and those without a visible focus.
async function unreached(page) {
  const controls = await page.evaluate(() => {
    const all = [...document.querySelectorAll("button, input, summary, a[href], select, textarea, [tabindex='0']")];
    all.forEach((e, i) => (e.dataset.stop = i));
    document.activeElement.blur();
    return all.length;
  });
  const seen = new Set(), plain = [];
  for (let i = 0; i < controls; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const e = document.activeElement, s = getComputedStyle(e);
      return { at: e.dataset.stop, name: e.outerHTML.slice(0, 80), visible: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 };
    });
    seen.add(stop.at);
    if (!stop.visible) plain.push("no visible focus: " + stop.name);
  }
  const missed = await page.evaluate((seen) => [...document.querySelectorAll("[data-stop]")].filter((e) => !seen.includes(e.dataset.stop)).map((e) => e.outerHTML.slice(0, 80)), [...seen]);
  return { controls, missed: [...missed, ...plain] };
}

// operated drives the controls of the first chart by the keyboard alone, and returns what does
// not follow.
async function operated(page) {
  const wrong = [];
  if (!(await page.$(".figure"))) return wrong;
  const text = (selector) => page.$eval(selector, (e) => e.textContent);
  const before = await text(".reading");
  await page.focus("input[type=range]");
  await page.keyboard.press("ArrowLeft");
  if ((await text(".reading")) === before) wrong.push("the slider reads no other value");
  const name = await text(".legend button");
  await page.focus(".legend button");
  await page.keyboard.press("Space");
  if (!(await text(".legend.hidden")).includes(name) || (await page.evaluate(() => document.activeElement.textContent)) !== name) wrong.push(name + " is not hidden, or has lost the focus");
  await page.keyboard.press("Space");
  if ((await text(".legend.hidden")).includes(name)) wrong.push(name + " does not come back");
  for (const button of await page.$$(".zoom button")) await button.press("Enter");
  return wrong;
}

for (const file of files) {
  for (const theme of ["light", "dark"]) {
    const page = await browser.newPage();
    const errors = [], requests = [];
    page.on("pageerror", (e) => errors.push(String(e)));
    page.on("request", (r) => !/^(file|data|blob):/.test(r.url()) && requests.push(r.url()));
    await page.setViewport({ width: 390, height: 800 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await page.goto(pathToFileURL(file).href);
    await page.addScriptTag({ path: axe });
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
    for (const width of [390, 1280]) {
      await page.setViewport({ width, height: 800 });
      const result = await page.evaluate(async () => {
        const found = await axe.run();
        const charts = [...document.querySelectorAll(".figure")];
        return {
          sideways: document.documentElement.scrollWidth - innerWidth,
          cut: [...document.querySelectorAll("table")].filter((t) => !t.closest("[role=region]") && t.getBoundingClientRect().right > innerWidth + 1).map((t) => t.outerHTML.slice(0, 80)),
          charts: charts.length,
          drawn: charts.filter((e) => {
            const c = e.querySelector("canvas");
            return c && c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v) => v);
          }).length,
          text: document.body.innerText,
          violations: found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 120) + " " + (n.any[0]?.message || "")).slice(0, 3).join(" | ")}`),
        };
      });
      const once = theme === "light" && width === 390;
      const { controls, missed } = once ? await unreached(page) : { controls: 0, missed: [] };
      if (once) missed.push(...(await operated(page)));
      console.log(JSON.stringify({ file, theme, width, errors, requests, controls, missed, ...result }));
    }
    await page.close();
  }
}
await browser.close();

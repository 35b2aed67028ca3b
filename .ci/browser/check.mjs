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

// stepped goes through the origins of a back-test by the keyboard alone, and returns what does
// not follow: the words, the values, and the way back.
async function stepped(page) {
  const wrong = [];
  const box = await page.$(".stepper");
  if (!box) return wrong;
  const state = () => page.evaluate(() => {
    const outcome = document.querySelector(".outcome"), section = outcome.closest("section");
    return {
      text: outcome.textContent, live: outcome.getAttribute("aria-live"), rows: section.querySelector("details tbody").rows.length,
      spoken: section.querySelector("input[type=range]").getAttribute("aria-valuetext"), described: section.querySelector(".figure").getAttribute("aria-describedby").includes(outcome.id),
      pressed: section.querySelector(".stepper [aria-pressed]").getAttribute("aria-pressed"),
    };
  });
  const [earlier, later, whole] = await page.$$(".stepper button");
  const all = await state();
  if (all.live !== "polite" || !all.described || all.pressed !== "true") wrong.push("what an origin came to is not told: " + JSON.stringify(all));
  await earlier.press("Enter");
  const last = await state();
  if (last.text === all.text || last.spoken !== last.text || last.pressed !== "false") wrong.push("a button steps to no origin: " + last.text);
  await page.focus(".stepper input");
  await page.keyboard.press("ArrowLeft");
  const before = await state(), one = (await page.$eval(".stepper input", (e) => e.max)) === "0";
  if ((before.text === last.text) !== one) wrong.push("the slider steps to no other origin: " + before.text);
  await later.press("Enter");
  if ((await state()).text !== last.text) wrong.push("a button does not step back: " + (await state()).text);
  await later.press("Enter");
  if ((await state()).text !== last.text) wrong.push("there is an origin after the last");
  await whole.press("Enter");
  const again = await state();
  if (again.text !== all.text || again.rows !== all.rows) wrong.push("the whole back-test does not come back: " + JSON.stringify(again));
  return wrong;
}

// picked chooses series by the keyboard alone, and returns what does not follow.
async function picked(page) {
  const wrong = [];
  if (!(await page.$("#picker"))) return wrong;
  const state = () => page.evaluate(() => {
    const section = document.querySelector(".figure").closest("section");
    return { title: section.querySelector("h2").textContent, text: section.querySelector("figcaption").textContent, row: section.querySelector("details tbody tr").textContent, found: document.querySelector(".found").textContent };
  });
  const changed = (a, b) => a.title !== b.title && a.text !== b.text && a.row !== b.row;
  const first = await state();
  await page.focus("#item");
  await page.keyboard.press("ArrowDown");
  const second = await state();
  if (!changed(first, second)) wrong.push("the list picks nothing: " + second.title);
  const [previous, next] = await page.$$(".chosen button");
  await next.press("Enter");
  if (!changed(second, await state())) wrong.push("a button picks nothing");
  await previous.press("Enter");
  if ((await state()).title !== second.title) wrong.push("a button does not go back: " + (await state()).title);
  await page.focus("#order");
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
  const best = await state();
  for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowUp");
  if ((await state()).title !== first.title || best.title === "") wrong.push("the order does not go back: " + (await state()).title);
  await page.type("#find", "no such series");
  if (!(await state()).found) wrong.push("nothing is told where no series is found");
  for (let i = 0; i < 14; i++) await page.keyboard.press("Backspace");
  if ((await state()).title !== first.title) wrong.push("without a name to find it is another series: " + (await state()).title);
  return wrong;
}

// linked zooms the first of the charts that move together, and returns those that stay as they were.
async function linked(page) {
  const at = await page.evaluate(() => {
    const groups = Object.groupBy(drawn.figures.filter((f) => f.link), (f) => f.link);
    return (Object.values(groups)[0] || []).map((f) => f.at);
  });
  if (at.length < 2) return [];
  const pictures = () => page.evaluate((at) => at.map((i) => document.querySelector(`#figure-${i} canvas`)?.toDataURL()), at);
  const press = async (k) => (await page.$$(`#controls-${at[0]} .zoom button`))[k].press("Enter");
  const settled = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await press(2);
  await settled();
  const before = await pictures();
  await press(0);
  await settled();
  const zoomed = await pictures();
  await press(2);
  await settled();
  const after = await pictures();
  return at.filter((_, i) => before[i] && (zoomed[i] === before[i] || after[i] !== before[i])).map((i) => "does not zoom with the others: figure " + i);
}

// faint are the colours of lines that have too little contrast with the paper.
const faint = (page) => page.evaluate(() => {
  const light = (name) => {
    const e = document.body.appendChild(document.createElement("i"));
    e.style.color = `var(--${name})`;
    const rgb = getComputedStyle(e).color.match(/[\d.]+/g).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    e.remove();
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
  };
  const paper = light("paper");
  return ["history", "forecast", "actual", "backtest", "violet", "gold", "rose", "other", "mark", "edge", "focus"].filter((name) => {
    const l = light(name);
    return (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05) < 3;
  });
});

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
      if (once) missed.push(...(await operated(page)), ...(await stepped(page)), ...(await picked(page)), ...(await linked(page)));
      missed.push(...(await faint(page)).map((name) => "too little contrast: " + name));
      console.log(JSON.stringify({ file, theme, width, errors, requests, controls, missed, ...result }));
    }
    await page.close();
  }
}
await browser.close();

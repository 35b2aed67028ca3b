// Draws the figures: lines, bands between pairs of lines, and under each its legend, a slider
// that reads values, and buttons to zoom. Dragging zooms too, a double click shows all. One
// steps through forecasts from several origins, and picks the item that figures are of.
// Colours follow the page's light or dark style.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const make = (tag, className, ...inside) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    e.append(...inside);
    return e;
  };
  const two = (n) => String(n).padStart(2, "0");
  const fill = (text, ...values) => text.replace(/\{(\d)\}/g, (_, i) => values[i]);
  const button = (text, name, f) => {
    const b = make("button", "", text);
    b.type = "button";
    b.title = name;
    if (text !== name) b.setAttribute("aria-label", name);
    b.addEventListener("click", f);
    return b;
  };
  const group = (className, name, ...inside) => {
    const e = make("div", className, ...inside);
    e.setAttribute("role", "group");
    e.setAttribute("aria-label", name);
    return e;
  };

  // decimals are those that a step of a size takes: one for 0.5, two for 0.25.
  const decimals = (size) => {
    const n = Math.min(20, Math.max(0, Math.ceil(-Math.log10(size) - 1e-9))), parts = size * 10 ** n;
    return n < 20 && Math.abs(parts - Math.round(parts)) > 1e-6 * parts ? n + 1 : n;
  };
  const scientific = (v, n) => v.toExponential(n).replace("e+", "e");

  // number writes a value with four figures, or all of its whole part.
  function number(v) {
    if (v == null) return "";
    if (v === 0) return "0";
    const a = Math.abs(v);
    if (a >= 1e15 || a < 1e-4) return scientific(v, 3);
    return v.toFixed(Math.max(0, 3 - +v.toExponential(3).split("e")[1]));
  }

  // written is a value of a line; bars are often counts.
  const written = (line, v) => (line.bars && Number.isInteger(v) ? String(v) : number(v));

  // places writes those on an axis, of one unit and with as many decimals as the step takes.
  function places(splits, step) {
    const most = Math.max(...splits.map((v) => Math.abs(v || 0)));
    const zero = (f) => splits.map((v) => (v == null ? "" : Math.abs(v) < step / 1e6 ? "0" : f(v)));
    if (most >= 1e15 || most < 1e-3) {
      const power = Math.floor(Math.log10(most) + 1e-12), size = 10 ** power;
      if (!(size > 0) || !isFinite(most / size)) return zero((v) => scientific(v, 0));
      return zero((v) => (v / size).toFixed(Math.min(6, decimals(step / size))) + "e" + power);
    }
    for (const [from, size, unit] of [[1e12, 1e12, "T"], [1e9, 1e9, "G"], [1e6, 1e6, "M"], [1e4, 1e3, "k"]]) {
      const d = decimals(step / size);
      if (most >= from && d <= 2) return zero((v) => (v / size).toFixed(d) + unit);
    }
    return zero((v) => v.toFixed(decimals(step)));
  }

  // dates writes places on an axis of time as ISO 8601, as short as their distance allows.
  function dates(splits, step) {
    let day = "";
    return splits.map((s) => {
      const d = new Date(s * 1e3), iso = d.toISOString();
      if (step >= 360 * 86400) return iso.slice(0, 4);
      if (step >= 28 * 86400) return iso.slice(0, 7);
      if (step >= 86400) return iso.slice(0, 10);
      const time = two(d.getUTCHours()) + ":" + two(d.getUTCMinutes()) + (step < 60 ? ":" + two(d.getUTCSeconds()) : "");
      const before = day;
      day = iso.slice(0, 10);
      return before === day ? time : time + "\n" + day;
    });
  }

  // axis is that of a figure, with all of its places and labels.
  function axis(i) {
    const a = drawn.axes[i];
    if (!a.ready) {
      a.ready = true;
      a.x ||= Array.from({ length: a.count || 0 }, (_, k) => (a.first || 0) + k * (a.by || 0));
      a.labels ||= a.x.map((x) => (a.date ? new Date(Math.round(x * 1e3)).toISOString().slice(0, a.date) : String(x)));
    }
    return a;
  }

  // whole is a line with the steps from the last origin and from those before it whose
  // forecasts do not overlap.
  function whole(figure, line, n) {
    const y = Array(n).fill(null);
    let next = n;
    for (let i = figure.origins.length - 1; i >= 0; i--) {
      const at = figure.origins[i];
      if (at + line.steps[i].length > next) continue;
      line.steps[i].forEach((v, k) => (y[at + k] = v));
      next = at;
    }
    return y;
  }

  // stepped are the values of the lines of a figure at origin i, all of them for null. What
  // begins at an origin is joined to the last value before it.
  function stepped(figure, n, i) {
    const past = figure.lines.find((l) => !l.steps && l.role === "history");
    return figure.lines.map((l) => {
      if (!l.steps) return l.y;
      if (i == null) return whole(figure, l, n);
      const y = Array(n).fill(null), at = figure.origins[i];
      l.steps[i].forEach((v, k) => (y[at + k] = v));
      if (past && at > 0) y[at - 1] = past.y[at - 1];
      return y;
    });
  }

  // parts are the lines and bands of a figure by name, each with its series of the plot; what
  // is hidden stays so.
  function parts(figure, before) {
    const all = new Map();
    figure.lines.forEach((l, i) => {
      const was = before.find((p) => p.name === l.name);
      const p = all.get(l.name) || { name: l.name, role: l.role, band: !!l.band, bars: !!l.bars, on: was ? was.on : !l.off, series: [] };
      p.series.push(i + 1);
      all.set(l.name, p);
    });
    const found = [...all.values()];
    return [...found.filter((p) => !p.band), ...found.filter((p) => p.band).reverse()]; // narrow bands first
  }

  // times are the distances of places on an axis of time, in seconds.
  const times = [[1, [1, 2, 5, 10, 15, 30]], [60, [1, 2, 5, 10, 15, 30]], [3600, [1, 2, 3, 4, 6, 8, 12]], [86400, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15]], [86400 * 30, [1, 2, 3, 4, 6]], [86400 * 365, [1, 2, 5, 10, 25, 50, 100]]]
    .flatMap(([unit, counts]) => counts.map((n) => n * unit));
  const dashes = { other: [4, 3], backtest: [8, 3], violet: [2, 3], gold: [8, 3, 2, 3], rose: [12, 4] };

  const height = (box) => (box.classList.contains("small") ? 240 : box.clientWidth < 500 ? 300 : 360);

  function plot(slot, box, moved) {
    const { figure, at: axisOf, shown, y } = slot, bandOf = shown.filter((p) => p.band);
    const shade = (p) => `rgba(${css("--band")}, ${0.14 + 0.16 * (bandOf.length - 1 - bandOf.indexOf(p)) / Math.max(bandOf.length - 1, 1)})`;
    const series = [{}], data = [axisOf.x], bands = [];
    figure.lines.forEach((l, i) => {
      const part = shown.find((p) => p.name === l.name);
      const few = y[i].filter((v) => v != null).length < 2, stroke = css("--" + l.role) || css("--other");
      data.push(y[i]);
      if (l.band) {
        series.push({ show: part.on, stroke: `rgba(${css("--band")}, 0.55)`, width: 0.5, points: { show: false } });
      } else if (l.role === "mark") {
        series.push({ show: part.on, stroke, width: 0, paths: () => null, points: { show: true, size: 10, width: 2, stroke, fill: "transparent" } });
      } else if (l.bars) {
        series.push({ show: part.on, stroke, fill: stroke, width: 0, paths: uPlot.paths.bars({ size: [0.92, Infinity] }), points: { show: false } });
      } else {
        series.push({
          show: part.on, stroke, width: l.role === "forecast" ? 2.2 : 1.6,
          spanGaps: false, points: { show: few || undefined }, dash: dashes[l.role],
        });
      }
    });
    for (const p of bandOf.toReversed()) {
      if (p.series.length === 2) bands.push({ series: [p.series[1], p.series[0]], fill: shade(p) });
    }
    const style = { stroke: css("--soft"), grid: { stroke: css("--rule"), width: 1 }, ticks: { stroke: css("--rule"), width: 1 }, labelSize: 22, labelFont: (box.classList.contains("small") ? "11px" : "13px") + " system-ui, sans-serif" };
    const apart = axisOf.x.reduce((least, x, i) => (i ? Math.min(least, x - axisOf.x[i - 1]) : least), Infinity);
    const isWhole = !axisOf.time && axisOf.x.every(Number.isInteger); // such as epochs
    const incrs = isWhole ? [...Array(12).keys()].flatMap((d) => [1, 2, 5].map((n) => n * 10 ** d)) : axisOf.time ? times.filter((t) => t > 0.9 * apart || t >= 86400 * 365) : undefined;
    // The origin is a dashed line between its value and the first that is forecast.
    const origin = (u) => {
      if (slot.origin == null) return;
      const k = figure.origins[slot.origin], x = u.valToPos(k > 0 ? axisOf.x[k - 1] : axisOf.x[k], "x", true), c = u.ctx;
      if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return;
      c.save();
      c.strokeStyle = css("--soft");
      c.setLineDash([4, 4]);
      c.beginPath();
      c.moveTo(x, u.bbox.top);
      c.lineTo(x, u.bbox.top + u.bbox.height);
      c.stroke();
      c.restore();
    };
    return new uPlot({
      width: box.clientWidth, height: height(box), series, bands,
      legend: { show: false },
      scales: { x: { time: !!axisOf.time, ...slot.view }, ...(slot.bars && { y: { range: (u, min, max) => [Math.min(0, 1.08 * min), Math.max(0, 1.08 * max)] } }) },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
      axes: [
        {
          ...style, incrs, label: figure.xLabel, space: axisOf.time ? 84 : 50, size: axisOf.time ? 42 : 34,
          values: (u, splits, i, space, step) => (axisOf.time ? dates(splits, step) : places(splits, step)),
        },
        {
          ...style, label: figure.yLabel, values: (u, splits, i, space, step) => places(splits, step),
          size: (u, values) => 26 + 7 * Math.max(3, ...(values || []).map((v) => v.length)),
        },
      ],
      cursor: { drag: { x: true, y: false }, bind: { dblclick: (u) => () => u.setScale("x", { ...slot.whole }) } },
      hooks: {
        setCursor: [(u) => u.cursor.idx != null && u.cursor.left >= 0 && moved(u.cursor.idx)],
        setScale: [(u, key) => key === "x" && slot.zoomed({ min: u.scales.x.min, max: u.scales.x.max })],
        draw: [origin],
      },
    }, data, box);
  }

  // table writes what is drawn, from figure.from on, as the page has it at first.
  function table(slot) {
    const { figure, at: axisOf, y } = slot, columns = [];
    const add = (name, cell) => axisOf.x.some((_, i) => i >= figure.from && cell(i) !== "") && columns.push({ name, cell });
    figure.lines.forEach((l, k) => !l.band && add(l.name, (i) => written(l, y[k][i])));
    figure.lines.toReversed().forEach((l) => {
      const lo = figure.lines.indexOf(l), hi = figure.lines.findIndex((o) => o.band === "hi" && o.name === l.name);
      if (l.band !== "lo" || hi < 0) return;
      add(l.name, (i) => (y[lo][i] == null || y[hi][i] == null ? "" : number(y[lo][i]) + " … " + number(y[hi][i])));
    });
    const head = make("tr"), body = make("tbody"), t = make("table", "wide", make("thead", "", head), body);
    const is = (e, role) => (e.setAttribute("role", role), e);
    is(t, "table"), is(t.tHead, "rowgroup"), is(body, "rowgroup"), is(head, "row");
    for (const name of [figure.xLabel, ...columns.map((c) => c.name)]) {
      const th = is(make("th", "", name), "columnheader");
      th.scope = "col";
      head.append(th);
    }
    axisOf.x.forEach((_, i) => {
      if (i < figure.from) return;
      const cells = columns.map((c) => c.cell(i));
      if (!cells.some((c) => c)) return;
      const row = is(make("tr"), "row");
      [axisOf.labels[i], ...cells].forEach((text, j) => {
        const td = is(make("td", "", text), "cell");
        td.dataset.name = j ? columns[j - 1].name : figure.xLabel;
        row.append(td);
      });
      body.append(row);
    });
    return t;
  }

  const links = {}; // by name, the charts that show the same part of x

  // start makes what belongs to a section with figures, and returns what shows that of item i.
  function start({ at: section, link, items }) {
    const byId = (name) => document.getElementById(name + "-" + section);
    const box = byId("figure"), controls = byId("controls"), caption = byId("text"), values = byId("values"), heading = byId("title");
    const title = heading.textContent, fixed = values.querySelector("table");
    const slot = { figure: null, at: null, shown: [], y: [], view: {}, origin: null };
    let place = 0, u, stale = false;
    const peers = link ? (links[link] ||= []) : [];
    const same = (a, b) => a.min === b.min && a.max === b.max;
    slot.show = (view) => {
      slot.view = view;
      if (u) u.setScale("x", view);
    };
    slot.zoomed = (view) => {
      slot.view = view;
      for (const other of peers) if (!same(other.view, view)) other.show(view);
    };
    peers.push(slot);

    const slider = make("input"), label = make("label"), reading = make("div", "reading");
    Object.assign(slider, { type: "range", min: 0, id: "read-" + section });
    label.htmlFor = slider.id;
    const said = (i) => slot.shown.filter((p) => p.on).map((p) => {
      const found = p.series.map((s) => written(slot.figure.lines[s - 1], slot.y[s - 1][i])).filter((v) => v !== "");
      return found.length ? p.name + ": " + found.join(" … ") : "";
    }).filter((t) => t);
    function read(i) {
      place = i;
      const texts = said(i), name = slot.at.labels[i];
      reading.replaceChildren(make("b", "", name), texts.length ? "  " + texts.join(", ") : "");
      slider.setAttribute("aria-valuetext", name + " " + texts.join(", "));
      slider.value = i;
    }
    slider.addEventListener("input", () => {
      const i = +slider.value, { min, max } = u.scales.x, x = slot.at.x[i];
      if (x < min || x > max) u.setScale("x", { min: x < min ? x : x - (max - min), max: x < min ? x + (max - min) : x });
      read(i);
      u.setCursor({ left: u.valToPos(x, "x"), top: 10 });
    });

    const legend = group("legend", words.series), hidden = group("legend hidden", words.series);
    const entry = (p) => {
      const b = make("button");
      b.type = "button";
      b.setAttribute("aria-pressed", p.on);
      if (p.on) {
        const swatch = make("span", "swatch" + (p.band ? " band" : p.bars ? " bars" : p.role === "mark" ? " mark" : dashes[p.role] ? " dashed" : ""));
        if (p.band) {
          const bandOf = slot.shown.filter((q) => q.band);
          swatch.style.background = `rgba(var(--band), ${0.2 + 0.35 * (bandOf.length - 1 - bandOf.indexOf(p)) / Math.max(bandOf.length - 1, 1)})`;
        } else {
          swatch.style[p.role === "mark" ? "borderColor" : "borderTopColor"] = `var(--${p.role}, var(--other))`;
        }
        b.append(swatch);
      }
      b.append(p.name);
      b.addEventListener("click", () => {
        p.on = !p.on;
        p.series.forEach((s) => u.setSeries(s, { show: p.on }));
        read(place);
        entries();
        [...controls.querySelectorAll(".legend button")].find((e) => e.textContent === p.name).focus();
      });
      return b;
    };
    const entries = () => {
      legend.replaceChildren(...slot.shown.filter((p) => p.on).map(entry));
      const off = slot.shown.filter((p) => !p.on);
      hidden.replaceChildren(...(off.length ? [make("span", "", words.hidden), ...off.map(entry)] : []));
    };

    const by = (k) => () => {
      const { x } = slot.at, { min, max } = u.scales.x, mid = x[place] >= min && x[place] <= max ? x[place] : (min + max) / 2;
      u.setScale("x", { min: Math.max(slot.whole.min, mid - (mid - min) * k), max: Math.min(slot.whole.max, mid + (max - mid) * k) });
    };
    const zoom = group("zoom", words.zoom + ", " + title, button("+", words.zoomIn, by(0.5)), button("−", words.zoomOut, by(2)),
      button(words.all, words.all, () => u.setScale("x", { ...slot.whole })));

    // The origins: buttons, a slider, and what the forecast from one came to.
    const origins = make("input"), originLabel = make("label", "", words.origin), outcome = make("p", "outcome");
    Object.assign(origins, { type: "range", min: 0, id: "origin-" + section });
    originLabel.htmlFor = origins.id;
    outcome.setAttribute("aria-live", "polite");
    outcome.id = "outcome-" + section;
    const earlier = button("◂", words.earlier, () => step(slot.origin == null ? +origins.max : slot.origin - 1));
    const later = button("▸", words.later, () => step(slot.origin == null ? 0 : slot.origin + 1));
    const together = button(words.whole, words.whole, () => step(null));
    const stepper = group("stepper", words.origin, originLabel, earlier, origins, later, together);
    origins.addEventListener("input", () => step(+origins.value));

    // told is what the forecast from the origin came to, in words.
    function told() {
      const { figure, at: axisOf, y, origin } = slot;
      if (origin == null) return fill(words.steps, figure.origins.length);
      const at = figure.origins[origin];
      const texts = [fill(words.step, axisOf.labels[Math.max(at - 1, 0)], origin + 1, figure.origins.length)];
      const past = figure.lines.find((l) => !l.steps && l.role === "history");
      const line = figure.lines.findIndex((l) => l.steps && !l.band);
      if (!past || line < 0) return texts[0];
      const came = figure.lines[line].steps[origin].map((v, k) => at + k).filter((i) => past.y[i] != null && y[line][i] != null);
      if (!came.length) return texts[0];
      const error = came.reduce((sum, i) => sum + Math.abs(y[line][i] - past.y[i]), 0) / came.length;
      texts.push(fill(words.error, figure.lines[line].name, number(error)));
      for (const p of slot.shown.filter((p) => p.band && p.series.length === 2)) {
        const [lo, hi] = p.series.map((s) => y[s - 1]);
        texts.push(fill(words.within, p.name, came.filter((i) => lo[i] <= past.y[i] && past.y[i] <= hi[i]).length, came.length));
      }
      return texts.join(" ");
    }

    function step(i) {
      const { figure, at: axisOf } = slot;
      slot.origin = i == null ? null : Math.min(Math.max(i, 0), figure.origins.length - 1);
      slot.y = stepped(figure, axisOf.x.length, slot.origin);
      origins.value = slot.origin ?? figure.origins.length - 1;
      earlier.setAttribute("aria-disabled", slot.origin === 0);
      later.setAttribute("aria-disabled", slot.origin === figure.origins.length - 1);
      together.setAttribute("aria-pressed", slot.origin == null);
      if (u) {
        u.setData([axisOf.x, ...slot.y], false);
        u.setScale("x", { ...slot.view });
      }
      outcome.textContent = told();
      origins.setAttribute("aria-valuetext", outcome.textContent);
      write();
      read(slot.origin == null ? place : Math.min(figure.origins[slot.origin], axisOf.x.length - 1));
    }

    // write writes the table of values, once it is open.
    function write() {
      stale = true;
      if (!values.open) return;
      stale = false;
      values.querySelector("table")?.remove();
      values.append(table(slot));
    }
    values.addEventListener("toggle", () => values.open && stale && write());

    const reader = make("div", "reader", label, slider);
    if (items.some((f) => f?.origins)) controls.append(stepper, outcome);
    controls.append(legend, hidden, zoom, reader, reading);
    const draw = () => {
      if (u) u.destroy();
      u = null;
      if (slot.figure) u = plot(slot, box, read);
    };

    function show(i, first) {
      const figure = items[Math.min(i, items.length - 1)];
      slot.figure = figure;
      box.hidden = controls.hidden = values.hidden = !figure;
      caption.textContent = figure ? figure.text || "" : words.none;
      box.setAttribute("aria-describedby", caption.id + (figure?.origins ? " " + outcome.id : ""));
      const of = heading.querySelector(".of");
      if (of) of.textContent = drawn.items[i].name ? ": " + drawn.items[i].name : "";
      if (!figure) return draw();
      slot.at = axis(figure.axis);
      slot.shown = parts(figure, slot.shown);
      const { x } = slot.at, room = (slot.bars = figure.lines.some((l) => l.bars)) ? 0.6 * (x[1] - x[0] || 1) : 0;
      slot.whole = { min: x[0] - room, max: x.at(-1) + room };
      slot.view = figure.view ? { min: x[figure.view], max: slot.whole.max } : { ...slot.whole };
      slot.origin = null;
      slot.y = figure.lines.map((l) => l.y);
      label.textContent = words.read + " " + figure.xLabel;
      slider.max = slot.at.x.length - 1;
      stepper.hidden = outcome.hidden = !figure.origins;
      if (figure.origins) {
        origins.max = figure.origins.length - 1;
        slot.y = stepped(figure, slot.at.x.length, null);
      }
      draw();
      entries();
      place = slot.at.x.length - 1;
      if (figure.origins) step(null);
      if (first && fixed) stale = false;
      else write();
      read(place);
    }
    show(0, true);
    addEventListener("resize", () => u && u.setSize({ width: box.clientWidth, height: height(box) }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    for (const when of ["beforeprint", "afterprint"]) addEventListener(when, draw);
    return show;
  }

  // On paper all is light, and as wide as a sheet.
  addEventListener("beforeprint", () => document.documentElement.classList.add("paper"));
  addEventListener("afterprint", () => document.documentElement.classList.remove("paper"));
  const sections = drawn.figures.map(start);

  // pick makes what chooses the item that the figures are of.
  function pick(controls) {
    const name = (i) => drawn.items[i].name || String(i + 1), score = (i) => drawn.items[i].score[0];
    const orders = {
      [words.asGiven]: () => 0, [words.byName]: (a, b) => name(a).localeCompare(name(b), words.lang, { numeric: true }),
    };
    if (drawn.items.some((_, i) => score(i) != null)) {
      orders[words.worst] = (a, b) => (score(b) ?? -Infinity) - (score(a) ?? -Infinity) || 0;
      orders[words.best] = (a, b) => (score(a) ?? Infinity) - (score(b) ?? Infinity) || 0;
    }
    const field = (tag, text, id) => {
      const e = make(tag), l = make("label", "", text + " ", e);
      e.id = id;
      return [e, l];
    };
    const [find, findLabel] = field("input", words.find, "find"), [order, orderLabel] = field("select", words.order, "order"), [item, itemLabel] = field("select", words.item, "item");
    const found = make("p", "found");
    found.setAttribute("role", "status");
    find.type = "search";
    order.append(...Object.keys(orders).map((text) => new Option(text)));
    let list = [], now = 0;
    const choose = (i) => {
      if (i === now) return;
      now = i;
      sections.forEach((show, k) => drawn.figures[k].items.length > 1 && show(i));
    };
    const at = () => list.indexOf(now);
    const turn = () => {
      previous.setAttribute("aria-disabled", at() <= 0);
      next.setAttribute("aria-disabled", at() < 0 || at() === list.length - 1);
    };
    const fillIn = (first) => {
      const part = find.value.trim().toLocaleLowerCase();
      list = drawn.items.map((_, i) => i).filter((i) => name(i).toLocaleLowerCase().includes(part)).sort(orders[order.value]);
      item.replaceChildren(...list.map((i) => new Option(name(i) + (drawn.items[i].text ? " · " + drawn.items[i].text : ""), i)));
      if (list.length && (first || at() < 0)) choose(list[0]);
      item.value = at() < 0 ? "" : now;
      item.disabled = !list.length;
      turn();
      found.textContent = part ? (list.length ? fill(words.found, list.length) : words.missing) : "";
    };
    find.addEventListener("input", () => fillIn(false));
    order.addEventListener("change", () => fillIn(true));
    item.addEventListener("change", () => (choose(+item.value), turn()));
    const go = (by) => () => {
      choose(list[at() + by] ?? now);
      item.value = now;
      turn();
    };
    const previous = button("◂", words.previous, go(-1)), next = button("▸", words.next, go(1));
    controls.append(findLabel, orderLabel, make("span", "chosen", itemLabel, previous, next), found);
    fillIn(false);
  }
  const picker = document.getElementById("picker");
  if (picker) pick(picker);

  // What does not scroll is no stop of the Tab key.
  const stops = () => document.querySelectorAll(".scroll").forEach((e) =>
    e.scrollWidth > e.clientWidth ? e.setAttribute("tabindex", "0") : e.removeAttribute("tabindex"));
  stops();
  addEventListener("resize", stops);
})();

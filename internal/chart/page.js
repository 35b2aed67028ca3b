// Draws the figures: lines, bands between pairs of lines, and under each its legend, a slider
// that reads values, and buttons to zoom. Dragging zooms too, a double click shows all.
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

  // number writes a value with four figures, or so many as the step of an axis takes.
  function number(v, step) {
    if (v == null) return "";
    if (v === 0) return "0";
    const a = Math.abs(v);
    if (step === undefined) {
      if (a >= 1e15 || a < 1e-4) return v.toPrecision(4);
      return v.toFixed(Math.max(0, 3 - Math.floor(Math.log10(a))));
    }
    if (a >= 1e15 || step < 1e-5) return v.toPrecision(3);
    for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (step >= size / 10 && a >= 10 * 1e3) return String(+(v / size).toPrecision(6)) + unit;
    }
    return v.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
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

  // parts are the lines and bands of a figure by name, each with its series of the plot.
  function parts(figure) {
    const all = new Map();
    figure.lines.forEach((l, i) => {
      const p = all.get(l.name) || { name: l.name, role: l.role, band: !!l.band, on: !l.off, series: [] };
      p.series.push(i + 1);
      all.set(l.name, p);
    });
    const found = [...all.values()];
    return [...found.filter((p) => !p.band), ...found.filter((p) => p.band).reverse()]; // narrow bands first
  }

  function plot(figure, shown, box, moved) {
    const bandOf = shown.filter((p) => p.band);
    const fill = (p) => `rgba(${css("--band")}, ${0.14 + 0.16 * (bandOf.length - 1 - bandOf.indexOf(p)) / Math.max(bandOf.length - 1, 1)})`;
    const series = [{}], data = [figure.x], bands = [];
    figure.lines.forEach((l) => {
      const part = shown.find((p) => p.name === l.name);
      const few = l.y.filter((v) => v != null).length < 2;
      data.push(l.y);
      series.push(l.band
        ? { show: part.on, stroke: `rgba(${css("--band")}, 0.55)`, width: 0.5, points: { show: false } }
        : {
          show: part.on, stroke: css("--" + l.role) || css("--other"), width: l.role === "forecast" ? 2.2 : 1.6,
          spanGaps: false, points: { show: few }, dash: l.role === "other" ? [4, 3] : undefined,
        });
    });
    for (const p of bandOf.toReversed()) {
      if (p.series.length === 2) bands.push({ series: [p.series[1], p.series[0]], fill: fill(p) });
    }
    const axis = { stroke: css("--soft"), grid: { stroke: css("--rule"), width: 1 }, ticks: { stroke: css("--rule"), width: 1 }, labelSize: 22, labelFont: "13px system-ui, sans-serif" };
    const whole = !figure.time && figure.x.every(Number.isInteger); // such as epochs
    const incrs = whole ? [...Array(12).keys()].flatMap((d) => [1, 2, 5].map((n) => n * 10 ** d)) : undefined;
    return new uPlot({
      width: box.clientWidth, height: box.clientWidth < 500 ? 300 : 360, series, bands,
      legend: { show: false },
      scales: { x: { time: figure.time, min: figure.x[figure.view], max: figure.x[figure.x.length - 1] } },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
      axes: [
        {
          ...axis, incrs, label: figure.xLabel, space: figure.time ? 84 : 50, size: figure.time ? 42 : 34,
          values: (u, splits, i, space, step) => (figure.time ? dates(splits, step) : splits.map((v) => number(v, step))),
        },
        {
          ...axis, label: figure.yLabel, values: (u, splits, i, space, step) => splits.map((v) => number(v, step)),
          size: (u, values) => 26 + 7 * Math.max(3, ...(values || []).map((v) => v.length)),
        },
      ],
      cursor: { drag: { x: true, y: false } },
      hooks: { setCursor: [(u) => u.cursor.idx != null && u.cursor.left >= 0 && moved(u.cursor.idx)] },
    }, data, box);
  }

  function start(figure) {
    const box = document.getElementById("figure-" + figure.at), controls = document.getElementById("controls-" + figure.at);
    const title = document.getElementById("title-" + figure.at).textContent;
    const shown = parts(figure), last = figure.x.length - 1;
    let at = last, u;

    const slider = make("input"), label = make("label", "", words.read + " " + figure.xLabel), reading = make("div", "reading");
    Object.assign(slider, { type: "range", min: 0, max: last, value: last, id: "read-" + figure.at });
    label.htmlFor = slider.id;
    function read(i) {
      at = i;
      const texts = shown.filter((p) => p.on).map((p) => {
        const values = p.series.map((s) => number(figure.lines[s - 1].y[i])).filter((v) => v !== "");
        return values.length ? p.name + ": " + values.join(" … ") : "";
      }).filter((t) => t);
      reading.replaceChildren(make("b", "", figure.labels[i]), texts.length ? "  " + texts.join(", ") : "");
      slider.setAttribute("aria-valuetext", figure.labels[i] + " " + texts.join(", "));
      slider.value = i;
    }
    slider.addEventListener("input", () => {
      const i = +slider.value, { min, max } = u.scales.x, x = figure.x[i];
      if (x < min || x > max) u.setScale("x", { min: x < min ? x : x - (max - min), max: x < min ? x + (max - min) : x });
      read(i);
      u.setCursor({ left: u.valToPos(x, "x"), top: 10 });
    });

    const legend = make("div", "legend"), hidden = make("div", "legend hidden");
    const entry = (p) => {
      const b = make("button");
      b.type = "button";
      b.setAttribute("aria-pressed", p.on);
      if (p.on) {
        const swatch = make("span", "swatch" + (p.band ? " band" : p.role === "other" ? " dashed" : ""));
        if (p.band) {
          const bandOf = shown.filter((q) => q.band);
          swatch.style.background = `rgba(var(--band), ${0.2 + 0.35 * (bandOf.length - 1 - bandOf.indexOf(p)) / Math.max(bandOf.length - 1, 1)})`;
        } else {
          swatch.style.borderTopColor = `var(--${p.role}, var(--other))`;
        }
        b.append(swatch);
      }
      b.append(p.name);
      b.addEventListener("click", () => {
        p.on = !p.on;
        p.series.forEach((s) => u.setSeries(s, { show: p.on }));
        read(at);
        entries();
        [...controls.querySelectorAll(".legend button")].find((e) => e.textContent === p.name).focus();
      });
      return b;
    };
    const entries = () => {
      legend.replaceChildren(...shown.filter((p) => p.on).map(entry));
      const off = shown.filter((p) => !p.on);
      hidden.replaceChildren(...(off.length ? [make("span", "", words.hidden), ...off.map(entry)] : []));
    };
    for (const g of [legend, hidden]) {
      g.setAttribute("role", "group");
      g.setAttribute("aria-label", words.series);
    }

    const zoom = make("div", "zoom");
    zoom.setAttribute("role", "group");
    zoom.setAttribute("aria-label", words.zoom + ", " + title);
    const button = (text, name, f) => {
      const b = make("button", "", text);
      b.type = "button";
      b.title = name;
      if (text !== name) b.setAttribute("aria-label", name);
      b.addEventListener("click", f);
      zoom.append(b);
    };
    const by = (k) => () => {
      const full = [figure.x[0], figure.x[last]], { min, max } = u.scales.x, mid = figure.x[at] >= min && figure.x[at] <= max ? figure.x[at] : (min + max) / 2;
      u.setScale("x", { min: Math.max(full[0], mid - (mid - min) * k), max: Math.min(full[1], mid + (max - mid) * k) });
    };
    const all = () => u.setScale("x", { min: figure.x[0], max: figure.x[last] });
    button("+", words.zoomIn, by(0.5));
    button("−", words.zoomOut, by(2));
    button(words.all, words.all, all);

    const reader = make("div", "reader", label, slider);
    controls.append(legend, hidden, zoom, reader, reading);
    const draw = () => {
      if (u) u.destroy();
      u = plot(figure, shown, box, read);
    };
    draw();
    entries();
    read(last);
    addEventListener("resize", () => u.setSize({ width: box.clientWidth, height: box.clientWidth < 500 ? 300 : 360 }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  figures.forEach(start);

  // What does not scroll is no stop of the Tab key.
  const stops = () => document.querySelectorAll(".scroll").forEach((e) =>
    e.scrollWidth > e.clientWidth ? e.setAttribute("tabindex", "0") : e.removeAttribute("tabindex"));
  stops();
  addEventListener("resize", stops);
})();

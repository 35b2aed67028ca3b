// Draws the figures: lines, bands between pairs of lines, zoom by dragging, all of
// it again at a double click. Colours follow the page's light or dark style.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function draw(figure, box) {
    const lo = {}, hi = {};
    const series = [{ label: figure.time ? "time" : figure.of || "x" }], data = [figure.x], bands = [];
    const shade = { };
    const names = [...new Set(figure.lines.filter((l) => l.band).map((l) => l.name))];
    names.forEach((n, i) => (shade[n] = 0.14 + 0.16 * (names.length - 1 - i) / Math.max(names.length - 1, 1)));
    figure.lines.forEach((l) => {
      const at = series.length;
      data.push(l.y);
      if (l.band) {
        (l.band === "lo" ? lo : hi)[l.name] = at;
        series.push({
          label: l.name + (l.band === "lo" ? " low" : " high"),
          stroke: `rgba(${css("--band")}, 0.55)`, width: 0.5, points: { show: false },
        });
      } else {
        series.push({
          label: l.name, show: !l.off, stroke: css("--" + l.role) || css("--other"),
          width: l.role === "forecast" ? 2.2 : 1.6, spanGaps: false, points: { show: false },
          dash: l.role === "other" ? [4, 3] : undefined,
        });
      }
    });
    for (const n of names) bands.push({ series: [hi[n], lo[n]], fill: `rgba(${css("--band")}, ${shade[n]})` });
    const axis = { stroke: css("--soft"), grid: { stroke: css("--rule"), width: 1 }, ticks: { stroke: css("--rule"), width: 1 } };
    const whole = !figure.time && figure.x.every(Number.isInteger); // such as epochs
    const incrs = whole ? [...Array(12).keys()].flatMap((d) => [1, 2, 5].map((n) => n * 10 ** d)) : undefined;
    return new uPlot({
      width: box.clientWidth, height: 360, series, bands,
      scales: { x: { time: figure.time } },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
      axes: [{ ...axis, incrs }, { ...axis, size: 64 }],
      cursor: { drag: { x: true, y: false } },
    }, data, box);
  }

  const plots = [];
  const all = () => {
    plots.splice(0).forEach((p) => p.destroy());
    figures.forEach((f, i) => plots.push(draw(f, document.getElementById("figure-" + i))));
  };
  all();
  addEventListener("resize", () => plots.forEach((p, i) =>
    p.setSize({ width: document.getElementById("figure-" + i).clientWidth, height: 360 })));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();

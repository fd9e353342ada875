"use strict";
(() => {
  const data = JSON.parse(document.getElementById("charts").textContent);
  const color = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const COLORS = ["model", "naive", "good", "other"];
  const charts = new Map();
  const short = value => value == null ? "-" : String(+value.toPrecision(4));
  const day = seconds => new Date(1000 * seconds).toISOString().slice(0, 10);
  const isEmpty = column => column.every(value => value == null);

  const draw = (id, x, lines, format, label, range) => {
    const figure = document.getElementById("chart-" + id);
    const shown = lines.filter(one => !isEmpty(one.values));
    if (!figure) return;
    if (!shown.length) { figure.classList.add("empty"); return; }
    const box = figure.querySelector("div");
    charts.get(id)?.destroy();
    const axis = { stroke: color("soft"), font: "12px system-ui, sans-serif", grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 } };
    charts.set(id, new uPlot({
      width: Math.max(240, box.clientWidth), height: 210, cursor: { y: false, points: { size: 6 } },
      scales: { x: { time: false, range: (_, low, high) => low === high ? [low - 1, high + 1] : [low, high] }, y: { range } },
      axes: [{ ...axis, space: 80, values: (_, values) => values.map(label) }, { ...axis, size: 58, values: (_, values) => values.map(format) }],
      series: [{ value: (_, value) => value == null ? "" : label(value) }, ...shown.map(one => ({
        label: one.name, stroke: color(one.color), width: one.dashed ? 1.5 : 2, dash: one.dashed ? [6, 4] : undefined,
        points: { show: !one.dashed && x.length < 40, size: 6, fill: color("card") }, value: (_, value) => format(value) }))],
    }, [x, ...shown.map(one => one.values)], box));
  };

  const byPeriod = (name, format, range) => draw(name, data.x, data.lines.flatMap((one, i) => [
    { name: one.name, color: COLORS[i % COLORS.length], values: one[name] },
    { name: "gate " + one.name, color: COLORS[i % COLORS.length], dashed: true, values: data.x.map(() => one.gate[name]) },
  ]), format, day, range);
  const byStep = name => data.steps.length && draw(name, data.steps[0].x, data.steps.filter(one => one.x.length === data.steps[0].x.length).flatMap((one, i) => [
    { name: one.name, color: COLORS[i % COLORS.length], values: one[name] },
    { name: "best naive", color: "naive", values: one["naive_" + name] },
    { name: "gate", color: COLORS[i % COLORS.length], dashed: true, values: one["gate_" + name] },
  ]), short, value => Number.isInteger(value) ? String(value) : "", (_, low, high) => [0, high * 1.08 || 1]);

  const all = () => {
    const ratios = (_, low, high) => [Math.min(0.5, low), Math.max(1.05, high * 1.05)];
    byPeriod("mse_ratio", short, ratios);
    byPeriod("mae_ratio", short, ratios);
    byPeriod("coverage_p10_p90", value => value == null ? "-" : (100 * value).toFixed(0) + " %", (_, low, high) => [Math.min(0.6, low), 1]);
    byStep("mse");
    byStep("mae");
  };
  all();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  addEventListener("resize", () => {
    for (const chart of charts.values()) chart.setSize({ width: Math.max(240, chart.root.parentElement.clientWidth), height: chart.height });
  });
  document.documentElement.dataset.drawn = String(charts.size);
})();

"use strict";
(() => {
  const data = JSON.parse(document.getElementById("charts").textContent);
  const root = document.documentElement;
  const charts = new Map();
  const color = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const HEIGHT = 210, PAPER = 640;
  const widthOf = box => Math.max(240, root.classList.contains("print") ? Math.min(PAPER, box.clientWidth) : box.clientWidth);

  const short = value => value == null ? "-" : Math.abs(value) >= 1000 ? value.toLocaleString("en", { maximumFractionDigits: 0 }) : String(+value.toPrecision(4));
  const share = value => value == null ? "-" : (100 * value).toFixed(1) + " %";
  const time = seconds => {
    const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
    const parts = [];
    for (const [unit, length] of units) {
      const count = Math.floor(seconds / length + 1e-9);
      seconds -= count * length;
      if (count && parts.length < 2) parts.push(count + " " + unit);
    }
    return parts.join(" ") || "0 s";
  };
  const clock = (seconds, withDay) => {
    const text = new Date(1000 * seconds).toISOString();
    return withDay ? text.slice(0, 10) + " " + text.slice(11, 16) : text.slice(11, 16);
  };

  // One chart in its figure; what was there before is replaced.
  const draw = (id, options, columns) => {
    const box = document.querySelector("#chart-" + id + " > div");
    if (!box) return null;
    charts.get(id)?.destroy();
    const axis = { stroke: color("soft"), font: "12px system-ui, sans-serif", grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 } };
    const [x, y, ...more] = options.axes;
    const axes = [{ ...axis, ...x }, { ...axis, size: 58, ...y }, ...more.map(one => ({ ...axis, ...one }))];
    const chart = new uPlot({
      width: widthOf(box), height: HEIGHT, cursor: { y: false, points: { size: 6 } },
      ...options, axes, series: options.series,
    }, columns, box);
    charts.set(id, chart);
    return chart;
  };
  const hide = id => document.getElementById("chart-" + id)?.classList.add("empty");
  const line = (label, name, more) => ({ label, stroke: color(name), width: 2, points: { show: false }, value: (_, value) => short(value), ...more });
  const dashed = (label, name, more) => line(label, name, { width: 1.5, dash: [6, 4], ...more });

  const isEmpty = column => !column || column.every(value => value == null);
  const dots = size => ({ points: { show: true, size, fill: color("card") } });
  const few = (columns, style) => columns[0].length < 30 && style !== dashed ? dots(6) : {};
  // The local clock, by the day where there are days between.
  const clocks = (_, values, __, ___, between) => values.map(value => {
    const text = clock(value, true);
    return between >= 86400 || text.endsWith("00:00") ? text.slice(0, 10) : text.slice(11);
  });
  // Half of a date has room on the right, too.
  const dates = { values: clocks, space: 80 }, besideDates = [null, 34, null, null];
  const wholes = (_, values) => values.map(value => Number.isInteger(value) ? value : "");

  // Some columns over steps ahead or hours of the day.
  const overSteps = (id, lines, y) => {
    const steps = data.steps;
    const shown = lines.filter(([, , name]) => !isEmpty(steps[name]));
    if (!shown.length) return hide(id);
    const columns = [steps.x, ...shown.map(([, , name]) => steps[name])];
    draw(id, {
      scales: { x: { time: false, range: range(steps.x) }, y: y.scale || { range: (_, low, high) => [0, high * 1.08 || 1] } },
      axes: [{ values: (_, values) => values.map(value => Number.isInteger(value) ? time(value * steps.seconds) : "") , space: 60 }, { values: (_, values) => values.map(y.axis || y.format) }],
      series: [{ label: "ahead", value: (_, value) => value == null ? "" : time(value * steps.seconds) },
        ...shown.map(([label, name, , style]) => (style || line)(label, name, { ...few(columns, style), value: (_, value) => y.format(value) })), ],
    }, columns);
  };
  const range = x => x.length > 1 ? [x[0], x[x.length - 1]] : [x[0] - 1, x[0] + 1];
  const overHours = (id, lines, y) => {
    const hours = data.hours;
    const shown = hours && lines.filter(([, , column]) => !isEmpty(column(hours)));
    if (!hours || !shown.length) return hide(id);
    draw(id, {
      scales: { x: { time: false, range: [-0.6, 23.6] }, y: y.scale || { range: (_, low, high) => [0, high * 1.08 || 1] } },
      axes: [{ values: (_, values) => values.map(value => Number.isInteger(value) ? value + " h" : ""), space: 45 }, { values: (_, values) => values.map(y.axis || y.format) }],
      series: [{ label: "hour", value: (_, value) => value == null ? "" : value + " h" },
        ...shown.map(([label, name, , style]) => (style || line)(label, name, { ...few([hours.x], style), value: (_, value) => y.format(value) }))],
    }, [hours.x, ...shown.map(([, , column]) => column(hours))]);
  };
  const bars = (label, name, more) => line(label, name, { ...more, fill: color(name), width: 0, paths: uPlot.paths.bars({ size: [0.7, 40] }), points: { show: false } });
  const constant = value => rows => rows.x.map(() => value);

  const errors = () => {
    if (!data.steps) return;
    const plain = { format: short };
    overSteps("mse", [["model", "model", "mse"], ["best naive", "naive", "naive_mse"], ["persistence", "other", "persistence_mse", dashed]], plain);
    overSteps("mae", [["model", "model", "mae"], ["best naive", "naive", "naive_mae"], ["persistence", "other", "persistence_mae", dashed]], plain);
    overHours("hour", [["model", "model", rows => rows.mae], ["best naive", "naive", rows => rows.naive_mae]], plain);
    const skill = name => rows => rows[name].map(ratio => ratio == null ? null : 1 - ratio);
    overHours("skill", [["squared error", "model", skill("mse_ratio"), bars], ["absolute error", "naive", skill("mae_ratio")]],
      { format: value => value == null ? "-" : (100 * value).toFixed(0) + " %", scale: { range: (_, low, high) => [Math.min(0, low * 1.1), Math.max(0.1, high * 1.1)] } });
    const nominal = [[0.1, "P10"], [0.5, "P50"], [0.9, "P90"]];
    const fractions = { format: share, axis: value => Math.round(100 * value) + " %", scale: { range: [0, 1] } };
    data.steps.p10 = constant(0.1)(data.steps); data.steps.p50 = constant(0.5)(data.steps); data.steps.p90 = constant(0.9)(data.steps);
    overSteps("calibration-steps", [
      ...nominal.map(([, name]) => ["≤ " + name, "model", "below_" + name.toLowerCase()]),
      ...nominal.map(([value, name]) => [100 * value + " %", "other", name.toLowerCase(), dashed])], fractions);
    overHours("calibration-hours", [
      ...nominal.map(([, name]) => ["≤ " + name, "model", rows => rows["below_" + name.toLowerCase()]]),
      ...nominal.map(([value]) => [100 * value + " %", "other", constant(value), dashed])], fractions);
  };

  const timeline = () => {
    const found = data.timeline;
    if (!found) return;
    const split = u => {
      const { left, top, width, height } = u.bbox;
      u.ctx.save();
      u.ctx.font = (12 * devicePixelRatio) + "px system-ui, sans-serif";
      for (const [name, [first, last]] of Object.entries(found.splits)) {
        const from = Math.max(left, u.valToPos(first, "x", true)), to = Math.min(left + width, u.valToPos(last, "x", true));
        u.ctx.fillStyle = name === "eval" ? color("band") : "transparent";
        u.ctx.fillRect(from, top, to - from, height);
        u.ctx.fillStyle = color("soft");
        if (to - from > 30 * devicePixelRatio) u.ctx.fillText(name, from + 4 * devicePixelRatio, top + 14 * devicePixelRatio);
      }
      u.ctx.restore();
    };
    draw("timeline", {
      height: 240, padding: besideDates, hooks: { drawClear: [split] }, tzDate: seconds => uPlot.tzDate(new Date(1000 * seconds), "UTC"),
      scales: { x: { range: [found.x[0], found.x[found.x.length - 1] + found.seconds] }, y: { range: (_, low, high) => [Math.min(0, low), high * 1.15 || 1] }, missing: { range: [0, 1] } },
      axes: [dates, { values: (_, values) => values.map(short) }],
      series: [{ label: "from", value: (_, value) => value == null ? "" : clock(value, true) },
        line("mean", "model", { width: 1.5, ...few([found.x]), value: (_, value) => short(value) + " " + found.unit, fill: color("band") }),
        bars("missing", "missing", { scale: "missing", value: (_, value) => share(value) })],
    }, [found.x, found.mean, found.missing]);
  };

  const training = () => {
    const fits = data.training;
    if (!fits) { hide("curve-mse"); hide("curve-loss"); return; }
    for (const [id, name] of [["curve-mse", "eval_mse"], ["curve-loss", "loss"]]) {
      const shown = fits.filter(fit => !isEmpty(fit[name]));
      if (!shown.length) { hide(id); continue; }
      const x = [...new Set(shown.flatMap(fit => fit.x))].sort((a, b) => a - b);
      const columns = shown.map(fit => { const at = new Map(fit.x.map((step, i) => [step, fit[name][i]])); return x.map(step => at.has(step) ? at.get(step) : null); });
      draw(id, {
        legend: { show: shown.length <= 8 },
        scales: { x: { time: false, range: (_, low, high) => [0, high] } },
        axes: [{ values: wholes }, { values: (_, values) => values.map(short) }],
        series: [{ label: "step" }, ...shown.map(fit => fit.name === "final fit"
          ? line(fit.name, "model", { width: 2.5, spanGaps: true, ...dots(5) })
          : line(fit.name, "other", { width: 1.2, spanGaps: true, ...dots(6) }))],
      }, [x, ...columns]);
    }
  };

  // Forecasts: which excerpt, how far ahead, and which part of it.
  const state = { excerpt: 0, ahead: Math.max(0, (data.forecasts?.excerpts[0]?.ahead.length ?? 0) - 1) };
  const forecast = () => {
    const found = data.forecasts;
    if (!found || !found.excerpts.length) return;
    const one = found.excerpts[state.excerpt], made = one.ahead[state.ahead];
    const x = one.actual.map((_, i) => one.local_seconds + i * found.step_seconds);
    const mark = u => {
      const { top, height, left, width } = u.bbox;
      u.ctx.save();
      u.ctx.fillStyle = color("tint");
      for (const { first, last } of one.marks) if (last > first) {
        const from = Math.max(left, u.valToPos(x[Math.max(first, 0)], "x", true)), to = Math.min(left + width, u.valToPos(x[Math.min(last, x.length - 1)], "x", true));
        if (to > from) u.ctx.fillRect(from, top, to - from, height);
      }
      u.ctx.restore();
    };
    const unit = value => short(value) + " " + found.unit;
    draw("forecast", {
      height: window.innerWidth < 560 ? 280 : 340, padding: besideDates, tzDate: seconds => uPlot.tzDate(new Date(1000 * seconds), "UTC"), hooks: { drawClear: [mark] },
      scales: { y: { range: (_, low, high) => [Math.min(0, low), high * 1.05 || 1] } },
      axes: [dates, { values: (_, values) => values.map(short) }],
      bands: [{ series: [2, 1], fill: color("band") }],
      series: [{ label: "time", value: (_, value) => value == null ? "" : clock(value, true) },
        line("P10", "band", { width: 1, value: (_, value) => unit(value) }), line("P90", "band", { width: 1, value: (_, value) => unit(value) }),
        line("P50", "model", { width: 1.5, value: (_, value) => unit(value) }), line("came", "actual", { width: 1.5, value: (_, value) => unit(value) })],
    }, [x, made.p10, made.p90, made.p50, one.actual]);
    for (const id of ["excerpt", "ahead"])
      for (const button of document.querySelectorAll("#" + id + " button"))
        button.setAttribute("aria-pressed", String(Number(button.dataset.number) === state[id]));
  };
  const move = button => {
    const chart = charts.get("forecast"), x = chart.data[0], low = x[0], high = x[x.length - 1];
    let { min, max } = chart.scales.x;
    const width = max - min;
    if (button.dataset.zoom === "all") [min, max] = [low, high];
    else if (button.dataset.zoom) {
      const middle = (min + max) / 2, half = Math.min(high - low, width * button.dataset.zoom) / 2;
      [min, max] = [middle - half, middle + half];
    } else [min, max] = [min + width * button.dataset.move, max + width * button.dataset.move];
    if (min < low) [min, max] = [low, Math.min(high, max + low - min)];
    if (max > high) [min, max] = [Math.max(low, min + high - max), high];
    chart.setScale("x", { min, max });
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.parentElement.id === "move") return move(button);
    state[button.parentElement.id] = Number(button.dataset.number);
    forecast();
  });

  const point = box => {
    const svg = box.ownerSVGElement, on = new Set([box.dataset.name]), lines = [...svg.querySelectorAll("path")];
    for (let grown = true; grown;) {
      grown = false;
      for (const line of lines) if (on.has(line.dataset.target) && !on.has(line.dataset.source)) { on.add(line.dataset.source); grown = true; }
    }
    svg.classList.add("pointed");
    for (const line of lines) line.classList.toggle("on", on.has(line.dataset.target));
    for (const one of svg.querySelectorAll("g")) one.classList.toggle("on", on.has(one.dataset.name));
  };
  for (const box of document.querySelectorAll("#lineage g")) {
    for (const event of ["mouseenter", "focus", "click"]) box.addEventListener(event, () => point(box));
    for (const event of ["mouseleave", "blur"]) box.addEventListener(event, () => box.ownerSVGElement.classList.remove("pointed"));
  }

  const all = () => { forecast(); errors(); timeline(); training(); };
  all();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  let open = [];
  addEventListener("beforeprint", () => {
    root.classList.add("print");
    open = [...document.querySelectorAll("details:not([open])")];
    for (const one of open) one.open = true;
    all();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("print");
    for (const one of open) one.open = false;
    all();
  });
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const chart of charts.values()) chart.setSize({ width: widthOf(chart.root.parentElement), height: chart.height });
    }, 100);
  });
  root.dataset.drawn = String(charts.size);
})();

"use strict";
(() => {
  const EVERY = 2000, PATIENCE = 5000, HEIGHT = 320;
  const root = document.documentElement;
  const by = id => document.getElementById(id);
  const color = name => getComputedStyle(root).getPropertyValue("--" + name).trim();

  // What the server says is only ever text: no markup is made of it.
  const el = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) made.setAttribute(name, value);
    made.append(...children.filter(child => child != null));
    return made;
  };
  const fill = (parent, ...children) => parent.replaceChildren(...children.filter(child => child != null));

  const short = value => value == null ? "-" : Math.abs(value) >= 1000 ? value.toLocaleString("en", { maximumFractionDigits: 0 }) : String(+value.toPrecision(3));
  const count = value => value == null ? "-" : value.toLocaleString("en");
  const percent = value => value == null ? "-" : (100 * value).toFixed(1) + " %";
  const milliseconds = seconds => seconds == null ? "-" : short(1000 * seconds) + " ms";
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const duration = seconds => {
    const parts = [];
    let left = Math.max(0, Math.round(seconds));
    for (const [unit, length] of UNITS) {
      const many = Math.floor(left / length);
      left -= many * length;
      if (many && parts.length < 2) parts.push(many + " " + unit);
    }
    return parts.join(" ") || "0 s";
  };
  // YYYY-MM-DD HH:MM:SS by the clock of a zone; without one, by the reader's.
  const clocks = new Map();
  const clock = (seconds, zone) => {
    if (!clocks.has(zone)) clocks.set(zone, new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone }));
    return clocks.get(zone).format(new Date(1000 * seconds));
  };
  const today = seconds => {
    const [text, now] = [clock(seconds), clock(Date.now() / 1000)];
    return text.slice(0, 10) === now.slice(0, 10) ? text.slice(11) : text.slice(0, 16);
  };

  const badge = (text, tone) => el("span", { class: "badge " + (tone ?? "") }, text);
  const TONES = { serving: "good", loading: "warning", ending: "warning", refused: "bad" };
  const LABELS = { stable: "good", canary: "warning" };

  const headline = state => {
    const serving = state.versions.filter(one => one.state === "serving");
    const main = serving.find(one => one.label === "stable") ?? serving[0];
    if (!main) {
      const loading = state.versions.some(one => one.state === "loading");
      return [badge(loading ? "Loading" : "Not serving", loading ? "warning" : "bad"), loading ? " The model is on its way." : " No version of this model can be loaded: nothing is answered."];
    }
    const canary = serving.find(one => one.label === "canary" && one !== main);
    const share = canary ? `, and version ${canary.version} ${canary.percent} % of the requests as canary` : "";
    return [badge("Serving", "good"), ` Version ${main.version} answers${main.since == null ? "" : " since " + today(main.since)}${share}.`];
  };

  const tile = (title, note, value, below) => el("div", {}, el("dt", {}, title, el("br", {}), el("small", {}, note)), el("dd", {}, value, below == null ? null : el("small", {}, below)));
  const tiles = state => {
    const { traffic, chart } = state;
    const made = [];
    if (chart) {
      const at = chart.x.findIndex((x, i) => x > chart.origin && chart.p50[i] != null);
      if (at >= 0) made.push(tile("Next step", "of " + chart.target + ", median", `${short(chart.p50[at])} ${chart.unit}`, `${short(chart.p10[at])} to ${short(chart.p90[at])}`));
    }
    const window = "in the last " + duration(traffic.seconds);
    made.push(
      tile("Requests", window, count(traffic.requests), traffic.requests ? short(traffic.requests / traffic.seconds) + " a second" : ""),
      tile("Errors", window, count(traffic.errors), traffic.requests ? short(100 * traffic.errors / traffic.requests) + " %" : ""),
      tile("Answered within", window, milliseconds(traffic.p50), "99 of 100: " + milliseconds(traffic.p99)));
    const gate = state.versions.find(one => one.record?.mse_ratio != null && one.state === "serving");
    if (gate) made.push(tile("Squared error", "at the gate, over the best naive forecast's", gate.record.mse_ratio.toFixed(3), gate.version));
    return made;
  };

  const head = names => el("thead", {}, el("tr", {}, ...names.map(([name, number]) => el("th", { class: number ? "number" : null }, name))));
  const cell = (content, number) => el("td", { class: number ? "number" : null }, ...[content].flat());
  const ratio = value => value == null ? "-" : value.toFixed(3);

  const versions = state => {
    const rows = state.versions.map(one => {
      const record = one.record ?? {};
      const label = one.label ? badge(one.label + (one.percent == null ? "" : ` ${one.percent} %`), LABELS[one.label]) : "-";
      return el("tr", {}, cell(one.version), cell(label), cell(badge(one.state, TONES[one.state])), cell(one.since == null ? "-" : today(one.since)),
        cell(one.labelled == null ? "-" : today(one.labelled)),
        cell(record.pushed_at == null ? "-" : clock(record.pushed_at).slice(0, 16)),
        cell(ratio(record.mse_ratio), true), cell(ratio(record.mae_ratio), true), cell(percent(record.coverage_p10_p90), true), cell(record.run ?? "-"));
    });
    fill(by("versions").querySelector("table"), head([["version"], ["label"], ["state"], ["loaded"], ["labelled"], ["pushed"], ["MSE ratio", 1], ["MAE ratio", 1], ["P10..P90", 1], ["run"]]), el("tbody", {}, ...rows));
  };

  const answers = state => {
    const rows = state.answers.map(one => el("tr", {}, cell(today(one.at)), cell(one.version), cell(one.label ? badge(one.label, LABELS[one.label]) : "-"), cell(one.signature), cell(count(one.batch), true), cell(one.inputs), cell(one.outputs)));
    by("none").hidden = rows.length > 0;
    fill(by("answers").querySelector("table"), rows.length ? head([["at"], ["version"], ["label"], ["signature"], ["batch", 1], ["inputs"], ["outputs"]]) : null, el("tbody", {}, ...rows));
  };

  const shown = { chart: null, unit: "", data: null };
  const line = (label, name, more) => ({ label, stroke: color(name), width: 2, points: { show: false }, value: (_, value) => value == null ? "-" : short(value) + " " + shown.unit, ...more });
  const build = (box, chart) => {
    const zone = chart.zone ?? "UTC";
    const axis = { stroke: color("soft"), font: "12px system-ui, sans-serif", grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 } };
    // What is still to come lies on a tint.
    const ahead = u => {
      const { left, top, width, height } = u.bbox, from = Math.max(left, u.valToPos(shown.data.origin, "x", true));
      u.ctx.save();
      u.ctx.fillStyle = color("tint");
      u.ctx.fillRect(from, top, Math.max(0, left + width - from), height);
      u.ctx.restore();
    };
    const ticks = (_, values, __, ___, between) => values.map(value => {
      const text = clock(value, zone);
      return between >= 86400 || text.endsWith("00:00:00") ? text.slice(0, 10) : text.slice(11, between < 60 ? 19 : 16);
    });
    return new uPlot({
      width: Math.max(240, box.clientWidth), height: innerWidth < 560 ? 260 : HEIGHT,
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } }, hooks: { drawClear: [ahead] },
      tzDate: seconds => uPlot.tzDate(new Date(1000 * seconds), zone),
      scales: { y: { range: (_, low, high) => low == null ? [0, 1] : [Math.min(0, low), high * 1.08 || 1] } },
      axes: [{ ...axis, values: ticks, space: 80 }, { ...axis, size: 58, values: (_, values) => values.map(short) }],
      bands: [{ series: [2, 1], fill: color("band") }],
      series: [{ label: "time", value: (_, value) => value == null ? "" : clock(value, zone) },
        line("P10", "band", { width: 1 }), line("P90", "band", { width: 1 }), line("P50", "model"), line("measured", "actual", { width: 1.5 })],
    }, columns(chart), box);
  };
  const columns = chart => [chart.x, chart.p10, chart.p90, chart.p50, chart.measured];
  const draw = again => {
    const chart = shown.data, box = by("chart").firstElementChild;
    const zoned = chart.zone + chart.unit;
    if (!shown.chart || again || shown.zoned !== zoned) {
      shown.chart?.destroy();
      shown.unit = chart.unit;
      shown.chart = build(box, chart);
      shown.zoned = zoned;
    } else shown.chart.setData(columns(chart));
    box.dataset.origin = chart.origin;
  };
  // Buttons for what there is to choose from, if there is more than one.
  const choices = (id, what, names, chosen) => fill(by(id), ...(names.length > 1 ? names.map(name =>
    el("button", { type: "button", "data-what": what, "data-name": name, "aria-pressed": String(name === chosen) }, name)) : []));
  const forecast = chart => {
    by("forecast").hidden = !chart;
    if (!chart) return;
    const changed = JSON.stringify(chart) !== JSON.stringify(shown.data);
    shown.data = chart;
    by("target").textContent = `${chart.target}${chart.meter ? " of " + chart.meter : ""}, ${chart.unit}`;
    by("what").textContent = `Asked at ${today(chart.at)} with values up to ${clock(chart.origin, chart.zone ?? "UTC")} and answered by version ${chart.version}` +
      `${chart.label ? " (" + chart.label + ")" : ""}. On the tint: what is to come. Before it: what was measured, on the band of the forecasts made last before each moment.`;
    choices("meters", "meter", chart.meters, chart.meter);
    if (changed) draw();
  };

  const show = state => {
    document.title = state.name + ": forecasts";
    fill(by("name"), el("b", {}, state.name), " · ", location.host, " · up for ", duration(state.now - state.started));
    fill(by("headline"), ...headline(state));
    choices("models", "model", state.models, state.name);
    const refused = [...state.versions.filter(one => one.reason).map(one => `Version ${one.version}${one.state === "serving" ? "" : " is not served"}: ${one.reason}`), ...state.problems];
    by("refused").hidden = !refused.length;
    fill(by("refused"), ...refused.map(text => el("li", {}, text)));
    fill(by("tiles"), ...tiles(state));
    forecast(state.chart);
    versions(state);
    answers(state);
    const model = "/v1/models/" + encodeURIComponent(state.name);
    fill(by("footer"), ...[[model, "status"], [model + "/metadata", "metadata"], ["/metrics", "metrics"], ["/state.json", "state"]].map(([href, text]) => el("a", { href }, text)),
      el("span", {}, "POST ", el("code", {}, model + ":predict"), " asks for a forecast."));
  };

  const asked = {};
  let failed = null, waiting;
  const away = error => {
    failed ??= Date.now() / 1000;
    document.body.classList.add("away");
    by("away").hidden = false;
    by("away").textContent = `The server has not answered since ${today(failed)} (${error}); below is what it said last. It is asked again every ${EVERY / 1000} s.`;
  };
  const back = () => {
    failed = null;
    document.body.classList.remove("away");
    by("away").hidden = true;
  };
  const ask = async () => {
    const path = "/state.json?" + new URLSearchParams(asked);
    try {
      const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
      if (!answer.ok) throw new Error("HTTP " + answer.status);
      return await answer.json();
    } catch (error) {
      away(error.name === "TypeError" ? "no connection" : error.message);
      return null;
    }
  };
  const poll = async () => {
    const state = await ask();
    clearTimeout(waiting);
    if (!document.hidden) waiting = setTimeout(poll, EVERY);
    if (!state) return;
    back();
    show(state);
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.what === "model") delete asked.meter;
    asked[button.dataset.what] = button.dataset.name;
    poll();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown.data && draw(true));
  let resizing;
  addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => shown.data && draw(true), 100);
  });
  poll();
})();

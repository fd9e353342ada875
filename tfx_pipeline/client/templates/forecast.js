"use strict";
(() => {
  const forecasts = JSON.parse(document.getElementById("forecasts").textContent);
  const boxes = [...document.querySelectorAll(".chart > div")];
  const color = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const width = box => Math.max(240, box.clientWidth);
  const clock = seconds => {
    const text = new Date(1000 * seconds).toISOString();
    return text.slice(0, 10) + " " + text.slice(11, 16);
  };
  // The day where one begins.
  const clocks = (_, values, __, ___, between) => values.map(value => {
    const text = clock(value);
    return between >= 86400 || text.endsWith("00:00") ? text.slice(0, 10) : text.slice(11);
  });
  let charts = [];
  const draw = () => {
    for (const chart of charts) chart.destroy();
    charts = forecasts.map((one, number) => {
      const value = (_, found) => found == null ? "-" : +found.toPrecision(4) + " " + one.unit;
      const line = (label, name, more) => ({ label, stroke: color(name), width: 2, value, points: { show: false }, ...more });
      const axis = { stroke: color("soft"), font: "12px system-ui, sans-serif", grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("grid"), width: 1 } };
      // Where what is known ends, and the forecast begins.
      const now = chart => {
        const { top, height } = chart.bbox, x = chart.valToPos(one.now, "x", true);
        chart.ctx.save();
        chart.ctx.strokeStyle = color("other");
        chart.ctx.setLineDash([4, 4]);
        chart.ctx.beginPath();
        chart.ctx.moveTo(x, top);
        chart.ctx.lineTo(x, top + height);
        chart.ctx.stroke();
        chart.ctx.restore();
      };
      const few = one.x.length < 40 ? { points: { show: true, size: 5 } } : {};
      return new uPlot({
        width: width(boxes[number]), height: 340, cursor: { y: false, points: { size: 6 } },
        tzDate: seconds => uPlot.tzDate(new Date(1000 * seconds), "UTC"), hooks: { drawClear: [now] },
        scales: { y: { range: (_, low, high) => [Math.min(0, low), high * 1.08 || 1] } },
        axes: [{ ...axis, values: clocks, space: 80 }, { ...axis, size: 58, label: one.unit, labelSize: 18, labelFont: axis.font }],
        bands: [{ series: [2, 1], fill: color("band") }],
        series: [{ label: "from", value: (_, found) => found == null ? "" : clock(found) },
          line("P10", "band", { width: 1 }), line("P90", "band", { width: 1 }),
          line("P50", "model", few), line("mean", "naive", { width: 1.5, dash: [6, 4] }), line("measured", "actual", { width: 1.5, ...few })],
      }, [one.x, one.p10, one.p90, one.p50, one.mean, one.known], boxes[number]);
    });
    document.documentElement.dataset.drawn = String(charts.length);
  };
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("resize", () => {
    for (const [number, chart] of charts.entries()) chart.setSize({ width: width(boxes[number]), height: chart.height });
  });
})();

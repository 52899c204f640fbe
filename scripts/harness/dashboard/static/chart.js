// A chart of the last minutes. Its colours follow the theme, its summary is for those who do not see it.

import { h } from "./dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  // series: {name, field, colour, fill}; format: of values; summary: what the chart says, in words.
  constructor(title, series, format, summary) {
    this.series = series;
    this.format = format;
    this.summary = summary;
    this.words = h("p", { class: "unseen" });
    this.place = h("div", { class: "plot", "aria-hidden": "true" });
    const legend = h("ul", { class: "legend", "aria-hidden": "true" }, series.map((each) =>
      h("li", {}, h("span", { class: `key ${each.colour.slice(2)}` }), each.name)));
    this.element = h("section", { class: "card chart" }, h("div", { class: "head" }, h("h3", {}, title), legend), this.place, this.words);
    this.sizes = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.sizes.observe(this.place);
    this.themed = () => this.make();
    dark.addEventListener("change", this.themed);
    this.data = null;
  }

  size() {
    return { width: Math.max(200, this.place.clientWidth), height: 150 };
  }

  make() {
    this.plot?.destroy();
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    this.plot = new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      padding: [8, 22, 0, 0],
      scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.15 || 1)] } },
      axes: [
        { ...axis, size: 26, space: 70, values: (_, ticks) => ticks.map((at) => new Date(at * 1000).toTimeString().slice(0, 8)) },
        { ...axis, size: 58, space: 32, values: (_, ticks) => ticks.map((value) => this.format(value)) },
      ],
      series: [{}, ...this.series.map((each) => ({
        label: each.name, stroke: colour(each.colour), width: 1.6, spanGaps: Boolean(each.gaps),
        fill: each.fill ? `${colour(each.colour)}22` : undefined,
        points: { show: Boolean(each.dots), size: 4, fill: colour(each.colour) },
      }))],
    }, this.data, this.place);
  }

  show(points) {
    this.data = [points.map((point) => point.at), ...this.series.map((each) => points.map((point) => point[each.field]))];
    this.words.textContent = this.summary(points);
    if (this.plot) this.plot.setData(this.data);
    else if (points.length > 1) this.make();
  }

  end() {
    this.sizes.disconnect();
    dark.removeEventListener("change", this.themed);
    this.plot?.destroy();
  }
}

// A chart of values over time. Its colours follow the theme, its summary is for those who do not see it.

import { h } from "./dom.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = (at) => new Date(at * 1000).toTimeString().slice(0, 8);

export class Chart {
  // series: {name, field, colour, fill, gaps, dots}; format: of values; summary: what the chart says, in words.
  // axis: {label: text at a place of the x axis, timed: whether x is a time, utc: shown in UTC, least: what y reaches at least}.
  constructor(title, series, format, summary, axis = {}) {
    this.series = series;
    this.format = format;
    this.summary = summary;
    this.axis = { label: clock, timed: true, utc: false, least: 1, ...axis };
    this.words = h("p", { class: "unseen" });
    this.place = h("div", { class: "plot", "aria-hidden": "true" });
    const legend = h("ul", { class: "legend", "aria-hidden": "true" }, series.map((each) =>
      h("li", {}, h("span", { class: `key ${each.colour.slice(2)}` }), each.name)));
    this.element = h("section", { class: "card chart" }, h("div", { class: "head" }, h("h3", {}, title), legend), this.place, this.words);
    this.sizes = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.sizes.observe(this.place);
    this.themed = () => { if (this.plot) this.make(); };
    dark.addEventListener("change", this.themed);
    this.data = null;
  }

  size() {
    return { width: Math.max(200, this.place.clientWidth), height: this.place.clientHeight || 150 };
  }

  // From 0 or below it, with some room.
  range(low, high) {
    return [Math.min(0, (low ?? 0) * 1.15), Math.max(this.axis.least, (high ?? 0) * 1.15)];
  }

  make() {
    this.plot?.destroy();
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    this.plot = new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      padding: [8, 22, 0, 0],
      tzDate: (at) => (this.axis.utc ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
      scales: { x: { time: this.axis.timed }, y: { range: (_, low, high) => this.range(low, high) } },
      axes: [
        { ...axis, size: 26, space: 70, values: (_, ticks) => ticks.map(this.axis.label) },
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

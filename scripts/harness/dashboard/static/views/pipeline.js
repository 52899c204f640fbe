// The picture of the pipeline with live numbers on it, and the last hour as charts.

import { Chart } from "../chart.js";
import { empty, fill, h } from "../dom.js";
import { count, milliseconds, number, rate } from "../format.js";
import { hour, largest, last, listen, mean, newest, recent, sum } from "../live.js";

const RANGES = { "5 minutes": 300, "15 minutes": 900, "1 hour": 3600 };
let range = "5 minutes";

export default function pipeline(place, { stack }) {
  const names = stack.resources ?? {};
  const stages = h("ol", { class: "flow", "aria-label": "The pipeline, from source to output" });
  const charts = makeCharts();
  const chosen = h("div", { class: "choice", role: "group", "aria-label": "Time shown" }, Object.keys(RANGES).map((name) =>
    h("button", { type: "button", "aria-pressed": String(name === range), onclick: (click) => choose(click, name) }, name)));
  const quiet = h("div", {});

  function choose(click, name) {
    range = name;
    chosen.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button === click.target)));
    draw();
  }

  function draw() {
    fill(stages, cards(names));
    const points = recent(RANGES[range]);
    charts.forEach((chart) => chart.show(points));
    fill(quiet, !hour.totals.put && hour.points.length > 2 ? empty("No events yet",
      h("a", { href: "#/event" }, "Send one"), " or run ", h("code", {}, "make send COUNT=100"), ".") : null);
  }

  fill(place, stages, quiet,
    h("div", { class: "bar" }, h("h2", {}, "History"), chosen),
    h("div", { class: "charts" }, charts.map((chart) => chart.element)));
  draw();
  const stop = listen(draw);
  return () => {
    stop();
    charts.forEach((chart) => chart.end());
  };
}

function cards(names) {
  const now = recent(5), minute = recent(60), all = hour.points;
  const failures = last()?.failed;
  const errors = sum(all, "errors"), throttles = sum(all, "throttles");
  return [
    card("source", "Source stream", names.source_stream, rate(mean(now, "put")), "events/s", [["sent in total", number(hour.totals.put ?? 0)]]),
    card("mapping", "Mapping", "event source mapping", number(newest(minute, "batch")), "events per batch", [
      ["iterator age", milliseconds(largest(minute, "age"))], ["throttled", number(throttles), throttles > 0]]),
    card("function", "Function", names.function, milliseconds(newest(minute, "p50")), "median", [
      ["p99 latency", milliseconds(largest(minute, "p99"))], ["invocations", number(sum(all, "invocations"))],
      ["cold starts", number(sum(all, "cold"))], ["errors", number(errors), errors > 0]]),
    card("output", "Output stream", names.output_stream, rate(mean(now, "out")), "records/s", [["written in total", number(hour.totals.out ?? 0)]]),
    names.failed_events ? card("failures", "Failed events", names.failed_events, number(failures), "in the bucket",
      [[h("a", { href: "#/failed" }, failures ? "see why, and redrive" : "see")]], failures > 0) : null,
  ];
}

function card(kind, title, name, value, unit, rows, bad = false) {
  return h("li", { class: `stage ${kind} ${bad ? "bad" : ""}` },
    h("h2", {}, title), h("p", { class: "name", title: name }, name ?? "–"),
    h("p", { class: "big", id: `value-${kind}` }, h("span", {}, value), " ", h("small", {}, unit)),
    h("dl", {}, rows.map(([label, text, warn]) => h("div", { class: warn ? "warn" : "" }, h("dt", {}, label), h("dd", {}, text ?? "")))));
}

function makeCharts() {
  const per = (value) => rate(value);
  return [
    new Chart("Events per second", [{ name: "sent", field: "put", colour: "--blue", fill: true }, { name: "answered", field: "out", colour: "--green" }], per,
      (points) => `On average ${rate(mean(points, "put"))} events per second sent, ${rate(mean(points, "out"))} answered.`),
    new Chart("Latency of an event", [{ name: "p50", field: "p50", colour: "--blue", gaps: true, dots: true }, { name: "p99", field: "p99", colour: "--amber", gaps: true, dots: true }], milliseconds,
      (points) => `Newest median ${milliseconds(newest(points, "p50"))}, largest 99th percentile ${milliseconds(largest(points, "p99"))}.`),
    new Chart("Iterator age", [{ name: "largest", field: "age", colour: "--violet", gaps: true, dots: true }], milliseconds,
      (points) => `Largest ${milliseconds(largest(points, "age"))}.`),
    new Chart("Events per batch", [{ name: "mean of a second", field: "batch", colour: "--violet", gaps: true, dots: true }], number,
      (points) => `Newest ${number(newest(points, "batch"))}, largest ${number(largest(points, "batch"))}.`),
    new Chart("Failed events in the bucket", [{ name: "failed", field: "failed", colour: "--red", fill: true }], number,
      (points) => `${number(newest(points, "failed"))} now.`),
    new Chart("Errors and throttles", [{ name: "errors", field: "errors", colour: "--red", fill: true }, { name: "throttled", field: "throttles", colour: "--amber" }, { name: "cold starts", field: "cold", colour: "--blue" }], number,
      (points) => `${count(sum(points, "errors"), "error")}, ${count(sum(points, "throttles"), "throttle")}, ${count(sum(points, "cold"), "cold start")}.`),
  ];
}

// The shadow model against the live one.

import { get } from "../api.js";
import { Chart } from "../chart.js";
import { code, empty, h, load, pairs, table } from "../dom.js";
import { count, milliseconds, number, percent } from "../format.js";

export function shadow(ends) {
  const place = h("div", {});
  const refresh = () => load(place, () => get("model/shadow"), (answer) => show(answer, ends));
  refresh();
  return [h("div", { class: "bar" }, h("h2", {}, "Shadow model"), h("button", { type: "button", onclick: refresh, "aria-label": "Refresh the shadow model" }, "Refresh")), place];
}

function show(answer, ends) {
  if (!answer.run_id) return empty("No shadow model", "A second model can answer the same events without writing to the stream: ", code("make promote MODEL=… STAGE=local SHADOW=1"), ", then ", code("make local-up"), ".");
  return [
    h("div", { class: "grid" }, live(answer), offline(answer)),
    answer.events ? chart(answer.points, ends) : answer.failures ? null : empty("Nothing compared yet", "The function has logged no batch of this shadow model in the last hour."),
  ];
}

function live(answer) {
  return h("section", { class: "card" }, h("h3", {}, "On live events, last hour"), pairs([
    ["shadow", code(answer.run_id)], ["live", code(answer.live)],
    ["compared", `${count(answer.events, "event")} in ${count(answer.batches, "batch", "batches")}`],
    ["mean difference", percent(answer.difference, true)], ["mean absolute difference", percent(answer.absolute)], ["largest difference", percent(answer.largest)],
    ["not finite", answer.not_finite || null], ["time for a batch", milliseconds(answer.milliseconds)],
    ["failures", answer.failures || null], ["last failure", answer.cause]]),
    h("p", { class: "hint" }, "Differences are (shadow - live) / live."));
}

function offline({ hold_out: found }) {
  const days = (each) => (each.first ? `${each.first.slice(0, 10)} to ${each.last.slice(0, 10)}` : "–");
  return h("section", { class: "card" }, h("h3", {}, "On their hold-outs"), found.length
    ? [table("Errors of both models on their hold-outs", ["model", "RMSPE", "bias", "rows", "period"], found.map((each) => [each.role, percent(each.errors.rmspe), percent(each.errors.bias, true), number(each.rows), days(each)])),
      h("p", { class: "hint" }, "Comparable only if both were measured on the same rows.")]
    : empty("No evaluation", "Neither model's training wrote one."));
}

function chart(points, ends) {
  const made = new Chart("Difference from the live model", [{ name: "mean", field: "difference", colour: "--blue", dots: true }, { name: "mean absolute", field: "absolute", colour: "--amber", dots: true }],
    (value) => percent(value), (shown) => `${count(shown.length, "point")}; the figures are above.`, { least: 0 });
  ends.push(() => made.end());
  requestAnimationFrame(() => made.show(points));
  return made.element;
}

// The model that is served: its version, its hold-out, its shadow, and the drift of the last events.

import { get } from "../api.js";
import { code, empty, fill, h, load, pairs, problem, table } from "../dom.js";
import { digits } from "../format.js";
import { drift } from "../model/drift.js";
import { holdOut } from "../model/hold_out.js";
import { shadow } from "../model/shadow.js";

export default function model(place) {
  const about = fill(place, h("div", {})).firstChild;
  const ends = [];
  load(about, () => get("model"), (answer) => show(answer, ends));
  return () => ends.forEach((end) => end());
}

function show(answer, ends) {
  if (!answer.has_model) return empty("This pipeline has no model", "Name its training in ", code("model.train"), " of pipeline.toml.");
  return [
    h("div", { class: "grid" }, inUse(answer), metrics(answer.metrics)),
    answer.problem ? problem(answer.problem) : answer.hold_out ? holdOut(answer.hold_out, ends) : none(),
    drift(),
    shadow(ends),
  ];
}

function inUse(answer) {
  return h("section", { class: "card" }, h("h2", {}, "In use"), pairs([
    ["registered version", answer.version ? code(answer.version) : null], ["MLflow run", code(answer.run_id)],
    ["function", answer.function], ["in the bucket", answer.place ? code(answer.place) : "its model is not in the model bucket"],
    ["trained on", answer.trained_on], ["deployed last", answer.newest ? [code(answer.newest), " (the live version of the function serves another run)"] : null],
    ["MLflow", answer.mlflow ? h("a", { href: answer.mlflow, target: "_blank", rel: "noreferrer" }, "open the run (new tab)") : code(answer.command)],
    ["", answer.mlflow ? null : "This runtime has no tracking server; the command starts one."]]));
}

function metrics(found) {
  return h("section", { class: "card" }, h("h2", {}, "Metrics of the training"), found.length
    ? table("Metrics beside the baseline's", ["metric", "model", "baseline"], found.map((each) => [each.name, digits(each.value), digits(each.baseline)]), { shown: true })
    : empty("No metrics", "The training returned none, or this machine does not know the run."));
}

const none = () => empty("No evaluation", "The training of this model wrote none, so there is no hold-out to show and nothing to compare events with. ",
  "Train again (", code("make train"), "); docs/model.md says what a training of your own writes.");

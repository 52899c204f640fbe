// The model that is served.

import { get } from "../api.js";
import { code, empty, fill, h, load, pairs, table } from "../dom.js";

export default function model(place) {
  const about = fill(place, h("div", {})).firstChild;
  load(about, () => get("model"), show);
}

const digits = (value) => (typeof value === "number" ? value.toPrecision(4) : "–");

function show(answer) {
  if (!answer.has_model) return empty("This pipeline has no model", "Name its training in ", code("model.train"), " of pipeline.toml.");
  return h("div", { class: "grid" },
    h("section", { class: "card" }, h("h2", {}, "Served model"), pairs([
      ["version", answer.version ? code(answer.version) : null], ["MLflow run", code(answer.run_id)], ["in the bucket", code(answer.place)], ["trained on", answer.trained_on],
      ["MLflow", answer.mlflow ? h("a", { href: answer.mlflow, target: "_blank", rel: "noreferrer" }, "open the run (new tab)") : [code(answer.store), " (this runtime has no tracking server)"]]])),
    h("section", { class: "card" }, h("h2", {}, "On the hold-out"), answer.metrics.length
      ? table("Metrics on the hold-out, beside the baseline's", ["metric", "model", "baseline"], answer.metrics.map((each) => [each.name, digits(each.value), digits(each.baseline)]), { shown: true })
      : empty("No metrics", "The training returned none.")));
}

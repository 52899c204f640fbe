// Drift of the last events against the training data.

import { get } from "../api.js";
import { bar, code, empty, fill, h, load, table, tag } from "../dom.js";
import { clock, count, digits, percent } from "../format.js";

const VERDICTS = { stable: ["stable", "good"], some: ["some drift", "warn"], large: ["large drift", "bad"], few: ["too few events", ""] };

export function drift() {
  const list = h("div", {});
  const refresh = () => load(list, () => get("model/drift"), show);
  refresh();
  return [h("div", { class: "bar" }, h("h2", {}, "Drift"), h("button", { type: "button", onclick: refresh, "aria-label": "Refresh the drift" }, "Refresh")), list];
}

function show({ features, events, since, until, limits }) {
  if (!features.length) return empty("Nothing to compare with", "The training of this model wrote no distribution of its data (docs/model.md).");
  if (!events) return empty("No events in the last hour", "Send some, for example ", code(`make send COUNT=${limits.least * 3}`), ", and refresh.");
  return [
    h("p", { class: "hint" }, `The last ${count(events, "event")} (${clock(since).slice(0, 8)} to ${clock(until).slice(0, 8)}; at most ${limits.most}, none older than an hour), against the training data.`),
    h("div", { class: "card figures" }, table("Population stability index of each feature", ["feature", "PSI", "by chance", "verdict", "not in training"], features.map((each) => [
      each.name, digits(each.psi), `< ${digits(each.chance)}`, tag(...VERDICTS[each.verdict]), percent(each.unknown)]))),
    features.map((each) => h("details", { class: "card" }, h("summary", {}, h("span", { class: "address" }, each.name), h("span", { class: "hint" }, count(each.events, "value"))), bins(each))),
    h("p", { class: "hint" }, `PSI (population stability index) below ${limits.some}: stable; from ${limits.large}: large drift. A value that chance alone explains (99 of 100 cases) is stable, too; below ${limits.least} events there is no verdict.`),
  ];
}

function bins({ name, bins: found }) {
  const most = Math.max(...found.flatMap((each) => [each.training, each.now]), 1e-9);
  return table(`Shares of ${name}`, ["value", "training", "", "last events", ""], found.map((each) => [
    each.name, percent(each.training), bar(each.training / most), percent(each.now), bar(each.now / most, "amber")]));
}

// The hold-out: actual and predicted values over time, and the errors by group.

import { get } from "../api.js";
import { Chart } from "../chart.js";
import { bar, fill, fresh, h, pairs, problem, table } from "../dom.js";
import { count, number, percent } from "../format.js";

const MOST_ROWS = 500;
const sorts = { worst: (a, b) => (b.rmspe ?? -1) - (a.rmspe ?? -1) };

export function holdOut(found, ends) {
  const period = found.first ? `${found.first.slice(0, 10)} to ${found.last.slice(0, 10)}` : null;
  return [
    h("div", { class: "bar" }, h("h2", {}, "Hold-out"), h("p", { class: "hint" }, [period, count(found.rows, "row"), found.kept < found.rows ? `${count(found.kept, "row")} of them kept here` : null].filter(Boolean).join(", "))),
    plot(found, ends),
    h("div", { class: "grid" }, found.groups.map(group), h("section", { class: "card" }, h("h2", {}, "All rows"), pairs([
      ["RMSPE", percent(found.errors.rmspe)], ["bias", percent(found.errors.bias, true)], [`mean ${found.target}`, number(found.errors.actual)], ["mean absolute error", number(found.errors.mae)]]),
      h("p", { class: "hint" }, "RMSPE: root mean square percentage error. Bias: mean relative error; above 0 the model predicts too much."))),
  ];
}

function plot(found, ends) {
  const place = h("div", { class: "hold-out" }), rows = h("div", { class: "list" }), id = fresh("only");
  const choices = found.groups.flatMap(({ name, values }) => values.map(({ value }) => [name, value]));
  const select = h("select", { id, onchange: () => draw() }, h("option", { value: "" }, "all rows"), choices.map(([name, value], at) => h("option", { value: String(at) }, `${name} ${value}`)));
  let chart = null, turn = 0;

  async function draw() {
    const [name, value] = choices[select.value] ?? ["", ""], mine = ++turn;
    try {
      const answer = await get(`model/hold-out?group=${encodeURIComponent(name)}&value=${encodeURIComponent(value)}`);
      if (mine !== turn) return;
      chart ??= made(found, answer.timed);
      if (!chart.element.isConnected) fill(place, chart.element);
      chart.show(answer.points.map((point) => ({ ...point, at: answer.timed ? Date.parse(point.at) / 1000 : Number(point.at) * 100 })));
      fill(rows, values(found, answer));
    } catch (error) {
      if (mine === turn) fill(place, problem(error));
    }
  }

  draw();
  ends.push(() => { turn += 1; chart?.end(); });
  return [h("div", { class: "row" }, h("label", { for: id }, "Shown"), select), place, h("details", {}, h("summary", {}, "Values of the plot"), rows)];
}

function made(found, timed) {
  const label = timed ? (at) => new Date(at * 1000).toISOString().slice(0, 10) : (at) => `${number(at)} %`;
  const title = timed ? `Actual and predicted ${found.target} over time` : `Actual and predicted ${found.target}, rows in order of the actual value`;
  const mean = (points, field) => points.reduce((sum, point) => sum + point[field] * point.rows, 0) / Math.max(1, points.reduce((sum, point) => sum + point.rows, 0));
  return new Chart(title, [{ name: "actual", field: "actual", colour: "--blue", dots: true }, { name: "predicted", field: "predicted", colour: "--amber", dots: true }], number,
    (points) => `On average ${number(mean(points, "actual"))} actual and ${number(mean(points, "predicted"))} predicted. The values are in the table below.`, { label, timed, utc: true, least: 0 });
}

function values(found, { timed, points }) {
  const heads = [timed ? "time" : "share of rows", "rows", "actual", "predicted", "difference"];
  return table(`Actual and predicted ${found.target}: means`, heads, points.map((point) => [
    timed ? point.at : `${number(Number(point.at) * 100)} %`, number(point.rows), number(point.actual), number(point.predicted), point.actual ? percent(point.predicted / point.actual - 1, true) : "–"]));
}

function group({ name, values: found }) {
  const many = found.length > 7, most = Math.max(...found.map((each) => each.rmspe ?? 0), 1e-9);
  const shown = many ? found.toSorted(sorts.worst) : found;
  const title = `Error by ${name}`;
  return h("section", { class: "card figures" }, h("h2", {}, title), many ? h("p", { class: "hint" }, `${count(found.length, "value")}, the worst first${found.length > MOST_ROWS ? `; the first ${MOST_ROWS}` : ""}`) : null,
    h("div", { class: many ? "list" : "" }, table(title, [name, "RMSPE", "", "bias", "rows"], shown.slice(0, MOST_ROWS).map((each) => [
      each.value, percent(each.rmspe), bar((each.rmspe ?? 0) / most), percent(each.bias, true), number(each.rows)]))));
}

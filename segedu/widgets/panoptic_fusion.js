// PanopticFusion: set the thresholds of fusion, and see which segments appear and vanish, and how PQ moves.
import { borderPath, decodeRuns, paint, plural, rgb, thousands } from "./labels.js";
import { decimals, matchSegments, qualities } from "./panoptic_rule.js";
import { bind, h, prepare, put, say, uniqueId } from "./parts.js";

/**
 * One panoptic answer of a semantic one and of objects: tests hold it equal to segedu.fusion.
 *
 * `semantic` holds class index + 1 of each pixel (0: void); `objects` are { label, score, mask }. Returns `ids` (0: void)
 * and `segments` [{ label, object }], by class and then by score; what became of each object; and of each stuff class.
 */
export function fuse(semantic, objects, { minScore, maxOverlap, minStuffArea }, categories) {
  const owner = new Int32Array(semantic.length); // number of the object that has the pixel, by score; 0: nobody
  const kept = [];
  const fates = objects.map(() => null);
  const order = objects.map((_, k) => k).sort((a, b) => objects[b].score - objects[a].score || a - b);
  for (const k of order) {
    const { score, mask } = objects[k];
    let [area, taken] = [0, 0];
    mask.forEach((inside, i) => {
      if (!inside) return;
      area++;
      if (owner[i]) taken++;
    });
    if (score < minScore) fates[k] = { verdict: "unsure", area, taken: null };
    else if (area === 0) fates[k] = { verdict: "empty", area, taken };
    else if (taken === area || taken / area > maxOverlap) fates[k] = { verdict: "covered", area, taken };
    else {
      kept.push(k);
      fates[k] = { verdict: "kept", area, taken };
      mask.forEach((inside, i) => {
        if (inside && !owner[i]) owner[i] = kept.length;
      });
    }
  }
  const areas = categories.map(() => 0);
  semantic.forEach((label, i) => {
    if (label && !owner[i]) areas[label - 1]++;
  });
  const stays = areas.map((area, label) => !categories[label].isthing && area > 0 && area >= minStuffArea);
  const segments = categories.flatMap(({ isthing }, label) => (isthing
    ? kept.filter((k) => objects[k].label === label).map((k) => ({ label, object: k }))
    : stays[label] ? [{ label, object: null }] : []));
  const ofObject = new Map(segments.map(({ object }, k) => [object, k + 1]));
  const ofStuff = new Map(segments.flatMap(({ label, object }, k) => (object === null ? [[label + 1, k + 1]] : [])));
  return {
    ids: semantic.map((label, i) => (owner[i] ? ofObject.get(kept[owner[i] - 1]) : ofStuff.get(label) ?? 0)),
    segments,
    fates,
    stuff: areas.flatMap((area, label) => (categories[label].isthing || area === 0 ? [] : [{ label, area, stays: stays[label] }])),
  };
}

/** What became of an object, in words. */
export function fateSentence({ verdict, area, taken }) {
  if (verdict === "unsure") return "below the score";
  if (verdict === "empty") return "no pixels";
  const share = `${Math.floor((200 * taken + area) / (2 * area))} % taken`;
  return verdict === "covered" ? `${share}: goes` : taken ? `stays, ${share}` : "stays";
}

// ---- the page

const STRIPES = { color: [140, 144, 150], alpha: 255, hatched: true };

/** A labelled picture: colours over the photograph, white borders, and an outline. */
function createBoard({ size: [height, width], image, smooth }, title) {
  const canvas = h("canvas", { width, height });
  const [lines, halo, outline] = ["lines", "halo", "outline"].map((name) => h("path", { class: name }));
  const marks = h("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" });
  marks.append(lines, halo, outline);
  const heading = h("p", { class: "pf-title" });
  const board = h("div", { class: "picture pf-picture", role: "img", style: `aspect-ratio: ${width} / ${height}` },
    h("img", { src: image, alt: `The image, under the labels: ${title}`, class: smooth ? "segedu-image" : "segedu-image pixels" }), h("div", { class: "layers" }, canvas, marks));
  return {
    node: h("div", { class: "pf-side", "data-board": title }, heading, board),
    show(ids, tints, words, label, alongside) {
      say(heading, words);
      board.setAttribute("aria-label", label);
      canvas.getContext("2d").putImageData(new ImageData(paint(ids, [height, width], tints), width, height), 0, 0);
      lines.setAttribute("d", borderPath(ids, [height, width], tints.map((_, id) => id)));
      const path = alongside ? borderPath(alongside, [height, width], [0, 1], true) : "";
      for (const node of [halo, outline]) node.setAttribute("d", path);
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  el.classList.add("pf");
  const data = model.get("data");
  const { size, categories } = data;
  const pixels = size[0] * size[1];
  const target = { ids: decodeRuns(data.runs, pixels), segments: data.segments };
  const semantic = decodeRuns(data.semantic, pixels);
  const objects = data.objects.map((one) => ({ ...one, mask: decodeRuns(one.runs, pixels) }));
  const numbers = new Map(); // "car 2": the second of its class, in the order of the answer
  const names = objects.map(({ label }) => {
    numbers.set(label, (numbers.get(label) ?? 0) + 1);
    return `${categories[label].name} ${numbers.get(label)}`;
  });
  const thresholds = () => ({
    minScore: model.get("min_score"), maxOverlap: model.get("max_overlap"), minStuffArea: model.get("min_stuff_area"),
  });
  const tint = (color) => ({ color: rgb(color), alpha: 185, hatched: false });
  const pqOf = (result) => qualities(matchSegments(result, target), result, target, categories);
  const start = pqOf(fuse(semantic, objects, thresholds(), categories)).all.pq; // what changes are counted from

  const truth = createBoard(data, "truth");
  const fused = createBoard(data, "fused");
  truth.show(target.ids, [STRIPES, ...data.colors.map(tint)], "Truth", `The truth: ${plural(data.segments.length, "segment")}`, null);

  // ---- the thresholds
  const areas = [0, ...[1, 2, 5].flatMap((k) => [1, 10, 100, 1000, 10000].map((ten) => k * ten))].filter((area) => area <= pixels)
    .sort((a, b) => a - b);
  const slider = (text, name, steps, words) => {
    const id = uniqueId(name);
    const output = h("output", { for: id });
    const input = h("input", { id, type: "range", min: 0, max: steps.length - 1, step: 1, oninput: () => put(model, name, steps[Number(input.value)]), onchange: () => tell() });
    return {
      node: h("div", { class: "pf-slider" }, h("label", { for: id }, text), input, output),
      show() {
        const value = model.get(name);
        input.value = steps.reduce((best, step, k) => (Math.abs(step - value) < Math.abs(steps[best] - value) ? k : best), 0);
        say(output, words(value));
        input.setAttribute("aria-valuetext", words(value));
      },
    };
  };
  const hundredths = Array.from({ length: 21 }, (_, k) => (5 * k) / 100);
  const sliders = [
    slider("Least score", "min_score", hundredths, (value) => value.toFixed(2)),
    slider("Most overlap", "max_overlap", hundredths, (value) => `${Math.round(100 * value)} %`),
    slider("Least stuff area", "min_stuff_area", areas, (value) => `${thousands(value)} px`),
  ];

  // ---- tables
  const head = (...texts) => h("thead", {}, h("tr", {}, ...texts.map((text) => h("th", { scope: "col" }, text))));
  const swatch = (color) => h("span", { class: "swatch", style: `background: ${color}` });
  const rows = [...objects.keys()].sort((a, b) => objects[b].score - objects[a].score || a - b).map((k) => {
    const pick = h("button", { type: "button", class: "pf-pick", onclick: () => put(model, "selected", model.get("selected") === k ? null : k) },
      swatch(objects[k].color), h("span", { class: "name" }, names[k]));
    const fate = h("td", { class: "pf-fate" });
    const bar = h("span", { class: "pf-bar", "aria-hidden": "true" }, h("span", { style: `width: ${100 * Math.min(1, Math.max(0, objects[k].score))}%` }));
    const row = h("tr", { "data-object": k }, h("td", {}, pick), h("td", { class: "pf-score" }, bar, objects[k].score.toFixed(2)), fate);
    return { k, row, pick, fate };
  });
  const objectTable = h("table", { class: "pf-table" }, h("caption", {}, "Objects, surest first"), head("object", "score", "fate"),
    h("tbody", {}, ...rows.map(({ row }) => row)));
  const stuffBody = h("tbody");
  const scoreBody = h("tbody");
  const verdict = h("p", { class: "pf-verdict" });
  const status = h("p", { class: "unseen", role: "status" });
  const caption = h("p", { class: "caption" });
  el.append(
    status,
    h("div", { class: "pf-boards" }, truth.node, fused.node),
    h("div", { class: "pf-sliders" }, ...sliders.map(({ node }) => node)),
    verdict,
    h("div", { class: "pf-tables" }, objectTable, h("div", {},
      h("table", { class: "pf-table pf-stuff" }, h("caption", {}, "What is left for stuff"), head("class", "pixels", "fate"), stuffBody),
      h("table", { class: "pf-table pf-scores" }, h("caption", {}, "Panoptic quality"), head("class", "TP", "FP", "FN", "PQ"), scoreBody))),
    h("p", { class: "soft" }, "Choose an object to see its outline. Grey stripes are void: nobody has these pixels."),
    caption,
  );

  let result = null;
  let quality = null;
  const tell = () => say(status, verdict.textContent);
  function redraw() {
    result = fuse(semantic, objects, thresholds(), categories);
    quality = pqOf(result);
    for (const { k, row, fate } of rows) {
      say(fate, fateSentence(result.fates[k]));
      row.classList.toggle("gone", result.fates[k].verdict !== "kept");
    }
    stuffBody.replaceChildren(...result.stuff.map(({ label, area, stays }) => h("tr", { class: stays ? null : "gone" },
      h("td", {}, h("span", { class: "pf-class" }, swatch(categories[label].color), h("span", { class: "name" }, categories[label].name))),
      h("td", { class: "n" }, thousands(area)), h("td", { class: "pf-fate" }, stays ? "stays" : "too small: void"))));
    const line = (name, counts, pq, kind = null) => h("tr", { class: kind }, h("th", { scope: "row" }, name),
      ...counts.map((n) => h("td", { class: "n" }, String(n))), h("td", { class: "n" }, decimals(pq)));
    const { perClass, all, things, stuff } = quality;
    scoreBody.replaceChildren(
      ...perClass.flatMap(({ tp, fp, fn, pq }, label) => (pq === null ? [] : [line(categories[label].name, [tp, fp, fn], pq)])),
      line("things", ["", "", ""], things.pq, "mean first"), line("stuff", ["", "", ""], stuff.pq, "mean"), line("all", ["", "", ""], all.pq, "mean"));
    const kept = result.fates.filter((fate) => fate.verdict === "kept").length;
    const moved = all.pq === null || start === null ? 0 : all.pq - start;
    const change = Math.abs(moved) < 0.0005 ? "" : ` (${moved > 0 ? "+" : "−"}${decimals(Math.abs(moved))} since the start)`;
    const sum = (key) => perClass.reduce((total, row) => total + row[key], 0);
    say(verdict, `${kept} of ${plural(objects.length, "object")} ${kept === 1 ? "stays" : "stay"}. PQ ${decimals(all.pq)}${change}: `
      + `${plural(sum("tp"), "match", "matches")}, ${plural(sum("fp"), "false positive")}, ${plural(sum("fn"), "false negative")}.`);
    for (const one of sliders) one.show();
    showBoard();
  }
  function showBoard() {
    const k = model.get("selected");
    fused.show(result.ids, [STRIPES, ...result.segments.map(({ label, object }) => tint(object === null ? categories[label].color : objects[object].color))],
      "Fused", `The fused answer: ${plural(result.segments.length, "segment")}`, k === null ? null : objects[k].mask);
    for (const row of rows) {
      row.pick.setAttribute("aria-pressed", String(row.k === k));
      row.row.classList.toggle("on", row.k === k);
    }
  }

  const stops = [
    bind(model, ["min_score", "max_overlap", "min_stuff_area"], redraw),
    bind(model, ["selected"], showBoard),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };

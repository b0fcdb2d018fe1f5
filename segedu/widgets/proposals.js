// Proposals: the surest anchors of a network on their picture, moved, suppressed, and the best ones kept.
import { plural, score } from "./labels.js";
import { bind, h, prepare, put, say, segmented, uniqueId } from "./parts.js";

// ---- the parts: tests hold them equal to segedu.models.detection

const MAX_LOG_SCALE = Math.log(1000 / 16);

/** A box [left, top, right, bottom] as the network moves its anchor, cut at the picture's edge. */
export function moveAnchor([left, top, right, bottom], [tx, ty, tw, th], [height, width]) {
  const [w, h0] = [right - left, bottom - top];
  const [x, y] = [left + w / 2 + tx * w, top + h0 / 2 + ty * h0];
  const [halfWidth, halfHeight] = [(w * Math.exp(Math.min(tw, MAX_LOG_SCALE))) / 2, (h0 * Math.exp(Math.min(th, MAX_LOG_SCALE))) / 2];
  const cut = (value, most) => Math.min(most, Math.max(0, value));
  return [cut(x - halfWidth, width), cut(y - halfHeight, height), cut(x + halfWidth, width), cut(y + halfHeight, height)];
}

/** Intersection over union of two boxes; NaN where neither has an area. */
export function boxIou(a, b) {
  const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
  const shared = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  return shared / (area(a) + area(b) - shared);
}

/** Suppression of boxes that come surest first: for each its own rank if it stays, or the rank of the box that struck it out. */
export function suppress(boxes, threshold) {
  const by = boxes.map(() => null);
  boxes.forEach((box, rank) => {
    if (by[rank] !== null) return;
    by[rank] = rank;
    for (let other = rank + 1; other < boxes.length; other++) {
      if (by[other] === null && boxIou(box, boxes[other]) > threshold) by[other] = rank;
    }
  });
  return by;
}

/** Everything that follows from the choices: moved boxes, who struck out whom, the ranks that are kept, objects found. */
export function propose({ anchors, deltas, objects, size }, { top, threshold, keep }) {
  const boxes = anchors.slice(0, top).map((anchor, k) => moveAnchor(anchor, deltas[k], size));
  const by = suppress(boxes, threshold);
  const survivors = by.flatMap((rank, k) => (rank === k ? [k] : []));
  const kept = survivors.slice(0, keep);
  const best = objects.map((object) => kept.reduce((most, k) => Math.max(most, boxIou(boxes[k], object) || 0), 0));
  return { boxes, by, survivors, kept, best, found: best.filter((iou) => iou >= 0.5).length };
}

// ---- the page

const STEPS = [["anchors", "1 Anchors"], ["moved", "2 Moved"], ["suppressed", "3 Suppressed"]];

export function render({ model, el }) {
  prepare(el);
  const data = model.get("data");
  const { size: [height, width], anchors, scores, objects } = data;
  const status = h("p", { class: "unseen", role: "status" });
  const choices = () => ({ top: model.get("top"), threshold: model.get("iou_threshold"), keep: model.get("keep") });
  let now = null;

  // ---- the picture
  const names = ["truth", "struck", "halo", "kept", "victims", "chosen-halo", "chosen"];
  const layers = new Map(names.map((name) => [name, h("path", { class: `pr-${name}` })]));
  const marks = h("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" });
  marks.append(...layers.values());
  const board = h("div", { class: "picture pr-picture", style: `aspect-ratio: ${width} / ${height}` },
    h("img", { src: data.image, alt: data.alt, draggable: "false", class: data.smooth ? "segedu-image" : "segedu-image pixels" }),
    h("div", { class: "layers", "aria-hidden": "true" }, marks));
  board.addEventListener("click", (event) => {
    const area = board.getBoundingClientRect();
    const [x, y] = [((event.clientX - area.left) / area.width) * width, ((event.clientY - area.top) / area.height) * height];
    const under = now.kept.filter((k) => {
      const [left, top, right, bottom] = now.boxes[k];
      return x >= left && x <= right && y >= top && y <= bottom;
    });
    const sizeOf = (k) => (now.boxes[k][2] - now.boxes[k][0]) * (now.boxes[k][3] - now.boxes[k][1]);
    choose(under.sort((a, b) => sizeOf(a) - sizeOf(b))[0] ?? null); // the smallest one there
  });

  // ---- controls
  const choose = (rank) => {
    put(model, "selected", rank);
    if (rank !== null) put(model, "step", "suppressed");
  };
  const steps = segmented("Step", STEPS, (step) => {
    put(model, "step", step);
    tell();
  });
  const slider = (text, name, [from, to], words, of = (x) => x, back = (x) => x) => {
    const id = uniqueId(name);
    const output = h("output", { for: id });
    const input = h("input", { id, type: "range", min: from, max: to, step: 1, oninput: () => put(model, name, of(Number(input.value))), onchange: () => tell() });
    return {
      node: h("div", { class: "pr-slider" }, h("label", { for: id }, text), input, output),
      show() {
        input.value = back(model.get(name));
        say(output, words(model.get(name)));
      },
    };
  };
  const sliders = [
    slider("Anchors looked at", "top", [1, anchors.length], String),
    slider("Struck out above an IoU of", "iou_threshold", [0, 20], (x) => x.toFixed(2), (x) => (5 * x) / 100, (x) => Math.round(20 * x)),
    slider("Proposals kept", "keep", [1, Math.min(100, anchors.length)], String),
  ];
  const saying = h("p", { class: "pr-sentence" });
  const body = h("tbody");
  const table = h("table", { class: "pr-table" }, h("caption", {}, "The surest proposals"),
    h("thead", {}, h("tr", {}, ...["proposal", "score", "struck out", "best object, IoU"].map((text) => h("th", { scope: "col" }, text)))), body);
  const caption = h("p", { class: "caption" });
  const key = (kind, text) => h("span", {}, h("span", { class: `pr-key ${kind}`, "aria-hidden": "true" }), text);
  el.append(
    status,
    h("div", { class: "bar pr-bar" }, steps.node),
    board,
    h("p", { class: "soft pr-legend" }, key("kept", "box"), key("struck", "struck out, or not kept"), key("victim", "struck out by the chosen one"), key("truth", "true object")),
    h("div", { class: "pr-sliders" }, ...sliders.map(({ node }) => node)),
    saying, table, caption,
  );

  const path = (boxes) => boxes.map(([left, top, right, bottom]) => `M${left} ${top}H${right}V${bottom}H${left}z`).join("");
  const draw = (name, boxes) => layers.get(name).setAttribute("d", path(boxes));
  function sentence() {
    const { top } = choices();
    const step = model.get("step");
    if (step === "anchors") return `The ${plural(top, "anchor")} of which the network is surest, as they are: from ${score(scores[0])} down to ${score(scores[top - 1])}.`;
    if (step === "moved") return `The same ${plural(top, "box", "boxes")}, moved and stretched as the network says. Heaps form where it sees an object.`;
    const struck = top - now.survivors.length;
    return `${plural(struck, "box", "boxes")} struck out, ${now.survivors.length} left, the ${now.kept.length === 1 ? "surest one" : `surest ${now.kept.length}`} kept. `
      + `${now.found} of ${plural(objects.length, "object")} found: with a proposal of an IoU of at least 0.5.`;
  }
  const tell = () => say(status, saying.textContent);
  function redraw() {
    now = propose(data, choices());
    const step = model.get("step");
    const last = step === "suppressed";
    const kept = new Set(now.kept);
    draw("truth", last ? objects : []);
    draw("struck", last ? now.boxes.filter((_, k) => !kept.has(k)) : []);
    const shown = step === "anchors" ? anchors.slice(0, model.get("top")) : last ? now.kept.map((k) => now.boxes[k]) : now.boxes;
    for (const name of ["halo", "kept"]) draw(name, shown);
    board.classList.toggle("many", shown.length > 40);
    const chosen = last && kept.has(model.get("selected")) ? model.get("selected") : null;
    draw("victims", chosen === null ? [] : now.boxes.filter((_, k) => now.by[k] === chosen && k !== chosen));
    for (const name of ["chosen-halo", "chosen"]) draw(name, chosen === null ? [] : [now.boxes[chosen]]);
    board.classList.toggle("picked", chosen !== null);

    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.rank : null;
    body.replaceChildren(...now.kept.slice(0, 8).map((k, place) => {
      const best = objects.reduce((most, object) => Math.max(most, boxIou(now.boxes[k], object) || 0), 0);
      const victims = now.by.filter((rank, other) => rank === k && other !== k).length;
      const pick = h("button", { type: "button", class: "pr-pick", "data-rank": k, "aria-pressed": String(k === chosen), onclick: () => choose(k === chosen ? null : k) }, `Proposal ${place + 1}`);
      return h("tr", { class: k === chosen ? "on" : null }, h("td", {}, pick),
        ...[score(scores[k]), String(victims), score(best)].map((text) => h("td", { class: "n" }, text)));
    }));
    if (focused !== null) body.querySelector(`[data-rank="${focused}"]`)?.focus({ preventScroll: true });
    for (const one of sliders) one.show();
    steps.choose(step);
    say(saying, sentence());
  }

  const stops = [
    bind(model, ["top", "iou_threshold", "keep", "step", "selected"], redraw),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

export default { render };

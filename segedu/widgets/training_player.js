// TrainingPlayer: go through the epochs of a recorded training run.
import { NO_TINT, borderPath, decodeRuns, rgb, score } from "./labels.js";
import { bind, createPicture, h, prepare, put, say, segmented, uniqueId } from "./parts.js";
import { createCurve, range } from "./training_curves.js";

const FRAME_MS = 450;
const UNSCORED = { color: [140, 144, 150], alpha: 255, hatched: true };
const RIGHT_TINT = { color: [18, 22, 30], alpha: 190, hatched: false };
const ERROR_TINT = { color: [255, 180, 84], alpha: 255, hatched: false };

/** 0 where a prediction is right, 1 where it is wrong, 2 where the truth is void (0 in `truth`). */
export function errors(truth, preds) {
  return truth.map((label, p) => (label === 0 ? 2 : Number(label !== preds[p])));
}

/** The same for one label alone: 1 where it is predicted or true, but not both. */
export function errorsOf(label, truth, preds) {
  return truth.map((at, p) => (at === 0 ? 2 : Number((at === label) !== (preds[p] === label))));
}

/** What a pixel is and what it was taken for; 0 is void, k + 1 is class k. */
export function describePixel(categories, [, row, col], truth, said) {
  const name = truth === 0 ? "void, which does not count" : categories[truth - 1].name;
  return `Row ${row}, column ${col}: ${name}. Predicted: ${categories[said - 1].name}.`;
}

/** One scene: its label maps, and the picture that shows one of them. */
function createStage(scene, number, categories, onPoint) {
  const count = scene.size[0] * scene.size[1];
  const truth = decodeRuns(scene.truth, count);
  const maps = scene.preds.map(() => null); // decoded when first shown
  const predsAt = (frame) => (maps[frame] ??= decodeRuns(scene.preds[frame], count));
  const tints = [UNSCORED, ...categories.map(({ color }) => ({ color: rgb(color), alpha: 255, hatched: false }))];
  const none = tints.map(() => 0);
  const picture = createPicture({
    data: scene,
    label: `Picture ${number + 1} of the training run`,
    onPoint: ([row, col]) => onPoint([number, row, col]),
  });
  const outline = ["tp-halo", "tp-truth"].map((name) => h("path", { class: name }));
  const marks = h("svg", { viewBox: `0 0 ${scene.size[1]} ${scene.size[0]}`, preserveAspectRatio: "none" });
  marks.append(...outline);
  picture.layers.append(marks);
  return {
    node: picture.node,
    setCursor: picture.setCursor,
    at: (frame, [, row, col]) => [truth, predsAt(frame)].map((map) => map[row * scene.size[1] + col]),
    show(frame, view, selected) {
      const preds = predsAt(frame);
      const chosen = tints.map((_, id) => selected !== null && id === selected + 1);
      if (view === "errors") {
        const wrong = selected === null ? errors(truth, preds) : errorsOf(selected + 1, truth, preds);
        picture.setLabels(wrong, [RIGHT_TINT, ERROR_TINT, UNSCORED], [0, 0, 0]);
      } else {
        const shown = selected === null ? tints : chosen.map((on) => (on ? ERROR_TINT : RIGHT_TINT));
        picture.setLabels(view === "truth" ? truth : preds, view === "image" ? tints.map(() => NO_TINT) : shown, none);
      }
      const path = selected === null ? "" : borderPath(truth, scene.size, chosen.map(Number), true);
      for (const line of outline) line.setAttribute("d", path);
    },
  };
}

export function render({ model, el }) {
  prepare(el);
  const { categories, scenes, curves, losses, rates, sentences } = model.get("data");
  const last = sentences.length - 1;
  const status = h("p", { class: "unseen", role: "status" });
  const go = (frame) => put(model, "frame", frame);
  const tell = () => say(status, sentences[model.get("frame")]);
  const scrub = (frame) => {
    halt();
    go(frame);
  };

  // ---- the pictures

  const views = segmented("What the pictures show",
    [["image", "Image"], ["prediction", "Prediction"], ["errors", "Errors"], ["truth", "Truth"]],
    (view) => put(model, "view", view));
  const stages = scenes.map((scene, k) => createStage(scene, k, categories, (pixel) => put(model, "pixel", pixel)));
  const reading = h("p", { class: "where", role: "status" });

  // ---- going through the epochs

  let timer = null;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const play = h("button", { type: "button", class: "chip tp-play", onclick: () => (timer === null ? start() : halt(true)) });
  const label = () => say(play, timer !== null ? "Pause" : calm.matches ? "Next epoch" : "Play");
  function halt(aloud = false) {
    clearInterval(timer);
    timer = null;
    label();
    if (aloud) tell();
  }
  const step = () => go(model.get("frame") === last ? 0 : model.get("frame") + 1);
  const start = () => {
    step(); // from the end it starts again
    if (calm.matches) return tell();
    timer = setInterval(() => (model.get("frame") < last ? step() : halt(true)), FRAME_MS);
    label();
  };
  const still = () => halt();
  calm.addEventListener("change", still);
  const id = uniqueId("epoch");
  const output = h("output", { for: id });
  const slider = h("input", { id, type: "range", min: 0, max: last, step: 1 });
  slider.addEventListener("input", () => {
    scrub(Number(slider.value));
    tell();
  });
  slider.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    play.click();
  });
  const transport = h("div", { class: "tp-transport" }, play, h("label", { for: id }, "Epoch"), slider, output);
  const sentence = h("p", { class: "tp-sentence" });

  // ---- the curves

  const panel = (title, values, limits, texts, top) => {
    const chart = createCurve({ values, limits, onFrame: scrub });
    const number = h("span", { class: "tp-number" });
    const node = h("div", { class: "tp-panel" },
      h("p", { class: "tp-head" }, h("span", { class: "soft" }, title), number),
      h("div", { class: "tp-plot" }, h("span", { class: "tp-top", "aria-hidden": "true" }, top), chart.node,
        h("span", { class: "tp-bottom", "aria-hidden": "true" }, "0")));
    return {
      node,
      show(frame) {
        chart.show(frame);
        say(number, frame === 0 ? "–" : texts[frame - 1]);
      },
    };
  };
  const scored = (values) => values.map((value) => score(value ?? NaN));
  const highest = (values, texts) => texts[values.indexOf(range(values)[1])] ?? "1";
  const panels = [
    panel("Training loss", curves.loss, range(curves.loss), losses, highest(curves.loss, losses)),
    panel("Learning rate", curves.rate, range(curves.rate), rates, highest(curves.rate, rates)),
    panel("Validation mIoU", curves.mean_iou, [0, 1], scored(curves.mean_iou), "1"),
  ];
  const rows = categories.map(({ name, color }, k) => {
    const chart = createCurve({ values: curves.classes[k], limits: [0, 1], onFrame: scrub });
    const texts = scored(curves.classes[k]);
    const number = h("span", { class: "tp-number" });
    const button = h("button", {
      type: "button", class: "tp-class", onclick: () => put(model, "selected", model.get("selected") === k ? null : k),
    }, h("span", { class: "swatch", style: `background: ${color}` }), h("span", { class: "name" }, name), number);
    const node = h("li", { class: "tp-row" }, button, chart.node);
    return {
      node,
      mark: (on) => {
        button.setAttribute("aria-pressed", String(on));
        node.classList.toggle("on", on);
      },
      show(frame) {
        chart.show(frame);
        say(number, frame === 0 ? "–" : texts[frame - 1]);
      },
    };
  });
  const note = h("p", { class: "soft" });
  const caption = h("p", { class: "caption" });
  el.append(
    status, views.node,
    h("div", { class: "tp-stages", style: `--count: ${scenes.length}` }, ...stages.map(({ node }) => node)),
    reading, transport, sentence,
    h("div", { class: "tp-panels" }, ...panels.map(({ node }) => node)),
    h("p", { class: "tp-title" }, "Validation IoU of each class, from 0 to 1"),
    h("ul", { class: "tp-classes" }, ...rows.map(({ node }) => node)),
    note, caption,
  );

  const stops = [
    bind(model, ["frame"], () => {
      const frame = model.get("frame");
      slider.value = frame;
      const words = frame === 0 ? "before training" : `${frame} of ${last}`;
      slider.setAttribute("aria-valuetext", words);
      say(output, words);
      say(sentence, sentences[frame]);
      for (const part of [...panels, ...rows]) part.show(frame);
    }),
    bind(model, ["view"], () => views.choose(model.get("view"))),
    bind(model, ["frame", "view", "selected"], () => {
      for (const stage of stages) stage.show(model.get("frame"), model.get("view"), model.get("selected"));
    }),
    bind(model, ["selected"], () => {
      const selected = model.get("selected");
      rows.forEach((row, k) => row.mark(k === selected));
      say(note, selected === null
        ? "Choose a class to see its pixels alone. Press on a curve to go to that epoch; on the slider, Space plays and pauses."
        : `White line: where ${categories[selected].name} truly is. Choose it again to see all classes.`);
    }),
    bind(model, ["frame", "pixel"], () => {
      const pixel = model.get("pixel");
      stages.forEach((stage, k) => stage.setCursor(pixel?.[0] === k ? pixel.slice(1) : null));
      say(reading, pixel === null ? "Point at a pixel: with the mouse, a finger, or the arrow keys."
        : describePixel(categories, pixel, ...stages[pixel[0]].at(model.get("frame"), pixel)));
    }),
    bind(model, ["caption"], () => {
      caption.textContent = model.get("caption");
      caption.hidden = !model.get("caption");
    }),
  ];
  label();
  return () => {
    halt();
    calm.removeEventListener("change", still);
    stops.forEach((stop) => stop());
  };
}

export default { render };

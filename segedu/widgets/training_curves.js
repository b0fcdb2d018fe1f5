// Curves over the epochs of a training run, with a marker that shows where one is. Pure functions, then a chart.
import { h } from "./parts.js";

/** SVG path of a curve in a box of 100 × 100: epoch k of n stands at 100 k / n, holes where a value is null. */
export function curvePath(values, [low, high]) {
  const n = values.length;
  let pen = "M";
  return values.map((value, k) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const part = `${pen}${round((100 * (k + 1)) / n)} ${round(height(value, [low, high]))}`;
    pen = "L";
    return part;
  }).join("");
}

/** Where a value lies below the top of the box, 0 to 100. */
export function height(value, [low, high]) {
  return 100 * (1 - (value - low) / (high - low));
}

/** The lowest and highest value that a curve of `values` needs: from 0 on. */
export function range(values) {
  const highest = Math.max(...values.filter((value) => value !== null));
  return [0, highest > 0 ? highest : 1];
}

/** The frame, 0 to n, nearest to a point of the page. */
export function frameAt(x, box, n) {
  return Math.min(n, Math.max(0, Math.round(((x - box.left) / box.width) * n)));
}

const round = (value) => Math.round(100 * value) / 100;

/**
 * A chart of one curve. Press or drag on it to go to an epoch: `onFrame(frame)`. It is for the eye and the hand;
 * the slider does the same for the keyboard, and the numbers stand beside it as text.
 */
export function createCurve({ values, limits, onFrame }) {
  const n = values.length;
  const line = h("path", { class: "tp-line", d: curvePath(values, limits) });
  const svg = h("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" });
  svg.append(line);
  const rule = h("span", { class: "tp-rule" });
  const dot = h("span", { class: "tp-dot" });
  const node = h("div", { class: "tp-chart", "aria-hidden": "true" }, svg, rule, dot);
  const go = (event) => {
    if (event.type === "pointerdown" || event.buttons > 0) onFrame(frameAt(event.clientX, node.getBoundingClientRect(), n));
  };
  node.addEventListener("pointerdown", go);
  node.addEventListener("pointermove", go);
  return {
    node,
    show(frame) {
      const value = frame === 0 ? null : values[frame - 1];
      rule.style.left = `${(100 * frame) / n}%`;
      dot.hidden = value === null;
      if (value === null) return;
      dot.style.left = rule.style.left;
      dot.style.top = `${height(value, limits)}%`;
    },
  };
}

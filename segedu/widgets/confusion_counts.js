// The confusion matrix of two label maps, its measures and its words. Pure functions: tests hold them equal to
// segedu.metrics and confusion_words.py.
import { percent, plural, score, thousands } from "./labels.js";

export const VOID = 255;
export const MEASURES = ["PA", "MPA", "mIoU", "FWIoU"];
export const CLASS_MEASURES = ["IoU", "recall", "precision"];

/** Class indices from a map of segment ids; 0 is void. */
export function classLabels(ids, segments) {
  const labelOf = [VOID, ...segments.map(({ label }) => label)];
  return Uint8Array.from(ids, (id) => labelOf[id]);
}

/** The runs of a label map as text: what decodeRuns reads, byte for byte what Python writes. */
export function encodeRuns(labels) {
  const bytes = [];
  const put = (number) => {
    for (; number > 127; number = Math.floor(number / 128)) bytes.push(String.fromCharCode((number % 128) | 128));
    bytes.push(String.fromCharCode(number));
  };
  for (let start = 0, p = 1; p <= labels.length; p++) {
    if (p < labels.length && labels[p] === labels[start]) continue;
    put(labels[start]);
    put(p - start);
    start = p;
  }
  return btoa(bytes.join(""));
}

/** How often each pair of a true class (row) and a predicted one (column) occurs. True void is not counted. */
export function confusionMatrix(preds, target, classes) {
  const table = Array.from({ length: classes }, () => new Array(classes).fill(0));
  for (let p = 0; p < target.length; p++) {
    if (target[p] !== VOID) table[target[p]][preds[p]] += 1;
  }
  return table;
}

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const mean = (numbers) => {
  const defined = numbers.filter((number) => !Number.isNaN(number));
  return sum(defined) / defined.length;
};

/** Every measure of a matrix, those of the classes as lists; 0 / 0 is NaN and left out of means, as in Python. */
export function measures(table) {
  const right = table.map((row, k) => row[k]);
  const truth = table.map(sum);
  const pred = table.map((_, k) => sum(table.map((row) => row[k])));
  const IoU = right.map((tp, k) => tp / (truth[k] + pred[k] - tp));
  const recall = right.map((tp, k) => tp / truth[k]);
  const precision = right.map((tp, k) => tp / pred[k]);
  return {
    PA: sum(right) / sum(truth),
    MPA: mean(recall),
    mIoU: mean(IoU),
    FWIoU: sum(IoU.map((iou, k) => (truth[k] > 0 ? truth[k] * iou : 0))) / sum(truth),
    IoU,
    recall,
    precision,
  };
}

/** What stands in a cell: its per cent of the row as a whole number, nothing if it counts nothing. */
export function shareOfRow(part, whole) {
  if (part === 0) return "";
  const rounded = Math.floor((200 * part + whole) / (2 * whole));
  if (rounded === 0) return "<1";
  return rounded === 100 && part < whole ? ">99" : String(rounded);
}

/** What a cell of the matrix counts. */
export function cellSentence(table, names, row, col) {
  const [count, truth, pred] = [table[row][col], sum(table[row]), sum(table.map((line) => line[col]))];
  const [real, called] = [names[row], names[col]];
  const was = count === 1 ? "was" : "were";
  if (truth === 0) {
    const column = row === col && pred > 0 ? ` All ${plural(pred, "pixel")} called ${called} are something else.` : "";
    return `No pixel is ${real} in the truth: its row is empty, and its recall is undefined.${column}`;
  }
  if (row === col) {
    const column = pred > 0 ? `Of the ${plural(pred, "pixel")} called ${real}, ${percent(count, pred)} are: its precision.`
      : `No pixel was called ${real}: its precision is undefined.`;
    return `${thousands(count)} of ${plural(truth, `${real} pixel`)} ${was} called ${real}: `
      + `${percent(count, truth)}, its recall. ${column}`;
  }
  if (count === 0) return `No ${real} pixel was called ${called}.`;
  return `${plural(count, `${real} pixel`)} ${was} called ${called}: ${percent(count, truth)} of all ${real}, `
    + `and ${percent(count, pred)} of what was called ${called}. Each counts against the IoU of both.`;
}

/** "a", "b", "level" if both read the same, or "undefined" if one of them is. */
export function preferred(a, b) {
  if (Number.isNaN(a) || Number.isNaN(b)) return "undefined";
  if (score(a) === score(b)) return "level";
  return a > b ? "a" : "b";
}

/** Which of two predictions each measure prefers. */
export function ranking(a, b) {
  const chosen = MEASURES.map((name) => [name, preferred(a[name], b[name])]);
  const choice = Object.fromEntries(chosen);
  const words = [];
  if ([choice.PA, choice.mIoU].sort().join() === "a,b") words.push("PA and mIoU rank them in opposite order.");
  for (const [outcome, one, many, rest] of [
    ["a", "prefers", "prefer", " A"], ["b", "prefers", "prefer", " B"],
    ["level", "sees", "see", " no difference"], ["undefined", "is", "are", " undefined"],
  ]) {
    const names = chosen.filter(([, found]) => found === outcome).map(([name]) => name);
    if (names.length === 0) continue;
    const together = [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
    words.push(`${together} ${names.length === 1 ? one : many}${rest}.`);
  }
  return words.join(" ");
}

/** What the truth and the two predictions call a pixel, by their class indices. */
export function answersAbout(names, target, a, b) {
  const judged = (pred) => `${names[pred]}: ${target === VOID ? "not counted" : pred === target ? "right" : "wrong"}`;
  return { truth: target === VOID ? "nobody labelled this pixel (void)" : names[target], a: judged(a), b: judged(b) };
}

/**
 * A label map after a square brush, `side` pixels wide, went over some cells. `ink` is a class index, or the true
 * label map, to put right what it goes over; true void leaves a prediction as it was.
 */
export function brushed(labels, [height, width], cells, side, ink) {
  const result = Uint8Array.from(labels);
  const reach = (side - 1) / 2;
  for (const [row, col] of cells) {
    for (let r = Math.max(0, row - reach); r <= Math.min(height - 1, row + reach); r++) {
      for (let c = Math.max(0, col - reach); c <= Math.min(width - 1, col + reach); c++) {
        const label = typeof ink === "number" ? ink : ink[r * width + c];
        if (label !== VOID) result[r * width + c] = label;
      }
    }
  }
  return result;
}

// The rule of panoptic quality, in whole numbers: tests hold it equal to segedu.metrics.

/**
 * Match predicted with true segments, both as { ids, segments: [{ label, crowd? }] }, where id k is segment k - 1.
 *
 * `pairs` are all pairs of one class that share pixels, crowds left out; `preds[k]` and `targets[k]` tell what
 * became of each segment: "TP", "FP", "FN", "ignored", or "crowd".
 */
export function matchSegments(pred, target) {
  const count = ({ ids, segments }) => {
    const areas = new Array(segments.length + 1).fill(0);
    for (const id of ids) areas[id]++;
    return areas;
  };
  const [predAreas, targetAreas] = [count(pred), count(target)];
  const shared = predAreas.map(() => new Array(targetAreas.length).fill(0)); // [predicted id][true id]
  pred.ids.forEach((p, i) => shared[p][target.ids[i]]++);
  const pairs = [];
  const preds = pred.segments.map(({ label }, k) => {
    const p = k + 1;
    let forgiven = shared[p][0];
    target.segments.forEach((other, j) => {
      const inter = shared[p][j + 1];
      if (other.label !== label || inter === 0) return;
      if (other.crowd) forgiven += inter;
      else pairs.push({ pred: k, target: j, inter, union: predAreas[p] + targetAreas[j + 1] - inter - shared[p][0] });
    });
    const found = pairs.find((pair) => pair.pred === k && 2 * pair.inter > pair.union) ?? null;
    const verdict = found ? "TP" : 2 * forgiven > predAreas[p] ? "ignored" : "FP";
    return { area: predAreas[p], verdict, found, on: shared[p].slice(1) };
  });
  const targets = target.segments.map(({ crowd }, j) => {
    const found = preds.find((one) => one.found?.target === j)?.found ?? null;
    return { area: targetAreas[j + 1], verdict: found ? "TP" : crowd ? "crowd" : "FN", found };
  });
  return { pairs, preds, targets };
}

/** Counts and qualities of each class and their means; null for what does not occur. */
export function qualities(matched, pred, target, categories) {
  const perClass = categories.map((_, label) => {
    const mine = matched.preds.filter((_, k) => pred.segments[k].label === label);
    const found = mine.filter(({ verdict }) => verdict === "TP").map((one) => one.found);
    const tp = found.length;
    const fp = mine.filter(({ verdict }) => verdict === "FP").length;
    const fn = matched.targets.filter(({ verdict }, k) => verdict === "FN" && target.segments[k].label === label).length;
    if (tp + fp + fn === 0) return { tp, fp, fn, iouSum: 0, pq: null, sq: null, rq: null };
    const iouSum = found.reduce((sum, { inter, union }) => sum + inter / union, 0);
    const weight = tp + 0.5 * fp + 0.5 * fn;
    return { tp, fp, fn, iouSum, pq: iouSum / weight, sq: tp ? iouSum / tp : 0, rq: tp / weight };
  });
  const mean = (wanted) => {
    const rows = perClass.filter(({ pq }, label) => pq !== null && wanted(categories[label]));
    const over = (key) => (rows.length ? rows.reduce((sum, row) => sum + row[key], 0) / rows.length : null);
    return { pq: over("pq"), sq: over("sq"), rq: over("rq"), classes: rows.length };
  };
  return {
    perClass,
    all: mean(() => true),
    things: mean(({ isthing }) => isthing),
    stuff: mean(({ isthing }) => !isthing),
  };
}

/** "0.667"; three decimals, rounded half up. */
export const decimals = (x) => (x === null ? "–" : (Math.floor(1000 * x + 0.5) / 1000).toFixed(3));

// Runs a widget in a page that has no kernel: the same module and state, against a model that lives in the page.
(() => {
  const root = document.currentScript.parentElement;
  const state = JSON.parse(root.querySelector("script[data-segedu=state]").textContent);
  const source = root.querySelector("script[data-segedu=module]").textContent;
  const listeners = new Map();
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const model = {
    get: (name) => state[name],
    set(name, value) {
      if (same(state[name], value)) return;
      state[name] = value;
      for (const call of [...(listeners.get(`change:${name}`) ?? [])]) call();
    },
    save_changes() {},
    on(event, call) {
      listeners.set(event, [...(listeners.get(event) ?? []), call]);
    },
    off(event, call) {
      listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== call));
    },
  };
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  import(url).then((module) => {
    const el = document.createElement("div");
    module.default.render({ model, el });
    root.querySelector("figure").replaceWith(el);
    root.dataset.ready = "true";
    URL.revokeObjectURL(url);
  });
})();

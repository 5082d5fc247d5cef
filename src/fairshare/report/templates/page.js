"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The graph: a chosen path, or the neighbourhood of the node under the pointer.
  const graph = document.getElementById("graph");
  if (graph) {
    const edges = data.fairness.graph.edges, view = graph.parentElement;
    view.scrollLeft = (view.scrollWidth - view.clientWidth) / 2;  // where it is too wide: the middle, with both sides
    const lines = all(".edges path", graph), nodes = all(".node", graph), buttons = all("button.way");
    const light = (lit, names) => {
      graph.classList.toggle("dim", lit !== null);
      lines.forEach((line, i) => line.classList.toggle("lit", lit !== null && lit(edges[i])));
      nodes.forEach((node) => node.classList.toggle("lit", lit !== null && names.has(node.dataset.n)));
    };
    const chosen = () => {
      const button = buttons.find((b) => b.getAttribute("aria-pressed") === "true");
      if (!button) return light(null);
      const path = data.fairness.paths[Number(button.dataset.path)].path;
      const steps = new Set(path.slice(1).map((name, i) => JSON.stringify([path[i], name].sort())));
      light((edge) => steps.has(JSON.stringify([...edge].sort())), new Set(path));
    };
    buttons.forEach((button) => button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      buttons.forEach((b) => b.setAttribute("aria-pressed", String(on && b === button)));
      chosen();
    }));
    nodes.forEach((node) => {
      node.addEventListener("pointerenter", () => {
        const name = node.dataset.n;
        light((edge) => edge.includes(name), new Set([name, ...edges.filter((e) => e.includes(name)).flat()]));
      });
      node.addEventListener("pointerleave", chosen);
    });
  }

  // Heat maps: the pair under the pointer or the cursor, in words.
  const CELL = 24;
  all("svg.heat").forEach((map) => {
    const { columns, synthetic, real } = data.pairs;
    const readout = document.querySelector(`[data-for="${map.dataset.map}"]`), cursor = map.querySelector(".cursor");
    let at = [1, 0];
    const show = (i, j) => {
      if (i < 1 || i >= columns.length || j < 0 || j >= i) return;
      at = [i, j];
      cursor.setAttribute("x", String(j * CELL - 1));
      cursor.setAttribute("y", String(i * CELL - 1));
      cursor.setAttribute("visibility", "visible");
      const beside = real ? `, real ${real[i][j].toFixed(2)}` : "";
      readout.textContent = `${columns[i]} × ${columns[j]}: ${synthetic[i][j].toFixed(2)}${beside}`;
    };
    map.addEventListener("pointermove", (event) => {
      const matrix = map.getScreenCTM();
      if (!matrix) return;
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      show(Math.floor(point.y / CELL), Math.floor(point.x / CELL));
    });
    map.addEventListener("focus", () => show(...at));
    map.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      show(at[0] + step[0], at[1] + step[1]);
    });
  });

  // What scrolls sideways can be reached by keyboard.
  const reach = () => all(".scroll").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
  addEventListener("resize", reach);
  reach();

  // Paper can't be clicked: what explains the letters in the tables is printed.
  addEventListener("beforeprint", () => all("details.explain").forEach((box) => { box.open = true; }));

  const save = document.getElementById("save");
  if (save) {
    save.hidden = false;
    save.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([JSON.stringify(data, null, 1)], { type: "application/json" }));
      link.download = "fairshare-report.json";
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
})();

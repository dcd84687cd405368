"use strict";
(() => {
  const NS = "http://www.w3.org/2000/svg";

  const node = (name, attributes, parent) => {
    const made = document.createElementNS(NS, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    parent.append(made);
    return made;
  };

  // a tip with a heading and pairs of words; whatever comes from the run is text, never HTML
  const fill = (tip, heading, heads, texts) => {
    tip.replaceChildren();
    if (heading) tip.append(Object.assign(document.createElement("b"), {textContent: heading}));
    const pairs = document.createElement("div");
    heads.forEach((head, k) => {
      if (!texts[k]) return;
      for (const text of [head, texts[k]])
        pairs.append(Object.assign(document.createElement("span"), {textContent: text}));
    });
    tip.append(pairs);
  };

  const place = (tip, svg, x, y) => {
    tip.hidden = false;
    const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
    const px = x * scale, py = y * scale, gap = 14;
    const left = px + gap + tip.offsetWidth > box.width ? px - gap - tip.offsetWidth : px + gap;
    const top = py + gap + tip.offsetHeight > box.height ? py - gap - tip.offsetHeight : py + gap;
    tip.style.left = `${Math.max(0, Math.min(left, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(-40, top)}px`;
  };

  const local = (svg, event) => {
    const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    return [(event.clientX - box.left) * view.width / box.width, (event.clientY - box.top) * view.height / box.height];
  };

  // what curves and maps share: pointer, tap and keys move one cursor
  const listen = (figure, plot) => {
    const svg = figure.querySelector("svg.plot"), tip = figure.querySelector(".tip");
    const cursor = svg.querySelector(".cursor");
    const hide = () => { tip.hidden = true; cursor.replaceChildren(); };
    const show = () => { cursor.replaceChildren(); plot.draw(svg, tip, cursor); };
    const point = event => { if (plot.near(...local(svg, event))) show(); else hide(); };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") hide(); });
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", event => {
      const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
        Home: [-1e9, 0], End: [1e9, 0]}[event.key];
      if (event.key === "Escape") hide();
      if (!step) return;
      event.preventDefault();
      plot.move(...step);
      show();
    });
    return hide;
  };

  const clamp = (value, most) => Math.max(0, Math.min(value, most));

  const curves = (figure, data) => {
    let s = 0, k = -1;
    const shown = data.series.map(() => true);
    const plot = {
      near(x, y) {
        let best = Infinity;
        k = -1;
        if (x < 80 || x > 548 || y < 0 || y > 350) return false;
        data.series.forEach((series, i) => {
          if (!shown[i]) return;
          series.x.forEach((u, j) => {
            // along the axis counts more than across: the nearest value of the parameter is meant
            const far = 4 * (u - x) ** 2 + 0.25 * (series.y[j] - y) ** 2;
            if (far < best) { best = far; s = i; k = j; }
          });
        });
        return k >= 0;
      },
      move(dx, dy) {
        const on = data.series.map((_, i) => i).filter(i => shown[i] && data.series[i].x.length);
        if (!on.length) return;
        if (!on.includes(s)) s = on[0];
        if (dy) {
          const x = k < 0 ? 0 : data.series[s].x[k];
          s = on[(on.indexOf(s) - dy + on.length) % on.length];
          k = data.series[s].x.reduce((b, u, j, all) => Math.abs(u - x) < Math.abs(all[b] - x) ? j : b, 0);
        } else {
          k = k < 0 ? (dx > 0 ? 0 : data.series[s].x.length - 1) : clamp(k + dx, data.series[s].x.length - 1);
        }
      },
      draw(svg, tip, cursor) {
        if (k < 0) return;
        const series = data.series[s], x = series.x[k], y = series.y[k];
        node("path", {d: `M${x} 12V338`}, cursor);
        node("circle", {cx: x, cy: y, r: 6}, cursor);
        fill(tip, data.series.length > 1 ? series.label : "", data.heads, series.rows[k]);
        place(tip, svg, x, y);
      },
    };
    const hide = listen(figure, plot);
    figure.querySelectorAll(".legend button").forEach(button => button.addEventListener("click", () => {
      const i = Number(button.dataset.k);
      shown[i] = !shown[i];
      button.setAttribute("aria-pressed", shown[i]);
      figure.querySelector(`.series[data-k="${i}"]`).classList.toggle("off", !shown[i]);
      hide();
    }));
  };

  const map = (figure, data) => {
    let i = -1, j = -1;
    const {ex, ey, xs, ys} = data;
    const cell = (edges, at) => {
      for (let n = 0; n + 1 < edges.length; n++)
        if ((at - edges[n]) * (at - edges[n + 1]) <= 0) return n;
      return -1;
    };
    listen(figure, {
      near(x, y) { i = cell(ex, x); j = cell(ey, y); return i >= 0 && j >= 0; },
      move(dx, dy) {
        if (i < 0 || j < 0) { i = 0; j = 0; return; }
        i = clamp(i + dx, xs.length - 1);
        j = clamp(j + dy, ys.length - 1);
      },
      draw(svg, tip, cursor) {
        const box = {x: ex[i], y: ey[j + 1], width: ex[i + 1] - ex[i], height: ey[j] - ey[j + 1]};
        node("rect", box, cursor);
        const texts = data.cells.map(column => data.words[column[i * ys.length + j]]);
        fill(tip, "", data.heads, [xs[i], ys[j], ...texts]);
        place(tip, svg, (ex[i] + ex[i + 1]) / 2, (ey[j] + ey[j + 1]) / 2);
      },
    });
    figure.querySelectorAll(".choice input").forEach(input => input.addEventListener("change", () => {
      figure.dataset.show = input.value;
    }));
  };

  document.querySelectorAll(".interactive").forEach(figure => {
    const data = JSON.parse(figure.querySelector("script.data").textContent);
    (figure.dataset.kind === "map" ? map : curves)(figure, data);
  });

  // on paper nothing can be unfolded: all but the tables is
  const folded = [];
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach(part => {
    if (part.closest("#tables")) return;
    part.open = true;
    folded.push(part);
  }));
  addEventListener("afterprint", () => folded.splice(0).forEach(part => { part.open = false; }));

  document.querySelectorAll(".copy").forEach(button => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        // a page opened from disk may not reach the clipboard: select, and the user copies
        getSelection().selectAllChildren(source);
        button.textContent = "Selected: press Ctrl+C";
      }
    });
  });
})();

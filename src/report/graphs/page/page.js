"use strict";
// The page shows data; all text from it is set as text, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { target, layers, files, places, objects, tree } = data;
  const HEIGHT = 20;
  const by = (id) => document.getElementById(id);
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
  const colour = (layer) => `c${layer < 0 ? 0 : 1 + (layer % 8)}`;
  const sourceLines = new Map();
  const linesOf = (file) => {
    if (!sourceLines.has(file)) sourceLines.set(file, files[file].text.split("\n"));
    return sourceLines.get(file);
  };
  for (const object of objects) object.lines = object.text.replace(/\n$/, "").split("\n");

  // A place is [layer, words, file, line, column, value]; a line of an object has the places of its values, newest first.
  const placesOf = (object, line) => {
    const found = object.places[line];
    return found === undefined || found === null ? [] : Array.isArray(found) ? found : [found];
  };
  const layerOf = (object, line) => {
    const found = placesOf(object, line);
    return found.length > 0 ? places[found[0]][0] : -1;
  };

  // The rows that the list shows: the number of an object, and of a line of it or -1 for its title.
  let rows = [];
  let chosen = 0;
  let shownLayer = null;
  const main = by("lines");
  const list = by("rows");
  const closed = new Set();

  const indent = (line) => /^(?:- | )*/.exec(line)[0].length;
  // Lines of one layer, each with the lines that it is below.
  const linesWithin = (object) => {
    const shown = [];
    const above = [];
    let last = -1;
    for (let line = 0; line < object.lines.length; line += 1) {
      const depth = indent(object.lines[line]);
      while (above.length > 0 && above[above.length - 1].depth >= depth) above.pop();
      if (layerOf(object, line) === shownLayer) {
        for (const parent of above) if (parent.line > last) shown.push(parent.line);
        shown.push(line);
        last = line;
      }
      above.push({ line, depth });
    }
    return shown;
  };
  const fill = () => {
    const words = by("search").value.trim().toLowerCase();
    rows = [];
    let count = 0;
    objects.forEach((object, number) => {
      if (words && !object.title.toLowerCase().includes(words)) return;
      const lines = shownLayer === null ? null : linesWithin(object);
      if (lines !== null && lines.length === 0) return;
      count += 1;
      rows.push([number, -1]);
      if (closed.has(number)) return;
      if (lines === null) for (let line = 0; line < object.lines.length; line += 1) rows.push([number, line]);
      else for (const line of lines) rows.push([number, line]);
    });
    by("count").textContent = counted(count, "object");
    by("none").hidden = rows.length > 0;
    list.style.height = `${rows.length * HEIGHT}px`;
    list.style.minWidth = "100%";
    chosen = Math.min(chosen, Math.max(rows.length - 1, 0));
    draw();
  };

  const yaml = (text) => {
    const element = make("span", "yaml");
    const found = /^((?:- | )*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#:][^:]*?):( .*)?$/.exec(text);
    if (!found) {
      element.textContent = text;
      return element;
    }
    element.append(found[1], make("b", "", found[2]), `:${found[3] ?? ""}`);
    return element;
  };
  const rowOf = (place) => {
    const [number, line] = rows[place];
    const object = objects[number];
    const row = make("div", line < 0 ? "row title" : "row");
    row.id = `row${place}`;
    row.dataset.place = place;
    row.style.top = `${place * HEIGHT}px`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", place === chosen ? "true" : "false");
    if (line < 0) {
      const title = make("span", "at", `${closed.has(number) ? "▸" : "▾"} ${object.title} `);
      title.append(make("small", "", closed.has(number) ? counted(object.lines.length, "line") : ""));
      row.append(title);
      return row;
    }
    const layer = layerOf(object, line);
    const before = rows[place - 1];
    const isFirst = before[1] < 0 || layerOf(object, before[1]) !== layer;
    const name = layer < 0 ? "" : layers[layer].short;
    const who = make("span", `who ${layer < 0 ? "" : colour(layer)}`, isFirst ? name : "");
    if (layer >= 0) row.title = layers[layer].name;
    if (shownLayer !== null && layer !== shownLayer) row.classList.add("around");
    row.append(who, make("span", "number", String(line + 1)), yaml(object.lines[line]));
    return row;
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(main.scrollTop / HEIGHT) - 10);
    const last = Math.min(rows.length, Math.ceil((main.scrollTop + main.clientHeight) / HEIGHT) + 10);
    const shown = [];
    for (let place = first; place < last; place += 1) shown.push(rowOf(place));
    list.replaceChildren(...shown);
    if (rows.length > 0) list.setAttribute("aria-activedescendant", `row${chosen}`);
    else list.removeAttribute("aria-activedescendant");
  };
  let isWaiting = false;
  const drawSoon = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      draw();
    });
  };
  const show = (place, atTop) => {
    const top = place * HEIGHT;
    if (atTop) main.scrollTop = top;
    else if (top < main.scrollTop + HEIGHT) main.scrollTop = top - HEIGHT;
    else if (top > main.scrollTop + main.clientHeight - 2 * HEIGHT) main.scrollTop = top - main.clientHeight + 3 * HEIGHT;
  };

  const link = (object) => `#${encodeURIComponent(object.id).replaceAll("%2F", "/")}`;
  let linking = 0;
  // Browsers allow few changes of the address at a time.
  const linkSoon = (object) => {
    clearTimeout(linking);
    linking = setTimeout(() => {
      if (location.hash !== link(object)) history.replaceState(null, "", link(object));
    }, 150);
  };
  const choose = (place, atTop = false) => {
    if (rows.length === 0) return;
    chosen = Math.max(0, Math.min(place, rows.length - 1));
    show(chosen, atTop);
    draw();
    explain();
    linkSoon(objects[rows[chosen][0]]);
  };
  const toggle = (number) => {
    if (!closed.delete(number)) closed.add(number);
    fill();
  };

  // The side that shows where a line comes from.
  const explain = () => {
    const [number, line] = rows[chosen];
    const object = objects[number];
    const found = line < 0 ? placesOf(object, 0) : placesOf(object, line);
    by("what").textContent = line < 0 ? object.title : object.lines[line].trim();
    const values = found.map((place) => {
      const [layer, words, file, at, column, value] = places[place];
      const button = make("button", colour(layer));
      button.type = "button";
      if (value) button.append(make("span", "code", value));
      button.append(make("span", "", layer < 0 ? words : `${layers[layer].name} · ${words}`));
      button.append(make("br"), make("span", "quiet", file < 0 ? "no place in a file" : `${files[file].name}:${at}:${column}`));
      button.disabled = file < 0;
      button.addEventListener("click", () => open(place));
      const item = make("li");
      item.append(button);
      return item;
    });
    by("values").replaceChildren(...values);
    opened = null;
    drawSource();
    const first = found.find((place) => places[place][2] >= 0);
    if (first !== undefined) open(first);
    by("unknown").hidden = found.length > 0;
  };
  let opened = null;
  const drawSource = () => {
    if (opened === null) {
      by("text").replaceChildren();
      return;
    }
    const source = by("source");
    const { lines, at } = opened;
    const first = Math.max(0, Math.floor(source.scrollTop / HEIGHT) - 10);
    const last = Math.min(lines.length, Math.ceil((source.scrollTop + source.clientHeight) / HEIGHT) + 10);
    const shown = [];
    for (let line = first; line < last; line += 1) {
      const row = make("div", line + 1 === at ? "line hit" : "line");
      row.style.top = `${line * HEIGHT}px`;
      row.append(make("span", "", String(line + 1)), lines[line]);
      shown.push(row);
    }
    by("text").replaceChildren(...shown);
  };
  const open = (place) => {
    const [, , file, at] = places[place];
    const found = placesOf(objects[rows[chosen][0]], Math.max(rows[chosen][1], 0));
    [...by("values").querySelectorAll("button")].forEach((button, index) => {
      button.setAttribute("aria-pressed", found[index] === place ? "true" : "false");
    });
    opened = { lines: linesOf(file), at };
    const source = by("source");
    source.setAttribute("aria-label", `${files[file].name}, line ${at}`);
    by("text").style.height = `${opened.lines.length * HEIGHT}px`;
    source.scrollTop = Math.max(0, (at - 1) * HEIGHT - source.clientHeight / 3);
    source.scrollLeft = 0;
    drawSource();
  };
  const openSide = () => {
    by("from").classList.add("open");
    explain();
    show(chosen);
  };

  main.addEventListener("scroll", drawSoon, { passive: true });
  by("source").addEventListener("scroll", () => requestAnimationFrame(drawSource), { passive: true });
  addEventListener("resize", () => {
    drawSoon();
    drawSource();
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    const place = Number(row.dataset.place);
    if (rows[place][1] < 0 && place === chosen) toggle(rows[place][0]);
    choose(place);
    openSide();
    list.focus({ preventScroll: true });
  });
  const nextTitle = (step) => {
    let place = chosen + step;
    while (place > 0 && place < rows.length && rows[place][1] >= 0) place += step;
    choose(place, true);
  };
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || rows.length === 0) return;
    const page = Math.max(1, Math.floor(main.clientHeight / HEIGHT) - 2);
    const [number, line] = rows[chosen];
    const moves = {
      ArrowDown: () => choose(chosen + 1),
      ArrowUp: () => choose(chosen - 1),
      PageDown: () => choose(chosen + page),
      PageUp: () => choose(chosen - page),
      Home: () => choose(0),
      End: () => choose(rows.length - 1),
      n: () => nextTitle(1),
      p: () => nextTitle(-1),
      ArrowRight: () => (line < 0 && closed.has(number) ? toggle(number) : choose(chosen + 1)),
      ArrowLeft: () => (line < 0 ? closed.has(number) || toggle(number) : nextTitle(-1)),
      Enter: () => {
        openSide();
        by("source").focus();
      },
    };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    moves[event.key]();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      by("from").classList.remove("open");
      list.focus();
    } else if (event.key === "/" && event.target !== by("search")) {
      event.preventDefault();
      by("search").focus();
    }
  });
  by("close").addEventListener("click", () => {
    by("from").classList.remove("open");
    list.focus();
  });
  by("search").addEventListener("input", () => {
    main.scrollTop = 0;
    chosen = 0;
    fill();
  });
  by("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      list.focus();
      choose(0, true);
    }
  });

  const filter = (value, name, words, layer) => {
    const label = make("label", "layer");
    const input = make("input");
    input.type = "radio";
    input.name = "layer";
    input.checked = layer === null;
    input.addEventListener("change", () => {
      shownLayer = layer;
      main.scrollTop = 0;
      chosen = 0;
      fill();
      if (rows.length > 0) explain();
    });
    const text = make("span");
    text.append(make("b", "", name), make("small", "", words));
    label.append(input, make("i", layer === null ? "" : colour(layer)), text);
    return label;
  };
  const counts = layers.map(() => ({ lines: 0, objects: 0 }));
  for (const object of objects) {
    const seen = new Set();
    for (let line = 0; line < object.lines.length; line += 1) {
      const layer = layerOf(object, line);
      if (layer < 0) continue;
      counts[layer].lines += 1;
      seen.add(layer);
    }
    for (const layer of seen) counts[layer].objects += 1;
  }
  const everything = counted(objects.reduce((sum, object) => sum + object.lines.length, 0), "line");
  by("filters").append(filter("", "everything", everything, null));
  layers.forEach((layer, number) => {
    const { lines, objects: many } = counts[number];
    const words = lines === 0 ? "no line of the output" : `${counted(lines, "line")} in ${counted(many, "object")}`;
    by("filters").append(filter(String(number), layer.name, words, number));
  });
  by("target").textContent = target;
  document.title = `${target} - krender tree`;
  by("tree").textContent = tree;

  const follow = () => {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const number = objects.findIndex((object) => object.id === id);
    const place = rows.findIndex(([found, line]) => found === number && line < 0);
    if (place >= 0) choose(place, true);
  };
  addEventListener("hashchange", follow);
  fill();
  follow();
  if (rows.length > 0) explain();
})();

"use strict";
// The page shows data; all text from it is set as text, never as HTML.
(() => {
  const by = (id) => document.getElementById(id);
  const data = JSON.parse(by("data").textContent);
  const { targets, states, sets, texts, kinds, changes } = data;
  const SEVERITIES = ["critical", "warning", "restart", "other"];
  const NAMES = ["Critical", "Warning", "Restart", "Other"];
  const SIGNS = ["!!", "!", "↻", "·"];
  const TONES = ["critical", "warning", "warning", "good", "other"];
  const MARKS = { "+": "new", "-": "removed", "~": "changed" };
  // The fields of a change.
  const [MARK, SEVERITY, KIND, NAME, TITLE, RENAMED, EFFECTS, SET, BODY, OBJECTS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  // Lines of a change that are shown at first, and of a new or removed object.
  const firstLines = (change) => (change[MARK] === "~" ? 40 : 16);
  // The height in pixels up to which all changes are open at first: browsers cannot lay out more than 16 million.
  const TALLEST = 6e6;
  // Changes in the list; of more, the filters find the others.
  const MOST_SHOWN = 100_000;
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const button = (className, text, action) => {
    const element = make("button", className, text);
    element.type = "button";
    element.addEventListener("click", action);
    return element;
  };
  const counted = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

  // Text with escaped characters set apart.
  const ESCAPED = /(\\u\{[0-9a-f]{1,6}\})/;
  const append = (element, text) => {
    if (!text.includes("\\u{")) {
      element.append(text);
      return;
    }
    text.split(ESCAPED).forEach((part, place) => {
      if (place % 2 === 0) return element.append(part);
      const odd = make("span", "odd", part);
      odd.title = "an invisible character";
      return element.append(odd);
    });
  };
  const told = (name, className, text) => {
    const element = make(name, className);
    append(element, text);
    return element;
  };

  // The targets of a set: it is a list of first and last numbers.
  const members = (set) => {
    const ranges = sets[set];
    const all = [];
    for (let place = 0; place < ranges.length; place += 2) {
      for (let target = ranges[place]; target <= ranges[place + 1]; target += 1) all.push(target);
    }
    return all;
  };
  const above = (name) => name.slice(0, name.lastIndexOf("/") + 1);
  const common = (names) => {
    let top = above(names[0]);
    for (const name of names) while (!name.startsWith(top) || name.length === top.length) top = above(top.slice(0, -1));
    return top;
  };
  const place = (set) => {
    const names = members(set).map((target) => targets[target]);
    if (names.length <= 3) return names.join(", ");
    const top = common(names);
    return `${names.length === targets.length ? "all " : ""}${names.length} targets${top ? ` in ${top}` : ""}`;
  };

  // Addresses of changes: the name of the first object, with a number if several changes have the same.
  const numbers = new Map();
  const addresses = changes.map((change) => {
    const many = (numbers.get(change[NAME]) ?? 0) + 1;
    numbers.set(change[NAME], many);
    return many === 1 ? change[NAME] : `${change[NAME]}/${many}`;
  });
  const places = new Map(addresses.map((address, number) => [address, number]));

  // The state, which the address of the page has too.
  const state = { chosen: -1, view: "unified", severities: new Set(), kind: "", mark: "", below: "", words: "" };
  const fresh = () => ({ chosen: -1, view: "unified", severities: new Set(), kind: "", mark: "", below: "", words: "" });
  const written = (chosen) => {
    const pairs = [];
    const add = (key, value) => value && pairs.push(`${key}=${encodeURIComponent(value).replaceAll("%2F", "/")}`);
    if (chosen >= 0) add("change", addresses[chosen]);
    if (state.view !== "unified") add("view", state.view);
    add("severity", [...state.severities].map((level) => SEVERITIES[level]).join("+"));
    add("kind", state.kind);
    add("mark", { "+": "new", "-": "removed", "~": "changed" }[state.mark]);
    add("below", state.below);
    add("find", state.words);
    return pairs.length > 0 ? `#${pairs.join("&")}` : "";
  };
  const read = (hash) => {
    const found = fresh();
    for (const pair of hash.replace(/^#/, "").split("&")) {
      const at = pair.indexOf("=");
      if (at < 0) continue;
      let value = "";
      try {
        value = decodeURIComponent(pair.slice(at + 1));
      } catch {
        continue;
      }
      const takes = {
        change: () => { found.chosen = places.get(value) ?? -1; },
        view: () => { found.view = value === "split" ? "split" : "unified"; },
        severity: () => value.split("+").forEach((name) => SEVERITIES.includes(name) && found.severities.add(SEVERITIES.indexOf(name))),
        kind: () => { found.kind = kinds.includes(value) ? value : ""; },
        mark: () => { found.mark = Object.keys(MARKS).find((mark) => MARKS[mark] === value) ?? ""; },
        below: () => { found.below = value; },
        find: () => { found.words = value; },
      };
      const key = pair.slice(0, at);
      if (Object.hasOwn(takes, key)) takes[key]();
    }
    return found;
  };
  let linking = 0;
  // Browsers allow few changes of the address at a time.
  const link = () => {
    clearTimeout(linking);
    linking = setTimeout(() => {
      const hash = written(state.chosen);
      if (location.hash !== hash) history.replaceState(null, "", hash || location.pathname + location.search);
    }, 150);
  };

  // The tree of directories. Those with a single entry share a line with it.
  const root = { name: "", path: "", children: new Map(), parent: null, target: -1, count: 0, worst: 4, seen: -1 };
  const nodes = targets.map((name, target) => {
    let node = root;
    let path = "";
    for (const part of name.split("/")) {
      path = node === root ? part : `${path}/${part}`;
      if (!node.children.has(part)) {
        node.children.set(part, { name: part, path, children: new Map(), parent: node, target: -1, count: 0, worst: 4, seen: -1 });
      }
      node = node.children.get(part);
    }
    node.target = target;
    return node;
  });
  const inTree = new Uint8Array(targets.length);
  sets.forEach((_, set) => members(set).forEach((target) => { inTree[target] = 1; }));
  for (let target = 0; target < targets.length; target += 1) if (!"sc".includes(states[target])) inTree[target] = 1;
  // A node is in the tree if a target at or below it is.
  const kept = new Set();
  nodes.forEach((node, target) => {
    if (!inTree[target]) return;
    for (let at = node; at && !kept.has(at); at = at.parent) kept.add(at);
  });
  const below = (node) => [...node.children.values()].filter((child) => kept.has(child));
  const isBelow = (name, path) => path === "" || name === path || name.startsWith(path.endsWith("/") ? path : `${path}/`);
  const STATES = { n: "new", g: "gone", f: "not rendered" };
  const item = (node, depth) => {
    let [name, last] = [node.name, node];
    while (last.target < 0 && below(last).length === 1) {
      [last] = below(last);
      name += `/${last.name}`;
    }
    const children = below(last);
    const element = make("li");
    const row = make("div");
    const pick = button("pick", undefined, () => change({ below: state.below === last.path ? "" : last.path }));
    const label = told("span", "name", name);
    if (last.target >= 0 && STATES[states[last.target]]) label.append(make("span", "state", ` ${STATES[states[last.target]]}`));
    const sign = make("i");
    sign.setAttribute("aria-hidden", "true");
    const many = make("span", "many");
    pick.append(label, sign, many);
    last.shown = { pick, sign, many };
    const fold = make("span", "fold");
    row.append(fold, pick);
    element.append(row);
    if (children.length > 0) {
      let list = null;
      const toggle = button("fold", "▸", () => open(!list || list.hidden));
      const open = (isOpen) => {
        if (isOpen && !list) {
          list = make("ul", "tree");
          list.append(...children.map((child) => item(child, depth + 1)));
          element.append(list);
        }
        if (list) list.hidden = !isOpen;
        toggle.textContent = isOpen ? "▾" : "▸";
        toggle.setAttribute("aria-expanded", String(isOpen));
        markTree();
      };
      toggle.setAttribute("aria-label", `Directories below ${last.path}`);
      toggle.setAttribute("aria-expanded", "false");
      fold.replaceWith(toggle);
      last.open = () => open(true);
      if (depth === 0 && children.length <= 30 || kept.size <= 60) open(true);
    }
    return element;
  };
  const markTree = () => {
    for (const node of kept) {
      if (!node.shown) continue;
      const { pick, sign, many } = node.shown;
      sign.textContent = node.count > 0 ? SIGNS[node.worst] : "";
      sign.className = node.count > 0 ? SEVERITIES[node.worst] : "";
      many.textContent = node.count > 0 ? node.count.toLocaleString("en") : "–";
      pick.classList.toggle("nothing", node.count === 0);
      pick.setAttribute("aria-pressed", String(state.below === node.path));
      const worst = node.count > 0 ? `, worst: ${NAMES[node.worst].toLowerCase()}` : "";
      pick.setAttribute("aria-label", `${node.path}, ${counted(node.count, "change")}${worst}`);
    }
  };
  const countTree = (counts) => {
    for (const node of kept) {
      node.count = 0;
      node.worst = 4;
      node.seen = -1;
    }
    counts.forEach(({ count, worst }, set) => {
      for (const target of members(set)) {
        for (let node = nodes[target]; node && node.seen !== set; node = node.parent) {
          node.seen = set;
          node.count += count;
          node.worst = Math.min(node.worst, worst);
        }
      }
    });
    markTree();
  };

  // Filters.
  let shown = [];
  let lower = null;
  const fits = () => {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    lower ??= texts.map((text) => text.toLowerCase());
    const hits = words.map((word) => Uint8Array.from(lower, (text) => (text.includes(word) ? 1 : 0)));
    const has = (change, word, at) =>
      change[TITLE].toLowerCase().includes(word)
      || (change[RENAMED] >= 0 && hits[at][change[RENAMED]])
      || (change[BODY] >= 0 && hits[at][change[BODY]])
      || change[EFFECTS].some((value, odd) => odd % 2 === 1 && hits[at][value])
      || change[OBJECTS].some(([name]) => name.toLowerCase().includes(word));
    return (change) => words.every((word, at) => has(change, word, at));
  };
  const filter = () => {
    const { severities, kind, mark, words } = state;
    const wanted = words.trim() ? fits() : () => true;
    const inside = sets.map(() => -1);
    const isInside = (set) => {
      if (state.below === "") return true;
      if (inside[set] < 0) inside[set] = members(set).some((target) => isBelow(targets[target], state.below)) ? 1 : 0;
      return inside[set] === 1;
    };
    const counts = new Map();
    shown = [];
    changes.forEach((change, number) => {
      if (severities.size > 0 && !severities.has(change[SEVERITY])) return;
      if (kind && kinds[change[KIND]] !== kind || mark && change[MARK] !== mark || !wanted(change)) return;
      const found = counts.get(change[SET]) ?? { count: 0, worst: 4 };
      found.count += 1;
      found.worst = Math.min(found.worst, change[SEVERITY]);
      counts.set(change[SET], found);
      if (isInside(change[SET])) shown.push(number);
    });
    countTree(counts);
    const all = changes.length;
    const found = shown.length === all ? counted(all, "change") : `${shown.length.toLocaleString("en")} of ${counted(all, "change")}`;
    const isCut = shown.length > MOST_SHOWN;
    by("shown").textContent = isCut ? `${found}; the list ends after ${MOST_SHOWN.toLocaleString("en")}` : found;
    shown.length = Math.min(shown.length, MOST_SHOWN);
    by("none").hidden = shown.length > 0;
    const isFiltered = severities.size > 0 || kind || mark || state.below || words.trim();
    by("clear").hidden = !isFiltered;
    by("none-text").textContent = isFiltered ? "No change fits the filters." : "There are no changes to show.";
    by("feed").hidden = shown.length === 0;
  };

  // The list of changes: only those in view are in the document. Heights are estimated until they are known.
  const feed = by("feed");
  const closed = new Map();
  const whole = new Set();
  const heights = new Float64Array(changes.length);
  const lengths = texts.map(() => -1);
  const lengthOf = (text) => {
    if (text < 0) return 0;
    if (lengths[text] < 0) lengths[text] = texts[text].split("\n").length;
    return lengths[text];
  };
  let areOpen = true;
  const isOpen = (number) => closed.get(number) ?? areOpen;
  const GAP = 12;
  const estimated = (number) => {
    const change = changes[number];
    const about = change[EFFECTS].length / 2 * 22 + (targets.length > 1 ? 22 : 0);
    if (!isOpen(number)) return 44 + about;
    const lines = lengthOf(change[BODY]);
    return 44 + about + 12 + 20 * (whole.has(number) ? lines : Math.min(lines, firstLines(change)));
  };
  let offsets = new Float64Array(1);
  const measure = () => {
    offsets = new Float64Array(shown.length + 1);
    for (let at = 0; at < shown.length; at += 1) offsets[at + 1] = offsets[at] + (heights[shown[at]] || estimated(shown[at])) + GAP;
    feed.style.height = `${offsets[shown.length]}px`;
  };
  const at = (top) => {
    let [low, high] = [0, shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offsets[middle + 1] <= top) low = middle + 1;
      else high = middle;
    }
    return Math.min(low, Math.max(shown.length - 1, 0));
  };
  const cards = new Map();
  const feedTop = () => feed.getBoundingClientRect().top + scrollY;
  const barHeight = () => (getComputedStyle(by("bar")).position === "sticky" ? by("bar").offsetHeight : 0);
  const watch = new ResizeObserver(() => drawSoon());
  let isPrinting = false;
  const draw = (anchor) => {
    if (shown.length === 0) {
      for (const card of cards.values()) card.remove();
      cards.clear();
      return;
    }
    for (let round = 0; round < 4; round += 1) {
      const top = scrollY - feedTop();
      const first = isPrinting ? 0 : at(top - 600);
      const last = isPrinting ? Math.min(shown.length, 3000) - 1 : at(top + innerHeight + 600);
      const held = anchor ?? at(Math.max(top + barHeight(), 0));
      const distance = offsets[held] - top;
      const wanted = new Set(shown.slice(first, last + 1));
      for (const [number, card] of cards) {
        if (wanted.has(number)) continue;
        if (card.contains(document.activeElement)) by("changes").focus({ preventScroll: true });
        watch.unobserve(card);
        card.remove();
        cards.delete(number);
      }
      let before = null;
      for (let order = first; order <= last; order += 1) {
        const number = shown[order];
        let card = cards.get(number);
        if (!card) {
          card = cardOf(number);
          cards.set(number, card);
          watch.observe(card);
        }
        const next = before ? before.nextSibling : feed.firstChild;
        if (next !== card) feed.insertBefore(card, next);
        before = card;
        card.setAttribute("aria-posinset", String(order + 1));
        card.setAttribute("aria-setsize", String(shown.length));
      }
      let isDifferent = false;
      for (let order = first; order <= last; order += 1) {
        const height = cards.get(shown[order]).offsetHeight;
        if (Math.abs(heights[shown[order]] - height) > 0.5) {
          heights[shown[order]] = height;
          isDifferent = true;
        }
      }
      if (isDifferent) measure();
      for (let order = first; order <= last; order += 1) cards.get(shown[order]).style.top = `${offsets[order]}px`;
      if (isPrinting || !isDifferent) return;
      const moved = offsets[held] - top - distance;
      if (top > 0 && Math.abs(moved) > 0.5) scrollBy({ top: moved, behavior: "instant" });
    }
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
  const redraw = (number) => {
    const card = cards.get(number);
    if (card) {
      const focused = card.contains(document.activeElement) ? document.activeElement : null;
      const fresh = cardOf(number);
      watch.unobserve(card);
      card.replaceWith(fresh);
      watch.observe(fresh);
      cards.set(number, fresh);
      if (focused) (focused.id && by(focused.id) || fresh).focus({ preventScroll: true });
    }
    heights[number] = 0;
    measure();
    draw();
  };
  const reset = () => {
    for (const card of cards.values()) {
      watch.unobserve(card);
      card.remove();
    }
    cards.clear();
    heights.fill(0);
    areOpen = true;
    const sum = shown.reduce((height, number) => height + estimated(number), 0);
    areOpen = sum <= TALLEST;
    measure();
    draw();
  };

  // The words that differ in two lines, as pairs of a text and whether it differs.
  const TOKEN = /[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu;
  const differing = (old, fresh) => {
    const [a, b] = [old.match(TOKEN) ?? [], fresh.match(TOKEN) ?? []];
    let start = 0;
    while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
    let end = 0;
    while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
    const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
    const marks = [left.map(() => true), right.map(() => true)];
    let same = start + end;
    if (left.length * right.length <= 40_000 && left.length > 0 && right.length > 0) {
      const wide = right.length + 1;
      const longest = new Uint16Array((left.length + 1) * wide);
      for (let i = left.length - 1; i >= 0; i -= 1) {
        for (let j = right.length - 1; j >= 0; j -= 1) {
          longest[i * wide + j] = left[i] === right[j] ? longest[(i + 1) * wide + j + 1] + 1 : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
        }
      }
      for (let i = 0, j = 0; i < left.length && j < right.length;) {
        if (left[i] === right[j]) {
          marks[0][i] = marks[1][j] = false;
          // White space alone is no likeness.
          if (left[i].trim()) same += 1;
          i += 1;
          j += 1;
        } else if (longest[(i + 1) * wide + j] >= longest[i * wide + j + 1]) i += 1;
        else j += 1;
      }
    }
    if (same * 4 < Math.max(a.length, b.length)) return null;
    const parts = (all, marked) => {
      const out = [];
      all.forEach((token, place) => {
        const differs = place >= start && place < all.length - end && marked[place - start];
        const last = out[out.length - 1];
        if (last && last[1] === differs) last[0] += token;
        else out.push([token, differs]);
      });
      return out;
    };
    return [parts(a, marks[0]), parts(b, marks[1])];
  };

  const isNarrow = matchMedia("(max-width: 700px)");
  const LINES = { "-": ["del", "removed: "], "+": ["ins", "added: "], " ": ["div", ""] };
  const lineOf = (mark, text, parts) => {
    const [name, spoken] = LINES[mark];
    const element = make(name, "line");
    element.dataset.mark = mark;
    if (spoken) element.append(make("span", "unseen", spoken));
    if (!parts) append(element, text);
    else for (const [part, differs] of parts) differs ? element.append(told("span", "word", part)) : append(element, part);
    return element;
  };
  // Removed lines and the added ones after them, line by line.
  const runOf = (removed, added, isSplit) => {
    const pairs = Math.min(removed.length, added.length);
    const words = Array.from({ length: pairs }, (_, place) => differing(removed[place], added[place]));
    const old = removed.map((line, place) => lineOf("-", line, words[place]?.[0]));
    const fresh = added.map((line, place) => lineOf("+", line, words[place]?.[1]));
    if (!isSplit) return [...old, ...fresh];
    return Array.from({ length: Math.max(old.length, fresh.length) }, (_, place) => {
      const row = make("div", "pair");
      row.append(old[place] ?? make("div", "void"), fresh[place] ?? make("div", "void"));
      return row;
    });
  };
  const linesOf = (lines, isSplit) => {
    const out = [];
    for (let place = 0; place < lines.length;) {
      const [mark, text] = [lines[place][0], lines[place].slice(1)];
      if (mark === "-" || mark === "+") {
        const [removed, added] = [[], []];
        for (; lines[place]?.[0] === "-"; place += 1) removed.push(lines[place].slice(1));
        for (; lines[place]?.[0] === "+"; place += 1) added.push(lines[place].slice(1));
        out.push(...runOf(removed, added, isSplit));
        continue;
      }
      place += 1;
      if (mark === "@") out.push(told("div", "at", text));
      else if (mark === "#") out.push(told("div", "note", text));
      else if (!isSplit) out.push(lineOf(" ", text));
      else {
        const row = make("div", "pair");
        row.append(lineOf(" ", text), lineOf(" ", text));
        out.push(row);
      }
    }
    return out;
  };

  const listed = (words, fill) => {
    const details = make("details");
    details.append(make("summary", "", words));
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) {
        const list = make("ul");
        fill(list);
        details.append(list);
      }
    }, { once: true });
    return details;
  };
  const MOST = 1000;
  const entries = (list, names) => {
    list.append(...names.slice(0, MOST).map((name) => told("li", "", name)));
    if (names.length > MOST) list.append(make("li", "quiet", `and ${names.length - MOST} more`));
  };
  const aboutOf = (change) => {
    const about = make("div", "about");
    if (change[EFFECTS].length > 0) {
      const list = make("ul");
      for (let place = 0; place < change[EFFECTS].length; place += 2) {
        list.append(told("li", TONES[change[EFFECTS][place]], texts[change[EFFECTS][place + 1]]));
      }
      about.append(list);
    }
    if (change[OBJECTS].length > 0) {
      about.append(listed(`${change[OBJECTS].length.toLocaleString("en")} objects`, (list) =>
        entries(list, change[OBJECTS].map(([name, set]) => (set === change[SET] ? name : `${name} — ${place(set)}`)))));
    }
    if (targets.length > 1) {
      const all = members(change[SET]);
      if (all.length <= 3) about.append(told("p", "quiet", `in ${place(change[SET])}`));
      else about.append(listed(`in ${place(change[SET])}`, (list) => entries(list, all.map((target) => targets[target]))));
    }
    return about;
  };
  const cardOf = (number) => {
    const change = changes[number];
    const card = make("article", number === state.chosen ? "change chosen" : "change");
    card.tabIndex = number === state.chosen ? 0 : -1;
    card.dataset.number = number;
    card.setAttribute("aria-labelledby", `title-${number}`);
    const top = make("div", "top");
    const head = make("div", "title");
    const severity = SEVERITIES[change[SEVERITY]];
    const title = make("h3");
    title.id = `title-${number}`;
    const hasBody = change[BODY] >= 0;
    if (hasBody) {
      const toggle = button("", undefined, () => toggleCard(number));
      append(toggle, change[TITLE]);
      toggle.id = `toggle-${number}`;
      toggle.setAttribute("aria-expanded", String(isOpen(number)));
      title.append(toggle);
    } else append(title, change[TITLE]);
    head.append(title);
    if (change[SEVERITY] < 3) head.append(make("span", `badge ${severity}`, NAMES[change[SEVERITY]]));
    if (change[MARK] !== "~") head.append(make("span", `badge ${change[MARK] === "+" ? "good" : "other"}`, MARKS[change[MARK]]));
    if (change[RENAMED] >= 0) head.append(told("span", "quiet", texts[change[RENAMED]]));
    const anchor = make("a", "link", "#");
    anchor.href = written(number) || "#";
    anchor.setAttribute("aria-label", `Link to ${change[TITLE]}`);
    top.append(head, anchor);
    card.append(top, aboutOf(change));
    if (hasBody && isOpen(number)) card.append(diffOf(number));
    return card;
  };
  const diffOf = (number) => {
    const all = texts[changes[number][BODY]].split("\n");
    const diff = make("div", "diff");
    const first = firstLines(changes[number]);
    const isCut = all.length > first + 2 && !whole.has(number);
    diff.append(...linesOf(isCut ? all.slice(0, first) : all, state.view === "split" && !isNarrow.matches));
    if (isCut) {
      const more = button("plain all", `Show all ${all.length.toLocaleString("en")} lines`, () => {
        whole.add(number);
        redraw(number);
      });
      diff.append(more);
    }
    const [told, name] = [members(changes[number][SET]), changes[number][NAME]];
    if ((told.length > 1 || changes[number][OBJECTS].length > 0) && all.some((line) => line[0] === " ")) {
      diff.append(make("div", "note", `Lines without a mark are those of ${targets.length > 1 ? `${name} in ${targets[told[0]]}` : name}.`));
    }
    return diff;
  };
  const toggleCard = (number) => {
    closed.set(number, !isOpen(number));
    redraw(number);
  };

  // Moving between changes.
  const choose = (number, hasFocus = true) => {
    const order = shown.indexOf(number);
    if (order < 0) return;
    const old = cards.get(state.chosen);
    if (old) {
      old.classList.remove("chosen");
      old.tabIndex = -1;
    }
    state.chosen = number;
    for (let round = 0; round < 3; round += 1) {
      scrollTo({ top: feedTop() + offsets[order] - barHeight() - GAP, behavior: "instant" });
      draw(order);
    }
    const card = cards.get(number);
    if (card) {
      card.classList.add("chosen");
      card.tabIndex = 0;
      if (hasFocus) card.focus({ preventScroll: true });
    }
    link();
  };
  const step = (by) => {
    if (shown.length === 0) return;
    const order = shown.indexOf(state.chosen);
    const top = at(Math.max(scrollY - feedTop() + barHeight(), 0));
    const next = order < 0 ? top : order + by;
    choose(shown[Math.max(0, Math.min(next, shown.length - 1))]);
  };

  // The controls show the state; `change` alters it.
  const controls = () => {
    by("unified").setAttribute("aria-pressed", String(state.view === "unified"));
    by("split").setAttribute("aria-pressed", String(state.view === "split"));
    by("kind").value = state.kind;
    by("mark").value = state.mark;
    if (by("below").value.replace(/\/$/, "") !== state.below) by("below").value = state.below;
    if (by("search").value !== state.words) by("search").value = state.words;
    for (const input of by("severities").querySelectorAll("input")) input.checked = state.severities.has(Number(input.value));
  };
  const change = (changed) => {
    Object.assign(state, changed);
    controls();
    filter();
    if (!shown.includes(state.chosen)) state.chosen = -1;
    const isBeyond = scrollY > feedTop();
    reset();
    if (isBeyond) {
      scrollTo({ top: feedTop() - barHeight() - GAP, behavior: "instant" });
      draw();
    }
    link();
  };
  const view = (name) => {
    const chosen = state.chosen;
    const top = at(Math.max(scrollY - feedTop() + barHeight(), 0));
    const isBeyond = scrollY > feedTop();
    state.view = name;
    controls();
    reset();
    if (chosen >= 0) choose(chosen);
    else if (isBeyond && shown.length > 0) {
      scrollTo({ top: feedTop() + offsets[top] - barHeight() - GAP, behavior: "instant" });
      draw(top);
    }
    link();
  };
  const clear = () => change({ severities: new Set(), kind: "", mark: "", below: "", words: "" });
  const follow = () => {
    Object.assign(state, read(location.hash));
    const { chosen } = state;
    controls();
    filter();
    // A change that the filters hide is shown all the same: the address names it.
    if (chosen >= 0 && !shown.includes(chosen)) {
      Object.assign(state, { severities: new Set(), kind: "", mark: "", below: "", words: "" });
      controls();
      filter();
    }
    reset();
    if (chosen >= 0) choose(chosen);
  };

  // The overview.
  const headlines = () => {
    const FIRST = 10;
    const rows = data.headlines.map(([tone, word, title, words, targetsOf, number]) => {
      const row = make("li");
      const rest = make("span");
      if (number >= 0) {
        const jump = button("", undefined, () => {
          if (!shown.includes(number)) clear();
          choose(number);
        });
        append(jump, title);
        rest.append(jump);
      } else rest.append(told("b", "", title));
      append(rest, words);
      if (targetsOf) rest.append(told("span", "quiet", ` — ${targetsOf}`));
      row.append(make("span", `badge ${TONES[tone]}`, word), rest);
      return row;
    });
    by("headlines").append(...rows);
    rows.slice(FIRST + 2).length > 0 && rows.slice(FIRST).forEach((row) => { row.hidden = true; });
    const more = by("more-headlines");
    more.hidden = rows.length <= FIRST + 2;
    more.textContent = `Show all ${rows.length}`;
    more.addEventListener("click", () => {
      rows.forEach((row) => { row.hidden = false; });
      more.hidden = true;
      drawSoon();
    });
  };
  const overview = () => {
    headlines();
    by("failures").append(...data.failures.map(([when, text, targetsOf]) => {
      const row = make("li");
      const rest = make("span");
      rest.append(told("b", "", targetsOf), ` ${when}: `);
      append(rest, text);
      row.append(make("span", "badge critical", "Not rendered"), rest);
      return row;
    }));
    by("failures").hidden = data.failures.length === 0;
    by("headlines").hidden = data.headlines.length === 0;
    by("images").hidden = data.images.length === 0;
    by("image-targets").hidden = targets.length <= 1;
    by("images-count").textContent = `${counted(data.images.length + data.moreImages, "image")} changed`;
    by("images").open = data.images.length <= 5 && data.images.length > 0;
    by("image-rows").append(...data.images.map((cells) => {
      const row = make("tr");
      row.append(...(targets.length > 1 ? cells : cells.slice(0, 4)).map((text) => told("td", "", text)));
      return row;
    }));
    if (data.moreImages > 0) {
      const row = make("tr");
      const cell = make("td", "quiet", `and ${data.moreImages} more`);
      cell.colSpan = 5;
      row.append(cell);
      by("image-rows").append(row);
    }
    by("overview").hidden = data.failures.length + data.headlines.length + data.images.length === 0;
  };
  const sidebar = () => {
    const hasTree = targets.length > 1 && kept.size > 0;
    by("targets").hidden = !hasTree;
    by("columns").classList.toggle("one", !hasTree);
    by("below-label").hidden = !hasTree;
    if (!hasTree) return;
    const list = make("ul", "tree");
    list.append(...below(root).map((node) => item(node, 0)));
    by("tree").append(list);
    const quiet = targets.length - inTree.reduce((sum, one) => sum + one, 0);
    if (quiet > 0) by("tree").append(make("p", "quiet", `${counted(quiet, "target")} without changes`));
    const directories = [...kept].filter((node) => node !== root && node.children.size > 0).slice(0, 500);
    by("directories").append(...directories.map((node) => {
      const option = make("option");
      option.value = node.path;
      return option;
    }));
  };
  const choices = () => {
    const counts = [0, 0, 0, 0];
    const ofKinds = kinds.map(() => 0);
    for (const change of changes) {
      counts[change[SEVERITY]] += 1;
      ofKinds[change[KIND]] += 1;
    }
    counts.forEach((count, level) => {
      if (count === 0) return;
      const label = make("label");
      const input = make("input");
      input.type = "checkbox";
      input.value = String(level);
      input.addEventListener("change", () => {
        const severities = new Set(state.severities);
        if (input.checked) severities.add(level);
        else severities.delete(level);
        change({ severities });
      });
      label.append(input, make("span", `badge ${SEVERITIES[level]}`, `${NAMES[level]} ${count.toLocaleString("en")}`));
      by("severities").append(label);
    });
    const order = kinds.map((_, kind) => kind).sort((one, other) => (kinds[one] < kinds[other] ? -1 : 1));
    by("kind").append(...order.map((kind) => {
      const option = make("option", "", `${kinds[kind]} (${ofKinds[kind].toLocaleString("en")})`);
      option.value = kinds[kind];
      return option;
    }));
    by("bar").hidden = changes.length === 0;
    by("filters").hidden = changes.length === 0;
    by("modes").hidden = changes.length === 0;
  };

  // Events.
  let typing = 0;
  const soon = (action) => {
    clearTimeout(typing);
    typing = setTimeout(action, changes.length > 5000 ? 200 : 60);
  };
  by("search").addEventListener("input", () => soon(() => change({ words: by("search").value })));
  by("below").addEventListener("input", () => soon(() => change({ below: by("below").value.trim().replace(/\/$/, "") })));
  by("kind").addEventListener("change", () => change({ kind: by("kind").value }));
  by("mark").addEventListener("change", () => change({ mark: by("mark").value }));
  by("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    change({ words: by("search").value, below: by("below").value.trim().replace(/\/$/, "") });
    if (shown.length > 0) choose(shown[0]);
  });
  by("clear").addEventListener("click", () => {
    clear();
    by("search").focus();
  });
  by("unified").addEventListener("click", () => view("unified"));
  by("split").addEventListener("click", () => view("split"));
  by("open-tree").addEventListener("click", () => {
    const isShown = by("open-tree").getAttribute("aria-expanded") === "true";
    by("open-tree").setAttribute("aria-expanded", String(!isShown));
    by("open-tree").textContent = isShown ? "Show targets" : "Hide targets";
    drawSoon();
  });
  by("skip").addEventListener("click", (event) => {
    event.preventDefault();
    by("changes").scrollIntoView();
    by("changes").focus({ preventScroll: true });
  });
  const help = by("help");
  by("open-help").addEventListener("click", () => help.showModal());
  by("close-help").addEventListener("click", () => help.close());
  feed.addEventListener("click", (event) => {
    const card = event.target.closest(".change");
    if (!card) return;
    const number = Number(card.dataset.number);
    if (event.target.closest(".link")) {
      event.preventDefault();
      choose(number);
    }
  });
  feed.addEventListener("focusin", (event) => {
    const card = event.target.closest(".change");
    if (!card || Number(card.dataset.number) === state.chosen) return;
    const old = cards.get(state.chosen);
    if (old) {
      old.classList.remove("chosen");
      old.tabIndex = -1;
    }
    state.chosen = Number(card.dataset.number);
    card.classList.add("chosen");
    card.tabIndex = 0;
    link();
  });
  const focusTree = () => {
    if (by("targets").hidden) return;
    if (by("open-tree").offsetParent) by("open-tree").focus();
    else by("tree").querySelector(".pick")?.focus();
  };
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    g: () => shown.length > 0 && choose(shown[0]),
    G: () => shown.length > 0 && choose(shown[shown.length - 1]),
    o: () => state.chosen >= 0 && changes[state.chosen][BODY] >= 0 && toggleCard(state.chosen),
    u: () => view("unified"),
    s: () => view("split"),
    t: focusTree,
    c: clear,
    "/": () => by("search").focus(),
    "?": () => help.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    const { target, key } = event;
    const isText = target.matches?.("input[type=search], input[type=text], select");
    if (key === "Escape" && isText) {
      target.blur();
      if (state.chosen >= 0) choose(state.chosen);
      else by("changes").focus({ preventScroll: true });
      return;
    }
    if (isText) return;
    const isCard = target.classList?.contains("change");
    const arrows = { ArrowDown: KEYS.j, ArrowUp: KEYS.k, Home: KEYS.g, End: KEYS.G, Enter: KEYS.o };
    const isLetter = by("keys").checked && Object.hasOwn(KEYS, key);
    if (!isLetter && !(isCard && Object.hasOwn(arrows, key))) return;
    event.preventDefault();
    (isLetter ? KEYS[key] : arrows[key])();
  });
  // Arrows move in the tree as in a list.
  by("tree").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const picks = [...by("tree").querySelectorAll(".pick")].filter((pick) => pick.offsetParent);
    const next = picks[picks.indexOf(event.target.closest("div")?.querySelector(".pick")) + (event.key === "ArrowDown" ? 1 : -1)];
    event.preventDefault();
    next?.focus();
  });
  addEventListener("scroll", drawSoon, { passive: true });
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return drawSoon();
    width = innerWidth;
    return reset();
  });
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => {
    isPrinting = true;
    by("rest").textContent = `The first 3,000 of ${counted(shown.length, "change")} are printed.`;
    by("rest").hidden = shown.length <= 3000;
    draw();
  });
  addEventListener("afterprint", () => {
    isPrinting = false;
    by("rest").hidden = true;
    draw();
  });

  by("open-help").hidden = false;
  by("app").hidden = false;
  overview();
  sidebar();
  choices();
  follow();
})();

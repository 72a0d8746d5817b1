// Flame graphs of what /debug/pprof/ gives to everyone: gzipped profile.proto (github.com/google/pprof),
// read here. Names become text nodes only.
'use strict';

const find = (id) => document.getElementById(id);
const rowHeight = 22;
const widthLeast = 0.0008;  // of the whole: about a pixel
const elementsMost = 6000;
const functionsMost = 40;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// --- profile.proto ---

// Calls field(number, value) for each: a number for a varint, bytes for what has a length.
function readFields(bytes, field) {
  let at = 0;
  const varint = () => {
    let value = 0n, shift = 0n;
    for (;;) {
      if (at >= bytes.length) throw new Error('the profile is cut short');
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
      shift += 7n;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key & 7;
    if (kind === 0) {
      field(key >> 3, varint());
    } else if (kind === 2) {
      const size = varint();
      if (size > bytes.length - at) throw new Error('the profile is cut short');
      field(key >> 3, bytes.subarray(at, at += size));
    } else if (kind === 1 || kind === 5) {
      at += kind === 1 ? 8 : 4;
    } else {
      throw new Error('this is no profile');
    }
  }
}
function readNumbers(value, into) {
  if (typeof value === 'number') return into.push(value);
  let at = 0;
  while (at < value.length) {
    const start = at;
    while (at < value.length && value[at] >= 128) ++at;
    let number = 0n;
    for (let i = at; i >= start; --i) number = number << 7n | BigInt(value[i] & 127);
    ++at;
    into.push(Number(BigInt.asIntN(64, number)));
  }
}

// {types, samples: [{stack: root first, labels: key -> value, values}], keys: of labels, comments, seconds}
function decode(bytes) {
  const strings = [], types = [], rawSamples = [], locations = new Map(), functions = new Map(), comments = [];
  const text = new TextDecoder();
  let duration = 0, preferred = 0;
  readFields(bytes, (number, value) => {
    const message = {};
    if (number === 1) {
      readFields(value, (inner, what) => { message[inner] = what; });
      types.push(message);
    } else if (number === 2) {
      const sample = {ids: [], values: [], labels: []};
      readFields(value, (inner, what) => {
        if (inner === 1) readNumbers(what, sample.ids);
        if (inner === 2) readNumbers(what, sample.values);
        if (inner === 3) {
          const label = {};
          readFields(what, (part, id) => { label[part] = id; });
          sample.labels.push(label);
        }
      });
      rawSamples.push(sample);
    } else if (number === 4) {
      const place = {id: 0, address: 0, functions: []};
      readFields(value, (inner, what) => {
        if (inner === 1) place.id = what;
        if (inner === 3) place.address = what;
        if (inner === 4) readFields(what, (part, id) => { if (part === 1) place.functions.push(id); });
      });
      locations.set(place.id, place);
    } else if (number === 5) {
      readFields(value, (inner, what) => { message[inner] = what; });
      functions.set(message[1], message[2]);
    } else if (number === 6) {
      strings.push(text.decode(value));
    } else if (number === 10) {
      duration = value;
    } else if (number === 13) {
      comments.push(value);
    } else if (number === 14) {
      preferred = value;
    }
  });
  const names = new Map();
  for (const [id, place] of locations) {
    const own = place.functions.map((each) => strings[functions.get(each)] || '?');
    names.set(id, own.length ? own.reverse() : ['0x' + place.address.toString(16)]);
  }
  const labelsOf = (sample) => new Map(sample.labels.map((label) => [strings[label[1]] || '?', strings[label[2]] || String(label[3] || '')]));
  const samples = rawSamples.map((sample) => ({
    stack: sample.ids.reverse().flatMap((id) => names.get(id) || ['?']), labels: labelsOf(sample), values: sample.values}));
  return {
    types: types.map((type) => ({name: strings[type[1]], unit: strings[type[2]]})),
    chosen: Math.max(0, types.findIndex((type) => type[1] === preferred)),
    samples, keys: [...new Set(samples.flatMap((sample) => [...sample.labels.keys()]))].sort(),
    comments: comments.map((id) => strings[id]), seconds: duration / 1e9,
  };
}

async function unpack(blob) {
  const head = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const stream = isGzip ? blob.stream().pipeThrough(new DecompressionStream('gzip')) : blob.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// --- the tree ---

const child = (node, name) => {
  let next = node.children.get(name);
  if (!next) node.children.set(name, next = {name, parent: node, children: new Map(), now: 0, before: 0, selfNow: 0, selfBefore: 0});
  return next;
};

function grow(root, profile, type, by, now) {
  const key = now ? 'now' : 'before', self = now ? 'selfNow' : 'selfBefore';
  for (const sample of profile.samples) {
    const value = sample.values[type] || 0;
    if (value === 0) continue;
    let node = root;
    node[key] += value;
    if (by) (node = child(node, sample.labels.get(by) || '(no ' + by + ')'))[key] += value;
    for (const name of sample.stack) (node = child(node, name))[key] += value;
    node[self] += value;
  }
}

// How wide: of two profiles the larger of each function itself, so that what has gone can be seen too.
function weigh(node) {
  let weight = Math.max(node.selfNow, node.selfBefore, 0);
  for (const each of node.children.values()) weight += weigh(each);
  return node.weight = weight;
}

// --- words ---

function amount(value, unit) {
  const sign = value < 0 ? '−' : '';
  let size = Math.abs(value);
  if (unit === 'nanoseconds') {
    if (size < 1e6) return sign + (size / 1e3).toFixed(0) + ' µs';
    return sign + (size < 1e9 ? (size / 1e6).toFixed(size < 1e7 ? 1 : 0) + ' ms' : (size / 1e9).toFixed(2) + ' s');
  }
  if (unit === 'bytes') {
    let step = 0;
    for (; size >= 1024 && step < 4; ++step) size /= 1024;
    return sign + (step ? size.toFixed(1) : size) + ' ' + ['B', 'KiB', 'MiB', 'GiB', 'TiB'][step];
  }
  return sign + size.toLocaleString('en-US') + (unit && unit !== 'count' ? ' ' + unit : '');
}
const short = (name) => name.replaceAll('(anonymous namespace)::', '').replace(/ \[clone [^\]]*\]/g, '');
const share = (value, whole) => (whole ? (100 * value / whole).toFixed(1) : '0.0') + ' %';

// --- what is shown ---

let profile = null, base = null, root = null, zoomed = null, title = '';
const boxes = new Map();  // element -> node
const unitNow = () => profile.types[Number(find('value').value)] || {unit: ''};

function plant() {
  const type = Number(find('value').value);
  root = {name: 'all', parent: null, children: new Map(), now: 0, before: 0, selfNow: 0, selfBefore: 0};
  grow(root, profile, type, find('by').value, true);
  if (base) grow(root, base, type, find('by').value, false);
  weigh(root);
  zoomed = root;
  paint();
  listFunctions(type);
}

function hue(name) {
  let hash = 0;
  for (let i = 0; i < name.length; ++i) hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
  return 8 + hash % 46;
}

function box(node, left, width, depth, isAbove) {
  const element = make('button', {type: 'button', tabindex: '-1'}, width > 0.02 ? short(node.name) : '');
  const style = element.style;
  style.left = 100 * left + '%';
  style.width = 100 * width + '%';
  style.setProperty('--hue', hue(node.name));
  if (base) {
    const change = (node.now - node.before) / Math.max(root.now, root.before, 1);
    style.setProperty('--hue', change >= 0 ? 4 : 214);
    style.setProperty('--sat', Math.min(95, 300 * Math.sqrt(Math.abs(change))) + '%');
  }
  if (isAbove) element.classList.add('above');
  if (width < 0.02) element.classList.add('thin');
  element.setAttribute('aria-label', node.name + ', ' + describe(node));
  node.element = element;
  node.depth = depth;
  boxes.set(element, node);
  return element;
}

function describe(node) {
  const unit = unitNow().unit;
  const text = amount(node.now, unit) + ', ' + share(node.now, root.now) + '; itself ' + amount(node.selfNow, unit);
  return base ? text + '; before ' + amount(node.before, unit) + ', ' + share(node.before, root.before) : text;
}

function paint() {
  const graph = find('graph');
  boxes.clear();
  const elements = [];
  const line = [];
  for (let node = zoomed.parent; node; node = node.parent) line.unshift(node);
  line.forEach((node, depth) => elements.push(box(node, 0, 1, depth, true)));
  let deepest = line.length;
  const walk = (node, left, width, depth) => {
    if (width < widthLeast || elements.length >= elementsMost) return;
    elements.push(box(node, left, width, depth, false));
    deepest = Math.max(deepest, depth);
    let at = left;
    for (const each of [...node.children.values()].sort((a, b) => b.weight - a.weight)) {
      const part = node.weight ? width * each.weight / node.weight : 0;
      walk(each, at, part, depth + 1);
      at += part;
    }
  };
  walk(zoomed, 0, 1, line.length);
  const upward = find('upward').checked;
  for (const [element, node] of boxes) element.style.top = (upward ? deepest - node.depth : node.depth) * rowHeight + 'px';
  graph.style.height = (deepest + 1) * rowHeight + 'px';
  graph.replaceChildren(...elements);
  zoomed.element.tabIndex = 0;
  mark();
}

function mark() {
  const word = find('search').value.trim().toLowerCase();
  find('graph').classList.toggle('searching', word !== '');
  for (const [element, node] of boxes) element.classList.toggle('hit', word !== '' && node.name.toLowerCase().includes(word));
  if (word === '') return find('found').textContent = root.weight ? '' : 'There is nothing in this profile.';
  let sum = 0;
  const add = (node) => {
    if (node.name.toLowerCase().includes(word)) sum += node.now;
    else for (const each of node.children.values()) add(each);
  };
  add(root);
  return find('found').textContent = share(sum, root.now) + ' is in functions named so, or in what they call.';
}

function listFunctions(type) {
  const all = new Map();
  for (const sample of profile.samples) {
    const value = sample.values[type] || 0;
    const seen = new Set(sample.stack);
    for (const name of seen) {
      const one = all.get(name) || {name, self: 0, total: 0};
      one.total += value;
      all.set(name, one);
    }
    if (sample.stack.length) all.get(sample.stack[sample.stack.length - 1]).self += value;
  }
  const unit = unitNow().unit;
  const whole = Math.max(1, root.now);
  const cell = (value) => {
    const bar = make('span', {class: 'bar-of'});
    bar.style.width = Math.max(0, Math.min(1, value / whole)) * 6 + 'em';
    return make('td', {class: 'number'}, amount(value, unit) + ' · ' + share(value, root.now), make('span', {class: 'track'}, bar));
  };
  const rows = [...all.values()].sort((a, b) => b.self - a.self || b.total - a.total).slice(0, functionsMost);
  find('functions').replaceChildren(...rows.map((one) => {
    const name = make('button', {type: 'button', title: one.name}, short(one.name));
    name.addEventListener('click', () => {
      find('search').value = one.name;
      mark();
    });
    return make('tr', {}, make('th', {scope: 'row'}, name), cell(one.self), cell(one.total));
  }));
}

function tell(node) {
  find('detail').replaceChildren(make('b', {}, node.name), ' ' + describe(node));
}

function show(taken, name) {
  profile = taken;
  title = name;
  if (base && base.types.map((type) => type.name).join() !== profile.types.map((type) => type.name).join()) compareWith(null);
  find('value').replaceChildren(...profile.types.map((type, at) => make('option', {value: at}, type.name)));
  find('value').value = String(profile.chosen);
  const by = find('by').value;
  find('by').replaceChildren(make('option', {value: ''}, 'nothing'), ...profile.keys.map((key) => make('option', {value: key}, key)));
  find('by').value = profile.keys.includes(by) ? by : '';
  find('by').disabled = profile.keys.length === 0;
  find('view').hidden = false;
  find('view-title').textContent = base ? title + ', compared with ' + base.title : title;
  find('comments').textContent = profile.comments.join(' · ');
  plant();
  tell(root);
}

function compareWith(one) {
  base = one;
  find('keep').setAttribute('aria-pressed', String(base !== null));
  find('keep').textContent = base ? 'Comparing with ' + base.title : 'Compare with this';
  find('view-title').textContent = base ? title + ', compared with ' + base.title : title;
}

// --- what is asked ---

function say(text, isBad = false) {
  find('said').textContent = text;
  find('said').className = isBad ? 'bad' : '';
}
const now = () => new Date().toISOString().slice(11, 19) + ' UTC';

let asking = null;
async function take(event) {
  if (event) event.preventDefault();
  if (asking) return asking.abort();
  const name = find('profile').value;
  const seconds = find('seconds').value;
  const waits = !find('seconds').disabled && Number(seconds) > 0;
  const button = find('take').querySelector('button');
  asking = new AbortController();
  button.textContent = 'Stop';
  say(waits ? 'Taking ' + name + ' for ' + seconds + ' s …' : 'Taking ' + name + ' …');
  try {
    const answer = await fetch(name + (waits ? '?seconds=' + encodeURIComponent(seconds) : ''), {signal: asking.signal});
    if (!answer.ok) throw new Error((await answer.text()).trim());
    show(decode(await unpack(await answer.blob())), name + ' at ' + now());
    say('');
  } catch (failure) {
    say(failure.name === 'AbortError' ? 'Stopped.' : failure.message, failure.name !== 'AbortError');
  }
  asking = null;
  button.textContent = 'Take';
}

async function openFile() {
  const file = find('file').files[0];
  if (!file) return;
  try {
    show(decode(await unpack(file)), file.name);
    say('');
  } catch (failure) {
    say(file.name + ': ' + failure.message, true);
  }
}

// --- hands ---

function zoom(node) {
  zoomed = node;
  paint();
  node.element.focus();
  tell(node);
}

function step(node, key) {
  const painted = (list) => list.filter((each) => boxes.has(each.element)).sort((a, b) => b.weight - a.weight);
  const around = node.parent ? painted([...node.parent.children.values()]) : [node];
  const at = around.indexOf(node);
  const down = find('upward').checked ? 'ArrowUp' : 'ArrowDown';
  const up = find('upward').checked ? 'ArrowDown' : 'ArrowUp';
  return {[down]: painted([...node.children.values()])[0], [up]: node.parent, ArrowLeft: around[at - 1], ArrowRight: around[at + 1]}[key];
}

find('graph').addEventListener('click', (event) => {
  const node = boxes.get(event.target);
  if (node) zoom(node);
});
for (const kind of ['mouseover', 'focusin']) find('graph').addEventListener(kind, (event) => {
  const node = boxes.get(event.target);
  if (node) tell(node);
});
find('graph').addEventListener('keydown', (event) => {
  const node = boxes.get(event.target);
  if (!node) return;
  if (event.key === 'Escape') return zoom(root);
  const next = step(node, event.key);
  if (!next) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  next.element.tabIndex = 0;
  next.element.focus();
});
find('take').addEventListener('submit', take);
find('file').addEventListener('change', openFile);
for (const id of ['value', 'by']) find(id).addEventListener('change', plant);
find('upward').addEventListener('change', paint);
find('search').addEventListener('input', mark);
find('reset').addEventListener('click', () => {
  find('search').value = '';
  zoom(root);
});
find('keep').addEventListener('click', () => {
  compareWith(base ? null : Object.assign(profile, {title}));
  if (base) say('Take or open another: it is shown beside this one, red what has grown, blue what has shrunk.');
  plant();
});
find('profile').addEventListener('change', () => {
  const name = find('profile').value;
  find('seconds').disabled = name === 'threads' || name === 'goroutine';
  if (name !== 'profile' && name !== 'wall') find('seconds').value = '0';
  else if (find('seconds').value === '0') find('seconds').value = '10';
});

// ui?profile=heap, ui?profile=profile&seconds=5: taken at once.
const asked = new URLSearchParams(location.search);
if (asked.has('profile')) {
  find('profile').value = asked.get('profile');
  find('profile').dispatchEvent(new Event('change'));
  if (asked.has('seconds')) find('seconds').value = asked.get('seconds');
  if (find('profile').value) take();
}

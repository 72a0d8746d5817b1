// The page at /health. The state is the JSON that /health gives, first the one that came with the page,
// then whatever the feed sends; show() turns it into elements, text always as text nodes. Whoever may see
// little is sent little: what is not in the state is not shown.
'use strict';

const find = (id) => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
const lostAfter = 15000;  // the feed sends something every five seconds
const settingsEvery = 60000;

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null));
  return node;
}
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// --- words ---

const count = (n) => Number(n).toLocaleString('en-US');
const plural = (n, one, many) => count(n) + ' ' + (n === 1 ? one : many);

function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min ' + (s % 60) + ' s';
  if (s < 86400) return Math.floor(s / 3600) + ' h ' + (Math.floor(s / 60) % 60) + ' min';
  return plural(Math.floor(s / 86400), 'day', 'days') + ' ' + (Math.floor(s / 3600) % 24) + ' h';
}

function milliseconds(ms) {
  if (ms > 0 && ms < 0.1) return '< 0.1 ms';
  if (ms < 1000) return (ms < 10 ? Number(ms).toFixed(1) : Math.round(ms)) + ' ms';
  return ms < 60000 ? (ms / 1000).toFixed(1) + ' s' : duration(ms / 1000);
}

const shortUnits = {Percent: '%', Milliseconds: 'ms', Microseconds: 'µs', Seconds: 's', None: '', Count: '', 'Count/Second': '/s'};
const steps = {Bytes: 'B', 'Bytes/Second': 'B/s'};
function amount(value, unit) {
  if (value === null) return '–';
  if (unit in steps) {
    let at = 0;
    for (; Math.abs(value) >= 1024 && at < 5; ++at) value /= 1024;
    return (at === 0 ? count(value) : value.toPrecision(3)) + ' ' + ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'][at] + steps[unit];
  }
  const text = Number.isInteger(value) ? count(value) : Number(value.toPrecision(4)).toLocaleString('en-US', {maximumFractionDigits: 6});
  const short = unit in shortUnits ? shortUnits[unit] : unit;
  return short ? text + ' ' + short : text;
}

// --- the parts of the page ---

const signs = {pass: 'M14 25l7 7 13-15', warn: 'M24 13v13M24 34v.1', fail: 'M16 16l16 16M32 16L16 32'};
const headlines = {pass: 'Passing', warn: 'Passing, with warnings', fail: 'Failing'};
const states = {
  starting: 'Starting',
  unresponsive: 'The service does not respond',
  draining: 'Draining: it finishes what it has begun',
  exited: 'The service has ended',
  debugged: 'Held by a debugger, or stopped',
};

function reasons(state) {
  const list = [];
  const process = state.process || {};
  if (process.ended) list.push([process.ended, '']);
  if (process.state === 'unresponsive')
    list.push([process.beat, 'has not beaten for ' + milliseconds(process.beat_age_ms || 0)]);
  for (const check of state.checks)
    if (check.status !== 'pass' && !check.pending) list.push([check.name, check.output || check.status]);
  for (const warning of state.warnings || []) list.push(['', warning]);
  return list;
}

function showStatus(state) {
  const section = find('status');
  section.className = 'status ' + state.status;
  find('sign').setAttribute('d', signs[state.status]);
  const word = (state.process && states[state.process.state]) || headlines[state.status];
  if (find('headline').textContent !== word) find('headline').textContent = word;
  const list = reasons(state);
  if (list.length === 0)
    list.push(['', state.checks.length ? plural(state.checks.length, 'check passes', 'checks pass') : 'no checks are declared']);
  find('reasons').replaceChildren(...list.map(([what, why]) =>
    make('li', {}, what ? make('b', {}, what) : null, what && why ? ': ' : null, why)));
}

function showFacts(state) {
  const process = state.process;
  const rows = [
    ['State', process.state, process.ended || 'process ' + process.pid],
    ['Up for', make('span', {id: 'uptime'}), 'since ' + (state.started || '–').slice(0, 19).replace('T', ' ') + ' UTC'],
    ['Last beat', make('span', {id: 'beat'}), process.beat],
    process.crash_reports ? ['Crash reports', process.crash_reports.split(':')[0], process.crash_reports.split(': ')[1] || ''] : null,
    process.writing ? ['Files', process.writing.split(':')[0], (process.written || []).join(', ') || process.writing.split(': ')[1] || ''] : null,
    process.memory_end ? ['Out of memory', process.memory_end.split(':')[0], process.memory_end.split(': ')[1] || ''] : null,
    ['Keeper', state.keeper.restarts ? plural(state.keeper.restarts, 'restart', 'restarts') : 'watching',
      state.keeper.last_end || 'process ' + state.keeper.pid],
  ];
  find('facts').replaceChildren(...rows.filter(row => row !== null).map(([name, value, more]) =>
    make('div', {}, make('dt', {}, name), make('dd', {}, value, make('small', {}, more)))));
}

const badge = (word, text = word) => make('span', {class: 'badge ' + word}, text);

function showChecks(state) {
  if (state.checks.length === 0) return make('p', {class: 'none'}, 'No checks are declared: it is healthy while it lives.');
  return make('ul', {class: 'rows'}, state.checks.map((check) => make('li', {},
    check.pending ? badge('', 'waits') : badge(check.status),
    make('span', {class: 'what'}, check.name),
    make('span', {class: 'when'}, check.time ? milliseconds(check.duration_ms) : ''),
    check.pending ? make('span', {class: 'more'}, 'has not run yet') :
      check.output || check.critical === false || check.gates_readiness ? make('span', {class: 'more'},
        [check.output, check.critical === false ? 'not critical' : '', check.gates_readiness ? 'gates readiness' : '']
          .filter((word) => word).join(' · ')) : null)));
}

function showShipping(state) {
  const kinds = [['Log entries', state.shipping.logs], ['Metrics', state.shipping.metrics]];
  const rows = [['Queued', 'pending'], ['Acknowledged', 'sent'], ['Dropped', 'dropped'], ['Retries', 'retries']];
  const notes = kinds.filter(([, one]) => one.last_error).map(([name, one]) =>
    make('p', {class: 'note bad'}, name + ': ' + one.last_error));
  const ambiguous = state.shipping.metrics.ambiguous;
  if (ambiguous > 0)
    notes.push(make('p', {class: 'note', id: 'ambiguous'}, 'Ambiguous: ' + plural(ambiguous, 'value of a metric', 'values of metrics') +
      ', whose answer was lost. CloudWatch may have counted them twice, or not at all where they are sent at most once.'));
  const dropped = Object.entries(state.dropped_by_level || {});
  if (dropped.length)
    notes.push(make('p', {class: 'note'}, 'Dropped in the service, by level: ' + dropped.map(([level, n]) => level + ' ' + count(n)).join(', ')));
  const names = {discarded_in_children: 'made in forked children', suppressed: 'held back by rate limits',
    truncated: 'cut to the largest record', format_failures: 'whose formatting failed'};
  const counts = Object.entries(state.log_counts || {}).filter(([, n]) => n > 0);
  if (state.metrics_bill) notes.push(bill(state.metrics_bill));
  if (counts.length)
    notes.push(make('p', {class: 'note'}, 'Log calls ' + counts.map(([name, n]) => (names[name] || name) + ': ' + count(n)).join(', ')));
  return [make('table', {},
    make('thead', {}, make('tr', {}, make('td'), kinds.map(([name]) => make('th', {scope: 'col', class: 'number'}, name)))),
    make('tbody', {}, rows.map(([name, key]) => make('tr', {}, make('th', {scope: 'row'}, name), kinds.map(([, one]) =>
      make('td', {class: 'number' + (key === 'dropped' && one[key] > 0 ? ' bad' : '')}, count(one[key]))))))), notes];
}

const dollars = (amount) => '$' + amount.toFixed(2);
function bill({metrics, dollars_a_month, posted}) {
  const cost = plural(metrics, 'metric', 'metrics') + ', about ' + dollars(dollars_a_month) + ' a month';
  return make('p', {class: 'note', id: 'bill'}, posted ? 'CloudWatch bills ' + cost + '.' : 'No metric is sent to CloudWatch; there it would be ' + cost + '.');
}

function showSystem(figures) {
  if (figures.length === 0) return make('p', {class: 'none'}, 'Nothing has been measured yet.');
  const words = (name) => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase().replace(/^./, (c) => c.toUpperCase());
  return make('dl', {class: 'figures'}, figures.map((one) => make('div', {title: one.about},
    make('dt', {}, words(one.name), one.mount ? make('small', {}, ' ' + one.mount) : null),
    make('dd', {}, amount(one.value, one.unit)))));
}

// The line breaks where no value was posted.
function sparkline(metric) {
  const values = metric.history || [];
  const there = values.filter((value) => value !== null);
  if (there.length < 2) return make('div', {class: 'flat', role: 'img', 'aria-label': 'no history yet'});
  const low = Math.min(...there), high = Math.max(...there);
  const width = 240, top = 4, bottom = 36;
  const x = (at) => (values.length - 1 === 0 ? 0 : at * width / (values.length - 1));
  const y = (value) => (high === low ? (top + bottom) / 2 : bottom - (value - low) / (high - low) * (bottom - top));
  const runs = [];
  values.forEach((value, at) => {
    if (value === null) return;
    if (at === 0 || values[at - 1] === null) runs.push([]);
    runs[runs.length - 1].push([x(at), y(value)]);
  });
  const path = (run) => 'M' + run.map(([px, py]) => px.toFixed(1) + ' ' + py.toFixed(1)).join('L');
  const last = runs[runs.length - 1].slice(-1)[0];
  return draw('svg', {viewBox: '0 0 ' + width + ' 40', preserveAspectRatio: 'none', role: 'img',
    'aria-label': 'the last hour: from ' + amount(low, metric.unit) + ' to ' + amount(high, metric.unit)},
    runs.map((run) => draw('path', {class: 'area', d: path(run) + 'L' + run[run.length - 1][0].toFixed(1) + ' 40L' + run[0][0].toFixed(1) + ' 40Z'})),
    runs.map((run) => draw('path', {class: 'line', d: path(run)})),
    draw('path', {class: 'dot', d: 'M' + last[0].toFixed(1) + ' ' + last[1].toFixed(1) + 'h.01'}));
}

function showMetrics(state) {
  if (state.metrics.length === 0) return make('p', {class: 'none'}, 'Nothing has been posted yet.');
  return make('ul', {class: 'tiles'}, state.metrics.map((metric) => {
    const dimensions = Object.entries(metric.dimensions).map(([name, value]) => name + '=' + value).join(' ');
    return make('li', {title: 'posted ' + metric.time},
      make('div', {}, make('div', {class: 'name'}, metric.name), dimensions ? make('div', {class: 'dims'}, dimensions) : null),
      make('div', {class: 'value'}, amount(metric.value, metric.unit)),
      sparkline(metric));
  }));
}

function logEntry(entry) {
  const fields = Object.entries(entry.fields);
  const line = [make('time', {datetime: entry.time, title: entry.time}, entry.time.slice(11, 23)), badge(entry.level),
    make('span', {class: 'message'}, entry.message), make('span', {class: 'source'}, entry.source)];
  if (fields.length === 0) return make('li', {}, make('div', {class: 'plain'}, line));
  return make('li', {}, make('details', {}, make('summary', {}, line), make('dl', {class: 'fields'},
    fields.map(([name, value]) => [make('dt', {}, name), make('dd', {}, typeof value === 'string' ? value : JSON.stringify(value))]))));
}

// An entry that is shown already keeps its element, so that it stays open, selected, focused.
let entries = new Map();
function showLogs(state) {
  const area = find('logs').querySelector('div');
  if (state.logs.length === 0) {
    area.replaceChildren(make('p', {class: 'none'}, 'Nothing has been logged yet.'));
    entries = new Map();
    return;
  }
  let list = area.querySelector('ol');
  const isFirst = list === null;
  if (isFirst) area.replaceChildren(list = make('ol', {class: 'log'}));
  const next = new Map();
  for (const entry of state.logs) {
    let key = JSON.stringify(entry);
    while (next.has(key)) key += '+';
    let element = entries.get(key);
    if (!element) {
      element = logEntry(entry);
      if (!isFirst) element.classList.add('new');
    }
    next.set(key, element);
  }
  for (const [key, element] of entries) if (!next.has(key)) element.remove();
  let place = list.firstChild;
  for (const element of next.values()) {
    if (element === place) place = place.nextSibling;
    else list.insertBefore(element, place);
  }
  entries = next;
}

function showSettings(settings) {
  if (settings.length === 0) return make('p', {class: 'none'}, 'No settings are declared.');
  return make('table', {class: 'settings'},
    make('thead', {}, make('tr', {}, ['Name', 'Value', 'From'].map((head) => make('th', {scope: 'col'}, head)))),
    make('tbody', {}, settings.map((setting) => make('tr', {}, make('th', {scope: 'row'}, setting.name),
      make('td', {class: 'mono'}, setting.value === '' ? '(empty)' : setting.value),
      make('td', {}, setting.from, (setting.shadowed || []).map((other) =>
        make('div', {class: 'none'}, 'not ' + other.value + ' from ' + other.from)))))));
}

// --- the state, and what of it has changed ---

const shown = {};
function renew(id, data, render) {
  const section = find(id);
  section.hidden = data === undefined;
  const text = JSON.stringify(data);
  if (data === undefined || shown[id] === text) return;
  shown[id] = text;
  const made = render();
  if (made) section.querySelector('div').replaceChildren(...[made].flat(Infinity));
}

let current = null;
let heardAt = 0;
let version = null;
let pending = null;  // what came last while paused
const paused = () => find('pause').getAttribute('aria-pressed') === 'true';

function show(state, text) {
  if (version !== null && state.version !== version) return location.reload();
  version = state.version;
  current = state;
  const insider = state.process !== undefined;
  document.title = (state.service || 'Health') + ': ' + (insider && states[state.process.state] ? state.process.state : state.status);
  find('service').textContent = state.service || 'Health';
  find('tags').replaceChildren(...[state.version && make('span', {class: 'mono', title: 'version'}, state.version),
    state.environment && make('span', {title: 'environment'}, state.environment),
    state.instance && make('span', {title: 'instance'}, state.instance)].filter((tag) => tag));
  find('status').hidden = false;
  showStatus(state);
  find('facts').hidden = !insider;
  if (insider) showFacts(state);
  renew('checks', state.checks, () => showChecks(state));
  renew('shipping', state.shipping && [state.shipping, state.dropped_by_level, state.log_counts, state.metrics_bill], () => showShipping(state));
  renew('metrics', state.metrics, () => showMetrics(state));
  renew('system', state.system, () => showSystem(state.system));
  renew('logs', state.logs, () => showLogs(state));
  find('stranger').hidden = insider;
  find('private').hidden = !insider;
  if (text) find('state').textContent = text;
  icon(state.status);
  tick();
}

let iconStatus = '';
function icon(status) {
  if (status === iconStatus) return;
  iconStatus = status;
  const colour = {pass: '%23189a5b', warn: '%23e09a1f', fail: '%23d92d44'}[status];
  document.querySelector('link[rel=icon]').href = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    '<circle cx="8" cy="8" r="7" fill="' + colour + '"/></svg>';
}

// What passes by itself between two messages.
function tick() {
  if (!current || !current.process) return;
  const lives = current.process.state !== 'exited' && link === 'live' && !paused();
  const since = lives ? (Date.now() - heardAt) / 1000 : 0;
  find('uptime').textContent = duration(current.uptime_seconds + since);
  const age = current.process.beat_age_ms;
  find('beat').textContent = age === null ? '–' : milliseconds(Math.round((age + since * 1000) / 100) * 100) + ' ago';
}

// --- the connection ---

let feed = null;
let link = '';
const clock = (time) => new Date(time).toISOString().slice(11, 19) + ' UTC';

function setLink(now) {
  const changed = link !== now;
  link = now;
  document.body.className = now;
  const words = {live: 'Live', off: 'Connection lost', asking: 'Every 5 s'};
  if (changed) find('link').textContent = words[now] || '';
  const lost = find('lost');
  lost.hidden = now !== 'off';
  if (now === 'off' && changed) {
    const ended = current && current.process && current.process.state === 'exited';
    lost.textContent = (ended ? 'The service has ended, and the connection with it.' : 'The connection was lost.') +
      ' This is what was last known, at ' + clock(heardAt) + '. The page goes on by itself as soon as there is an answer.';
  }
}

function heard(text, now) {
  heardAt = Date.now();
  setLink(now);
  if (paused()) {
    pending = text;
  } else {
    show(JSON.parse(text), JSON.stringify(JSON.parse(text), null, 2));
  }
}

function open() {
  if (feed) feed.close();
  feed = new EventSource('health');
  feed.onopen = askSettings;
  feed.onmessage = (event) => heard(event.data, 'live');
  feed.onerror = () => {
    // It tries again by itself, unless it was refused: then others watch already, and asking will do.
    if (feed.readyState === EventSource.CLOSED) {
      ask();
    } else {
      setLink('off');
    }
  };
}

async function ask() {
  try {
    const answer = await fetch('health', {headers: {Accept: 'application/json'}});
    heard(await answer.text(), 'asking');
  } catch {
    setLink('off');
  }
  setTimeout(open, 5000);
}

let askedAt = 0;
async function askSettings() {
  if (current && !current.process) return;
  askedAt = Date.now();
  try {
    const answer = await fetch('config', {headers: {Accept: 'application/json'}});
    if (!answer.ok) return;
    const settings = (await answer.json()).settings;
    renew('settings', settings, () => showSettings(settings));
  } catch {
    // The feed tells whether there is a connection.
  }
}

setInterval(() => {
  tick();
  if (link === 'live' && Date.now() - heardAt > lostAfter) {
    setLink('off');
    open();
  }
  if (link === 'live' && Date.now() - askedAt > settingsEvery) askSettings();
}, 1000);

// A page in the background costs nothing.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    feed.close();
  } else {
    open();
  }
});

find('pause').addEventListener('click', () => {
  const now = !paused();
  find('pause').setAttribute('aria-pressed', String(now));
  find('pause').textContent = now ? 'Paused' : 'Pause';
  if (!now && pending !== null) {
    const text = pending;
    pending = null;
    heard(text, link);
  }
});

heardAt = Date.now();
find('pause').hidden = false;
find('raw').open = false;
find('raw').classList.add('read');
show(JSON.parse(find('state').textContent));
open();

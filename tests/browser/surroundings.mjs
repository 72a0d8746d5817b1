// What the browser tests share: services that run on free ports, a browser that reaches nothing but them,
// and a list of what was found wrong.
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {chromium} from 'playwright-core';

export const patience = +(process.env.PATIENCE || 60000);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let wrong = 0;
export function expect(holds, sentence, detail = '') {
  console.log((holds ? 'ok    ' : 'WRONG ') + sentence + (holds || detail === '' ? '' : ': ' + detail));
  if (!holds) ++wrong;
}

const running = new Set();
export class Service {
  constructor(program, ...options) {
    this.process = spawn(program, ['run', '--logs', 'stdout-json', ...options], {stdio: ['ignore', 'pipe', 'pipe']});
    this.said = '';
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (data) => { this.said += data; });
    running.add(this);
    this.ended = new Promise((resolve) => this.process.on('exit', (code, signal) => {
      running.delete(this);
      resolve(code ?? signal);
    }));
  }
  async found(pattern) {
    for (const until = Date.now() + patience; Date.now() < until;) {
      const match = this.said.match(pattern);
      if (match) return match[1];
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the service did not say ' + pattern + ': ' + this.said);
  }
  async up() {
    this.admin = 'http://' + await this.found(/admin on http:\/\/([0-9.:]+)/);
    return this;
  }
  // For services that have operations.
  async upWithPort() {
    await this.up();
    this.port = 'http://' + await this.found(/answers on http:\/\/([0-9.:]+)/);
    return this;
  }
  async health() {
    return (await fetch(this.admin + '/health', {headers: {Accept: 'application/json'}})).json();
  }
  call(name, query = {}) {
    return fetch(this.port + '/' + name + '?' + new URLSearchParams(query), {method: 'POST'});
  }
  async stop() {
    if (running.has(this)) this.process.kill('SIGTERM');
    return this.ended;
  }
}

// `own` is the only address that pages may ask. What they try elsewhere, or complain about, is wrong.
export async function open(browser, own, options) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
  await context.route((url) => !url.href.startsWith(own), (route) => {
    expect(false, 'asks nobody but the service', route.request().url());
    return route.abort();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on('pageerror', (error) => expect(false, 'its script runs', error.message));
  page.on('console', (message) => {
    const text = message.text();
    // The network's own words about a service that is gone.
    if (message.type() === 'error' && !text.includes('net::ERR_') && !text.includes('Failed to load resource'))
      expect(false, 'complains of nothing', text);
  });
  return page;
}

export async function judge(page, name) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run());
  const found = result.violations.map((each) => each.id + ' (' + each.nodes.map((node) => node.target.join(' ')).join(', ') + ')');
  expect(found.length === 0 && result.passes.length > 10, name + ' is accessible by axe-core, ' + result.passes.length + ' rules', found.join('; '));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide <= 0, name + ' fits its window', wide + ' pixels too wide');
}

export async function main(test) {
  const [, , executablePath, pictures, ...programs] = process.argv;
  const browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage']});
  try {
    await test(browser, pictures, programs);
  } catch (failure) {
    expect(false, 'the test comes to its end', failure.stack);
  }
  await browser.close();
  for (const service of [...running]) await service.stop();
  console.log(wrong === 0 ? 'all as it should be' : wrong + ' wrong');
  process.exitCode = wrong === 0 ? 0 : 1;
}

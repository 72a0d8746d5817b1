// The page at /health: what it shows, and that it goes on being right while the service is stopped, killed,
// started again.
import {expect, judge, main, open, Service} from './surroundings.mjs';

const anyPorts = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
const picture = (page, path) => page.screenshot({path, fullPage: true});
const live = (page) => page.waitForSelector('body.live');
const seen = (page, selector, text) => page.locator(selector).filter({hasText: text}).first().waitFor();

await main(async (browser, pictures, [shop, prober]) => {
  const service = await new Service(shop, ...anyPorts).upWithPort();
  const page = await open(browser, service.admin);
  const answer = await page.goto(service.admin + '/health');
  expect(answer.status() === 200, 'answers 200 when passing');
  await live(page);

  // What there is.
  await seen(page, '#headline', 'Passing');
  expect(await page.title() === 'shop: pass', 'the title tells service and status', await page.title());
  const state = await service.health();
  const text = await page.locator('body').innerText();
  for (const word of [state.version, 'local', state.instance, 'running', String(state.process.pid), String(state.keeper.pid),
    'shelves', '41 things on 7 shelves', 'till', 'not critical', 'Queued', 'Acknowledged', 'Dropped'])
    expect(text.includes(word), 'shows ' + word);
  await seen(page, '#settings tr', 'Hi <b>you</b>');
  const settings = await page.locator('#settings').innerText();
  expect(settings.includes('Token') && settings.includes('***') && !settings.includes('hunter2'), 'masks secrets', settings);
  for (const path of await page.locator('footer a').evaluateAll((links) => links.map((link) => link.href)))
    expect((await fetch(path)).status === 200, 'links to ' + path);

  // The machine, and what metrics cost; locally nothing is sent.
  await seen(page, '#system dt', 'Memory used');
  await seen(page, '#system dt', 'Cpu used');
  expect((await page.locator('#system dd').allInnerTexts()).every((each) => /[0-9]/.test(each)), 'the machine has numbers');
  await seen(page, '#bill', 'No metric is sent to CloudWatch; there it would be');

  // A new line, and how long it took from before its call to the page.
  const times = [];
  for (let i = 0; i < 5; ++i) {
    await page.evaluate((line) => {
      globalThis.arrival = new Promise((resolve) => {
        const look = () => document.getElementById('logs').innerText.includes(line) && resolve(Date.now());
        new MutationObserver(look).observe(document.getElementById('logs'), {childList: true, subtree: true});
      });
    }, 'line ' + i);
    const began = Date.now();
    await service.call('say', {text: 'line ' + i});
    times.push(await page.evaluate(() => globalThis.arrival) - began);
  }
  console.log('      from a log call to the page, ms: ' + times.join(' '));

  // What is counted is shown within seconds, of the service's own and of its operations.
  await seen(page, '#metrics li', 'Said');

  // Text stays text.
  const hostile = '<script>document.title="owned"</script><img src=x onerror="document.title=1">';
  await service.call('say', {text: hostile, level: 'error'});
  await seen(page, '#logs .message', hostile);
  expect(await page.locator('#logs script, #logs img, #logs i, #settings b').count() === 0, 'no text becomes an element');
  expect(!(await page.title()).includes('owned'), 'no text is run');

  // By keyboard alone: to the newest entry, open it; it stays open and focused while others come.
  const entry = page.locator('#logs details').filter({hasText: 'onerror'});
  let tabs = 0;
  for (; tabs < 40 && !await entry.locator('summary').evaluate((node) => node === document.activeElement); ++tabs) await page.keyboard.press('Tab');

  await page.keyboard.press('Enter');
  await seen(page, '#logs dd', 'an error');
  await service.call('say', {text: 'one more', level: 'warn'});
  await seen(page, '#logs .message', 'one more');
  expect(await entry.locator('dd').filter({hasText: 'an error'}).isVisible(), 'an open entry stays open, after ' + tabs + ' tabs');
  expect(await entry.locator('summary').evaluate((node) => node === document.activeElement), 'and keeps the focus');
  await page.getByRole('button', {name: 'Pause'}).press('Space');
  await service.call('say', {text: 'while paused'});
  await service.found(/(while paused)/);
  await page.waitForTimeout(500);
  expect(await page.locator('#logs').getByText('while paused').count() === 0, 'Pause holds the page still');
  await page.getByRole('button', {name: 'Pause'}).press('Space');
  await seen(page, '#logs .message', 'while paused');

  // For everyone.
  await judge(page, 'the page');
  await picture(page, pictures + '/health-light.png');
  for (const [name, options] of [['dark', {colorScheme: 'dark'}],
    ['phone', {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, isMobile: true, hasTouch: true}]]) {
    const other = await open(browser, service.admin, options);
    await other.goto(service.admin + '/health');
    await live(other);
    await seen(other, '#settings tr', 'Token');
    await other.locator('#logs summary').first().click();
    await judge(other, 'the page, ' + name);
    await picture(other, pictures + '/health-' + name + '.png');
    await other.context().close();
  }
  const plain = await open(browser, service.admin, {javaScriptEnabled: false});
  await plain.goto(service.admin + '/health');
  expect(JSON.parse(await plain.locator('#state').innerText()).service === 'shop', 'without scripts the JSON can be read');
  await picture(plain, pictures + '/health-without-script.png');
  await plain.context().close();

  // An hour of metrics, which would take an hour: given to the page's own function, while it is paused.
  const hour = await open(browser, service.admin);
  await hour.goto(service.admin + '/health');
  await live(hour);
  await hour.getByRole('button', {name: 'Pause'}).click();
  await hour.evaluate(`show({...current, shipping: {...current.shipping, metrics: {...current.shipping.metrics, ambiguous: 12}}, metrics: [
    ['Orders', 'Count', (i) => 40 + 12 * Math.sin(i / 7) + i % 3], ['MemoryUsed', 'Bytes', (i) => 5e7 + i * 4e5],
    ['Latency', 'Milliseconds', (i) => i > 20 && i < 28 ? NaN : 3 + (i === 50 ? 9 : i % 2)], ['Cpu', 'Percent', () => 12.5], ['New', 'Count', () => 1],
  ].map(([name, unit, value], at) => {
    const history = Array.from({length: at === 4 ? 1 : 60}, (_, i) => value(i)).map((each) => (Number.isNaN(each) ? null : each));
    return {time: '2026-11-24T18:00:00.000Z', name, unit, value: history[history.length - 1], dimensions: at === 0 ? {Shop: '<b>7'} : {}, history};
  })})`);
  await seen(hour, '#ambiguous', '12 values of metrics, whose answer was lost');
  const tiles = await hour.locator('#metrics li').allInnerTexts();
  expect(tiles.length === 5 && tiles[0].includes('Shop=<b>7') && tiles[1].includes('70.2 MiB') && tiles[3].includes('12.5 %'), 'metrics have names, values, units', tiles.join(' | '));
  const lines = await hour.locator('#metrics li').evaluateAll((all) => all.map((each) => each.querySelectorAll('.line').length).join());
  expect(lines === '1,1,2,1,0', 'a line for the last hour, broken where nothing was posted, none for a single value', lines);
  await judge(hour, 'the page with metrics');
  await picture(hour, pictures + '/health-metrics.png');
  await hour.context().close();

  // The picture in the README (docs/images/health.png): the example, after three hours on a quiet machine.
  const probing = await new Service(prober, ...anyPorts, '--allow-private', '--every', '1s',
    '--target', service.admin + '/livez', '--target', service.admin + '/version').up();
  const shot = await open(browser, probing.admin, {viewport: {width: 1200, height: 1640}});
  await shot.goto(probing.admin + '/health');
  await live(shot);
  for (const part of ['#logs summary', '#checks .badge.pass']) await shot.locator(part).nth(1).waitFor();
  await seen(shot, '#system dt', 'Cpu used');
  await shot.evaluate(`
    feed.close();
    const noise = (i, seed) => { const x = Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453; return x - Math.floor(x) - 0.5; };
    const probe = {Operation: 'probe'}, quiet = {CpuUsed: 14.4, HostCpuUsed: 14.4, CpuPressure: 0.3, LoadAverage: 0.42, DiskPressure: 0.1, MemoryUsed: 32.3, HostMemoryUsed: 32.3};
    show({...current, uptime_seconds: 3 * 3600 + 1412, started: new Date(Date.now() - 12212e3).toISOString(),
      system: current.system.map((each) => (each.name in quiet ? {...each, value: quiet[each.name]} : each)),
      metrics_bill: {metrics: 16, dollars_a_month: 4.8, posted: false}, metrics: [
      ['ProbeTime', 'Milliseconds', {}, (i) => 1.4 + 0.4 * Math.sin(i / 6) + 0.3 * noise(i, 1) + (i === 41 ? 3 : 0)],
      ['Probes', 'Count', {}, (i) => 120 - (i === 41 ? 6 : 0)], ['ProbeFailures', 'Count', {}, (i) => (i === 41 ? 6 : 0)],
      ['Requests', 'Count', probe, (i) => Math.round(46 + 20 * Math.sin(i / 9) + 12 * noise(i, 2))],
      ['Latency', 'Milliseconds', probe, (i) => 2.1 + 0.5 * Math.sin(i / 9) + 0.5 * noise(i, 3) + (i === 41 ? 2.4 : 0)],
      ['CpuUsed', 'Percent', {}, (i) => 12 + 4 * Math.sin(i / 9) + 3 * noise(i, 4)], ['MemoryUsed', 'Percent', {}, (i) => 31 + i / 40 + 0.4 * noise(i, 5)],
      ['ServiceMemory', 'Bytes', {}, (i) => 9.1e6 + 6e5 * (1 - Math.exp(-i / 15)) + 6e4 * noise(i, 6)],
      ['NetworkReceived', 'Bytes', {}, (i) => 2.4e6 + 8e5 * Math.sin(i / 9) + 4e5 * noise(i, 7)], ['OpenFiles', 'Percent', {}, (i) => 1.2 + (i > 24 ? 0.3 : 0)],
    ].map(([name, unit, dimensions, value]) => {
      const history = Array.from({length: 60}, (_, i) => value(i));
      return {time: current.logs[0].time, name, unit, value: history[59], dimensions: {...dimensions, Environment: 'local'}, history};
    })})`);
  await shot.locator('#logs summary').nth(1).click();
  await shot.screenshot({path: pictures + '/health-readme.png'});
  await judge(shot, 'the page of the example');
  await shot.context().close();
  expect(await probing.stop() === 0, 'the example stops');

  // More dimensions than there may be.
  await service.call('crowd', {visitors: 1000});
  await seen(page, '#reasons', '800 updates of metrics went to "other"');
  expect((await (await fetch(service.admin + '/metrics')).text()).includes('\noutrigger_metrics_other_total 800\n'), '/metrics tells it too');

  // Bad times.
  await service.call('sell-out');
  await seen(page, '#reasons', 'the shelves are empty');
  await seen(page, '#headline', 'Failing');
  expect((await page.request.get(service.admin + '/health', {headers: {Accept: 'text/html'}})).status() === 503, 'answers 503 when failing');
  process.kill(state.process.pid, 'SIGSTOP');
  await seen(page, '#headline', 'The service does not respond');
  await judge(page, 'the page of a stopped service');
  await picture(page, pictures + '/health-unresponsive.png');
  process.kill(state.process.pid, 'SIGCONT');
  await seen(page, '#headline', 'Failing');

  process.kill(state.keeper.pid, 'SIGKILL');
  await seen(page, '#facts', '1 restart');
  await live(page);
  await seen(page, '#reasons', 'the keeper was started again');
  await service.call('say', {text: 'the last words'});
  await seen(page, '#logs .message', 'the last words');

  process.kill(state.process.pid, 'SIGKILL');
  await page.waitForSelector('body.off');
  expect(await service.ended === 137, 'the service has died');
  const dead = await page.locator('main').innerText();
  for (const words of ['The service has ended', 'killed by signal 9 (SIGKILL)', 'This is what was last known', 'the last words', 'service ended: killed'])
    expect(dead.includes(words), 'once it is killed the page says: ' + words, dead);
  await judge(page, 'the page of a dead service');
  await picture(page, pictures + '/health-killed.png');

  // Back again, where it was.
  const again = await new Service(shop, '--listen', '127.0.0.1:0', '--admin', service.admin.slice(7)).upWithPort();
  await live(page);
  await seen(page, '#headline', 'Passing');
  expect(await page.locator('#lost').isHidden(), 'goes on by itself when the service is back');
  expect((await again.health()).process.pid !== state.process.pid, 'which is another process');
  const before = performance.now();
  expect(await again.stop() === 0, 'an open page does not hold up the end, ' + Math.round(performance.now() - before) + ' ms');
  await seen(page, '#reasons', 'exit code 0');

  // Elsewhere whoever comes over the network is a stranger.
  const public_ = await new Service(shop, ...anyPorts, '--environment', 'production').upWithPort();
  const stranger = await open(browser, public_.admin);
  await stranger.goto(public_.admin + '/health');
  await live(stranger);
  await seen(stranger, '#checks', 'shelves');
  const little = await stranger.content();
  const secrets = await public_.health();
  expect(Object.keys(secrets).join() === 'status,version,checks', 'the JSON tells a stranger little');
  for (const word of ['shop', '41 things', 'Greeting', 'answers on']) expect(!little.includes(word), 'a stranger does not see ' + word);
  expect(await stranger.locator('#stranger').isVisible(), 'and is told so');
  await judge(stranger, 'the page for strangers');
  await picture(stranger, pictures + '/health-stranger.png');
  await public_.stop();
  await page.context().close();
});

// The flame graph of a program whose time goes where its name says (tests/integration/pprof/load.cc).
import {expect, judge, main, open, Service} from './surroundings.mjs';

await main(async (browser, pictures, [load]) => {
  const service = await new Service(load, '--admin', '127.0.0.1:0', '--listen', '127.0.0.1:0', '--what', 'split').up();
  const ui = service.admin + '/debug/pprof/ui';
  const page = await open(browser, service.admin);
  const answer = await page.goto(ui + '?profile=profile&seconds=4');
  expect(answer.status() === 200 && answer.headers()['content-security-policy'].startsWith("default-src 'none'; script-src 'self'"), 'has a strict policy');
  const box = (name) => page.locator('#graph button').filter({hasText: new RegExp('^' + name)}).first();
  await box('burns_seventy').waitFor();

  // The truth, by width, within what a few hundred samples can tell.
  const width = async (name) => (await box(name).boundingBox()).width;
  const three = {burns_seventy: 70, burns_twenty: 20, burns_ten: 10};
  let all = 0;
  for (const name in three) all += three[name] = await width(name);
  const shares = Object.values(three).map((each) => 100 * each / all);
  console.log('      70, 20, 10 are shown as ' + shares.map((each) => each.toFixed(1)).join(', '));
  [70, 20, 10].forEach((truth, at) => expect(Math.abs(shares[at] - truth) < 15, truth + ' % is about as wide', shares[at]));
  expect((await page.locator('#functions tr').first().innerText()).startsWith('burn\t'), 'the function that burns is first in the list');
  await page.locator('#detail').filter({hasText: 'all'}).waitFor();
  await judge(page, 'the flame graph');
  await page.screenshot({path: pictures + '/flame-light.png', fullPage: true});

  // Zoom, by hand and by keyboard.
  const whole = await width('all');
  await box('burns_twenty').click();
  expect(await width('burns_twenty') === whole, 'a click makes a function as wide as the whole');
  expect(await box('burns_seventy').count() === 0, 'and leaves the others out');
  await page.locator('#detail').filter({hasText: /burns_twenty.*ms|burns_twenty.* s/}).waitFor();
  await page.keyboard.press('ArrowDown');
  expect(await page.evaluate(() => document.activeElement.textContent) === 'burn', 'arrows walk to what it calls');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Escape');
  await box('burns_seventy').waitFor();

  // Search, threads, direction.
  await page.fill('#search', 'SEVENTY');
  expect(/^[67]\d\.\d %/.test(await page.locator('#found').innerText()), 'search tells the share', await page.locator('#found').innerText());
  expect(await page.locator('#graph .hit').count() === 1, 'and marks what it found');
  await page.fill('#search', '');
  const steps = await page.locator('#graph button').count();
  await page.selectOption('#by', 'thread');
  await box('load').waitFor();
  expect(await page.locator('#graph button').count() > steps, 'split by thread there is one step more');
  await page.selectOption('#by', 'share');
  await box('most').waitFor();
  expect(Math.abs(await width('most') - await width('burns_seventy')) < 2, 'split by a label of the program: what bears it is as wide as its function');
  await page.selectOption('#by', '');
  await page.check('#upward');
  expect((await box('all').boundingBox()).y > (await box('burns_ten').boundingBox()).y, 'the roots can be below');
  await page.uncheck('#upward');

  // The difference of two.
  await page.getByRole('button', {name: 'Compare with this'}).click();
  await page.fill('#seconds', '1');
  await page.getByRole('button', {name: 'Take'}).click();
  await page.locator('#view-title').filter({hasText: 'compared with'}).waitFor();
  await page.locator('#graph button[aria-label*="before"]').first().waitFor();
  await page.waitForFunction(() => document.querySelector('#graph button[aria-label*=burns_seventy]')?.style.getPropertyValue('--hue') === '214');
  expect(true, 'what has shrunk is blue');
  await page.screenshot({path: pictures + '/flame-difference.png', fullPage: true});
  await page.getByRole('button', {name: /Comparing with/}).click();

  // Other profiles, and what goes wrong.
  for (const name of ['heap', 'threads']) {
    await page.selectOption('#profile', name);
    await page.getByRole('button', {name: 'Take'}).click();
    await page.locator('#view-title').filter({hasText: name}).waitFor();
    const isEmpty = (await page.locator('#found').innerText()).includes('nothing in this profile');
    expect(isEmpty !== (await page.locator('#graph button').count() > 1), name + ' has a picture, or there is nothing in it');
  }
  const other = fetch(service.admin + '/debug/pprof/profile?seconds=20').catch(() => {});
  await page.selectOption('#profile', 'profile');
  await page.fill('#seconds', '1');
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (let said = ''; !said.includes('one at a time'); said = await page.locator('#said').innerText()) {
    await page.getByRole('button', {name: 'Take'}).click();
    await page.getByRole('button', {name: 'Take'}).waitFor();
  }
  expect(true, 'says that one is being taken already');
  await page.setInputFiles('#file', {name: 'x.pb.gz', mimeType: 'application/gzip', buffer: Buffer.from('\xff\xff<b>')});
  await page.locator('#said.bad').filter({hasText: 'x.pb.gz'}).waitFor();

  for (const [name, options] of [['dark', {colorScheme: 'dark'}], ['phone', {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, isMobile: true}]]) {
    const another = await open(browser, service.admin, options);
    await another.goto(ui + '?profile=threads');
    await another.locator('#graph button').nth(1).waitFor();
    await judge(another, 'the flame graph, ' + name);
    await another.screenshot({path: pictures + '/flame-' + name + '.png', fullPage: true});
    await another.context().close();
  }
  await service.stop();
  await other;

  const elsewhere = await new Service(load, '--admin', '127.0.0.1:0', '--listen', '127.0.0.1:0', '--environment', 'production', '--what', 'idle').up();
  for (const path of ['ui', 'ui.js', 'ui.css']) expect((await fetch(elsewhere.admin + '/debug/pprof/' + path)).status === 401, path + ' is private');
  await elsewhere.stop();
  await page.context().close();
});

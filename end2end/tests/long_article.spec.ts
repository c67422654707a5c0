import { expect, test } from '../support/fixtures';
import { Gate } from '../support/gate';

const paragraphs = Array.from({ length: 300 }, (_, at) => `Paragraph ${at} of many.`);
paragraphs[150] = 'Here is the needle in it.';

test('a long article is searched and printed whole while it is written', async ({ page, reader, model }) => {
  const more = new Gate();
  model.nextInTwo(`# Long\n\n${paragraphs.join('\n\n')}\n\nNot yet`, more, ' the end.\n');
  await reader.compose();
  await reader.ask('A long article');
  await expect(reader.article).toContainText('Not yet');

  // Who looks for a word is led to it, also where nothing is laid out.
  const blocks = reader.article.locator('p');
  const laidOut = () =>
    blocks.evaluateAll((all) => all.map((block) => block.checkVisibility({ contentVisibilityAuto: true })));
  await expect.poll(async () => (await laidOut()).filter((is) => !is).length, 'some is out of sight').toBeGreaterThan(100);
  expect((await laidOut())[150]).toBe(false);
  const found = await page.evaluate(() => {
    // What the browser's own search does; not every library of types knows it.
    const is = (window as unknown as { find(text: string): boolean }).find('needle');
    return [is, String(getSelection())];
  });
  expect(found).toEqual([true, 'needle']);
  await expect(blocks.nth(150)).toBeInViewport();

  await page.emulateMedia({ media: 'print' });
  expect((await laidOut()).filter((is) => !is), 'all of it is on paper').toEqual([]);
  const pages = (await page.pdf()).toString('latin1').match(/\/Type\s*\/Page\b/g)!;
  expect(pages.length).toBeGreaterThan(5);
  await page.emulateMedia({ media: 'screen' });

  more.open();
  await reader.expectDone();
  await expect(reader.article).toContainText('Not yet the end.');
});

test('a picture has its room before it comes, and one that fails says so', async ({ page, reader, model, faults }) => {
  faults.expect(/ERR_FAILED/);
  const come = new Gate();
  const wide = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"><rect width="900" height="90"/></svg>';
  await page.route('https://pictures.test/**', async (route) => {
    if (route.request().url().endsWith('gone.svg')) return route.abort();
    await come.passed;
    await route.fulfill({ contentType: 'image/svg+xml', body: wide });
  });
  model.next((call) => {
    call.say('# Pictures\n\n![A wide one](https://pictures.test/wide.svg)\n\nBelow it.\n\n');
    call.say('![One that is gone](https://pictures.test/gone.svg)\n\nThe end.\n');
    call.finish();
  });
  await reader.compose();
  await reader.ask('Pictures');
  await reader.expectDone();
  const below = reader.article.getByText('Below it.');
  const place = () => below.evaluate((element) => element.getBoundingClientRect().top + scrollY);
  const before = await place();
  come.open();
  const picture = page.getByRole('img', { name: 'A wide one' });
  await picture.scrollIntoViewIfNeeded();
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(900);
  expect(await place(), 'nothing jumps').toBe(before);
  const gone = page.getByRole('img', { name: 'One that is gone' });
  await gone.scrollIntoViewIfNeeded();
  await expect.poll(() => gone.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBe(0);
  expect(await gone.evaluate((image) => getComputedStyle(image, '::before').content)).toContain('⚠');
  const height = async () => (await gone.boundingBox())!.height;
  expect(await height(), 'it is a line, not a hole').toBeLessThan(60);
  await reader.reload();
  await gone.scrollIntoViewIfNeeded();
  await expect.poll(height).toBeLessThan(60);
});

test('the end is followed from group to group, and the view never goes back', async ({ page, reader, model }) => {
  // Higher than the browser guesses for a group that it has not yet laid out.
  const tall = (at: number) => `${`Words of paragraph ${at} to fill some lines. `.repeat(14)}Closing ${at}.`;
  const gates = Array.from({ length: 60 }, () => new Gate());
  model.next(async (call) => {
    call.say('# Followed\n\n');
    for (const [at, gate] of gates.entries()) {
      await gate.passed;
      call.say(`${tall(at)}\n\n`);
    }
    call.finish();
  });
  await page.addInitScript(() => {
    const seen = window as unknown as { back: number[] };
    seen.back = [];
    let last = 0;
    addEventListener('scroll', () => {
      if (scrollY < last - 1) seen.back.push(last - scrollY);
      last = scrollY;
    });
  });
  await reader.compose();
  await reader.ask('An article that is followed');
  for (const [at, gate] of gates.entries()) {
    gate.open();
    await expect(reader.article).toContainText(`Closing ${at}.`);
  }
  await reader.expectDone();
  expect(await page.evaluate(() => (window as unknown as { back: number[] }).back)).toEqual([]);
  await expect(reader.article.getByText('Closing 59.')).toBeInViewport();
});

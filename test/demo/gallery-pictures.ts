// Draws the pictures of the gallery's cards, demo/pictures/*.png, on a transparent background:
//   node test/support/run.mjs test/demo/gallery-pictures.ts
import { join } from 'node:path';
import { REPOSITORY, startServer } from '../support/server.ts';
import { story } from '../support/story-plugin.ts';
import { openPages } from './support/open-pages.ts';

const [width, height] = [640, 320];
const pages = await openPages(() => startServer());
try {
  const { page, complaints } = await pages.open('__blank__', { viewport: { width, height } });
  const scenes = await page.evaluateHandle<typeof import('./support/gallery-scenes.ts')>(
    'import("/test/demo/support/gallery-scenes.ts")',
  );
  for (const name of Object.keys(story) as (keyof typeof story)[]) {
    await scenes.evaluate((module, [name, width, height]) => module.show(name, width, height), [
      name,
      width,
      height,
    ] as const);
    await page.screenshot({ path: join(REPOSITORY, 'demo/pictures', `${name}.png`), omitBackground: true });
  }
  if (complaints.length > 0) console.log(complaints);
} finally {
  await pages.close();
}

// Builds the renderer for other people's pages into FOLDER/embed: node scripts/embed.mjs FOLDER release|debug
//
// One module, /embed/article-renderer.js, with its program beside it: the crate with the feature `embed`, the way into it
// that wasm-bindgen makes, the element (src/renderer/element.js), and the style sheets that an article needs.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentsOf, optimise, run } from './wasm.mjs';

const { folder, release, ...built } = argumentsOf('embed.mjs');
const [linked, work] = [built.linked(release ? 'embed-release' : 'debug'), built.work('embed')];
const place = join(folder, 'embed');

await run('cargo', 'build', '--quiet', '--locked', '--offline', '--lib', '--features', 'embed',
  '--target', 'wasm32-unknown-unknown', ...(release ? ['--profile', 'embed-release'] : []));
await rm(work, { recursive: true, force: true });
await mkdir(place, { recursive: true });
await run('wasm-bindgen', '--target', 'web', '--no-typescript', '--out-name', 'article-renderer', '--out-dir', work, linked);
const program = join(work, 'article-renderer_bg.wasm');
if (release) await optimise('-O3', program, program);
await writeFile(join(place, 'article-renderer_bg.wasm'), release ? withoutCustom(await readFile(program)) : await readFile(program));

/** A program without its custom sections: what the linker kept for scripts/split.mjs is twice its size. */
function withoutCustom(program) {
  const kept = [program.subarray(0, 8)];
  for (let at = 8; at < program.length;) {
    const begin = at;
    const id = program[at++];
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = program[at++];
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += length;
    if (id !== 0) kept.push(program.subarray(begin, at));
  }
  return Buffer.concat(kept);
}

// Nothing of the page's own is touched: the rules hold within the element, in a layer below the page's rules that have
// none. `article` stands for the element.
const [tokens, own, shared] = await Promise.all(['style/tokens.css', 'src/renderer/element.css', 'style/article.css']
  .map((file) => readFile(file, 'utf8')));
// Whether it is light or dark is the page's to say.
const [, values] = tokens.match(/:root \{([^}]*)\}/) ?? [];
if (!values) throw new Error('style/tokens.css has no :root');
const defaults = `:where(article) {${values.replace(/color-scheme:[^;]*;/, '')}}`;
const rules = `@layer inkstream {\n${defaults}\n}\n${own}\n${shared}`.replace(/\/\*.*?\*\//gs, '')
  .replace(/^@layer \w+ \{$/gm, '@layer inkstream {').replace(/\n\s*/g, '\n')
  .replace(/(?<![\w-])article(?=[\s:>,){])/g, ':scope');
const style = `@scope (.inkstream-article) {\n${rules}}\n`;
// The program is asked for with its hash, so that no store on the way answers with one of another version.
const version = createHash('sha256').update(await readFile(join(place, 'article-renderer_bg.wasm'))).digest('hex').slice(0, 16);
const made = await readFile(join(work, 'article-renderer.js'), 'utf8');
const way = made.replaceAll("'article-renderer_bg.wasm'", `'article-renderer_bg.wasm?${version}'`);
if (way === made) throw new Error('wasm-bindgen names the program otherwise');
const element = await readFile('src/renderer/element.js', 'utf8');
await writeFile(join(place, 'article-renderer.js'), `${way}\nconst PREFIX = 'ink-';\nconst STYLE = ${JSON.stringify(style)};\n${element}`);

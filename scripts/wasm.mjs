// What scripts/split.mjs and scripts/embed.mjs share: how tools are run, and what a program may use.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** FOLDER and PROFILE, the two arguments of each; where things are built. */
export function argumentsOf(script) {
  const [folder, profile] = process.argv.slice(2);
  if (!folder || !['release', 'debug'].includes(profile)) {
    console.error(`usage: node scripts/${script} FOLDER release|debug`);
    process.exit(2);
  }
  const target = process.env.CARGO_TARGET_DIR ?? 'target';
  return {
    folder,
    release: profile === 'release',
    work: (name) => join(target, 'client', `${name}-${profile}`),
    /** What the linker made with a profile of Cargo's. */
    linked: (built) => join(target, 'wasm32-unknown-unknown', built, 'inkstream.wasm'),
  };
}

export const run = (tool, ...options) => promisify(execFile)(tool, options, { maxBuffer: 64 << 20 });

/** What rustc's target has and browsers know since 2021. */
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int',
  'reference-types', 'sign-ext'].map((feature) => `--enable-${feature}`);

/** Makes a program smaller or faster, by `level` of wasm-opt, without what is for debuggers. */
export const optimise = (level, from, to) =>
  run('wasm-opt', level, ...FEATURES, '--strip-debug', '--strip-producers', from, '-o', to);

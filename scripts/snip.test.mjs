// What is taken out of a program, and what is not: node --test scripts/snip.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { snip } from './snip.mjs';
import { CODE, CUSTOM, DATA, EXPORT, IMPORT, OF_FUNCTION, encoded, named, sectionOf } from './wasm_format.mjs';

const MAGIC = Buffer.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const [CALL, TABLE_INDEX, ADDRESS] = [0, 2, 4];
/** Room for a number of five bytes, as the linker leaves it. */
const ROOM = [0x80, 0x80, 0x80, 0x80, 0x00];
/** What the bodies consist of: no local variables, calls and addresses, the end. */
const INSTRUCTION = { [CALL]: [0x10, ...ROOM], [ADDRESS]: [0x41, ...ROOM, 0x1a] };

const list = (items) => Buffer.concat([encoded(items.length), ...items]);

/**
 * A linked program of `functions`, each a name and what its body refers to, of which the first is exported; and a table of
 * functions in memory, which is the symbol behind theirs.
 */
function linked(functions, inTable) {
  const bodies = [];
  const codeNotes = [];
  let at = encoded(functions.length).length;
  for (const { refers = [] } of functions) {
    const content = [0];
    const begins = at + 1;
    for (const [kind, symbol] of refers) {
      const addend = kind === ADDRESS ? [encoded(0)] : [];
      codeNotes.push(Buffer.concat([Buffer.from([kind]), encoded(begins + content.length + 1), encoded(symbol), ...addend]));
      content.push(...INSTRUCTION[kind]);
    }
    content.push(0x0b);
    bodies.push(Buffer.concat([encoded(content.length), Buffer.from(content)]));
    at = begins + content.length;
  }
  const size = 4 * inTable.length;
  const segment = Buffer.concat([Buffer.from([0, 0x41, 0, 0x0b]), encoded(size), Buffer.alloc(size)]);
  // Behind the number of segments and what stands before the content of this one.
  const dataNotes = inTable.map((symbol, index) => Buffer.from([TABLE_INDEX, 1 + segment.length - size + 4 * index, symbol]));
  const symbols = functions.map(({ name }, index) => Buffer.concat([Buffer.from([0, 0]), encoded(index), named(name)]));
  symbols.push(Buffer.concat([Buffer.from([1, 0]), named('the table'), encoded(0), encoded(0), encoded(size)]));
  const symbolTable = list(symbols);
  return Buffer.concat([
    MAGIC,
    sectionOf(IMPORT, list([])),
    sectionOf(EXPORT, list([Buffer.concat([named('start'), Buffer.from([OF_FUNCTION, 0])])])),
    sectionOf(CODE, list(bodies)),
    sectionOf(DATA, list([segment])),
    sectionOf(CUSTOM, named('linking'), encoded(2), Buffer.from([8]), encoded(symbolTable.length), symbolTable),
    sectionOf(CUSTOM, named('reloc.CODE'), encoded(2), list(codeNotes)),
    sectionOf(CUSTOM, named('reloc.DATA'), encoded(3), list(dataNotes)),
  ]);
}

const start = (...refers) => ({ name: 'start', refers });
/** A body that traps, and is as long as that of a function that refers to one thing by a call. */
const TRAP = Buffer.from([0, 0x00, 1, 1, 1, 1, 1, 0x0b]);
const traps = (program) => program.toString('latin1').split(TRAP.toString('latin1')).length - 1;

test('what stands in a table only gets a body that traps, and refers to nothing any more', () => {
  const program = linked([start([ADDRESS, 3]), { name: 'never', refers: [[CALL, 2]] }, { name: 'helps' }], [1]);
  const less = snip(program, [/^never$/], /^door$/);
  assert.equal(traps(less), 1);
  // The note on what it calls is gone: what, where and whom, a byte each.
  assert.equal(program.length - less.length, 3);
});

test('what is called stays, though its name fits', () => {
  const functions = [start([CALL, 1], [ADDRESS, 3]), ...['never 1', 'never 2'].map((name) => ({ name, refers: [[CALL, 1]] }))];
  const less = snip(linked(functions, [1, 2]), [/^never/], /^door$/);
  assert.equal(traps(less), 1);
});

test('it fails where what would call those in the tables is called', () => {
  const functions = [start([CALL, 2], [ADDRESS, 3]), ...['never', 'never, a door'].map((name) => ({ name, refers: [[CALL, 1]] }))];
  assert.throws(() => snip(linked(functions, [1]), [/^never/], /door$/), /what this client never does is done: never, a door/);
});

test('it fails where there is nothing to take out', () => {
  const program = linked([start([ADDRESS, 2]), { name: 'never', refers: [[CALL, 1]] }], [1]);
  assert.throws(() => snip(program, [/^never$/, /^renamed$/], /^door$/), /nothing to take out that fits \/\^renamed\$\//);
});

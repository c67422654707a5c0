// Takes out of a linked program what is compiled but never called: `snip(program, patterns, doors)`.
//
// Leptos can do more with a view than this client asks of it, and each view that is erased carries all of it in its table
// of functions, where no linker sees that nobody asks. So what the program needs is followed from what it exports, but not
// through tables to functions whose names fit one of `patterns`. Those of them that nothing reaches by a call get a body of
// the same length that traps, and the linker's notes (`--emit-relocs`) of what they refer to are taken out. wasm-split-cli,
// which keeps what something refers to, then leaves out what only they needed.
//
// Where the compiler finds two functions to be the same it may keep one, and the name of the other is gone. So a pattern
// should fit the functions in the tables alone, not what only they need: that goes by itself unless something else needs it.
//
// Names, symbols and notes are those of the tool conventions (github.com/WebAssembly/tool-conventions, Linking.md).

import {
  CODE, CUSTOM, DATA, EXPORT, IMPORT, OF_FUNCTION, Reader, encoded, importsIn, named, sectionOf, sectionsOf, withSection,
} from './wasm_format.mjs';

/** What stands in the bodies of functions. */
const [UNREACHABLE, NOP, END] = [0x00, 0x01, 0x0b];
/** In the linker's own section: its table of symbols, what one stands for, and what is said of it. */
const SYMBOL_TABLE = 8;
const [FUNCTION, DATUM, SECTION] = [0, 1, 3];
const [UNDEFINED, EXPLICIT_NAME] = [0x10, 0x40];
/** The kinds of notes that stand where a function is called by name, and where a type is named; and those with an addend. */
const [CALL, TYPE] = [0, 6];
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);

const importedFunctions = (bytes, section) => [...importsIn(bytes, section)].filter(({ kind }) => kind === OF_FUNCTION).length;

function exportedFunctions(bytes, section) {
  const functions = [];
  for (const reader of new Reader(bytes, section.content).list()) {
    reader.text();
    const kind = reader.byte();
    const index = reader.number();
    if (kind === OF_FUNCTION) functions.push(index);
  }
  return functions;
}

/** Where each function's body begins and ends within the section; `node` is its index. */
function bodiesIn(bytes, section, first) {
  const bodies = [];
  for (const reader of new Reader(bytes, section.content).list()) {
    const size = reader.number();
    const start = reader.at - section.content;
    bodies.push({ node: first + bodies.length, start, end: start + size });
    reader.at += size;
  }
  return bodies;
}

/** Where the content of each segment of memory begins within the section. All are active, at constant addresses. */
function segmentsIn(bytes, section) {
  const segments = [];
  for (const reader of new Reader(bytes, section.content).list()) {
    reader.number();
    while (reader.byte() !== END);
    const size = reader.number();
    segments.push(reader.at - section.content);
    reader.at += size;
  }
  return segments;
}

/**
 * What the linker's symbols stand for: a function's index, or `d` and the symbol's own number. Where data are. And the names
 * of functions, of which those that the compiler found to be the same have several.
 */
function symbolsIn(bytes, section, segments) {
  const [nodes, data, names] = [[], [], new Map()];
  const reader = new Reader(bytes, section.content);
  reader.number();
  for (const { kind } of reader.pieces(section.end)) {
    if (kind !== SYMBOL_TABLE) continue;
    for (const _ of reader.list()) {
      const of = reader.byte();
      const flags = reader.number();
      const isDefined = !(flags & UNDEFINED);
      let node = `d${nodes.length}`;
      if (of === DATUM) {
        reader.text();
        if (isDefined) {
          const [segment, offset, size] = [reader.number(), reader.number(), reader.number()];
          const start = segments[segment] + offset;
          // What has no size refers to nothing.
          if (size > 0) data.push({ node, start, end: start + size });
        }
      } else {
        const index = reader.number();
        const name = of !== SECTION && (isDefined || flags & EXPLICIT_NAME) ? reader.text() : '';
        if (of === FUNCTION) {
          node = index;
          names.set(index, [...names.get(index) ?? [], name]);
        }
      }
      nodes.push(node);
    }
  }
  return { nodes, names, data: data.sort((one, other) => one.start - other.start) };
}

/** The linker's notes on a section: where each stands, of what kind it is, and which symbol it refers to. */
function* notesIn(bytes, section) {
  const reader = new Reader(bytes, section.content);
  reader.number();
  for (const _ of reader.list()) {
    const start = reader.at;
    const [kind, offset, symbol] = [reader.byte(), reader.number(), reader.number()];
    if (WITH_ADDEND.has(kind)) reader.number();
    yield { kind, offset, symbol, note: bytes.subarray(start, reader.at) };
  }
}

/** Which of `pieces`, in their order, a place lies in; places have to be asked for in order, too. */
function finder(pieces) {
  let at = 0;
  return (offset) => {
    while (at + 1 < pieces.length && pieces[at + 1].start <= offset) at++;
    const { node, start, end } = pieces[at];
    if (offset < start || offset >= end) throw new Error(`a note of the linker stands at ${offset}, where nothing is`);
    return node;
  };
}

/** All that is needed for `roots`: by a call, or by a table, an address or a datum unless `fits` says that it is not asked for. */
function needed(roots, references, fits) {
  const found = new Set(roots);
  const next = [...roots];
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    for (const { to, isCall } of references.get(node) ?? []) {
      if (found.has(to) || (!isCall && fits(to))) continue;
      found.add(to);
      next.push(to);
    }
  }
  return found;
}

function trap(bytes, section, { start, end }) {
  const body = bytes.subarray(section.content + start, section.content + end);
  body.fill(NOP);
  body[0] = 0;
  body[1] = UNREACHABLE;
  body[body.length - 1] = END;
}

/**
 * The program without the functions whose names fit one of `patterns` and that are in tables only. Fails where a function
 * that fits `doors` is called: it is what would call those in the tables. And where a pattern finds nothing: names have
 * changed then, or it is needed no more.
 */
export function snip(program, patterns, doors) {
  const bytes = Buffer.from(program);
  const sections = sectionsOf(bytes);
  const section = (name) => sections.get(name) ?? (() => { throw new Error(`the linked program has no section ${name}`); })();
  const bodies = bodiesIn(bytes, section(CODE), importedFunctions(bytes, section(IMPORT)));
  const { nodes, names, data } = symbolsIn(bytes, section('linking'), segmentsIn(bytes, section(DATA)));
  const fits = (node) => names.has(node) && names.get(node).every((name) => patterns.some((pattern) => pattern.test(name)));

  const references = new Map();
  const notes = [];
  for (const [noted, pieces] of [['reloc.CODE', bodies], ['reloc.DATA', data]]) {
    const find = finder(pieces);
    for (const { kind, offset, symbol, note } of notesIn(bytes, section(noted))) {
      const from = find(offset);
      if (!references.has(from)) references.set(from, []);
      if (kind !== TYPE) references.get(from).push({ to: nodes[symbol], isCall: kind === CALL });
      if (pieces === bodies) notes.push({ from, note });
    }
  }
  const exported = exportedFunctions(bytes, section(EXPORT)).filter((index) => !fits(index));
  const stays = needed(exported, references, fits);
  const open = [...stays].flatMap((node) => fits(node) ? names.get(node) : []).filter((name) => doors.test(name));
  if (open.length > 0) throw new Error(`what this client never does is done: ${open.join(', ')}`);

  const goes = (node) => fits(node) && !stays.has(node);
  const going = bodies.filter(({ node }) => goes(node));
  for (const pattern of patterns) {
    if (!going.some(({ node }) => names.get(node).some((name) => pattern.test(name)))) {
      throw new Error(`there is nothing to take out that fits ${pattern}`);
    }
  }
  for (const body of going) trap(bytes, section(CODE), body);
  const noted = section('reloc.CODE');
  const target = new Reader(bytes, noted.content).number();
  const kept = notes.filter(({ from }) => !goes(from)).map(({ note }) => note);
  const rest = sectionOf(CUSTOM, named('reloc.CODE'), encoded(target), encoded(kept.length), kept);
  return withSection(bytes, noted, rest);
}

// How a WebAssembly program is laid out in bytes (its specification, §5.5), as far as scripts/split.mjs reads and changes it.

const MAGIC_SIZE = 8;

/** Sections by their numbers. */
export const [CUSTOM, IMPORT, EXPORT, CODE, DATA] = [0, 2, 7, 10, 11];
/** What an import or an export is. */
export const [OF_FUNCTION, OF_TABLE, OF_MEMORY, OF_GLOBAL] = [0, 1, 2, 3];

export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number of up to 32 bits; of a signed one it reads past the end. */
  number() {
    for (let [value, scale] = [0, 1]; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text() {
    const size = this.number();
    this.at += size;
    return Buffer.from(this.bytes.subarray(this.at - size, this.at)).toString('utf8');
  }

  limits() {
    const hasMaximum = this.byte() & 1;
    this.number();
    if (hasMaximum) this.number();
  }

  *list() {
    for (let left = this.number(); left > 0; left--) yield this;
  }

  /** What stands in each of the pieces up to `end`, which begin with a kind and a size. */
  *pieces(end) {
    while (this.at < end) {
      const kind = this.byte();
      const next = this.number() + this.at;
      yield { kind, end: next };
      this.at = next;
    }
  }
}

/** An unsigned number in LEB128. */
export function encoded(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.from([...bytes, value]);
}

/** The sections by number, custom ones by name, as where they begin, and where their content begins and ends. */
export function sectionsOf(bytes) {
  const sections = new Map();
  const reader = new Reader(bytes, MAGIC_SIZE);
  let start = reader.at;
  for (const { kind, end } of reader.pieces(bytes.length)) {
    sections.set(kind === CUSTOM ? reader.text() : kind, { start, content: reader.at, end });
    start = end;
  }
  return sections;
}

/** What is imported: its module and name, what it is, and where it is described. */
export function* importsIn(bytes, section) {
  for (const reader of new Reader(bytes, section.content).list()) {
    const [module, name] = [reader.text(), reader.text()];
    const start = reader.at;
    const kind = reader.byte();
    if (kind === OF_TABLE) reader.byte();
    if (kind === OF_TABLE || kind === OF_MEMORY) reader.limits();
    else if (kind === OF_GLOBAL) reader.at += 2;
    else reader.number();
    yield { module, name, kind, description: bytes.subarray(start, reader.at) };
  }
}

/** A name, or another text, behind its size. */
export function named(text) {
  const name = Buffer.from(text);
  return Buffer.concat([encoded(name.length), name]);
}

/** A section out of what stands in it. */
export function sectionOf(number, ...parts) {
  const content = Buffer.concat(parts.flat());
  return Buffer.concat([Buffer.from([number]), encoded(content.length), content]);
}

/** The program with another section in place of one of its own. */
export const withSection = (bytes, { start, end }, section) => Buffer.concat([bytes.subarray(0, start), section, bytes.subarray(end)]);

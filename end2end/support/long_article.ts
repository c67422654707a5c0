/** Always the same sequence of numbers below one (a linear congruential generator; Numerical Recipes' constants). */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const english = 'stream cursor token queue lock future task reader writer buffer page block branch merge'.split(' ');
const chinese = ['缓存', '一致', '分布', '调度', '任务', '文字', '光标', '渲染', '延迟', '吞吐'];

/** An article of about so many words in every kind of block, in English and Chinese, the same for the same seed. */
export function longArticle(words: number, seed = 1): string {
  const roll = dice(seed);
  const pick = <T>(of: T[]): T => of[Math.floor(roll() * of.length)];
  const word = () => (roll() < 0.85 ? pick(english) : pick(chinese));
  const some = (count: number) => Array.from({ length: count }, word).join(' ');
  const marked = (count: number) =>
    Array.from({ length: count }, () => {
      const kind = roll();
      if (kind < 0.03) return `**${some(2)}**`;
      if (kind < 0.05) return `*${word()}*`;
      if (kind < 0.07) return `\`${word()}()\``;
      if (kind < 0.08) return `[${some(2)}](https://example.org/${word()})`;
      if (kind < 0.085) return `~~${word()}~~`;
      return word();
    }).join(' ');
  const parts = ['# A long article'];
  let count = 0;
  for (let section = 1; count < words; section++) {
    parts.push(`## Section ${section}: ${some(3)}`);
    for (let at = 0; at < 4; at++) parts.push(`${marked(70)}.`);
    parts.push(Array.from({ length: 6 }, () => `- ${marked(8)}`).join('\n'));
    parts.push(`\`\`\`rust\n${Array.from({ length: 8 }, (_, line) => `fn ${word()}_${line}() { ${pick(english)}(); }`).join('\n')}\n\`\`\``);
    parts.push(`| ${some(1)} | ${some(1)} |\n|---|--:|\n${Array.from({ length: 4 }, () => `| ${some(3)} | ${Math.floor(roll() * 100)} |`).join('\n')}`);
    parts.push(`> ${marked(20)}`);
    count += 4 * 70 + 6 * 8 + 8 * 3 + 4 * 4 + 20;
  }
  return `${parts.join('\n\n')}\n`;
}

/** A text in pieces of one to `longest` characters, the same for the same seed. */
export function inPieces(text: string, longest: number, seed = 1): string[] {
  const roll = dice(seed);
  const pieces = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + Math.floor(roll() * longest);
    pieces.push(text.slice(at, (at += length)));
  }
  return pieces;
}

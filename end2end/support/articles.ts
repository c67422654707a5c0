/** An article in two halves, so that a test can hold the model between them. */
export interface Sample {
  topic: string;
  title: string;
  firstHalf: string;
  /** The last words of the first half. */
  held: string;
  secondHalf: string;
  /** The last words of the second half. */
  end: string;
  headings: string[];
  code: { language: string; text: string };
}

const numbered = (word: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `${word}${from + at}`);

const rust = `fn main() {
    let greeting = "hello"; // said once
    println!("{greeting}");
}
`;

/** Every word has its own number, so a lost or a doubled one cannot hide. */
export const english: Sample = {
  topic: 'How a stream is read from a cursor',
  title: 'Reading a stream from a cursor',
  firstHalf: `# Reading a stream from a cursor

A lead of **numbered** words: ${numbered('alpha', 1, 60).join(' ')}.

## The principle

${numbered('beta', 1, 40).join(' ')}.

\`\`\`rust
${rust}\`\`\`

${numbered('gamma', 1, 30).join(' ')}`,
  held: 'gamma30',
  secondHalf: ` ${numbered('delta', 1, 30).join(' ')}.

## The practice

${numbered('epsilon', 1, 60).join(' ')} \`inline\`.

## The conclusion

${numbered('omega', 1, 20).join(' ')}.
`,
  end: 'omega20.',
  headings: ['The principle', 'The practice', 'The conclusion'],
  code: { language: 'rust', text: rust },
};

const python = `def read(cursor: int) -> list[str]:
    """从游标之后读起。"""
    return ["甲", "乙"][cursor:]
`;

const chinese_words = (word: string, from: number, to: number) =>
  numbered(word, from, to).join('，');

export const chinese: Sample = {
  topic: '如何从游标续读一个流',
  title: '从游标续读一个流',
  firstHalf: `# 从游标续读一个流

引言有**编了号**的词：${chinese_words('甲', 1, 60)}。

## 原理

${chinese_words('乙', 1, 40)}。

\`\`\`python
${python}\`\`\`

${chinese_words('丙', 1, 30)}，断`,
  held: '丙30，断',
  secondHalf: `开，${chinese_words('丁', 1, 30)}。

## 实践

${chinese_words('戊', 1, 60)}，\`行内\`。

## 结语

${chinese_words('己', 1, 20)}。
`,
  end: '己20。',
  headings: ['原理', '实践', '结语'],
  code: { language: 'python', text: python },
};

/** What a reader sees of such an article, without its white space. */
export function seen(markdown: string): string {
  return markdown
    .replace(/^```.*$/gm, '')
    .replace(/^#+ /gm, '')
    .replace(/\*\*|`/g, '')
    .replace(/\s/g, '');
}

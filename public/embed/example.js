// Writes a sample as a model would: a few characters at a time.
import './article-renderer.js';

const sample = `# Reading a stream

A renderer that sees a text *grow* has to decide what half of a **word of strong text** looks like. This one shows it in
its final form, and \`inline code\`, ~~struck text~~ and [links](https://spec.commonmark.org) as well.

## A list, a table, some code

- Nothing that is finished is touched again.
- [x] What you select stays selected.
- Footnotes[^1] come to the end.

| Works with | How |
|:--|--:|
| any framework | \`write(chunk)\` |
| a URL | \`src="…"\` |

\`\`\`js
for await (const chunk of stream) {
  article.write(chunk); // cut anywhere, also inside a character
}
\`\`\`

> 中文也一样：**注意：**这里的强调在全角标点旁边照样成立。

[^1]: Like this one.
`;

const article = document.querySelector('article-renderer');
const [rate, write, stop, said] = ['rate', 'write', 'stop', 'said'].map((id) => document.getElementById(id));
let timer;

function end() {
  clearInterval(timer);
  write.disabled = false;
  stop.disabled = true;
}

write.addEventListener('click', () => {
  end();
  article.reset();
  said.textContent = '';
  write.disabled = true;
  stop.disabled = false;
  const perTick = Math.max(1, Math.round(Number(rate.value) / 50));
  let at = 0;
  timer = setInterval(() => {
    article.write(sample.slice(at, at += perTick));
    if (at < sample.length) return;
    article.finish();
    end();
  }, 20);
});
stop.addEventListener('click', () => {
  article.finish();
  end();
});
article.addEventListener('firsttext', () => { said.textContent = 'writing'; });
article.addEventListener('blockclosed', ({ detail }) => { said.textContent = `${detail.blocks} blocks closed`; });
article.addEventListener('done', () => { said.textContent += ', done'; });
article.addEventListener('error', ({ detail }) => { said.textContent = String(detail.error); });

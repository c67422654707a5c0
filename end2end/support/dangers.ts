import type { Page } from '@playwright/test';

/** What an article can consist of. */
export interface Allowed {
  elements: string[];
  attributes: string[];
}

const elements = ('section p h1 h2 h3 h4 h5 h6 blockquote ul ol li input figure figcaption pre code div table thead tbody tr th td ' +
  'hr br em strong del a img sup sub kbd mark u span').split(' ');
const attributes = 'class id href rel title role aria-label src alt loading start type disabled checked scope tabindex'.split(' ');

/** As it is stored and taken away. */
export const STORED: Allowed = { elements: [...elements, 'article'], attributes };
/** On a page, with the buttons over its code and its cursor. */
export const LIVE: Allowed = {
  elements: [...elements, 'button'],
  attributes: [...attributes, 'aria-hidden', 'data-chrome', 'data-copy'],
};

/** Everything in an element that is not allowed, and every address that is no page, mail or picture. Runs in a browser. */
export function dangersIn(root: Element, { elements, attributes }: Allowed): string[] {
  return [...root.querySelectorAll('*')].flatMap((element) => {
    const isFine = elements.includes(element.localName) && element.namespaceURI === 'http://www.w3.org/1999/xhtml';
    const found = isFine ? [] : [element.localName];
    for (const { name, value } of element.attributes) {
      // What is no address at all leads nowhere.
      const leads = ['href', 'src'].includes(name) && URL.canParse(value, 'http://page.invalid') &&
        !['http:', 'https:', 'mailto:'].includes(new URL(value, 'http://page.invalid').protocol);
      const isForm = name === 'type' && !['checkbox', 'button'].includes(value);
      if (!attributes.includes(name) || leads || isForm) found.push(`${name}="${value}"`);
    }
    return found;
  });
}

/** Makes {@link dangersIn} known to a page. */
export async function teachDangers(page: Page): Promise<void> {
  await page.evaluate(`window.dangersIn = ${dangersIn}`);
}

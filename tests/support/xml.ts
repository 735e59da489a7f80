/** Whether a text is well-formed XML, as far as drawings need it: tags that close, quoted attributes, escapes. */

const TOKEN = /<([a-zA-Z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|<\/([a-zA-Z][\w:-]*)\s*>|([^<]+)/y;
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/;

/**
 * The names of all elements in order.
 *
 * @throws {Error} Where the text is not well-formed.
 */
export function readElements(xml: string): string[] {
  if (FORBIDDEN.test(xml)) throw new Error(`forbidden character at ${xml.search(FORBIDDEN)}`);
  const open: string[] = [];
  const elements: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(xml);
    if (!match) throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
    const [, start, attributes, isEmpty, end, text] = match;
    const checked = (attributes ?? "") + (text ?? "");
    if (/&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(checked)) throw new Error(`bare & in ${checked}`);
    if (start !== undefined) {
      elements.push(start);
      if (!isEmpty) open.push(start);
    } else if (end !== undefined && open.pop() !== end) throw new Error(`</${end}> closes nothing at ${at}`);
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(", ")}`);
  return elements;
}

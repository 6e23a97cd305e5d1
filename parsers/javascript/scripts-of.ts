import type { Source } from '../text/source.ts'

/** UTF-16 units. */
const LONGEST_SCRIPT = 100_000
const LONGEST_LINE = 2000

/** True for a script that is so long, or has so long lines, that a tool has put it together. */
export function isPutTogether(code: string): boolean {
  return code.length > LONGEST_SCRIPT || code.split('\n').some(line => line.length > LONGEST_LINE)
}

/** Of a page what stands in its scripts, blanks in place of all else. */
export function scriptsOf({ path, code }: Source): string {
  if (!/\.(?:x?html?|vue|svelte|ejs|hbs|jinja2?|j2|twig)$/.test(path)) return code
  let last = 0
  let scripts = ''
  for (const { 1: tag = '', 2: text = '', index } of code.matchAll(
    /(<script\b[^>]*>)([\s\S]*?)<\/script>/gi,
  )) {
    const start = index + tag.length
    scripts += blank(code.slice(last, start)) + text
    last = start + text.length
  }
  return scripts + blank(code.slice(last))
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}

import type { NginxSyntaxProblem } from '../../../parsers/nginx/syntax.ts'
import { countedLine, type Source } from '../../../parsers/text/source.ts'
import type { NginxProblem } from './reading-order.ts'

/** A syntax problem of a file as nginx's own, with what to do about it and where the unfinished part began. */
export function syntaxProblem(source: Source, problem: NginxSyntaxProblem): NginxProblem {
  const { code, message, start, end, unfinished } = problem
  const at = { source, start, end }
  const help = helpOf(problem)
  const said: NginxProblem = {
    ...(source.template ? { code, fatal: false, inTemplate: 'refused' } : { code, fatal: true }),
    message,
    at,
    help,
    ...(unfinished?.what === 'directive' && { misread: { source, start: unfinished.start, end: start } }),
  }
  if (unfinished === null) return said
  // What begins on the same line is seen at one glance.
  if (countedLine(source, unfinished.start) === countedLine(source, start)) return said
  const begins = { source, start: unfinished.start, end: unfinished.end }
  return { ...said, related: [{ at: begins, message: `the ${unfinished.what} begins here` }] }
}

function helpOf({ code, unfinished }: NginxSyntaxProblem): string {
  switch (code) {
    case 'unexpected-semicolon':
      return 'Take the `;` out'
    case 'unexpected-open-brace':
      return 'Write the name of the block before its `{`, or take the brace out'
    case 'brace-in-pattern':
      return 'Put the regular expression into quotes'
    case 'unexpected-close-brace':
      return unfinished === null ? 'Take the `}` out, or open its block' : 'End the directive with `;`'
    case 'unexpected-after-quote':
      return 'Put the whole word into quotes, and a space between two words'
    case 'unexpected-end-of-file':
      return unfinished?.what === 'directive' ? 'End the directive with `;`' : 'Close what is open'
    case 'too-long-parameter':
      return 'Close the quote or shorten the word: nginx reads no word and no comment of 4096 bytes'
  }
}

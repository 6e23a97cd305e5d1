import {
  always,
  close,
  type EngineOfItsOwn,
  INSERT,
  loop,
  NOTHING,
  openBranch,
  type Step,
  turn,
} from './tag.ts'

const OPENERS =
  'if|unless|isset|empty|foreach|forelse|for|while|switch|env|auth|guest|production|verbatim|php|once'

/** `@if ($tls)`, `@foreach ($names as $name)`, `@endif` of Laravel's Blade, whose variables stand in braces. */
export const bladeTags: EngineOfItsOwn = {
  marks: ['@if', '@unless', '@isset', '@foreach', '@forelse', '@for', '@while', '@switch'],
  // A named location is called `@if` by nobody, and sheets of style open a brace behind their conditions.
  proof:
    /^[ \t]*@(?:if|unless|isset|foreach|forelse|for|while|switch)[ \t]*\([^$\n]{0,300}\$[^\n]{0,300}\)[ \t]*\r?$|(?<=\s)@(if|isset|unless)[ \t]?\([^()$@\n;{}]{0,100}\$[^@\n;{}]{0,100}\)[^@\n]{0,100}@end\1\b/m,
  pattern: new RegExp(
    String.raw`(?<![\w@])@(?:(?<end>end(?:${OPENERS}))\b|(?<word>elseif|case|include(?:If|When)?|${OPENERS})[ \t]*(?<rest>\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*\))|(?<bare>else|default|break|continue|production|verbatim|php|once|auth|guest)(?=[ \t]*(?:\r?$|<|@))|(?<last>else)\b)`,
    'gm',
  ),
  stepsOf: ({ end, word, bare, last, rest = '' }) => {
    if (end !== undefined) return [close(end.slice(3))]
    if (word !== undefined) return opened(word, rest)
    return alone(bare ?? last ?? '')
  },
  hasExpressions: false,
}

function opened(word: string, rest: string): readonly Step[] {
  switch (word) {
    case 'elseif':
    case 'case':
      return [turn(rest)]
    case 'foreach':
    case 'forelse':
    case 'for':
    case 'while':
      return [loop(word)]
    case 'switch':
      return [always(word)]
    // What is set in it is code of PHP.
    case 'php':
      return NOTHING
    default:
      if (word.startsWith('include')) return INSERT
      return [openBranch(word, rest, word === 'unless')]
  }
}

function alone(word: string): readonly Step[] {
  switch (word) {
    case 'else':
    case 'default':
      return [turn(null)]
    case 'break':
    case 'continue':
      return NOTHING
    case 'verbatim':
    case 'once':
    case 'php':
      return [always(word)]
    default:
      return [openBranch(word, word)]
  }
}

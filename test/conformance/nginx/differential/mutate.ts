import { parseNginx } from '../../../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode, NginxNode, NginxWord } from '../../../../parsers/nginx/syntax.ts'
import { textSource } from '../../../../parsers/text/source.ts'
import { nginxDirectiveNames } from '../../../../src/servers/nginx/directives.ts'

/** A sequence of numbers from 0 to 1 that a seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** One small change to a configuration, as someone's slip of the hand or an odd editor would make it. */
export interface Mutant {
  readonly kind: string
  readonly text: string
}

interface Draft {
  readonly text: string
  readonly directives: readonly NginxDirectiveNode[]
  readonly random: () => number
}

type Mutation = (draft: Draft) => string | null

/** Null where the drawn mutation finds nothing to change. */
export function mutate(text: string, random: () => number): Mutant | null {
  const directives: NginxDirectiveNode[] = []
  collect(parseNginx(textSource('/nginx.conf', text)).children, directives)
  const names = Object.keys(MUTATIONS)
  const kind = pick(names, random)
  const changed = kind === undefined ? null : (MUTATIONS[kind]?.({ text, directives, random }) ?? null)
  return kind === undefined || changed === null || changed === text ? null : { kind, text: changed }
}

function collect(nodes: readonly NginxNode[], into: NginxDirectiveNode[]): void {
  for (const node of nodes) {
    if (node.kind !== 'directive') continue
    into.push(node)
    if (node.block !== null) collect(node.block.children, into)
  }
}

function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)]
}

function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end)
}

/** The offset of one of the marks that the lexer lives by. */
function mark({ text, random }: Draft): number | null {
  const offsets: number[] = []
  for (let index = 0; index < text.length; index++)
    if (';{}"\''.includes(text.charAt(index))) offsets.push(index)
  return pick(offsets, random) ?? null
}

function argument({ directives, random }: Draft): NginxWord | null {
  const words = directives.flatMap(({ args }) => args)
  return pick(words, random) ?? null
}

const ODD = [
  '\0',
  '\t',
  '\r',
  '\v',
  '\f',
  '\u00a0',
  '\ufeff',
  '#',
  '\\',
  '$',
  '${',
  '"',
  "'",
  '(',
  ')',
  '[',
  '*',
  '+',
  'ü',
  '/',
  ':',
  ' ',
  '\n',
]

const REPLACEMENTS = [
  'on',
  'off',
  'ON',
  'yes',
  '0',
  '-1',
  '1',
  '99999999999999999999',
  '10m',
  '5s',
  '1h30m',
  '10x',
  '""',
  '$nosuch',
  '$1',
  '${uri}',
  '$uri',
  '/nowhere/x',
  '127.0.0.1',
  'http://127.0.0.1/',
  '~^/a(b|c)$',
  '"~(["',
  '@x',
  'any',
  'default',
  '443',
  '70000',
  '*',
]

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'drop a mark': draft => {
    const at = mark(draft)
    return at === null ? null : splice(draft.text, at, at + 1, '')
  },
  'double a mark': draft => {
    const at = mark(draft)
    return at === null ? null : splice(draft.text, at, at, draft.text.charAt(at))
  },
  'move a mark': draft => {
    const at = mark(draft)
    if (at === null) return null
    const without = splice(draft.text, at, at + 1, '')
    const target = Math.max(0, Math.min(without.length, at + Math.floor(draft.random() * 40) - 20))
    return splice(without, target, target, draft.text.charAt(at))
  },
  'misspell a name': draft => {
    const name = pick(draft.directives, draft.random)?.name
    return name === undefined ? null : misspell(draft, name)
  },
  'another name': draft => {
    const name = pick(draft.directives, draft.random)?.name
    const other = pick(nginxDirectiveNames(), draft.random)
    return name === undefined || other === undefined ? null : splice(draft.text, name.start, name.end, other)
  },
  'move a directive': draft => {
    const { directives, random, text } = draft
    const moved = pick(directives, random)
    const target = pick(directives, random)
    if (moved === undefined || target === undefined) return null
    if (target.start >= moved.start && target.start < moved.end) return null
    const cut = text.slice(moved.start, moved.end)
    return target.start < moved.start
      ? `${text.slice(0, target.start)}${cut} ${text.slice(target.start, moved.start)}${text.slice(moved.end)}`
      : `${text.slice(0, moved.start)}${text.slice(moved.end, target.start)}${cut} ${text.slice(target.start)}`
  },
  'duplicate a directive': draft => {
    const doubled = pick(draft.directives, draft.random)
    if (doubled === undefined) return null
    return splice(draft.text, doubled.end, doubled.end, `\n${draft.text.slice(doubled.start, doubled.end)}`)
  },
  'drop a directive': draft => {
    const dropped = pick(draft.directives, draft.random)
    return dropped === undefined ? null : splice(draft.text, dropped.start, dropped.end, '')
  },
  'drop an argument': draft => {
    const word = argument(draft)
    return word === null ? null : splice(draft.text, word.start, word.end, '')
  },
  'double an argument': draft => {
    const word = argument(draft)
    if (word === null) return null
    return splice(draft.text, word.end, word.end, ` ${draft.text.slice(word.start, word.end)}`)
  },
  'replace an argument': draft => {
    const word = argument(draft)
    const replacement = pick(REPLACEMENTS, draft.random)
    return word === null || replacement === undefined
      ? null
      : splice(draft.text, word.start, word.end, replacement)
  },
  'misspell an argument': draft => {
    const word = argument(draft)
    return word === null ? null : misspell(draft, word)
  },
  'change the case': draft => {
    const word = draft.random() < 0.5 ? argument(draft) : pick(draft.directives, draft.random)?.name
    if (word === null || word === undefined) return null
    const text = draft.text.slice(word.start, word.end)
    return splice(
      draft.text,
      word.start,
      word.end,
      draft.random() < 0.5 ? text.toUpperCase() : capitalised(text),
    )
  },
  'change a unit': draft => {
    const words = draft.directives
      .flatMap(({ args }) => args)
      .filter(({ value }) => /^\d+[a-zA-Z]*$/.test(value))
    const word = pick(words, draft.random)
    const unit = pick(
      ['k', 'K', 'm', 'M', 'g', 's', 'ms', 'h', 'd', 'y', 'w', 'x', '%', '.5', ''],
      draft.random,
    )
    if (word === undefined || unit === undefined) return null
    return splice(draft.text, word.start, word.end, word.value.replace(/[a-zA-Z]*$/, unit))
  },
  'insert an odd byte': draft => {
    const at = Math.floor(draft.random() * (draft.text.length + 1))
    return splice(draft.text, at, at, pick(ODD, draft.random) ?? '')
  },
  'insert an odd byte in a word': draft => {
    const word = argument(draft)
    if (word === null) return null
    const at = word.start + Math.floor(draft.random() * (word.end - word.start + 1))
    return splice(draft.text, at, at, pick(ODD, draft.random) ?? '')
  },
  'swap directives': draft => {
    const { directives, random, text } = draft
    const first = Math.floor(random() * (directives.length - 1))
    const [a, b] = [directives[first], directives[first + 1]]
    if (a === undefined || b === undefined || b.start < a.end) return null
    const between = text.slice(a.end, b.start)
    return splice(text, a.start, b.end, text.slice(b.start, b.end) + between + text.slice(a.start, a.end))
  },
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function misspell({ text, random }: Draft, { start, end }: NginxWord): string {
  const at = start + Math.floor(random() * (end - start))
  switch (Math.floor(random() * 4)) {
    case 0:
      return splice(text, at, at + 1, '')
    case 1:
      return splice(text, at, at, text.charAt(at))
    case 2:
      return splice(text, at, at + 1, String.fromCharCode(97 + Math.floor(random() * 26)))
    default:
      return at + 1 < end
        ? splice(text, at, at + 2, text.charAt(at + 1) + text.charAt(at))
        : splice(text, at, at + 1, '_')
  }
}

import type { Random } from './random.ts'

/** What a file is made of in a fuzzed tree: bytes, or a link to a target. */
export type FuzzedFile = { readonly bytes: Buffer } | { readonly link: string } | { readonly fifo: true }

const NAMES = [
  'a\nb',
  '::error::x',
  '-rf',
  'a b;c',
  'constructor',
  '__proto__',
  'x'.repeat(200),
  'ünï',
  '\u001b[31m',
  '{{ a }}',
  '*',
  '[',
  '..x',
  '.htaccess',
  'nginx.conf',
  'shadow',
  '%{init}',
]
const TARGETS = [
  '/dev/zero',
  '/dev/null',
  '/etc/passwd',
  '/proc/self/environ',
  '/proc/kmsg',
  '..',
  '.',
  '/',
  'gone',
  '../outside/canary',
  '/outside/canary',
]
const WORDS = [
  '{',
  '}',
  ';',
  '"',
  "'",
  '\\',
  '\n',
  '#',
  '$',
  '${',
  '$x',
  '<',
  '>',
  '</VirtualHost>',
  '<If "',
  'include /etc/*;',
  'include ../*;',
  'Include /',
  'Use Site',
  '(',
  ')',
  '(a|a)*',
  '[[',
  '\0',
  '\u2028',
  'constructor',
  '__proto__',
  '${a:-${b}}',
  '`x`',
  '$(x)',
  '{{ x }}',
  '{% if x %}',
  '{% endif %}',
  '999999999999999999999',
  '-1',
  '*',
  '~',
  '&a',
  '*a',
  '- ',
  ': ',
  '|',
  '%{',
  'x'.repeat(5000),
]

/** One file, changed by bytes, words or lines; or another kind of file in its place. */
export function mutateFile(random: Random, text: string, others: readonly string[]): FuzzedFile {
  if (random.chance(25)) return { link: random.pick(TARGETS) }
  if (random.chance(60)) return { fifo: true }
  let changed = text
  for (let times = 1 + random.below(6); times > 0; times--) {
    const mutation = random.below(4)
    if (mutation === 0) changed = mutateWords(random, changed)
    else if (mutation === 1) changed = mutateLines(random, changed, others)
    else if (mutation === 2) changed = splice(random, changed, random.pick(others))
    else return { bytes: mutateBytes(random, Buffer.from(changed)) }
  }
  return { bytes: Buffer.from(changed) }
}

function mutateBytes(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  for (let times = 1 + random.below(8); times > 0 && changed.length > 0; times--)
    changed[random.below(changed.length)] = random.below(256)
  return random.chance(4) ? changed.subarray(0, random.below(changed.length + 1)) : changed
}

function mutateWords(random: Random, text: string): string {
  const words = text.split(/(\s+|[;{}"'<>])/)
  const at = random.below(words.length)
  const mutation = random.below(4)
  if (mutation === 0) words.splice(at, 1)
  else if (mutation === 1) words.splice(at, 0, random.pick(WORDS))
  else if (mutation === 2) words.splice(at, 0, random.pick(words))
  else words[at] = random.pick(WORDS)
  return words.join('')
}

function mutateLines(random: Random, text: string, others: readonly string[]): string {
  const lines = text.split('\n')
  const at = random.below(lines.length)
  const mutation = random.below(4)
  if (mutation === 0) lines.splice(at, 1 + random.below(3))
  else if (mutation === 1)
    lines.splice(at, 0, ...Array.from({ length: 1 + random.below(40) }, () => lines[at] ?? ''))
  else if (mutation === 2) lines.splice(at, 0, random.pick(random.pick(others).split('\n')))
  else lines.splice(at, 0, ...lines.splice(random.below(lines.length), 3))
  return lines.join('\n')
}

function splice(random: Random, text: string, other: string): string {
  const from = random.below(other.length)
  const at = random.below(text.length + 1)
  return text.slice(0, at) + other.slice(from, from + random.below(200)) + text.slice(at)
}

/** A whole tree: some files changed, some gone, some with names of others. */
export function mutateTree(
  random: Random,
  seeds: Readonly<Record<string, string>>,
): ReadonlyMap<string, FuzzedFile> {
  const texts = Object.values(seeds)
  const tree = new Map<string, FuzzedFile>()
  for (const [path, text] of Object.entries(seeds)) {
    if (random.chance(12)) continue
    const file = random.chance(3) ? mutateFile(random, text, texts) : { bytes: Buffer.from(text) }
    tree.set(random.chance(20) ? rename(random, path) : path, file)
  }
  return tree
}

function rename(random: Random, path: string): string {
  const parts = path.split('/')
  parts[random.below(parts.length)] = random.pick(NAMES)
  return parts.join('/')
}

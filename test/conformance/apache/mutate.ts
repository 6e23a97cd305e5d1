/** A small generator of numbers with a fixed seed (mulberry32): every run mutates alike. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Words that break one thing or another, or that only look as if they did. */
const WORDS = [
  'On',
  'Off',
  'None',
  'All',
  'all',
  '-1',
  '0',
  '1',
  '99999',
  'foo',
  '#',
  '""',
  '"two words"',
  '"unterminated',
  "'",
  '/srv',
  'http://example.com/',
  '*:80',
  '80',
  '%{HTTPS}',
  '%{FOO}',
  '(',
  '[',
  '^a(b$',
  '[L]',
  '[R=301',
  '[X]',
  '+Indexes',
  '-Foo',
  'env=X',
  'key=value',
  'expr=true',
  'expr=(',
  '!',
  '~',
  '>',
  '${UNDEFINED}',
  '10.0.0.0/33',
  'granted',
  'deny,allow',
  'trace9',
  '\\',
  'A3600',
] as const

/** Lines that are right in some place and wrong in another. */
const LINES = [
  'Require all granted',
  'Require not ip 10.0.0.1',
  'Options Indexes',
  'AllowOverride All',
  'ServerName added.example.com',
  'ServerAlias other.example.com',
  'DocumentRoot /tmp',
  'Listen 127.0.0.1:8099',
  'KeepAlive Off',
  'ErrorDocument 404 /x',
  'SetHandler none',
  'LogLevel warn',
  'Bogus directive',
  '</Directory>',
  '</VirtualHost>',
  '<Directory /added>',
  '<IfModule mod_alias.c>',
  '</IfModule>',
  '<Else>',
  'Include missing.conf',
  'IncludeOptional missing*.conf',
  'Define ADDED value',
  'UnDefine ADDED',
  'Error "stop here"',
  '# only a comment',
  'Order deny,allow',
  'RewriteEngine On',
  'LimitRequestBody 5',
  'User www-data',
  'Protocols http/1.1',
] as const

const SECTIONS = [
  'Directory /wrapped',
  'Location /wrapped',
  'Files wrapped',
  'VirtualHost *:8097',
  'If "true"',
  'Limit GET',
  'RequireAll',
  'IfModule mod_alias.c',
  'IfDefine NOWHERE',
  'Proxy *',
] as const

/** Changes a text in one way; the same random numbers give the same change. */
export function mutate(text: string, foreign: string, random: () => number): string {
  const lines = text.split('\n')
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const index = Math.floor(random() * lines.length)
  const line = lines[index] ?? ''
  const other = Math.floor(random() * (lines.length + 1))
  const choice = Math.floor(random() * 20)
  if (choice < 2) lines.splice(index, 1)
  else if (choice === 2) lines.splice(other, 0, line)
  else if (choice === 3) lines.splice(other, 0, ...lines.splice(index, 1))
  else if (choice === 4) lines.splice(other, 0, pick(foreign.split('\n')))
  else if (choice === 5) lines.splice(other, 0, pick(LINES))
  else if (choice === 6) wrap(lines, index, other, pick(SECTIONS))
  else if (choice === 7) lines[index] = breakLine(line, random)
  else if (choice === 8) lines[index] = misspell(line, random)
  else if (choice === 9) lines[index] = changeCharacter(line, random)
  else if (choice === 10) lines[index] = line.replace(/^\s*/, '') + (random() < 0.5 ? ' # note' : ' extra')
  else
    lines[index] = changeWord(line, random, () =>
      random() < 0.45 ? pick(WORDS) : foreignWord(random() < 0.5 ? text : foreign, random),
    )
  return lines.join('\n')
}

function wrap(lines: string[], from: number, to: number, section: string): void {
  const start = Math.min(from, to)
  const end = Math.min(Math.max(from, to), start + 4)
  lines.splice(end, 0, `</${section.split(' ')[0]}>`)
  lines.splice(start, 0, `<${section}>`)
}

function breakLine(line: string, random: () => number): string {
  const gaps = [...line.matchAll(/\S\s+/g)]
  const gap = gaps[Math.floor(random() * gaps.length)]
  if (gap === undefined) return `${line}\\`
  const at = gap.index + 1
  return `${line.slice(0, at)} \\\n${line.slice(at)}`
}

function misspell(line: string, random: () => number): string {
  const name = /[A-Za-z]+/.exec(line)
  if (name === null || name[0].length < 3) return line
  const at = name.index + Math.floor(random() * (name[0].length - 1))
  const kind = random()
  if (kind < 0.4) return line.slice(0, at) + line.slice(at + 1)
  if (kind < 0.7) return line.slice(0, at) + (line[at + 1] ?? '') + (line[at] ?? '') + line.slice(at + 2)
  return line.slice(0, name.index) + name[0].toUpperCase() + line.slice(name.index + name[0].length)
}

const CHARACTERS = [
  '"',
  "'",
  '>',
  '<',
  '/',
  '\\',
  '(',
  ')',
  '[',
  ']',
  '%',
  '{',
  '}',
  '=',
  ',',
  ':',
  ' ',
  '-',
  '+',
  '!',
  '^',
  '$',
]

function changeCharacter(line: string, random: () => number): string {
  const at = Math.floor(random() * (line.length + 1))
  const kind = random()
  if (kind < 0.5) return line.slice(0, at) + line.slice(at + 1)
  const added = CHARACTERS[Math.floor(random() * CHARACTERS.length)] ?? ''
  return line.slice(0, at) + added + line.slice(kind < 0.8 ? at : at + 1)
}

function foreignWord(foreign: string, random: () => number): string {
  const words = foreign.split(/\s+/)
  return words[Math.floor(random() * words.length)] ?? 'x'
}

function changeWord(line: string, random: () => number, word: () => string): string {
  const words = line.split(' ').filter((part, index) => part !== '' || index === 0)
  const at = Math.floor(random() * words.length)
  const kind = random()
  if (kind < 0.3) words.splice(at, 1)
  else if (kind < 0.6) words.splice(at + 1, 0, word())
  else words[at] = word()
  return words.join(' ')
}

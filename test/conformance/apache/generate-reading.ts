/**
 * Configurations of what acts while httpd reads, nested and broken at random. Everything that is left for
 * the walk is valid everywhere (`UnsetEnv`, `<If>`), so that only the reading decides.
 */
export interface GeneratedConfiguration {
  readonly main: string
  /** Path below the root to content. */
  readonly files: Readonly<Record<string, string>>
}

/** A generator of numbers that gives the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const CONDITIONS = [
  'IfModule mod_headers.c',
  'IfModule headers_module',
  'IfModule nope.c',
  'IfModule !nope.c',
  'IfModule ! mod_headers.c',
  'IfModule "mod_headers.c" x',
  'IfDefine A',
  'IfDefine !A',
  'IfDefine b',
  'IfFile a.conf',
  'IfFile !d',
  'IfDirective Header',
  'IfDirective !nope',
  'IfSection If',
  'IfVersion >= 2.4',
  'IfVersion < 2.4',
  'IfVersion ~ ^2',
  'IfVersion 2.4',
]

const NAMES = ['A', 'b', 'C']

export function generateReading(seed: number): GeneratedConfiguration {
  const random = randomNumbers(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const broken = random() < 0.5
  let counter = 0

  const value = (): string =>
    pick([
      `v${counter++}`,
      `"v ${counter++}"`,
      `'it''s'`,
      '${A}',
      '"${b} ${C}"',
      'a\\\n b',
      '$p',
      '"$p-$pp"',
      '%{x}e',
    ])
  const header = (): string => `${pick(['UnsetEnv', 'unsetenv', '"UnsetEnv"'])} X${counter++} ${value()}`
  const closer = (opener: string): string => {
    const name = opener.split(' ')[0]
    if (!broken || random() < 0.85) return `</${name}>`
    return pick([
      '',
      `</${name}> # x`,
      `</${name}`,
      `</${name} >`,
      '</If>',
      `</${name?.toLowerCase()}>`,
      `"</${name}>"`,
      `</${name}>x`,
    ])
  }
  const block = (depth: number): string => {
    const lines: string[] = []
    for (let count = Math.floor(random() * 4) + (depth === 0 ? 2 : 0); count > 0; count--) {
      lines.push(statement(depth))
    }
    return lines.join('\n')
  }
  const statement = (depth: number): string => {
    const kind = random()
    if (kind < 0.3 || depth > 3) return header()
    if (kind < 0.37) return pick(['# comment', '# more \\\nUnsetEnv Lost', '', '   ', '\t# x'])
    if (kind < 0.45) return `Define ${pick(NAMES)} ${pick(['1', '"two words"', '${A}', '', '""'])}`
    if (kind < 0.48) return `UnDefine ${pick(NAMES)}`
    if (kind < 0.56) return `${pick(['Include', 'IncludeOptional'])} ${include()}`
    if (kind < 0.62) return macro(depth)
    if (kind < 0.7) return `Use ${pick(['m', 'M', 'n'])}${pick(['', ' 1', ' 1 2', ' "a b" c'])}`
    if (kind < 0.72) return `UndefMacro ${pick(['m', 'n'])}`
    if (kind < 0.74 && broken)
      return pick(['</If>', '<If', '</IfModule>', '"" x', '<If "true"> x', 'Define', 'Use'])
    if (kind < 0.85) {
      const opener = pick(['If "true"', 'If "false"', 'if "true"'])
      return `<${opener}>\n${block(depth + 1)}\n${closer('If')}`
    }
    const condition = pick(CONDITIONS)
    return `<${condition}>\n${block(depth + 1)}\n${closer(condition)}`
  }
  const include = (): string =>
    pick([
      'a.conf',
      'b.conf',
      'd',
      'd/*.conf',
      'd/[xy].conf',
      ...(broken ? ['none', 'e*/x', 'd/*.none'] : []),
    ])
  const macro = (depth: number): string => {
    const parameters = pick(['', ' $p', ' $p $pp', ' $pp $p'])
    return `<Macro ${pick(['m', 'n'])}${parameters}>\n${block(depth + 1)}\n${closer('Macro')}`
  }

  const macros = random() < 0.8 ? `${macro(2)}\n<Macro m $p>\n${header()}\n</Macro>\n` : ''
  const continued = (text: string): string => text.replace(/ /g, () => (random() < 0.04 ? ' \\\n ' : ' '))
  const lineEnd = random() < 0.15 ? '\r\n' : '\n'
  const odd = random() < 0.1 ? pick(['\0', '\f', '\v', '\r', '\\', '\u00a0', '"', "'", '>', '#']) : ''
  const written = (text: string): string =>
    text
      .replace(/\n/g, () => (odd !== '' && random() < 0.1 ? odd + lineEnd : lineEnd))
      .replace(/ /g, () => (odd !== '' && random() < 0.05 ? ` ${odd}` : ' '))
  return {
    main: written(continued(`${macros}${block(0)}\n`)),
    files: {
      'a.conf': `${header()}\n`,
      'b.conf': written(continued(`${block(3)}\n`)),
      'd/x.conf': `${block(3)}\n`,
      'd/y.conf~': `${header()}\n`,
      'd/.z.conf': `${header()}\n`,
    },
  }
}

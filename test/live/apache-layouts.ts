import type { Choices } from './apache-random.ts'

export const ADDRESSES = [
  '*',
  '*:*',
  '*:18080',
  '*:18081',
  '_default_',
  '_default_:18081',
  '0.0.0.0:18080',
  '127.0.0.1',
  '127.0.0.1:18080',
  '127.0.0.1:18081',
  '127.0.0.2:*',
  '127.0.0.2:18080',
  '127.1:18082',
  'localhost:18082',
  '[::1]:18080',
  '::1:18081',
  '[::]:18081',
  '[::ffff:127.0.0.3]:18080',
  '127.0.0.3:18080',
  '*:https',
  '256.1.1.1:80',
]
const NAMES = ['a.test', 'b.test', 'c.a.test', 'd.test', 'x.w.test', 'W.test', 'a.test:18080', 'localhost']
const PATTERNS = ['*.test', '?.test', '*.a.test', 'b*', '*.W.test', '*']

export function generateHost(choice: Choices, addresses: readonly string[], marker: string): string {
  const own = choice.some(addresses, 1, choice.chance(0.2) ? 3 : 1)
  // httpd asks a resolver for the name of an address, so a host has one unless all its addresses are `*`.
  const needsName = !own.every(address => /^[*_]/.test(address))
  const names =
    needsName || choice.chance(0.8)
      ? [`ServerName ${choice.chance(0.1) ? 'https://' : ''}${choice.pick(NAMES)}`]
      : []
  if (choice.chance(0.05)) names.push(`ServerName ${choice.pick(NAMES)}`)
  const aliases = choice.chance(0.5)
    ? [`ServerAlias ${choice.some([...NAMES, ...PATTERNS], 1, 3).join(' ')}`]
    : []
  const lines = choice.chance(0.5) ? [...names, ...aliases] : [...aliases, ...names]
  return `<VirtualHost ${own.join(' ')}>\n${lines.join('\n')}\n${marker}\n</VirtualHost>\n`
}

export interface Layout {
  readonly configuration: string
  readonly files: Readonly<Record<string, string>>
}

export function generateLayout(choice: Choices): Layout {
  const files: Record<string, string> = {}
  const parts = ['Listen 127.0.0.1:18080', 'ServerName main.test']
  for (let index = 0, count = 2 + choice.below(9); index < count; index++) {
    const host = generateHost(choice, ADDRESSES, '')
    if (choice.chance(0.1)) parts.push(`ServerName main.test:${choice.pick([18080, 18081])}`)
    const form = choice.below(8)
    if (form === 0) {
      files[`sites/${index}.conf`] = `# one site\n${host}`
      parts.push(`Include sites/${index}.conf`)
    } else if (form === 1)
      parts.push(`<Macro M${index} $n>\n${host}ServerAdmin $n@x\n</Macro>\nUse M${index} me`)
    else if (form === 2) parts.push(`<IfModule authz_core_module>\n${host}</IfModule>`)
    else parts.push(host)
  }
  return { configuration: parts.join('\n'), files }
}

/** `address:port` to its hosts as `-S` prints them, the default server first. */
export type Picture = Record<string, string[]>

/** The answer of `apache2 -S`. */
export function realPicture(stdout: string): Picture {
  const result: Picture = {}
  let hosts: string[] = []
  for (const line of stdout.split('\n')) {
    const entry = /^(\S+:(?:\d+|\*))\s+(.*)$/.exec(line)
    const member = /^ +port (?:\d+|\*) namevhost (.*)$/.exec(line)
    const alias = /^ +(wild )?alias (.*)$/.exec(line)
    if (entry !== null) {
      hosts = entry[2] === 'is a NameVirtualHost' ? [] : [entry[2]!]
      result[entry[1]!] = hosts
    } else if (member !== null) hosts.push(member[1]!)
    else if (alias !== null) hosts.push(`${alias[1] === undefined ? 'alias' : 'wild'} ${alias[2]}`)
  }
  return result
}

/**
 * Generated nginx configurations for comparing what the model says with what a running nginx does. Every
 * block names itself in `X-Block`; the backend answers with the request line it got.
 */

/** Numbers that are the same on every run. */
export interface Dice {
  /** From 0 to below `sides`. */
  roll(sides: number): number
  pick<T>(of: readonly T[]): T
  /** True once in `sides`. */
  once(sides: number): boolean
}

export function dice(seed: number): Dice {
  let state = seed >>> 0
  const roll = (sides: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
  return {
    roll,
    pick: of => {
      const item = of[roll(of.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    once: sides => roll(sides) === 0,
  }
}

const NAMES = [
  'example.com',
  'www.example.com',
  'a.example.com',
  'b.a.example.com',
  '*.example.com',
  '.example.com',
  '*.a.example.com',
  '.a.example.com',
  'www.example.*',
  'example.*',
  'www.*',
  'mail.example.*',
  'Upper.Example.COM',
  '""',
  '_',
  '~^www\\d+\\.example\\.com$',
  '~^(?<sub>[a-z]+)\\.example\\.org$',
  '~example',
  '~^A\\.EXAMPLE',
  '192.0.2.1',
]

export const HOSTS = [
  'example.com',
  'www.example.com',
  'WWW.Example.Com',
  'a.example.com',
  'b.a.example.com',
  'c.b.a.example.com',
  'www.example.org',
  'www.example.co.uk',
  'example.net',
  'mail.example.net',
  'www7.example.com',
  'x.example.org',
  'upper.example.com',
  'www.other.test',
  'other.test',
  'example.com:8080',
  'example.com.',
  '192.0.2.1',
  '[::1]:80',
  '_',
  null,
] as const

/** Servers that share the addresses of one port; `id` is what each answers with. */
export function serverGroup(random: Dice, port: number, prefix: string): string {
  const count = 1 + random.roll(5)
  const addresses = ['127.0.0.1', '127.0.0.2', '*']
  const taken = new Set<string>()
  let text = ''
  for (let index = 0; index < count; index++) {
    const listens = new Set([random.pick(addresses)])
    if (random.once(3)) listens.add(random.pick(addresses))
    text += `  server {\n`
    for (const address of listens) {
      const isDefault = random.once(4) && !taken.has(address)
      if (isDefault) taken.add(address)
      text += `    listen ${address}:${port}${isDefault ? ' default_server' : ''};\n`
    }
    for (let line = random.roll(3); line > 0; line--)
      text += `    server_name ${random.pick(NAMES)} ${random.pick(NAMES)};\n`
    text += `    add_header X-Block ${prefix}${index} always;\n    return 204;\n  }\n`
  }
  return text
}

const SEGMENTS = ['a', 'b', 'ab', 'img', 'x.php', 'x.png', 'A', 'é', 'a b', 'a+b']
const REGEXES = [
  '\\.php$',
  '\\.(?:png|jpg)$',
  '^/a',
  '^/a/b',
  'b/$',
  '^/([a-z]+)/([a-z]+)$',
  'img',
  '^/(?<first>[^/]+)/',
  '/$',
]

function prefixPath(random: Dice, base: string): string {
  let path = base
  for (let count = random.roll(3); count > 0; count--) path += `${random.pick(['a', 'b', 'ab', 'img', 'A'])}/`
  return random.once(2) && path.length > base.length ? path.slice(0, -1) : path
}

/** Locations with unique names, nested up to two deep; each passes on, or serves nothing, and names itself. */
export function locationBlocks(random: Dice, backend: string, id: string, base = '/', depth = 0): string {
  const used = new Set<string>()
  let text = ''
  const count = 1 + random.roll(depth === 0 ? 7 : 3)
  for (let index = 0; index < count; index++) {
    const kind = random.roll(10)
    const isRegex = kind < 3
    const modifier = isRegex ? random.pick(['~', '~*']) : kind < 5 ? '=' : kind < 7 ? '^~' : ''
    const name = isRegex ? random.pick(REGEXES) : prefixPath(random, base)
    const key = `${modifier === '^~' ? '' : modifier} ${name}`
    if (used.has(key) || name === '') continue
    used.add(key)
    const own = `${id}.${index}`
    const passes = random.once(2)
    text += `    location ${modifier} "${name}" {\n      add_header X-Block ${own} always;\n`
    text += passes ? `      proxy_pass ${backend};\n` : '      return 204;\n'
    if (depth < 2 && modifier !== '=' && !isRegex && random.once(2))
      text += locationBlocks(random, backend, own, name, depth + 1)
    text += '    }\n'
  }
  return text
}

/** A request target with what clients send: escapes, dots, doubled slashes, queries. */
export function target(random: Dice): string {
  let path = ''
  for (let count = 1 + random.roll(4); count > 0; count--) {
    const segment = random.pick(SEGMENTS)
    path += '/'
    if (random.once(8)) path += random.pick(['/', './', '../', '%2e%2e/', '%2F', '..%2f', '.'])
    path += random.once(3) ? encodeURIComponent(segment) : encodeURI(segment)
    if (random.once(12))
      path += random.pick(['%3F', '%23', '%25', '%zz', '%', '%00', '...', '%7Ex', '%22', '%7b'])
  }
  if (random.once(3)) path += '/'
  if (random.once(4)) path += random.pick(['?', '?x=1', '?a=b&c=%20', '?/../', '#f', '?q#f'])
  return path
}

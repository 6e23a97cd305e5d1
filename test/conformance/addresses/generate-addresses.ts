import { type Dice, dice } from '../../live/generated-nginx.ts'

/** How many texts a form gets, and where the numbers begin: `ADDRESSES=1000:7` runs more, others. */
const [count = 40, seed = 1] = (process.env.ADDRESSES ?? '').split(':').filter(Boolean).map(Number)

/** Texts of one form, each once, the same in every run. */
export function addressTexts(form: string, make: (random: Dice) => string): readonly string[] {
  const random = dice([...form].reduce((sum, char) => sum * 31 + char.charCodeAt(0), seed))
  const texts = new Set<string>()
  for (let round = 0; texts.size < count && round < count * 10; round++) {
    const made = make(random)
    if (made !== '') texts.add(made)
  }
  return [...texts]
}

/** True where the machine decides, by its resolver and its interfaces, what the text is. */
export function hangsOnMachine(text: string): boolean {
  const host = text.replace(/:\d*(?:-\d+)?$/, '')
  if (host === 'localhost') return false
  return (/^\w[\w.-]*$/.test(host) && /[^\d.]/.test(host)) || /^\[?fe80:[^%]*%/.test(host)
}

const PORTS = [
  '',
  '',
  '',
  ':8080',
  ':8080',
  ':8080',
  ':0',
  ':65535',
  ':65536',
  ':',
  ':x',
  ':+80',
  ':00080',
  ':-1',
  ':80-81',
]
const ODD_PORTS = [
  ':81-80',
  ':80-',
  ':-80',
  ':*',
  ':4294967376',
  ':9999999999999999999999',
  ':80:81',
  ':80a',
  '80',
]
const ALONE = [
  '80',
  '0',
  '65536',
  '80-81',
  '81-80',
  '80-x',
  'web-80',
  '4294967376',
  '99999999999999999999',
  '00080',
]

/** A host with a port, as sockets take it. */
export function socketText(random: Dice): string {
  if (random.once(12)) return random.pick(ALONE)
  const text = hostText(random)
  const port = random.pick(random.once(6) ? ODD_PORTS : PORTS)
  return (text.includes(':') && !random.once(8) ? bracketed(text, random) : text) + port
}

const MASKS = [
  '',
  '',
  '',
  '/8',
  '/24',
  '/8',
  '/32',
  '/0',
  '/33',
  '/128',
  '/129',
  '/',
  '/x',
  '/+8',
  '/08',
  '/-1',
  '/8/8',
]
const ODD_MASKS = ['/255.0.0.0', '/255.0.255.0', '/255.0.0', '/010.0.0.0', '/::', '/4294967304', '/0.0.0.0']

/** An address or a network, as access rules take it. */
export function networkText(random: Dice): string {
  return hostText(random) + random.pick(random.once(6) ? ODD_MASKS : MASKS)
}

/** Two addresses of version 4. */
export function rangeText(random: Dice): string {
  return version4(random) + (random.once(6) ? '' : `-${version4(random)}`)
}

const WORDS = [
  'localhost',
  'backend.internal',
  'a_b',
  'web-1',
  'a.',
  '_a',
  '1.2.3.4a',
  'a-.b',
  '*',
  '_default_',
  '*.example',
  'a..b',
  '-a',
  'a,b',
  '.a',
  '~',
  '4294967296',
  '1.2.3.4.5',
]

function hostText(random: Dice): string {
  if (random.once(6)) return random.pick(WORDS)
  return random.once(2) ? version4(random) : version6(random)
}

function bracketed(text: string, random: Dice): string {
  if (!random.once(8)) return `[${text}]`
  return random.pick([`[${text}`, `${text}]`, `[[${text}]]`, `[${text}]]`, `[${text}]x`, '[]'])
}

const OCTETS = [
  '0',
  '1',
  '10',
  '127',
  '255',
  '256',
  '300',
  '00',
  '010',
  '08',
  '0001',
  '000000000012',
  '',
  '0x7f',
  'a',
  '-1',
]
const GOOD_OCTETS = OCTETS.slice(0, 5)

/** Mostly an address with one fault or none. */
function version4(random: Dice): string {
  const parts = Array.from({ length: 4 }, () => random.pick(GOOD_OCTETS))
  if (random.once(3)) parts[random.roll(4)] = random.pick(OCTETS)
  if (random.once(8)) parts.splice(random.roll(4), 1 + random.roll(3))
  if (random.once(12)) parts.push(random.pick(GOOD_OCTETS))
  return parts.join('.') + (random.once(12) ? '.' : '')
}

const GROUPS = ['0', '1', 'fe80', 'ffff', 'DB8', '0000', '00000', '12345', '0000001', 'g', '']
const GOOD_GROUPS = GROUPS.slice(0, 6)
const ZONES = ['%lo', '%eth0', '%1', '%']

function version6(random: Dice): string {
  const length = random.once(5) ? random.roll(10) : 8
  const groups = Array.from({ length }, () => random.pick(GOOD_GROUPS))
  if (random.once(6)) groups[random.roll(8)] = random.pick(GROUPS)
  if (random.once(3))
    groups.splice(random.once(4) ? random.roll(8) : Math.max(0, length - 2), 2, version4(random))
  let text = groups.join(':')
  for (const isCut of [random.once(2), random.once(16)]) {
    if (!isCut) continue
    const colons = [...text.matchAll(/:/g)].map(({ index }) => index)
    const from = random.once(5) || colons.length === 0 ? 0 : random.pick(colons)
    const to = random.once(2) ? from : (colons[random.roll(colons.length)] ?? from)
    text = `${text.slice(0, from)}::${text.slice(Math.max(from, to)).replace(/^:/, '')}`
  }
  if (random.once(12)) text = `:${text}`
  if (random.once(12)) text = `${text}:`
  return random.once(16) ? text + random.pick(ZONES) : text
}

import ipaddr from 'ipaddr.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  formatIp,
  type Ip,
  type IpNetwork,
  isLoopbackNetwork,
  networkContains,
  networkCovers,
  networkOf,
  networksMeet,
  parseIp,
  parseNetwork,
  scopeOf,
  scopeOfNetwork,
} from '../../../src/servers/addresses/ip.ts'

/** The same numbers in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return sides => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

/** Few bits set, and often those that decide a scope: what a random address nearly never has. */
function anyIp(roll: (sides: number) => number): Ip {
  const length = roll(2) === 0 ? 4 : 16
  const starts = STARTS.filter(start => start.length <= length)
  const start = roll(4) === 0 ? [] : (starts[roll(starts.length)] ?? [])
  return Array.from({ length }, (_, index) => start[index] ?? (roll(3) === 0 ? roll(256) : 0))
}

const STARTS: readonly (readonly number[])[] = [
  [127],
  [10],
  [172, 16],
  [172, 31],
  [172, 32],
  [192, 168],
  [169, 254],
  [100, 64],
  [100, 128],
  [192, 0, 2],
  [198, 18],
  [198, 51, 100],
  [203, 0, 113],
  [224],
  [240],
  [255, 255, 255, 255],
  [0xfe, 0x80],
  [0xfe, 0xc0],
  [0xfc],
  [0xfd],
  [0xff],
  [0x20, 0x01, 0x0d, 0xb8],
  [0x20, 0x01],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
]

/** What ipaddr.js calls a range that has another name here. */
const SAME: Readonly<Record<string, string>> = {
  linkLocal: 'link-local',
  carrierGradeNat: 'carrier-grade-nat',
  uniqueLocal: 'unique-local',
  unicast: 'public',
  broadcast: 'reserved',
}

/** Ranges of ipaddr.js for which there is no word here: machines of the public network have such addresses. */
const FINER = new Set([
  'as112',
  'amt',
  'as112v6',
  'rfc6145',
  'rfc6052',
  '6to4',
  'discard',
  'deprecatedSiteLocal',
  'segmentRouting',
])

test('texts, networks and scopes are those of a library', () => {
  const roll = dice(5)
  const scopes = new Set<string>()
  for (let round = 0; round < 5000; round++) {
    const ip = anyIp(roll)
    const theirs = ipaddr.fromByteArray([...ip])
    const text = formatIp(ip)
    assert.equal(ipaddr.parse(text).toByteArray(), ip, text)
    assert.equal(parseIp(text), ip, text)
    const isMapped = theirs instanceof ipaddr.IPv6 && theirs.isIPv4MappedAddress()
    if (theirs instanceof ipaddr.IPv6 && !isMapped) assert.is(text, theirs.toRFC5952String())
    const prefix = roll(ip.length * 8 + 1)
    const network = networkOf(ip, prefix)
    const other = anyIp(roll)
    assert.ok(networkContains(network, ip))
    if (other.length === ip.length) {
      const address = ipaddr.fromByteArray([...other]) as ipaddr.IPv4
      assert.is(networkContains(network, other), address.match(theirs as ipaddr.IPv4, prefix))
    }
    const scope = scopeOf(ip)
    scopes.add(scope)
    const plain = isMapped ? (theirs as ipaddr.IPv6).toIPv4Address() : theirs
    const range = plain.range()
    // It counts the whole of 0.0.0.0/8, and keeps no apart what is for documentation alone.
    if (FINER.has(range) || scope === 'documentation') continue
    if (range === 'unspecified' && scope === 'reserved') continue
    if (plain.kind() === 'ipv6' && scope === 'reserved') continue
    assert.is(scope, SAME[range] ?? range, text)
  }
  assert.is(scopes.size, 10, [...scopes].join(' '))
})

test('the scope of a network is that of all its addresses', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['127.0.0.0/8', 'loopback'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.0/104', 'loopback'],
    ['126.0.0.0/7', null],
    ['0.0.0.0/0', null],
    ['::/0', null],
    ['10.0.0.0/8', 'private'],
    ['10.0.0.0/7', null],
    ['fd00::/8', 'unique-local'],
    ['fe80::/64', 'link-local'],
    ['8.8.8.0/24', 'public'],
    ['2001:db8::/32', 'documentation'],
    ['2001:4860::/32', 'public'],
  ]
  for (const [text, expected] of cases) {
    const network = parseNetwork(text)
    assert.ok(network, text)
    assert.is(scopeOfNetwork(network), expected, text)
    assert.is(isLoopbackNetwork(network), expected === 'loopback', text)
  }
})

test('networks cover and meet', () => {
  const of = (text: string): IpNetwork => {
    const network = parseNetwork(text)
    if (network === null) throw new Error(text)
    return network
  }
  assert.is(networkCovers(of('10.0.0.0/8'), of('10.1.0.0/16')), true)
  assert.is(networkCovers(of('10.1.0.0/16'), of('10.0.0.0/8')), false)
  assert.is(networksMeet(of('10.1.0.0/16'), of('10.0.0.0/8')), true)
  assert.is(networksMeet(of('10.1.0.0/16'), of('10.2.0.0/16')), false)
  assert.is(networksMeet(of('0.0.0.0/0'), of('::/0')), false)
})

test('networks as people write them', () => {
  assert.equal(parseNetwork('10.1.2.3/8'), { ip: [10, 0, 0, 0], prefix: 8 })
  for (const text of [
    '300.1.1.1',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/x',
    '10',
    'host',
    '',
    '010.0.0.1',
  ])
    assert.is(parseNetwork(text), null, text)
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Fact, known, unknown } from '../../../../src/servers/fact.ts'
import {
  interpolate,
  isComputed,
  valueParts,
  variableNames,
} from '../../../../src/servers/nginx/queries/interpolate.ts'
import { askMap, maps, mapValues } from '../../../../src/servers/nginx/queries/maps.ts'
import { readHttp } from './read-text.ts'

const VALUES: Readonly<Record<string, string>> = { host: 'h', '1': 'one', request_uri: '/r' }
const variables = (name: string): Fact<string> => {
  const value = VALUES[name]
  return value === undefined ? unknown(`no ${name}`) : known(value)
}

test('values are cut into text and variables', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['http://$host$request_uri', 'http://h/r'],
    ['${host}x', 'hx'],
    ['$HOST', 'h'],
    ['$10', 'one0'],
    ['$1_a', 'one_a'],
    ['plain', 'plain'],
    ['a$', 'a$'],
    ['', ''],
  ]
  for (const [text, expected] of cases) {
    const fact = interpolate(text, variables)
    assert.is(fact.known && fact.value, expected, text)
  }
  assert.equal(interpolate('$host$other', variables), { known: false, reason: 'no other', at: null })
  assert.equal(variableNames('$a/${B}$a'), ['a', 'b'])
  assert.is(isComputed('a$b'), true)
  assert.is(isComputed('\uE000'), true)
  assert.is(valueParts('x').length, 1)
})

test('maps answer by key, wildcard, expression, default', () => {
  const configuration = readHttp(`
    map $host $plain { a 1; A.b 2; ~^(x)(y) "$2$1"; ~*UP 4; \\default 5; default 6; "" empty; }
    map $host $named { hostnames; .example.com site; www.* www; exact.org e; default other; }
    map $host $bare { a 1; }`)
  const ask = (map: string, host: string) => {
    const found = maps(configuration).get(map)
    assert.ok(found)
    const { value: fact } = askMap(found, name => (name === 'host' ? known(host) : unknown('no')))
    return fact.known ? fact.value : 'unknown'
  }
  const cases: readonly (readonly [string, string, string])[] = [
    ['plain', 'A', '1'],
    ['plain', 'a.b', '2'],
    ['plain', 'xyz', 'yx'],
    ['plain', 'cup', '4'],
    ['plain', 'default', '5'],
    ['plain', 'zzz', '6'],
    ['plain', '', 'empty'],
    ['named', 'example.com', 'site'],
    ['named', 'a.example.com.', 'site'],
    ['named', 'www.else', 'www'],
    ['named', 'exact.org', 'e'],
    ['named', 'none', 'other'],
    ['bare', 'b', ''],
  ]
  for (const [map, host, expected] of cases) assert.is(ask(map, host), expected, `${map} ${host}`)
  const bare = maps(configuration).get('bare')
  assert.equal(bare === undefined ? [] : mapValues(bare), ['1', ''])
})

test('a map that was not read whole knows only what it has', () => {
  const configuration = readHttp('map $host $x { a 1; include missing.map; }')
  const map = maps(configuration).get('x')
  assert.ok(map)
  assert.is(askMap(map, () => known('b')).value.known, false)
})

test.run()

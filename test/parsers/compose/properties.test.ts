import fc from 'fast-check'
import { test } from 'uvu'
import { readCompose } from '../../../parsers/compose/read-project.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { checkPlaces } from '../check-places.ts'

const scalar = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      'a',
      'b',
      './x',
      '../../y',
      '~',
      '/z:/z:ro',
      'v:/v',
      '80',
      '80:80',
      '1.1.1.1:80:80/udp',
      '[::1]:1:2',
    ],
    ...[
      '"${A}:80"',
      '${A:-b}',
      '"$$"',
      '"${"',
      'A=b',
      'sh -c "x y"',
      '"a\\tb"',
      "'it''s'",
      '*x',
      '!reset null',
    ],
    ...[
      '1-2',
      '>-\n              folded ${A}\n              text',
      '|\n              a\n              b',
      '\uE000',
      '😀',
    ],
  ),
  fc.string({ maxLength: 12 }),
)
const key = fc.constantFrom(
  ...[
    'image',
    'build',
    'ports',
    'expose',
    'volumes',
    'networks',
    'links',
    'command',
    'entrypoint',
    'environment',
  ],
  ...[
    'env_file',
    'extends',
    'profiles',
    'depends_on',
    'configs',
    'secrets',
    'labels',
    'tmpfs',
    'extra_hosts',
    '<<',
  ],
)
const list = fc.array(scalar, { maxLength: 4 }).map(items => items.map(item => `\n      - ${item}`).join(''))
const inner = fc.constantFrom(
  'context',
  'dockerfile',
  'args',
  'source',
  'target',
  'service',
  'file',
  'path',
  'a',
)
const map = fc
  .array(fc.tuple(inner, scalar), { maxLength: 4 })
  .map(items => items.map(([name, value]) => `\n      ${name}: ${value}`).join(''))
const entry = fc
  .tuple(key, fc.oneof(scalar, list, map), fc.constantFrom('', ' &x', ' !override'))
  .map(([name, value, tag]) => `    ${name}:${tag} ${value}\n`)
const service = fc
  .tuple(fc.constantFrom('a', 'b', '"c d"'), fc.array(entry, { maxLength: 6 }))
  .map(([name, entries]) => `  ${name}:\n${entries.join('')}`)
const file = fc
  .tuple(
    fc.constantFrom('', 'include: [c.yml, d.yml]\n', 'x-a: &x {a: b}\n'),
    fc.array(service, { maxLength: 3 }),
  )
  .map(([head, services]) => `${head}services:\n${services.join('')}`)

test('never throws, and every place lies inside of its file', () => {
  fc.assert(
    fc.property(file, file, fc.string({ maxLength: 30 }), (one, two, env) => {
      const sources = new Map(
        Object.entries({ '/app/c.yml': one, '/app/d.yml': two, '/app/.env': env }).map(([path, text]) => [
          path,
          textSource(path, text),
        ]),
      )
      const read = (path: string) => sources.get(path) ?? null
      checkPlaces(readCompose([read('/app/c.yml')!, read('/app/d.yml')!], { read }))
    }),
    { seed: 20_250_304, numRuns: 500 },
  )
})

test('cut and doubled files are read too', () => {
  const text =
    'services:\n  a:\n    image: "x${A:-b}"\n    ports: ["80:80", {target: 1}]\n    command: >\n      a\n      b\n'
  const read = () => null
  for (let at = 0; at <= text.length; at++) {
    for (const part of [
      text.slice(0, at),
      text.slice(at),
      text.slice(0, at) + text.slice(Math.max(0, at - 9)),
    ])
      checkPlaces(readCompose([textSource('/c.yml', part)], { read }))
  }
})

test.run()

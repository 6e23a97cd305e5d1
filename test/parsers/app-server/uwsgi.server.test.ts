import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readUwsgiOptions } from '../../../parsers/app-server/uwsgi-configuration.ts'
import { uwsgiOptionName } from '../../../parsers/app-server/uwsgi-options.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { command } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'deploy-audit-uwsgi-'))

test.after(() => rmSync(directory, { recursive: true, force: true }))

/** What uWSGI prints of its options; null where it refuses the file. */
function printed(path: string): readonly string[] | null {
  const words = ['--no-server', '--show-config', '--ini', path]
  const { stdout, stderr } = spawnSync('/usr/bin/uwsgi', words, {
    cwd: directory,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: '/home/x' },
    timeout: 20_000,
  })
  const found = /^\[uwsgi\]\n([\s\S]*?)^;end of configuration/m.exec(`${stdout}\n${stderr}`)
  return found === null ? null : found[1]!.replace(/\n$/, '').split('\n').slice(3)
}

const line = fc.constantFrom(
  ...[
    'a = b',
    ' a=b ',
    'a = b ; c',
    'a = "b c"',
    '# no',
    '; no',
    'flag',
    'x = %n/%(a)',
    'y = $(HOME)/%(x)',
    'z = %(none)$(NONE)',
  ],
  ...[
    'socket = /run/%n.sock',
    'p = %d|%s|%e|%p|%c',
    '[other]',
    '[uwsgi]',
    'o = %x',
    'k = 50%%',
    'ini = :other',
    'include = more.ini',
  ],
  ...['l = %(_)', '', 'a =', 'a = c=d', '%n = %N'],
)

const block = fc
  .tuple(
    fc.constantFrom('for = 1 2', 'for = ', 'if-env = HOME', 'if-not-env = HOME', 'if-env = NONE'),
    line,
    line,
  )
  .map(([head, one, two]) => {
    const end = head.startsWith('for') ? 'endfor =' : 'endif ='
    // A section does not begin inside of a block.
    return [head, ...[one, two].filter(each => !each.startsWith('[')), end].join('\n')
  })

test('options are those that uWSGI prints', () => {
  const path = join(directory, 'main.ini')
  writeFileSync(join(directory, 'more.ini'), '[uwsgi]\nmore = %n-%N-%(a)\n')
  let taken = 0
  fc.assert(
    fc.property(fc.array(fc.oneof(line, block), { maxLength: 9 }), lines => {
      const text = lines.join('\n')
      writeFileSync(path, `[uwsgi]\n${text}\n`)
      const expected = printed(path)
      if (expected === null) return
      taken++
      const files = {
        python: null,
        read: (each: string) =>
          existsSync(each) ? textSource(each, readFileSync(each, 'utf8')) : ('missing' as const),
      }
      const { options } = readUwsgiOptions(
        command(`uwsgi --ini ${path}`, { environment: { HOME: '/home/x' }, directory }),
        files,
      )
      const theirs = expected.filter(each => !/^(?:if-|endif|for|endfor|show-config|no-server)/.test(each))
      const ours = options.slice(1).map(({ name, value }) => `${name} = ${value.text}`)
      assert.equal(
        ours,
        theirs.map(each => each.replace(/^\S+/, uwsgiOptionName)),
        text,
      )
    }),
    { seed: 20_250_312, numRuns: 150 },
  )
  assert.ok(taken > 40, `${taken} were taken`)
})

test.run()

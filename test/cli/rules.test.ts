import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { ruleTraits } from '../../rules/traits.generated.ts'
import { columnsOf } from '../../src/report/columns.ts'
import { runIn } from './harness.ts'

interface Listed {
  readonly id: string
  readonly severity: string
  readonly fixes: readonly string[]
  readonly programs: readonly string[]
  readonly securitySeverity: number | null
  readonly cwe: readonly number[]
}

async function list(...words: readonly string[]): Promise<readonly Listed[]> {
  const { code, out } = await runIn('.', ['rules', '-f', 'json', ...words])
  assert.is(code, 0)
  return JSON.parse(out)
}

test('the list is every rule, or those of a group, with a fix, of a program, or bad enough', async () => {
  const all = await list()
  assert.equal(
    all.map(({ id }) => id),
    rules.map(({ id }) => id),
  )
  for (const [words, isMeant] of [
    [['tls', 'wsgi/embedded-mode'], ({ id }) => id.startsWith('tls/') || id === 'wsgi/embedded-mode'],
    [['--fixable'], ({ fixes }) => fixes.length > 0],
    [['--program', 'docker'], ({ programs }) => programs.includes('docker')],
    [['tls', '--program', 'apache'], ({ id, programs }) => /^tls\//.test(id) && programs.includes('apache')],
  ] as readonly (readonly [readonly string[], (rule: Listed) => boolean])[]) {
    const expected = all.filter(isMeant)
    assert.ok(expected.length > 0 && expected.length < all.length, words.join(' '))
    assert.equal(await list(...words), expected, words.join(' '))
  }
  assert.ok((await list('--min-severity', 'error')).some(({ severity }) => severity === 'warning'))
})

test('every rule points at files of some program in its examples', () => {
  const aimless = rules.filter(({ id }) => (ruleTraits().get(id)?.programs.length ?? 0) === 0)
  assert.equal(
    aimless.map(({ id }) => id),
    [],
  )
})

test('the table fits the screen, and a pipe gets a line a rule', async () => {
  for (const columns of [60, 80, 120, 200]) {
    const { out } = await runIn('.', ['rules'], { isInteractive: true, columns })
    for (const line of out.split('\n'))
      assert.ok(columnsOf(line) <= columns || !line.includes(' '), `${columns}: ${line}`)
    for (const { id } of rules) assert.match(out, new RegExp(`^${id}(?: |$)`, 'm'))
  }
  const { out } = await runIn('.', ['rules', '--fixable'])
  const fixable = rules.filter(({ id }) => (ruleTraits().get(id)?.fixes.length ?? 0) > 0)
  assert.is(out.split('\n').length - 1, fixable.length)
})

test('filters that leave nothing say so, and a program that there is not is named', async () => {
  const none = await runIn('.', ['rules', 'wsgi', '--program', 'docker'])
  assert.equal([none.code, none.out, none.errors], [0, '', ['no rule is all of that']])
  const { code, errors } = await runIn('.', ['rules', '--program', 'ngnix'])
  assert.is(code, 2)
  assert.match(errors.join('\n'), /--program takes .*not "ngnix": did you mean "nginx"\?$/)
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from './harness.ts'

test('examples/reference is silent at warning and above', async () => {
  const { code, out } = await runIn(process.cwd(), [
    'examples/reference',
    '--no-config',
    '-f',
    'concise',
    '--min-severity',
    'warning',
  ])
  assert.is(out, '')
  assert.is(code, 0)
})

test('examples/broken shows a dozen faults, one at least of each family', async () => {
  const { code, out } = await runIn(process.cwd(), ['examples/broken', '--no-config', '-f', 'json'])
  assert.is(code, 1)
  const report = JSON.parse(out)
  const rules: readonly string[] = report.findings.map(({ rule }: { rule: string }) => rule)
  assert.ok(new Set(rules).size >= 12, rules.join())
  const families = new Set(rules.map(rule => rule.split('/')[0]))
  for (const family of [
    'canonical-url',
    'tls',
    'forwarded-headers',
    'loopback',
    'topology',
    'wsgi',
    'sizing',
  ])
    assert.ok(families.has(family), family)
  for (const { accepted } of report.programs) assert.is(accepted, true)
})

test('a directory of both is two machines', async () => {
  const { out } = await runIn(process.cwd(), ['examples', '--no-config', '-f', 'json'])
  const mains = JSON.parse(out).programs.map(({ main }: { main: string }) => main)
  assert.equal(mains.sort(), [
    'examples/broken/etc/apache2/apache2.conf',
    'examples/broken/etc/nginx/nginx.conf',
    'examples/reference/etc/apache2/apache2.conf',
    'examples/reference/etc/nginx/nginx.conf',
  ])
})

test.run()

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readDeploymentPair, TEN, tenDeployments } from '../ten-deployments.ts'
import { commandsOf, readWhyPage } from './why-page.ts'

const { sections } = readWhyPage()

test('docs/why.md tells each of the ten once', () => {
  assert.equal(
    sections.map(({ deployment }) => deployment),
    tenDeployments()
      .map(({ name }) => name)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
  )
})

for (const section of sections) {
  const { deployment, lines } = section
  test(`${deployment}: what is quoted stands in its files`, () => {
    const { broken } = readDeploymentPair(deployment)
    const written = (part: string): ReadonlySet<string> =>
      new Set(
        Object.entries(broken)
          .filter(([path]) => path.includes(part))
          .flatMap(([, text]) => text.split('\n').map(line => line.trim())),
      )
    for (const [language, part] of [
      ['nginx', 'etc/nginx/'],
      ['apache', 'etc/apache2/'],
      ['python', '.py'],
    ] as const) {
      const known = written(part)
      for (const line of lines[language]) assert.ok(known.has(line.trim()), `${language}: ${line}`)
    }
    assert.ok(lines.nginx.length + lines.apache.length + lines.python.length > 0)
  })

  test(`${deployment}: what is printed is what the audit prints`, () => {
    const expected = readFileSync(join(TEN, deployment, 'broken/expected.txt'), 'utf8').split('\n')
    assert.ok(lines.text.length > 0)
    for (const line of lines.text) assert.ok(expected.includes(line), line)
    assert.ok(commandsOf(section).some(({ output }) => output.length > 0))
  })
}

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import rule from '../../rules/wsgi/locale-ascii.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { known } from '../../src/servers/fact.ts'
import { auditFiles } from './audit-files.ts'
import { unmark } from './marks.ts'

const example = rule.good.find(({ title }) => title === 'nothing is known of the locale')
const ENVVARS = 'export LANG=C\n'
const files = { ...unmark(example?.files ?? {}).files, 'etc/apache2/envvars': ENVVARS }

/** What is found where Apache is started with one variable, by its line. */
function found(value: string, name = 'LANG'): readonly string[] {
  const report = auditFiles(files, [{ ...rule, id: 'wsgi/locale-ascii' }], machine => {
    const source = sourceAt(machine, '/etc/apache2/envvars')
    const at = source === null ? null : { source, start: 12, end: 13 }
    return { variables: new Map([[name, known(value, at)]]), complete: true, defines: new Map() }
  })
  return report.findings.map(({ at }) => `${at.file}:${at.line}:${at.column}`)
}

test('the locale of Apache is that of its applications', () => {
  assert.equal(found('C'), ['etc/apache2/envvars:1:13'])
  assert.equal(found('POSIX', 'LC_ALL'), ['etc/apache2/envvars:1:13'])
})

test('UTF-8 is no fault', () => {
  assert.equal(found('C.UTF-8'), [])
  assert.equal(found('de_DE.UTF-8', 'LC_ALL'), [])
})

test('a variable that is not the locale says nothing', () => {
  assert.equal(found('C', 'LC_MESSAGES'), [])
})

test.run()

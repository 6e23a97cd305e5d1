import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { APACHE_ADVISORIES } from '../../rules/versions/_apache-advisories.ts'
import { concerns, readAdvisories } from '../../rules/versions/_advisories.ts'
import { NGINX_ADVISORIES } from '../../rules/versions/_nginx-advisories.ts'
import { compareVersions } from '../../src/servers/version.ts'

const ALL = [...NGINX_ADVISORIES, ...APACHE_ADVISORIES]

test('a range has both its ends, and a branch that was mended is out of it', () => {
  const [advisory] = readAdvisories('CVE-1 1.5.13-1.27.0;2.0.1 1.26.2,1.27.1 mp4 low')
  assert.ok(advisory)
  const concerned = ['1.5.12', '1.5.13', '1.26.1', '1.26.2', '1.26.3', '1.27.0', '1.27.1', '2.0.0', '2.0.1']
  assert.equal(
    concerned.filter(version => concerns(advisory, version)),
    ['1.5.13', '1.26.1', '1.27.0', '2.0.1'],
  )
})

test('each advisory is one line, well formed, and is mended behind what it speaks of', () => {
  const ids = ALL.map(({ id }) => id)
  assert.is(new Set(ids).size, ids.length)
  const wrong = ALL.filter(({ id, ranges, fixed }) => {
    const isVersion = (text: string): boolean => /^\d+\.\d+\.\d+$/.test(text)
    const isRange = ([first, last]: readonly [string, string]): boolean =>
      isVersion(first) && isVersion(last) && compareVersions(first, last) <= 0
    const newest = ranges.map(([, last]) => last).reduce((a, b) => (compareVersions(a, b) > 0 ? a : b))
    return !(
      /^CVE-\d{4}-\d{4,}$/.test(id) &&
      ranges.every(isRange) &&
      fixed.every(isVersion) &&
      fixed.some(each => compareVersions(each, newest) > 0) &&
      fixed.every(each => !concerns({ ranges, fixed }, each))
    )
  })
  assert.equal(
    wrong.map(({ id }) => id),
    [],
  )
})

test.run()

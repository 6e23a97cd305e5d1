import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { judgePaths, lookInto } from '../../src/files/look.ts'
import { memoryFileSystem } from '../../src/files/memory-file-system.ts'
import { skippedNotices } from '../../src/files/skipped-notices.ts'

test('a file at which looking fails costs itself alone', () => {
  const files = {
    ...memoryFileSystem({ '/etc/nginx/sites-enabled/a.conf': 'server { listen 80; }' }),
    realPath: (): string => {
      throw new RangeError('too deep')
    },
  }
  const [judged] = judgePaths(['/etc/nginx/sites-enabled/a.conf'], '/')
  if (judged === undefined) throw new RangeError('one path')
  const looked = lookInto(files, judged, {})
  assert.equal(looked, {
    kind: 'skipped',
    path: '/etc/nginx/sites-enabled/a.conf',
    reason: 'failed',
    text: 'too deep',
  })
  const [notice] = skippedNotices(looked?.kind === 'skipped' ? [looked] : [], true)
  assert.is(notice?.incomplete, true)
  assert.match(
    notice?.text ?? '',
    /telling what the file is failed, which is a defect of deploy-audit: too deep/,
  )
})

test.run()

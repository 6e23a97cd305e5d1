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

test('what is called a .htaccess and holds lines of nginx is a file of nginx', () => {
  const lookAt = (name: string, text: string) => {
    const path = `/srv/www/${name}`
    const [judged] = judgePaths([path], '/srv')
    if (judged === undefined) return null
    const looked = lookInto(memoryFileSystem({ [path]: text }), judged, {})
    return looked?.kind === 'candidate' ? looked.program : (looked?.kind ?? null)
  }
  const nginx =
    'location / {\n  if (!-e $request_filename) {\n    rewrite ^(.*)$ /index.php?s=$1 last;\n  }\n}\n'
  const apache = 'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.php [L]\n'
  assert.is(lookAt('nginx.htaccess', nginx), 'nginx')
  assert.is(lookAt('htaccess-nginx.txt', nginx), 'nginx')
  assert.is(lookAt('htaccess.txt', apache), 'htaccess')
  assert.is(lookAt('site.htaccess', apache), 'htaccess')
  // Apache reads it, whatever it was written for.
  assert.is(lookAt('.htaccess', nginx), 'htaccess')
})

test.run()

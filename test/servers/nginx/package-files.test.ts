import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { packageFile } from '../../../src/servers/nginx/package-files.ts'

const brought = (
  value: string,
  ...texts: readonly (readonly [path: string, text: string])[]
): string | null =>
  packageFile(value, () => texts.map(([path, text]) => textSource(path, text)))?.path ?? null

test('an include names a file of the package with or without its directory', () => {
  const path = '/-/package of nginx/etc/nginx/snippets/fastcgi-php.conf'
  assert.is(brought('snippets/fastcgi-php.conf'), path)
  assert.is(brought('/etc/nginx/snippets/fastcgi-php.conf'), path)
  assert.is(brought('/srv/nginx/snippets/fastcgi-php.conf'), null)
  assert.is(brought('snippets/ssl.conf'), null)
})

test('a file that some text is, writes or changes is not that of the package', () => {
  assert.ok(brought('proxy_params', ['/site.conf', 'location / { include /etc/nginx/proxy_params; }']))
  assert.is(brought('proxy_params', ['/roles/web/templates/proxy_params.j2', '']), null)
  assert.is(brought('proxy_params', ['/setup.sh', "sed -i 's/a/b/' /etc/nginx/proxy_params"]), null)
  assert.is(brought('proxy_params', ['/site.conf', 'include proxy_params; # see proxy_params']), null)
  assert.is(
    packageFile('proxy_params', () => null),
    null,
  )
})

test('the texts say what those of the package say', () => {
  const lines = (text: string): readonly string[] =>
    parseNginx(textSource('/file', text)).children.flatMap(node =>
      node.kind === 'directive' ? [[node.name.value, ...node.args.map(({ value }) => value)].join(' ')] : [],
    )
  for (const name of ['proxy_params', 'snippets/fastcgi-php.conf', 'fastcgi.conf']) {
    let installed: string
    try {
      installed = readFileSync(`/etc/nginx/${name}`, 'utf8')
    } catch {
      continue // Debian's package is not here.
    }
    const own = packageFile(name, () => [])
    // Of `Host` releases differ.
    const withoutHost = (all: readonly string[]): readonly string[] =>
      all.filter(line => !/ (?:HTTP_HOST|Host) /.test(line))
    assert.equal(withoutHost(lines(own?.text ?? '')), withoutHost(lines(installed)), name)
  }
})

test.run()

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import { htaccessFiles } from '../../../src/servers/apache/queries/htaccess.ts'
import { htaccessFault } from '../../../src/servers/apache/queries/htaccess-fault.ts'
import { refusals } from '../../../src/servers/apache/queries/overrides.ts'
import { startApache } from '../../live/apache-server.ts'
import { understandApache } from '../../live/apache-understand.ts'
import { enterNamespace } from '../../live/enter-namespace.ts'
import { send } from '../../live/request.ts'
import { mutate, randomFrom } from './mutate.ts'

enterNamespace(import.meta.url)

const COUNT = Number(process.env.HTACCESS_MUTANTS ?? 600)
const SEED = Number(process.env.HTACCESS_SEED ?? 20261126)
const PORT = 18081

/** Files as applications bring them. */
const BASES = [
  `# BEGIN WordPress
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
</IfModule>
# END WordPress
Options -Indexes +FollowSymLinks
`,
  `AuthType Basic
AuthName "Members only"
AuthUserFile /etc/apache2/users
<RequireAny>
  Require ip 192.0.2.0/24
  Require valid-user
</RequireAny>
<Files "config.php">
  Require all denied
</Files>
`,
  `<FilesMatch "\\.(ico|pdf|jpe?g)$">
  ExpiresActive On
  ExpiresDefault "access plus 1 month"
  Header set Cache-Control "public, max-age=604800"
</FilesMatch>
Header always unset X-Powered-By
AddType application/x-font-woff .woff
AddOutputFilterByType DEFLATE text/html text/css
ErrorDocument 404 /404.html
DirectoryIndex index.html index.htm
`,
  `Order deny,allow
Deny from all
Allow from 10.0.0.0/8
Satisfy all
<Limit POST PUT>
  Require all denied
</Limit>
SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
SetEnv APP_ENV production
Redirect permanent /old https://example.org/new
RedirectMatch 404 /\\.git
`,
  `<If "%{HTTP_HOST} == 'example.org'">
  Redirect / https://www.example.org/
</If>
<Else>
  FileETag MTime Size
</Else>
IndexOptions FancyIndexing NameWidth=*
IndexIgnore *.bak
AddHandler cgi-script .cgi
SetOutputFilter DEFLATE
LimitRequestBody 1048576
RewriteOptions Inherit
FallbackResource /index.php
`,
]

/** Each with the lines that it allows. */
const OVERRIDES = [
  'AllowOverride All',
  'AllowOverride All',
  'AllowOverride FileInfo AuthConfig Limit',
  'AllowOverride FileInfo Options=Indexes,MultiViews',
  'AllowOverride None\nAllowOverrideList RewriteEngine RewriteRule Options Require',
  'AllowOverride All Nonfatal=All',
  'AllowOverride AuthConfig Nonfatal=Override',
]

const MODULES =
  'rewrite headers expires mime dir autoindex alias env setenvif deflate filter access_compat authz_host authz_user authn_core authn_file auth_basic'

test('mutants of real .htaccess files are answered with 500 exactly where a fault is told', async () => {
  const random = randomFrom(SEED)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const files: Record<string, string> = {}
  for (let index = 0; index < COUNT; index++) {
    let text = pick(BASES)
    for (let times = Math.floor(random() * 3); times >= 0; times--) text = mutate(text, pick(BASES), random)
    files[`www/${index % OVERRIDES.length}/${index}/.htaccess`] = text
    files[`www/${index % OVERRIDES.length}/${index}/x.html`] = 'x'
  }
  const sections = OVERRIDES.map((lines, index) => `<Directory $ROOT/www/${index}>\n${lines}\n</Directory>`)
  const configuration = `Listen 127.0.0.1:${PORT}\nTypesConfig /dev/null\nLogLevel alert\n${sections.join('\n')}`
  const running = await startApache(
    { configuration, modules: MODULES.split(' '), files },
    { address: '127.0.0.1', port: PORT },
  )
  try {
    for (let index = 0; index < COUNT; index++)
      await send({ url: `http://127.0.0.1:${PORT}/${index % OVERRIDES.length}/${index}/x.html` })
    const log = readFileSync(join(running.root, 'run/error.log'), 'utf8')
    const alerts = new Map(
      [...log.matchAll(/\/www\/\d+\/(\d+)\/\.htaccess: (.*)/g)].map(([, index, text]) => [
        Number(index),
        text,
      ]),
    )
    const server = understandApache(running)
    const disk = diskFileSystem('/')
    const wrong: string[] = []
    let refused = 0
    let compared = 0
    for (const { file, overrides } of htaccessFiles(server, disk)) {
      assert.ok(overrides.known)
      const index = Number(/\/(\d+)\/\.htaccess$/.exec(file.source.path)?.[1])
      const fault = overrides.value.reads ? htaccessFault(server, disk, file, overrides.value) : null
      const [refusal] = refusals(file.children, overrides.value)
      const ours = fault?.message ?? refusal?.directive.name ?? null
      const alert = alerts.get(index) ?? null
      compared++
      if (alert !== null) refused++
      // Variables are nobody's here, and what may stand in no file but by `AllowOverrideList` is not looked for.
      const isLeftOut = file.source.text.includes('${') || alert?.startsWith('<If') === true
      if ((ours === null) !== (alert === null) && !isLeftOut)
        wrong.push(
          `${OVERRIDES[index % OVERRIDES.length]}\n${file.source.text}\n  httpd: ${alert}\n  ours: ${ours}`,
        )
    }
    assert.is(compared, COUNT)
    assert.ok(refused > COUNT * 0.3 && refused < COUNT * 0.9, `${refused} are refused`)
    assert.equal(wrong, [], wrong.join('\n---\n'))
  } finally {
    await running.stop()
  }
})

test.run()

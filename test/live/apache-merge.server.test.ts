import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../src/files/disk-file-system.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { headerTable, responseHeaders } from '../../src/servers/apache/queries/header-tables.ts'
import { htaccessReader } from '../../src/servers/apache/queries/htaccess.ts'
import { overridesFor, refusals } from '../../src/servers/apache/queries/overrides.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { type Choices, choices } from './apache-random.ts'
import { startApache } from './apache-server.ts'
import { understandApache } from './apache-understand.ts'
import { enterNamespace } from './enter-namespace.ts'
import { send } from './request.ts'

enterNamespace(import.meta.url)

const HOSTS = 80
const REQUESTS = 1000
const PORT = 18080

const FILES = ['top.html', 'a/x.html', 'a/b/x.html', 'a/b/c/y.txt', 'd/x.html']
const PATHS = [...FILES.map(file => `/${file}`), '/a/none.html', '/none.txt', '/a/b/c/none.html']

/** Openers of sections; `$ROOT` is filled in later. */
const SECTIONS = [
  '<Directory $ROOT/www>',
  '<Directory "$ROOT/www/a">',
  '<Directory $ROOT/www/a/b/>',
  '<Directory $ROOT/www/*/b>',
  '<Directory $ROOT/www/a/?/c>',
  '<Directory />',
  '<Directory www/a>',
  '<Directory ~ "www/a/b">',
  '<DirectoryMatch "/a/">',
  '<DirectoryMatch "/b$">',
  '<DirectoryMatch "x\\.html$">',
  '<DirectoryMatch "/c/$">',
  '<Files x.html>',
  '<Files "*.html">',
  '<Files "[xy].*">',
  '<Files ~ "^none">',
  '<FilesMatch "\\.txt$">',
  '<Location />',
  '<Location /a>',
  '<Location /a/>',
  '<Location /a/x>',
  '<Location "/*/b">',
  '<Location "/a/b/*.html">',
  '<Location a>',
  '<Location ~ "/b/">',
  '<LocationMatch "\\.html$">',
  '<LocationMatch "^/d">',
]

const OVERRIDES = [
  'All',
  'All',
  'All',
  'None',
  'FileInfo',
  'FileInfo AuthConfig',
  'AuthConfig Limit',
  'All Nonfatal=Override',
  'None\nAllowOverrideList Header',
]

const HTACCESS = {
  'www/a/.htaccess':
    'Header always add X-Chain ht-a\nRequire method GET\n<Files x.html>\nHeader always add X-Chain ht-a-files\n</Files>\n',
  'www/a/b/.htaccess': 'Header always add X-Chain ht-b\n',
  'www/d/.htaccess': 'Header always add X-Chain ht-d\nOrder allow,deny\nAllow from 127.0.0.1\n',
}

const NESTED = ['<Files x.html>', '<FilesMatch "html$">']

const REQUIRES = [
  'Require all granted',
  'Require all denied',
  'Require ip 127.0.0.1',
  'Require ip 127',
  'Require ip 10.0.0.0/8 127.0.0.0/255.0.0.0',
  'Require ip 10.1',
  'Require local',
  'Require method GET',
  'Require method POST',
  'Require valid-user',
  'Require valid-user',
]

const NEGATIVE = [
  'Require not ip 10.1',
  'Require not ip 127.0.0.1',
  'Require not method POST',
  'Require not valid-user',
]

const HOST_LINES = [
  'Order allow,deny',
  'Order deny,allow',
  'Order mutual-failure',
  'Allow from all',
  'Allow from 127.0.0.1',
  'Allow from 10.0.0.0/8',
  'Deny from all',
  'Deny from 127',
  'Deny from 10.1.2.3 10.2',
  'Satisfy Any',
  'Satisfy All',
]

/** Lines that httpd accepts: what only turns away needs something beside it, in `<RequireAll>`, that lets in. */
function generateRequires(choice: Choices, depth = 0): string {
  const lines: string[] = []
  for (let index = 0, count = 1 + choice.below(depth === 0 ? 2 : 3); index < count; index++) {
    if (!choice.chance(depth === 0 ? 0.35 : 0.15)) lines.push(choice.pick(REQUIRES))
    else if (choice.chance(0.4))
      lines.push(`<RequireAny>\n${generateRequires(choice, depth + 1)}\n</RequireAny>`)
    else lines.push(generateAll(choice, depth + 1))
  }
  return lines.join('\n')
}

function generateAll(choice: Choices, depth: number): string {
  const lines = [generateRequires(choice, depth), ...choice.some(NEGATIVE, 0, 2)]
  if (choice.chance(0.3)) lines.push(`<RequireNone>\n${generateRequires(choice, depth + 1)}\n</RequireNone>`)
  return `<RequireAll>\n${lines.join('\n')}\n</RequireAll>`
}

let sequence = 0

function generateBody(choice: Choices): string {
  const lines = [`Header always add X-Chain s${sequence++}`]
  if (choice.chance(0.4)) {
    const requires = generateRequires(choice)
    lines.push(
      choice.chance(0.15) ? `<Limit ${choice.pick(['GET', 'POST'])}>\n${requires}\n</Limit>` : requires,
    )
    if (choice.chance(0.3)) lines.push(`AuthMerging ${choice.pick(['And', 'Or', 'Off'])}`)
  }
  if (choice.chance(0.25)) lines.push(...choice.some(HOST_LINES, 1, 3))
  if (choice.chance(0.2))
    lines.push(
      `Header ${choice.pick(['always set', 'set', 'always append', 'onsuccess merge', 'always unset'])} X-Value`.replace(
        /(?<!unset) X-Value$/,
        ` X-Value v${choice.below(4)}`,
      ),
    )
  return lines.join('\n')
}

function generateSections(choice: Choices, most: number): string {
  return choice
    .some(SECTIONS, 0, most)
    .map(opener => {
      const name = /^<(\w+)/.exec(opener)?.[1] ?? ''
      const nested = name.startsWith('Directory') && choice.chance(0.25) ? generateNested(choice) : ''
      const allow = opener.startsWith('<Directory ') && !opener.includes('~') && choice.chance(0.5)
      const override = allow ? `AllowOverride ${choice.pick(OVERRIDES)}\n` : ''
      return `${opener}\n${override}${generateBody(choice)}\n${nested}</${name}>\n`
    })
    .join('')
}

function generateNested(choice: Choices): string {
  const opener = choice.pick(NESTED)
  return `${opener}\n${generateBody(choice)}\n</${/^<(\w+)/.exec(opener)?.[1]}>\n`
}

function generate(choice: Choices): string {
  const hosts = Array.from(
    { length: HOSTS },
    (_, index) =>
      `<VirtualHost *:${PORT}>\nServerName h${index}.test\n${choice.chance(0.5) ? `Header always add X-Chain v${index}\n` : ''}${generateSections(choice, 7)}</VirtualHost>\n`,
  )
  return [
    `Listen 127.0.0.1:${PORT}`,
    'ServerName main.test',
    '<Directory />\nAllowOverride None\nAuthType Basic\nAuthName x\nAuthUserFile $ROOT/users\nRequire all granted\n</Directory>',
    'Header always add X-Chain main',
    generateSections(choice, 4),
    ...hosts,
  ].join('\n')
}

const MODULES = [
  'headers',
  'access_compat',
  'authz_host',
  'authz_user',
  'authn_core',
  'authn_file',
  'auth_basic',
]

test('the sections that apply, their order, and who is let in', async () => {
  const choice = choices(20263)
  const text = generate(choice)
  const files = Object.fromEntries([...FILES.map(file => [`www/${file}`, 'x\n']), ['users', '']])
  Object.assign(files, HTACCESS)
  const running = await startApache(
    { configuration: text, modules: MODULES, files },
    { address: '127.0.0.1', port: PORT },
  )
  try {
    const configuration = understandApache(running)
    const disk = diskFileSystem('/')
    const hosts = virtualHosts(configuration)
    const statuses = new Map<number, number>()
    let sections = 0
    for (let index = 0; index < REQUESTS; index++) {
      const host = choice.below(HOSTS)
      const path = choice.pick(PATHS)
      const method = choice.chance(0.2) ? 'POST' : 'GET'
      const { status, headers } = await send({ url: `http://h${host}.test:${PORT}${path}`, method })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)

      const levels = sectionsFor(
        configuration,
        hosts[host] ?? null,
        {
          uri: path,
          file: `${running.root}/www${path}`,
        },
        htaccessReader(configuration, disk, hosts[host] ?? null),
      )
      const { lines, open } = responseHeaders(configuration, levels)
      const where = `${method} h${host}${path}\n${text.match(new RegExp(`<VirtualHost[^>]*>\nServerName h${host}\\.test[^]*?</VirtualHost>`))?.[0]}`
      assert.is(open, null)
      const refused = levels.some((level, position) => {
        if (level.kind !== 'htaccess') return false
        const overrides = overridesFor(configuration, levels.slice(0, position))
        return overrides.known && refusals(level.htaccess ?? [], overrides.value).length > 0
      })
      assert.is(refused, status === 500, `${status} ${where}`)
      if (refused) continue
      const always = headerTable(lines, 'always')
      const chain = always.get('x-chain')?.values.join(', ')
      sections += always.get('x-chain')?.values.length ?? 0
      assert.is(chain, headers['x-chain'], where)

      const { allowed } = effectiveAccess(configuration, levels, {
        address: '127.0.0.1',
        server: '127.0.0.1',
        method,
        authenticated: false,
      })
      assert.is(allowed, status !== 403 && status !== 401, `${status} ${where}`)

      const tables = status < 400 ? [always, headerTable(lines, 'onsuccess')] : [always]
      const values = tables.flatMap(table => table.get('x-value')?.values ?? [])
      assert.equal(values.join(', ') || undefined, headers['x-value'], `${status} ${where}`)
    }
    assert.ok(sections > REQUESTS, `${sections} sections`)
    for (const status of [200, 401, 403, 404, 500])
      assert.ok((statuses.get(status) ?? 0) > 4, `${status}: ${statuses.get(status)}`)
  } finally {
    await running.stop()
  }
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeholder } from '../../../parsers/text/placeholder.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../../src/servers/apache/configuration.ts'
import type { ApacheEnvironment } from '../../../src/servers/apache/environment.ts'
import { evaluateApache } from '../../../src/servers/apache/evaluate.ts'
import { resolveApache } from '../../../src/servers/apache/resolve.ts'
import { known, unknown } from '../../../src/servers/fact.ts'

const MODULES = `LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule macro_module /usr/lib/apache2/modules/mod_macro.so
ErrorLog /dev/null
`

interface Setting {
  readonly files?: Readonly<Record<string, string>>
  readonly covers?: readonly string[]
  readonly variables?: ApacheEnvironment['variables']
  readonly complete?: boolean
}

function evaluate(main: string, setting: Setting = {}): ApacheConfiguration {
  const files = memoryFileSystem(
    { '/etc/apache2/apache2.conf': MODULES + main, ...setting.files },
    { covers: setting.covers ?? ['/etc'] },
  )
  const read = files.read('/etc/apache2/apache2.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  return evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: {
      variables: setting.variables ?? new Map(),
      complete: setting.complete ?? true,
      defines: new Map(),
    },
    version: { value: '2.4.71', from: 'option', at: null },
  })
}

function evaluateFragments(texts: Readonly<Record<string, string>>): ApacheConfiguration {
  const files = memoryFileSystem(texts, { covers: [] })
  const fragments = Object.keys(texts).map(path => {
    const read = files.read(path)
    if (read.kind !== 'source') throw new Error(read.reason)
    return read.source
  })
  return evaluateApache({
    files,
    main: null,
    fragments,
    environment: { variables: new Map(), complete: false, defines: new Map() },
    version: { value: '2.4.71', from: 'assumed', at: null },
  })
}

function find(configuration: ApacheConfiguration, name: string): readonly ApacheDirective[] {
  return configuration.occurrences.get(name) ?? []
}

const texts = (directives: readonly ApacheDirective[]) => directives.map(directive => directive.text)
const said = ({ problems }: ApacheConfiguration) =>
  problems.map(({ code, fatal, at }) => [code, fatal, placeText(at)])

const unread = ({ unread = [] }: ApacheConfiguration) =>
  unread.map(({ reason, path, optional }) => [reason, path, optional])

test('an expanded word points at the variable that was written', () => {
  const { occurrences, problems } = evaluate('Define dir /srv/site\nSetEnv A "${dir}/app" ${dir}\n')
  const [directive] = occurrences.get('setenv') ?? []
  assert.is(directive?.text, 'A "/srv/site/app" /srv/site')
  const places = directive?.args.map(({ start, end }) => placeText({ source: directive.source, start, end }))
  assert.equal(places, ['A', '"${dir}/app"', '${dir}'])
  // Three arguments are one too many for SetEnv.
  assert.is(problems.length, 1)
})

test("a macro's words point into the body of the macro", () => {
  const configuration = evaluate(
    '<Macro Site $host>\n  <VirtualHost *:80>\n    ServerName www.$host\n  </VirtualHost>\n</Macro>\nUse Site a.example\n',
  )
  const [name] = find(configuration, 'servername')
  assert.is(name?.args[0]?.value, 'www.a.example')
  assert.is(name?.line, 2)
  assert.match(
    name?.file ?? '',
    /^macro 'site' \(defined on line 7 of "\/etc\/apache2\/apache2.conf"\) used on line 12/,
  )
  const [word] = name?.args ?? []
  assert.is(name?.source.text.slice(word?.start, word?.end), 'www.$host')
  assert.is(name?.parent?.name, 'VirtualHost')
})

test('the environment comes after Define, and a value that only the shell knows is unknown', () => {
  const configuration = evaluate('Define A 1\nSetEnv X ${A}${B}\nSetEnv Y ${C}/log\n', {
    variables: new Map([
      ['A', known('2')],
      ['B', known('3')],
      ['C', unknown('a command decides')],
    ]),
  })
  assert.equal(texts(find(configuration, 'setenv')), ['X 13', `Y ${placeholder('${C}')}/log`])
  assert.equal(configuration.problems, [])
  assert.match(resolveApache(configuration), 'SetEnv Y ${C}/log')
})

test('an undefined variable is remarked where everything was read, once, and is unknown elsewhere', () => {
  const everything = evaluate('Include a.conf\nInclude a.conf\n', {
    files: { '/etc/apache2/a.conf': 'SetEnv A ${B}\nSetEnv C ${map:key}\n' },
  })
  assert.equal(said(everything), [['variable-undefined', false, '${B}']])
  assert.equal(texts(find(everything, 'setenv')), ['A ${B}', 'C ${map:key}', 'A ${B}', 'C ${map:key}'])
  const part = evaluate('SetEnv A ${B}\n', { complete: false })
  assert.equal(part.problems, [])
  assert.equal(texts(find(part, 'setenv')), [`A ${placeholder('${B}')}`])
})

test('a file that loads no module says of none that it is missing', () => {
  const files = memoryFileSystem({ '/srv/apache2-x.conf': 'Listen 1337\nUser app\n' }, { covers: ['/srv'] })
  const read = files.read('/srv/apache2-x.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  const input = { files, fragments: [], version: { value: '2.4.62', from: 'assumed' as const, at: null } }
  const environment = { variables: new Map(), complete: true, defines: new Map() }
  assert.is(evaluateApache({ ...input, main: read.source, environment }).modulesComplete, false)
  assert.is(evaluate('Listen 1337\n').modulesComplete, true)
})

test('a missing include is fatal where the audit would have it, and leaves all open where not', () => {
  assert.equal(said(evaluate('Include none.conf\n')), [['include-missing', true, 'none.conf']])
  const outside = evaluate('Include /opt/site/httpd.conf\nUse FromThere\n')
  assert.equal(unread(outside), [['outside', '/opt/site/httpd.conf', false]])
  assert.is(outside.modulesComplete, false)
  const optional = evaluate('IncludeOptional /opt/none.conf\nIncludeOptional none/*.conf\n')
  assert.equal(said(optional), [])
  assert.equal(unread(optional), [['outside', '/opt/none.conf', true]])
})

test('a pattern that takes nothing is fatal where the directory is whole, and was none before 2.4', () => {
  const files = { '/etc/apache2/conf.d/README': 'Put files here\n' }
  const main = 'Include conf.d/*.conf\n'
  assert.equal(said(evaluate(main, { files })), [['include-no-match', true, 'conf.d/*.conf']])
  const open = evaluate(main, { files, covers: [] })
  assert.equal(said(open), [])
  assert.equal(unread(open), [['outside', '/etc/apache2/conf.d/*.conf', false]])
  const old = 'Include conf.d/*.conf\n'
  const inOld = memoryFileSystem({ ...files, '/etc/apache2/apache2.conf': old }, { covers: ['/etc'] })
  const read = inOld.read('/etc/apache2/apache2.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  const version = { value: '2.2.34', from: 'option', at: null } as const
  const environment = { variables: new Map(), complete: true, defines: new Map() }
  assert.equal(
    said(evaluateApache({ files: inOld, main: read.source, fragments: [], environment, version })),
    [],
  )
})

test('fragments are of 2.2 where they have what 2.4 refuses, and nothing that 2.2 would', () => {
  const releaseOf = (text: string): string => {
    const version = { value: '2.4.71', from: 'assumed', at: null } as const
    const environment = { variables: new Map(), complete: true, defines: new Map() }
    const files = memoryFileSystem({ '/a.conf': text })
    const fragments = [textSource('/a.conf', text)]
    return evaluateApache({ files, main: null, fragments, environment, version }).version.value
  }
  assert.is(releaseOf('RewriteLog /var/log/rewrite.log\nRewriteLogLevel 9\n'), '2.2.34')
  assert.is(releaseOf('<IfModule mod_ssl.c>\nSSLMutex default\n</IfModule>\n'), '2.2.34')
  assert.is(releaseOf('<Location /a>\nAuthzDefaultAuthoritative Off\n</Location>\n'), '2.2.34')
  assert.is(releaseOf('NameVirtualHost *:80\n'), '2.4.71')
  assert.is(releaseOf('RewriteLog /l\n<Location /a>\nRequire all granted\n</Location>\n'), '2.4.71')
})

test('an include through a link that leads out of the root is no evidence', () => {
  const files = memoryFileSystem(
    { '/etc/apache2/apache2.conf': `${MODULES}Include sites-enabled/*.conf\n` },
    { covers: ['/etc'], links: { '/etc/apache2/sites-enabled/a.conf': '/srv/a.conf' } },
  )
  const read = files.read('/etc/apache2/apache2.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  const configuration = evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
  assert.equal(said(configuration), [])
  assert.equal(unread(configuration), [['outside', '/etc/apache2/sites-enabled/a.conf', false]])
})

test('a directory that is a link out of the root is no evidence either', () => {
  const files = memoryFileSystem(
    { '/etc/httpd/conf/httpd.conf': 'ServerRoot /etc/httpd\nInclude conf.d/a.conf\nInclude conf.d/*.conf\n' },
    { covers: ['/etc'], links: { '/etc/httpd/conf.d': '/srv/conf.d' } },
  )
  const read = files.read('/etc/httpd/conf/httpd.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  const configuration = evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
  assert.equal(unread(configuration), [
    ['outside', '/etc/httpd/conf.d/a.conf', false],
    ['outside', '/etc/httpd/conf.d', false],
  ])
})

test("Red Hat's links into /var and /run are often lost, and are no evidence", () => {
  const main = `ServerRoot /etc/httpd
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule unixd_module modules/mod_unixd.so
ErrorLog logs/error_log
CustomLog logs/access_log common
PidFile run/httpd.pid
`
  const files = memoryFileSystem({ '/etc/httpd/conf/httpd.conf': main }, { covers: ['/etc'] })
  const read = files.read('/etc/httpd/conf/httpd.conf')
  if (read.kind !== 'source') throw new Error(read.reason)
  const configuration = evaluateApache({
    files,
    main: read.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.57', from: 'option', at: null },
  })
  assert.equal(said(configuration), [])
})

test('what acts while it is read is listed apart, with the section it was met in', () => {
  const configuration = evaluate(
    '<VirtualHost *:80>\nDefine A 1\n<IfDefine A>\nSetEnv B c\n</IfDefine>\n</VirtualHost>\n',
  )
  const executed = configuration.executed?.filter(({ name }) => name !== 'LoadModule') ?? []
  assert.equal(
    executed.map(({ name, parent }) => [name, parent?.name]),
    [
      ['Define', 'VirtualHost'],
      ['IfDefine', 'VirtualHost'],
    ],
  )
  assert.is(configuration.defines.get('A'), '1')
})

test('modules carry both names and the line that loads them', () => {
  const { modules } = evaluate('')
  assert.equal(modules.get('core_module'), { id: 'core_module', file: 'core.c' })
  const event = modules.get('mpm_event_module')
  assert.is(event?.file, 'event.c')
  assert.match(event?.at ? placeText(event.at) : '', /^LoadModule mpm_event_module /)
})

test('a module object that holds another module is fatal, a missing one only where modules are', () => {
  assert.equal(said(evaluate('LoadModule foo_module modules/mod_expires.so\n')), [
    ['module-unloadable', true, 'foo_module'],
  ])
  assert.equal(said(evaluate('LoadModule foo_module modules/mod_foo.so\n')), [])
  const files = { '/usr/lib/apache2/modules/mod_env.so': '' }
  const whole = evaluate('', { files, covers: ['/'] })
  assert.is(whole.problems[0]?.code, 'module-unloadable')
})

test('a module above the one that it needs is fatal, one whose other module may be built in is not', () => {
  const fcgi = 'LoadModule proxy_fcgi_module modules/mod_proxy_fcgi.so\n'
  const proxy = 'LoadModule proxy_module modules/mod_proxy.so\n'
  assert.equal(said(evaluate(fcgi + proxy)), [['module-unloadable', true, 'proxy_fcgi_module']])
  assert.equal(said(evaluate(proxy + fcgi)), [])
  assert.equal(said(evaluate(fcgi)), [])
})

test('the tree goes on behind a fatal problem, and nothing more is said', () => {
  const configuration = evaluate(
    '<Directory />\n</Location>\n</Directory>\nInclude none.conf\nSetEnv A b\nFoo\n',
  )
  assert.equal(said(configuration), [['section-mismatched', true, 'Location']])
  assert.is(find(configuration, 'setenv')[0]?.parent, null)
})

test('a fatal line of several lines is blamed on its last', () => {
  const configuration = evaluate('Include \\\n  none.conf\n')
  assert.equal(said(configuration), [['include-missing', true, 'none.conf']])
  assert.equal(said(evaluate('<VirtualHost \\\n  *:80>\n')), [['section-unclosed', true, '*:80']])
})

test('fragments: what is missing may be outside', () => {
  const configuration = evaluateFragments({
    '/sites/a.conf': `<VirtualHost *:80>
  ServerName a.example
  Include snippets/common.conf
  Use Proxy 9000
  <IfModule mod_wsgi.c>
    WSGIScriptAlias / /srv/a.wsgi
  </IfModule>
  <IfModule !mod_wsgi.c>
    SetEnv Lost 1
  </IfModule>
  ErrorLog \${APACHE_LOG_DIR}/a.log
</VirtualHost>
`,
    '/sites/b.conf': '<VirtualHost *:80>\n  ServerName b.example\n</VirtualHost>\n',
  })
  assert.equal(said(configuration), [])
  assert.is(configuration.modulesComplete, false)
  assert.equal(texts(find(configuration, 'servername')), ['a.example', 'b.example'])
  assert.is(find(configuration, 'wsgiscriptalias').length, 1)
  assert.is(find(configuration, 'setenv').length, 0)
  assert.is(configuration.serverRoot.known, false)
})

test('fragments: one that another includes is read at its place', () => {
  const configuration = evaluateFragments({
    '/etc/apache2/snippets/headers.conf': 'Header set A b\n',
    '/etc/apache2/sites/a.conf':
      '<VirtualHost *:80>\n  Include /etc/apache2/snippets/*.conf\n</VirtualHost>\n',
  })
  const headers = find(configuration, 'header')
  assert.is(headers.length, 1)
  assert.is(headers[0]?.parent?.name, 'VirtualHost')
})

test('fragments: a path from the ServerRoot leads to the first directory upward that has it', () => {
  const site = (path: string): string => `<VirtualHost *:80>\n  Include ${path}\n</VirtualHost>\n`
  for (const path of ['vhosts/common.conf', 'vhosts/*.conf', '/etc/apache2/vhosts/common.conf']) {
    const configuration = evaluateFragments({
      '/docker/apache2/vhosts/common.conf': 'Header set A b\n',
      '/docker/apache2/sites/a.conf': site(path),
    })
    const headers = find(configuration, 'header')
    assert.is(headers.length, 1, path)
    assert.is(headers[0]?.parent?.name, 'VirtualHost')
  }
  for (const path of ['*.conf', '../sites/*.conf', 'other/common.conf', '/srv/vhosts/common.conf']) {
    const configuration = evaluateFragments({
      '/vhosts/common.conf': 'Header set A b\n',
      '/sites/a.conf': site(path),
    })
    assert.is(find(configuration, 'header')[0]?.parent ?? null, null, path)
  }
})

test('fragments: a section that its file does not close is fatal', () => {
  const configuration = evaluateFragments({ '/a.conf': '<VirtualHost *:80>\n' })
  assert.equal(said(configuration), [['section-unclosed', true, 'VirtualHost']])
})

test('a template is never refused', () => {
  const text = '<VirtualHost *:\uE000>\nServerName \uE000\n\uE000 On\n</\uE000>\n</Directory>\n<Files a>\n'
  const source = { ...textSource('/t.conf.j2', text), template: true }
  const configuration = evaluateApache({
    files: memoryFileSystem({}),
    main: null,
    fragments: [source],
    environment: { variables: new Map(), complete: false, defines: new Map() },
    version: { value: '2.4.71', from: 'assumed', at: null },
  })
  assert.equal(configuration.problems, [])
  assert.is(find(configuration, 'servername').length, 1)
})

test('no httpd 2.4 is without mod_authz_core', () => {
  const text = `<Directory /srv/www>
<IfModule mod_authz_core.c>
Require all denied
</IfModule>
<IfModule !authz_core_module>
Deny from all
</IfModule>
</Directory>
`
  const { occurrences, world } = evaluateFragments({ '/a.conf': text })
  assert.is(occurrences.get('require')?.length, 1)
  assert.is(occurrences.get('deny'), undefined)
  assert.is(world.asked.size, 0)
})

test.run()

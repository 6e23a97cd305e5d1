import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { placeText, positionAt } from '../../../../parsers/text/source.ts'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import { evaluateApache } from '../../../../src/servers/apache/evaluate.ts'
import type { Problem } from '../../../../src/servers/problem.ts'
import { evaluateFragments, evaluateText, MAIN } from './evaluate-text.ts'

function fatals(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(problem => problem.fatal)
}

function only(problems: readonly Problem[]): Problem {
  const found = fatals(problems)
  assert.is(found.length, 1, found.map(problem => problem.message).join('; '))
  return found[0] as Problem
}

test('a misspelt name is underlined, with the name that was meant', () => {
  const problem = only(evaluateText('ServerAdmim a@example.com\n').problems)
  assert.is(problem.code, 'unknown-directive')
  assert.is(placeText(problem.at), 'ServerAdmim')
  assert.match(problem.help ?? '', 'ServerAdmin')
})

test('a byte-order mark is a part of the first word of fragments too', () => {
  const help = 'remove the byte-order mark at the start of the file'
  const texts = ['\uFEFFServerName a\n', '\uFEFF<VirtualHost *:80>\nServerName a\n</VirtualHost>\n']
  for (const text of texts) assert.is(only(evaluateFragments(text).problems).help, help)
})

test('of fragments a name is unknown that is one slip away from another, whatever stands behind it', () => {
  const names = (text: string): readonly string[] =>
    evaluateFragments(text).problems.map(({ at }) => placeText(at))
  assert.equal(
    names(
      'Serveraliases <%= names %>\nRewritEngine On\n<VirtualHosts *:80>\n</VirtualHosts>\n<Location />\nProxyVia <%= via %>\n</Location>\n<Directory />\nProxyPassMatch ^/(.*)$ <%= url %>\n</Directory>\n',
    ),
    ['Serveraliases', 'RewritEngine', 'VirtualHosts', 'ProxyVia', 'ProxyPassMatch'],
  )
  assert.equal(
    names('NSSEngine on\nNSSCipherSuite +aes\nOtherEngine On\nserver_name a\nSecRuleEngine On\n'),
    [],
  )
})

test('a directive of a module that is not loaded names the module', () => {
  const problem = only(evaluateText('Header set X-A b\n').problems)
  assert.is(problem.code, 'module-not-loaded')
  assert.match(problem.message, 'headers_module')
  assert.match(problem.help ?? '', 'a2enmod headers')
  assert.equal(fatals(evaluateText('Header set X-A b\n', ['headers']).problems), [])
})

test('a module that no table knows may bring any directive, filter, provider and variable', () => {
  const text =
    'LoadModule evil_module /usr/lib/apache2/modules/mod_evil.so\nEvilTwin On\n' +
    "<If \"%{EVIL} == 'x' && evil('y') == 'z'\">\n</If>\n<Directory />\nRequire evil\n</Directory>\n"
  const files = { '/usr/lib/apache2/modules/mod_evil.so': '' }
  assert.equal(fatals(evaluateText(text, [], files).problems), [])
})

test('the numbers behind the scope of Lua are no scopes', () => {
  for (const line of ['LuaScope thread 10', 'LuaScope server 10 20', 'LuaScope once'])
    assert.equal(fatals(evaluateText(`${line}\n`, ['lua']).problems), [], line)
  assert.is(placeText(only(evaluateText('LuaScope Thread 10\n', ['lua']).problems).at), 'Thread')
})

test('what is wrong after the first fault is told too, in the order of the lines', () => {
  const { problems } = evaluateText('KeepAlive yes\n\nServerTokens Nothing\nOptions +All\n')
  const lines = fatals(problems).map(problem => positionAt(problem.at.source, problem.at.start).line)
  assert.equal(lines, [2, 4, 5])
})

test('the word that has to change is underlined', () => {
  const marks = (text: string, modules: readonly string[]): string =>
    placeText(only(evaluateText(text, modules).problems).at)
  assert.is(marks('<Directory />\nOptions Indexes +FollowSymLinks\n</Directory>\n', []), '+FollowSymLinks')
  assert.is(marks('RewriteEngine On\nRewriteRule ^a$ /b [L,Q]\n', ['rewrite']), '[L,Q]')
  assert.is(marks('<If "%{HTTPS}">\n</If>\n', []), '"%{HTTPS}"')
  assert.is(marks('ServerName example.com # the name\n', []), '#')
})

test('the mark lies on the line that httpd names: the last of a directive', () => {
  const problem = only(evaluateText('Options \\\n  Wrong \\\n  Indexes\n').problems)
  assert.is(positionAt(problem.at.source, problem.at.start).line, 4)
})

test('a text that many sites include is reported once', () => {
  const sites = Array.from(
    { length: 30 },
    (_, index) => `<VirtualHost *:80>\nServerName s${index}.example\nInclude snippet.conf\n</VirtualHost>\n`,
  )
  const files = { '/srv/root/snippet.conf': 'ServerSignature Maybe\n' }
  only(evaluateText(sites.join(''), [], files).problems)
})

test('both definitions of a process group are shown', () => {
  const problem = only(evaluateText('WSGIDaemonProcess a\nWSGIDaemonProcess a\n', ['wsgi']).problems)
  assert.is(problem.code, 'wsgi-daemon-twice')
  assert.is(positionAt(problem.at.source, problem.at.start).line, 3)
  const related = problem.related?.[0]
  assert.ok(related)
  assert.is(positionAt(related.at.source, related.at.start).line, 2)
})

test('a missing DocumentRoot is fatal for the main server and a warning for a virtual host', () => {
  assert.is(only(evaluateText('DocumentRoot /nowhere\n').problems).code, 'path-missing')
  const host = evaluateText('<VirtualHost *:80>\nDocumentRoot /nowhere\n</VirtualHost>\n').problems
  assert.equal(fatals(host), [])
  assert.is(host[0]?.code, 'path-missing')
})

test('a missing file is no evidence where the audit does not hold its directory', () => {
  const text = 'ServerName a\nErrorLog /dev/null\nSSLCertificateFile /opt/certificates/a.pem\n'
  const root = memoryFileSystem({ '/etc/apache2/apache2.conf': text }, { covers: ['/etc'] })
  const main = root.read('/etc/apache2/apache2.conf')
  assert.is(main.kind, 'source')
  if (main.kind !== 'source') return
  const { problems } = evaluateApache({
    files: root,
    main: main.source,
    fragments: [],
    environment: { variables: new Map(), complete: true, defines: new Map() },
    version: { value: '2.4.71', from: 'option', at: null },
  })
  assert.not.ok(problems.some(problem => problem.code === 'path-missing' && /opt/.test(problem.message)))
})

test('in a copy of some directories a directory left out as a whole is no evidence', () => {
  const judge = (path: string): readonly string[] => {
    const text = `ServerName a\nErrorLog /dev/null\nCoreDumpDirectory ${path}\n`
    const root = memoryFileSystem(
      { '/etc/apache2/apache2.conf': text, '/etc/ssl/certs/a.pem': '.' },
      { covers: ['/etc'] },
    )
    const main = root.read('/etc/apache2/apache2.conf')
    if (main.kind !== 'source') throw new Error(main.reason)
    const { problems } = evaluateApache({
      files: root,
      main: main.source,
      fragments: [],
      environment: { variables: new Map(), complete: true, defines: new Map() },
      version: { value: '2.4.71', from: 'option', at: null },
    })
    return problems.filter(problem => /CoreDump/.test(problem.message)).map(problem => problem.code)
  }
  assert.equal(judge('/etc/ssl/private/cores'), [])
  assert.equal(judge('/etc/ssl/cores'), ['path-missing'])
})

test('a server takes exactly one multi-processing module, and says so first', () => {
  const two = evaluateText('KeepAlive yes\n', ['mpm_worker']).problems
  assert.is(fatals(two)[0]?.code, 'mpm-count')
})

test('a server whose processing module nobody sees is not said to lack any module', () => {
  const judge = (text: string): readonly Problem[] => {
    const root = memoryFileSystem(
      { '/etc/httpd/conf/httpd.conf': `ServerRoot /etc/httpd\nErrorLog /dev/null\n${text}` },
      { covers: ['/etc/httpd/conf'] },
    )
    const main = root.read('/etc/httpd/conf/httpd.conf')
    if (main.kind !== 'source') throw new Error(main.reason)
    const { problems } = evaluateApache({
      files: root,
      main: main.source,
      fragments: [],
      environment: { variables: new Map(), complete: true, defines: new Map() },
      version: { value: '2.4.62', from: 'option', at: null },
    })
    return fatals(problems)
  }
  const load = (name: string): string => `LoadModule ${name}_module modules/mod_${name}.so\n`
  assert.equal(judge('Header set X-A b\n'), [])
  assert.equal(judge(`${load('alias')}${load('unixd')}Header set X-A b\n`), [])
  // httpd's own build compiles one in, unless the stock file offers some to be loaded.
  assert.equal(judge(`${load('alias')}Header set X-A b\n`), [])
  assert.equal(
    judge(`#${load('mpm_event')}${load('alias')}Header set X-A b\n`).map(problem => problem.code),
    ['mpm-count'],
  )
})

test('fragments are judged only where the missing outer part could not help', () => {
  const { problems } = evaluateFragments(
    'Require all granted\nServerAlias www.example.com\nHeader set X-A b\nRewriteBase /x\n<Else>\n</Else>\n',
    '<VirtualHost *:80>\nServerName a\nProxyPass / http://127.0.0.1:9000/\nUnheardOf x\n</VirtualHost>\n',
    'Listen 80\n',
    'Listen 80\n',
  )
  assert.equal(
    fatals(problems).map(problem => problem.message),
    [],
  )
  assert.is(only(evaluateFragments('KeepAlive yes\n').problems).code, 'invalid-value')
})

test("of a fragment's conditional sections only one may hold", () => {
  const ports =
    'Listen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n<IfModule mod_gnutls.c>\n\tListen 443\n</IfModule>\n'
  assert.equal(fatals(evaluateFragments(ports).problems), [])
  assert.is(only(evaluateFragments('Listen 80\nListen 80\n').problems).code, 'duplicate-listen')
})

test('what a template hides is not judged, and nothing in a template is fatal', () => {
  const text =
    'ServerName {{ name }}\n<VirtualHost *:{{ port }}>\nOptions {{ options }}\nDocumentRoot {{ a }}\n' +
    '{{ directive }} x\n</VirtualHost>\nListen {{ port }}\n'
  const { problems } = evaluateFragments(text)
  assert.equal(fatals(problems), [])
})

test('of a template too, arguments are counted whose placeholders stand in quotes', () => {
  const words = (text: string): readonly string[] =>
    evaluateFragments(text).problems.map(({ at }) => placeText(at))
  assert.equal(words('SetEnv API_URL = "{{ url }}"\nPassEnv "{{ a }}" b\nServerAdmin "{{ a }}" b\n'), [
    '"{{ url }}"',
    'b',
  ])
  assert.equal(words('SetEnv API_URL {{ sign }} "{{ url }}"\nServerAdmin {{ a }} {{ b }}\n'), [])
})

test('a name with its argument behind it is no name, in a template neither', () => {
  const { problems } = evaluateFragments(
    'DocumentRoot"/srv/www"\n<Location"/docs">\nServerAdmin {{ admin }}\n</Location>\n',
  )
  assert.equal(
    problems.map(({ at, help }) => [placeText(at), help]),
    [
      ['DocumentRoot"/srv/www"', 'write a space behind `DocumentRoot`'],
      ['Location"/docs"', 'write a space behind `Location`'],
    ],
  )
})

test('what a template fills in may be what its section lacks', () => {
  const section = (line: string): string =>
    `<Location />\n<RequireAny>\n${line}\n</RequireAny>\n</Location>\n`
  assert.is(evaluateFragments(section('Require ip {{ network }}')).problems.length, 0)
  assert.is(evaluateFragments(section('{{ conditions }}')).problems.length, 0)
  assert.is(evaluateFragments(section('WHO_MAY_COME')).problems.length, 0)
  assert.is(only(evaluateFragments(section('')).problems).code, 'invalid-value')
})

test('messages speak of what is wrong, without a full stop', () => {
  const { problems } = evaluateText('KeepAlive yes\nBogus\nListen 0\nOptions +All\nErrorDocument 999 x\n')
  assert.is(problems.length, 5)
  for (const { message } of problems) {
    assert.match(message, '`')
    assert.not.match(message, /\.$|should/)
  }
})

test('the walk keeps to the lines of files and macros', () => {
  const text = '<Macro M $x>\nServerTokens $x\n</Macro>\nUse M Nothing\n'
  const problem = only(evaluateText(text, ['macro']).problems)
  assert.is(problem.at.source.path, MAIN)
  assert.is(positionAt(problem.at.source, problem.at.start).line, 3)
})

test.run()

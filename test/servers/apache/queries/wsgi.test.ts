import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ApacheConfiguration } from '../../../../src/servers/apache/configuration.ts'
import { virtualHosts } from '../../../../src/servers/apache/queries/virtual-hosts.ts'
import {
  isDaemonVisible,
  wsgiDaemonNamed,
  wsgiDaemons,
} from '../../../../src/servers/apache/queries/wsgi-daemons.ts'
import {
  effectiveApplicationGroup,
  effectiveProcessGroup,
} from '../../../../src/servers/apache/queries/wsgi-groups.ts'
import {
  isPrefixOf,
  wsgiScriptAliasFor,
  wsgiScriptAliases,
} from '../../../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { configure, configureFragment } from './configure.ts'

/** The process group of the first alias of the last virtual host. */
function group(configuration: ApacheConfiguration): string {
  const host = virtualHosts(configuration).at(-1) ?? null
  const alias = wsgiScriptAliases(configuration, host)[0]
  assert.ok(alias)
  const fact = effectiveProcessGroup(configuration, host, alias)
  if (!fact.known) return `unknown: ${fact.reason}`
  return fact.value.kind === 'daemon' ? fact.value.name : 'embedded'
}

const ALIAS = 'WSGIScriptAlias / /srv/app/wsgi.py'

test('the option of the alias, the innermost section, the host, the server, nothing', () => {
  const inHost = (lines: string, outside = ''): string =>
    group(configure(`${outside}\n<VirtualHost *:80>\n${lines}\n</VirtualHost>\n`))
  assert.is(inHost(ALIAS), 'embedded')
  assert.is(inHost(ALIAS, 'WSGIProcessGroup outer'), 'outer')
  assert.is(inHost(`${ALIAS}\nWSGIProcessGroup host`, 'WSGIProcessGroup outer'), 'host')
  assert.is(
    inHost(`${ALIAS}\n<Directory /srv>\nWSGIProcessGroup dir\n</Directory>\nWSGIProcessGroup host`),
    'dir',
  )
  assert.is(
    inHost(`${ALIAS}\n<Directory /opt>\nWSGIProcessGroup dir\n</Directory>\nWSGIProcessGroup host`),
    'host',
  )
  assert.is(
    inHost(
      `${ALIAS}\n<Location />\nWSGIProcessGroup loc\n</Location>\n<Directory /srv>\nWSGIProcessGroup dir\n</Directory>`,
    ),
    'loc',
  )
  assert.is(inHost(`${ALIAS}\n<Files wsgi.py>\nWSGIProcessGroup file\n</Files>`), 'file')
  assert.is(inHost(`${ALIAS} process-group=own\nWSGIProcessGroup host`), 'own')
  assert.is(inHost(`${ALIAS} process-group=%{GLOBAL}\nWSGIProcessGroup host`), 'embedded')
  assert.is(inHost(ALIAS, `${ALIAS} process-group=server`), 'embedded', "the host's own alias comes first")
  assert.is(
    inHost(`${ALIAS}\nWSGIProcessGroup %{ENV:g}`),
    'unknown: a variable of the request names the group',
  )
})

test('no main file sends the scripts of a fragment elsewhere', () => {
  const text = `<VirtualHost *:80>\n${ALIAS}\n</VirtualHost>\n`
  assert.is(group(configureFragment(text)), 'embedded')
  assert.is(group(configureFragment(text.replace(ALIAS, `${ALIAS} process-group=own`))), 'own')
})

test('the application group', () => {
  const of = (line: string): unknown => {
    const configuration = configure(`${ALIAS}\n${line}\n`)
    const fact = effectiveApplicationGroup(configuration, null, wsgiScriptAliases(configuration, null)[0]!)
    return fact.known && (fact.value.kind === 'name' ? fact.value.name : fact.value.kind)
  }
  assert.is(of(''), 'resource')
  assert.is(of('WSGIApplicationGroup %{GLOBAL}'), 'main-interpreter')
  assert.is(of('WSGIApplicationGroup %{SERVER}'), 'server')
  assert.is(of('WSGIApplicationGroup x'), 'x')
})

test('options with quotes behind the equals sign, defaults, and places', () => {
  const configuration = configure(
    'WSGIDaemonProcess app processes=2 display-name="my app" python-path=\'/a b:/c\' user="x"\n',
  )
  const [daemon] = wsgiDaemons(configuration)
  assert.ok(daemon)
  const text = (name: string): unknown => {
    const option = daemon.options.get(name)
    return (
      option && [
        option.value.known && option.value.value,
        option.at.source.text.slice(option.valueAt.start, option.valueAt.end),
      ]
    )
  }
  assert.equal(text('display-name'), ['my app', '"my app"'])
  assert.equal(text('python-path'), ['/a b:/c', "'/a b:/c'"])
  assert.equal(text('user'), ['x', '"x"'])
  const processes = daemon.number('processes')
  const threads = daemon.number('threads')
  assert.is(processes.known && processes.value, 2)
  assert.ok(threads.known && threads.value === 15 && threads.at === null)
  assert.is(wsgiDaemonNamed(configuration, 'app'), daemon)
})

test('a group of a virtual host is visible where the name is the same string', () => {
  const configuration = configure(
    [
      'WSGIDaemonProcess everywhere',
      '<VirtualHost *:80>\nServerName a.test\nWSGIDaemonProcess own\n</VirtualHost>',
      '<VirtualHost *:443>\nServerName a.test:443\n</VirtualHost>',
      '<VirtualHost *:443>\nServerName b.test\nServerAlias a.test\n</VirtualHost>',
    ].join('\n'),
  )
  const [everywhere, own] = wsgiDaemons(configuration)
  const hosts = virtualHosts(configuration)
  const see = (daemon: typeof own, index: number): unknown =>
    isDaemonVisible(configuration, daemon!, hosts[index] ?? null)
  assert.equal(
    [0, 1, 2, 9].map(index => see(everywhere, index)),
    [true, true, true, true],
  )
  assert.equal(
    [0, 1, 2, 9].map(index => see(own, index)),
    [true, true, false, false],
  )
})

test('the first alias that matches answers, by whole parts of the path', () => {
  const configuration = configure(
    'WSGIScriptAlias /api /api.py\nWSGIScriptAliasMatch ^/r[0-9]+ /r.py\nWSGIScriptAlias / /root.py\n',
  )
  const script = (uri: string): unknown => {
    const alias = wsgiScriptAliasFor(configuration, null, uri)
    return alias?.script.known && alias.script.value
  }
  assert.is(script('/api'), '/api.py')
  assert.is(script('/api/x'), '/api.py')
  assert.is(script('/apis'), '/root.py')
  assert.is(script('/r12'), '/r.py')
  assert.ok(isPrefixOf('/a//b', '/a/b/c'))
  assert.not(isPrefixOf('/a/', '/a'))
})

test.run()
